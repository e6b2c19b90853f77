//! A request to the API server as that understands it: verb, resource, object.

use std::fmt;

use http::{Method, Uri};

/// What somebody asks of the API server, by the words of RBAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// GET of an object, or of something that is no resource.
    Get,
    /// GET of a collection.
    List,
    /// GET of a collection with `watch`.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH, server-side apply included.
    Patch,
    /// DELETE of an object.
    Delete,
    /// DELETE of a collection.
    DeleteCollection,
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        })
    }
}

/// A request that would change something, if it is no dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Method,
    /// `/api/v1/namespaces/customer/secrets/acme-scim`.
    pub path: String,
    /// Whether it only asks what would happen.
    pub dry_run: bool,
}

impl fmt::Display for Write {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}{}", self.method, self.path, if self.dry_run { " (dry run)" } else { "" })
    }
}

/// A request that RBAC refused, by the words of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// What was asked.
    pub verb: Verb,
    /// Of which group; the core group's name is empty.
    pub group: String,
    /// Of which resource, with the subresource.
    pub resource: String,
    /// In which namespace; `None`: in all, or of no namespace.
    pub namespace: Option<String>,
}

/// A request, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) verb: Verb,
    pub(super) method: Method,
    pub(super) path: String,
    /// The plural name, with the subresource: `scimtenants`, `scimtenants/status`; the path of what is no resource.
    pub(super) resource: String,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) dry_run: bool,
}

impl Call {
    pub(super) fn of(method: &Method, uri: &Uri) -> Self {
        let object = Object::of(uri.path());
        let query = uri.query().unwrap_or_default();
        let has = |parameter: &str| query.split('&').any(|given| given == parameter);
        let verb = match (method, &object) {
            (&Method::POST, _) => Verb::Create,
            (&Method::PUT, _) => Verb::Update,
            (&Method::PATCH, _) => Verb::Patch,
            (&Method::DELETE, Some(Object { name: None, .. })) => Verb::DeleteCollection,
            (&Method::DELETE, _) => Verb::Delete,
            (_, Some(_)) if has("watch=true") || has("watch=1") => Verb::Watch,
            (_, Some(Object { name: None, .. })) => Verb::List,
            _ => Verb::Get,
        };
        let path = uri.path().to_owned();
        let (resource, namespace, name) = match object {
            Some(Object { resource, namespace, name }) => (resource, namespace, name),
            None => (path.clone(), None, None),
        };
        Self { verb, method: method.clone(), path, resource, namespace, name, dry_run: has("dryRun=All") }
    }

    /// What it is, when it was refused with these words. To apply what is not there is to create it, and only they say so.
    pub(super) fn denied(&self, said: &str) -> Denied {
        let mut segments = self.path.trim_matches('/').split('/');
        let group = if segments.next() == Some("apis") { segments.next().unwrap_or_default() } else { "" };
        let (resource, namespace) = (self.resource.clone(), self.namespace.clone());
        let verb = if said.contains(" cannot create resource ") { Verb::Create } else { self.verb };
        Denied { verb, group: group.to_owned(), resource, namespace }
    }

    /// What of it is a write.
    pub(super) fn write(&self) -> Option<Write> {
        let reads = matches!(self.verb, Verb::Get | Verb::List | Verb::Watch);
        let Self { method, path, dry_run, .. } = self.clone();
        (!reads).then_some(Write { method, path, dry_run })
    }

    /// The resource without its subresource.
    pub(super) fn main_resource(&self) -> &str {
        self.resource.split('/').next().unwrap_or(&self.resource)
    }
}

/// What a path below `/api/v1` or `/apis/<group>/<version>` names.
struct Object {
    resource: String,
    namespace: Option<String>,
    name: Option<String>,
}

impl Object {
    fn of(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (["api", _, below @ ..] | ["apis", _, _, below @ ..]) = segments.as_slice() else { return None };
        let owned = |text: &str| Some(text.to_owned());
        match *below {
            [] => None,
            ["namespaces", name, subresource @ ("status" | "finalize")] => Some(Self {
                resource: format!("namespaces/{subresource}"),
                namespace: None,
                name: owned(name),
            }),
            ["namespaces", namespace, resource, ref object @ ..] => {
                Some(Self { namespace: owned(namespace), ..Self::at(resource, object) })
            }
            [resource, ref object @ ..] => Some(Self::at(resource, object)),
        }
    }

    fn at(resource: &str, object: &[&str]) -> Self {
        let (name, subresource) = match object {
            [] => (None, None),
            [name] => (Some(*name), None),
            [name, subresource, ..] => (Some(*name), Some(*subresource)),
        };
        let resource = subresource.map_or(resource.to_owned(), |below| format!("{resource}/{below}"));
        Self { resource, namespace: None, name: name.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &Method, uri: &str) -> String {
        let call = Call::of(method, &uri.parse().unwrap());
        let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
        format!("{} {} {} {}", call.verb, call.resource, part(call.namespace), part(call.name))
    }

    #[test]
    fn a_path_names_a_resource_a_namespace_and_an_object() {
        let tenants = "/apis/scim-operator.io/v1alpha1/namespaces/a/scimtenants";
        assert_eq!(read(&Method::GET, tenants), "list scimtenants a -");
        assert_eq!(read(&Method::GET, &format!("{tenants}?watch=true&limit=1")), "watch scimtenants a -");
        assert_eq!(read(&Method::PATCH, &format!("{tenants}/b/status")), "patch scimtenants/status a b");
        assert_eq!(read(&Method::DELETE, &format!("{tenants}/b")), "delete scimtenants a b");
        assert_eq!(read(&Method::DELETE, tenants), "deletecollection scimtenants a -");
        assert_eq!(read(&Method::GET, "/api/v1/secrets"), "list secrets - -");
        assert_eq!(read(&Method::POST, "/api/v1/namespaces/a/secrets"), "create secrets a -");
    }

    #[test]
    fn what_is_applied_and_not_there_is_denied_as_created() {
        let applied =
            Call::of(&Method::PATCH, &"/apis/scim-operator.io/v1alpha1/scimtenantclasses/a".parse().unwrap());
        let (group, resource) = ("scim-operator.io".to_owned(), "scimtenantclasses".to_owned());
        let denied = Denied { verb: Verb::Create, group, resource, namespace: None };
        assert_eq!(applied.denied("User \"u\" cannot create resource \"scimtenantclasses\""), denied);
        assert_eq!(applied.denied("User \"u\" cannot patch resource").verb, Verb::Patch);
    }

    #[test]
    fn a_namespace_is_an_object_too() {
        assert_eq!(read(&Method::GET, "/api/v1/namespaces"), "list namespaces - -");
        assert_eq!(read(&Method::GET, "/api/v1/namespaces/a"), "get namespaces - a");
        assert_eq!(read(&Method::PUT, "/api/v1/namespaces/a/finalize"), "update namespaces/finalize - a");
    }

    #[test]
    fn what_is_no_resource_is_called_by_its_path() {
        assert_eq!(read(&Method::GET, "/version"), "get /version - -");
        assert_eq!(
            read(&Method::GET, "/apis/scim-operator.io/v1alpha1"),
            "get /apis/scim-operator.io/v1alpha1 - -"
        );
    }

    #[test]
    fn a_dry_run_is_told_from_a_write() {
        let write = |uri: &str| Call::of(&Method::PATCH, &uri.parse().unwrap()).write().unwrap().to_string();
        assert_eq!(write("/api/v1/namespaces/a?force=true"), "PATCH /api/v1/namespaces/a");
        assert_eq!(write("/api/v1/namespaces/a?dryRun=All"), "PATCH /api/v1/namespaces/a (dry run)");
        assert!(Call::of(&Method::GET, &"/api/v1/namespaces/a".parse().unwrap()).write().is_none());
    }
}
