//! Whom a change concerns: pure. What of an object matters to others is its view.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use crds::class::RouteKind;
use crds::metadata::label;
use crds::{ConditionType, ScimTenant, ScimTenantClass};
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};

use crate::class::may_catch;
use crate::conditions;
use crate::route::routed_tenant;
use crate::watch::Change;

/// What of a tenant matters to classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TenantView {
    uid: Option<String>,
    class_name: Option<String>,
    is_ready: bool,
    /// A class has a host for a tenant as soon as it was accepted.
    was_accepted: bool,
}

/// What of a class matters to tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClassView {
    uid: Option<String>,
    name: String,
    is_default: bool,
    /// Of what is declared. The beginning of a deletion is a generation of its own.
    generation: Option<i64>,
}

/// What of a Secret that we made matters to its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretView {
    tenant: Option<ObjectRef<ScimTenant>>,
    version: Option<String>,
}

/// What of a route matters to the tenant or the classes that it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteView {
    name: String,
    version: u64,
}

/// What of a namespace matters to its tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamespaceView {
    name: String,
    version: u64,
}

/// What of a Secret that somebody brings matters to the tenants of its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BroughtView {
    namespace: Option<String>,
    name: String,
    version: Option<String>,
}

impl TenantView {
    pub(crate) fn of(tenant: &ScimTenant) -> Self {
        Self {
            uid: tenant.uid(),
            class_name: tenant.spec.class_name.clone(),
            is_ready: is_ready(tenant),
            was_accepted: was_accepted(tenant),
        }
    }

    /// The UID of the ScimTenant.
    pub(crate) fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }
}

impl ClassView {
    pub(crate) fn of(class: &ScimTenantClass) -> Self {
        Self {
            uid: class.uid(),
            name: class.name_any(),
            is_default: class.is_default(),
            generation: class.metadata.generation,
        }
    }

    /// The UID of the ScimTenantClass.
    pub(crate) fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }
}

impl SecretView {
    pub(crate) fn of<K: Resource>(secret: &K) -> Self {
        let labels = secret.labels();
        let (namespace, name) = (labels.get(label::TENANT_NAMESPACE), labels.get(label::TENANT_NAME));
        let tenant = namespace.zip(name).map(|(namespace, name)| ObjectRef::new(name).within(namespace));
        Self { tenant, version: secret.resource_version() }
    }
}

impl RouteView {
    /// Of a route whose status says nothing that matters.
    pub(crate) fn declared<K: Resource>(route: &K) -> Self {
        let metadata = route.meta();
        let declared = (metadata.generation, &metadata.labels, &metadata.annotations);
        let version = hash(&(&metadata.uid, declared, metadata.deletion_timestamp.is_some()));
        Self { name: route.name_any(), version }
    }

    /// Of a route that matters as a whole.
    pub(crate) fn whole<K: Resource>(route: &K) -> Self {
        Self { name: route.name_any(), version: hash(&route.resource_version()) }
    }

    fn tenant(&self) -> Option<ObjectRef<ScimTenant>> {
        let (namespace, name) = routed_tenant(&self.name)?;
        Some(ObjectRef::new(name).within(namespace))
    }
}

impl NamespaceView {
    pub(crate) fn of<K: Resource>(namespace: &K) -> Self {
        let metadata = namespace.meta();
        let version = (&metadata.uid, &metadata.labels, metadata.deletion_timestamp.is_some());
        Self { name: namespace.name_any(), version: hash(&version) }
    }
}

impl BroughtView {
    pub(crate) fn of<K: Resource>(secret: &K) -> Self {
        Self { namespace: secret.namespace(), name: secret.name_any(), version: secret.resource_version() }
    }
}

/// Whether `Ready` is true.
pub(crate) fn is_ready(tenant: &ScimTenant) -> bool {
    let status = tenant.status.as_ref();
    status.is_some_and(|status| conditions::is_true(&status.conditions, ConditionType::Ready))
}

/// Whether a tenant was ever accepted: it has a URL then.
pub(crate) fn was_accepted(tenant: &ScimTenant) -> bool {
    tenant.status.as_ref().is_some_and(|status| status.tenant_url.is_some())
}

/// Whether a tenant is there no more, though another of its name may be.
pub(crate) fn is_gone(change: &Change<TenantView>) -> bool {
    match change {
        Change::New(_) => false,
        Change::Changed { before, now } => before.uid != now.uid,
        Change::Gone(_) => true,
    }
}

/// The classes that a tenant belongs to or belonged to, when it came, went, was accepted, changed its class or its
/// readiness.
pub(crate) fn classes_of_tenant(
    change: &Change<TenantView>,
    classes: &[Arc<ScimTenantClass>],
) -> Vec<ObjectRef<ScimTenantClass>> {
    let belongs = |class: &ScimTenantClass, tenant: &TenantView| match &tenant.class_name {
        Some(name) => class.metadata.name.as_ref() == Some(name),
        None => class.is_default(),
    };
    references(classes, |class| change.views().any(|tenant| belongs(class, tenant)))
}

/// The tenants that a class serves or served.
pub(crate) fn tenants_of_class(
    change: &Change<ClassView>,
    tenants: &[Arc<ScimTenant>],
) -> Vec<ObjectRef<ScimTenant>> {
    let serves = |class: &ClassView, tenant: &ScimTenant| match &tenant.spec.class_name {
        Some(name) => *name == class.name,
        None => class.is_default,
    };
    references(tenants, |tenant| change.views().any(|class| serves(class, tenant)))
}

/// The classes that another class's change may take tenants away from: those that name none have no class as long as
/// several are the default.
pub(crate) fn rivals_of_class(
    change: &Change<ClassView>,
    classes: &[Arc<ScimTenantClass>],
) -> Vec<ObjectRef<ScimTenantClass>> {
    if !change.views().any(|class| class.is_default) {
        return vec![];
    }
    references(classes, ScimTenantClass::is_default)
}

/// The tenants of a namespace.
pub(crate) fn tenants_of_namespace(
    change: &Change<NamespaceView>,
    tenants: &[Arc<ScimTenant>],
) -> Vec<ObjectRef<ScimTenant>> {
    references(tenants, |tenant| {
        change.views().any(|namespace| tenant.metadata.namespace.as_ref() == Some(&namespace.name))
    })
}

/// The tenants whose credential is in a Secret that somebody brings.
pub(crate) fn tenants_of_brought(
    change: &Change<BroughtView>,
    tenants: &[Arc<ScimTenant>],
) -> Vec<ObjectRef<ScimTenant>> {
    references(tenants, |tenant| {
        change.views().any(|secret| {
            tenant.metadata.namespace == secret.namespace && brought_secret(tenant) == Some(&secret.name)
        })
    })
}

/// The tenant that a Secret was made for.
pub(crate) fn tenants_of_secret(change: &Change<SecretView>) -> impl Iterator<Item = ObjectRef<ScimTenant>> {
    change.views().filter_map(|secret| secret.tenant.clone())
}

/// The tenant that a route was made for.
pub(crate) fn tenants_of_route(change: &Change<RouteView>) -> impl Iterator<Item = ObjectRef<ScimTenant>> {
    change.views().filter_map(RouteView::tenant)
}

/// The classes of the host that a route is there, or was, to catch what is left of.
pub(crate) fn classes_of_route(
    change: &Change<RouteView>,
    classes: &[Arc<ScimTenantClass>],
) -> Vec<ObjectRef<ScimTenantClass>> {
    references(classes, |class| change.views().any(|route| may_catch(class, &route.name)))
}

/// The classes of this operator that want HTTPRoutes.
pub(crate) fn wanting_http_routes<'a>(
    classes: &'a [Arc<ScimTenantClass>],
    controller_name: &str,
) -> impl Iterator<Item = &'a Arc<ScimTenantClass>> {
    classes.iter().filter(move |class| {
        class.spec.controller_name == controller_name && class.spec.route.kind == RouteKind::HTTPRoute
    })
}

/// The name of the Secret that a tenant's credential is taken from, if it is brought.
fn brought_secret(tenant: &ScimTenant) -> Option<&String> {
    let authentication = tenant.spec.authentication.as_ref()?;
    let token = authentication.bearer_token.as_ref().and_then(|token| token.existing_secret.as_ref());
    let password = authentication.basic.as_ref().and_then(|basic| basic.existing_secret.as_ref());
    token.map(|token| &token.name).or_else(|| password.map(|password| &password.name))
}

fn references<K>(objects: &[Arc<K>], concerned: impl Fn(&K) -> bool) -> Vec<ObjectRef<K>>
where
    K: Resource<DynamicType = ()>,
{
    objects.iter().filter(|object| concerned(object)).map(|object| ObjectRef::from_obj(&**object)).collect()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
