//! Whether a class can serve tenants: pure, so that class and tenants come to the same answer.

use std::time::Duration;

use crds::class::{self, ClassLimits, NamespacesFrom, RetainedData, RouteKind, TenantProfileRule};
use crds::tenant::DeletionPolicy;
use crds::{Reason, ScimTenantClass};
use database::registry::Foreign;
use ipnet::IpNet;
use kube::core::Selector;
use scim::{Catalog, Profile};
use tenancy::{ClassUrl, Limits, PrivateAddresses};

use crate::duration;
use crate::obstacle::Obstacle;
use crate::profile;
use crate::route::{ClassRoute, is_routable};
use crate::settings::Settings;

/// What a class says, read and found to be consistent.
#[derive(Debug, Clone)]
pub(crate) struct AcceptedClass {
    /// Its name.
    pub(crate) name: String,
    /// Where its tenants are reached.
    pub(crate) url: ClassUrl,
    /// How requests get there.
    pub(crate) route: ClassRoute,
    /// The database for its tenants' data.
    pub(crate) database: String,
    /// The labels of the namespaces that it serves; `None`: all.
    pub(crate) namespaces: Option<Selector>,
    /// What the application understands.
    pub(crate) profile: Profile,
    /// Bounds on requests.
    pub(crate) limits: Limits,
    /// What tenants may choose; the first is the default.
    pub(crate) deletion_policies: Vec<DeletionPolicy>,
    /// How long [`DeletionPolicy::Delete`] waits at least; `None`: it need not.
    pub(crate) deletion_delay: Option<Duration>,
    /// Whether tenants may add schemas.
    pub(crate) tenant_profile: TenantProfileRule,
    /// Whether tenants take up what a namespace of the same name left behind.
    pub(crate) foreign: Foreign,
    /// The addresses that requests may come from; none: any.
    pub(crate) source_ranges: Vec<IpNet>,
    /// Whether tenants may have keys fetched from private networks.
    pub(crate) private_addresses: PrivateAddresses,
}

/// Reads a class of this installation's operator. The obstacle is always a lasting one.
pub(crate) fn accept(class: &ScimTenantClass, settings: &Settings) -> Result<AcceptedClass, Obstacle> {
    let spec = &class.spec;
    let url = ClassUrl::parse(&spec.url)
        .map_err(|error| Obstacle::lasting(Reason::InvalidURL, format!("spec.url {error}")))?;
    if !settings.databases.contains(&spec.database) {
        return Err(Obstacle::lasting(
            Reason::UnknownDatabase,
            format!(
                "spec.database is {}; this installation has {}",
                spec.database,
                settings.databases.join(", ")
            ),
        ));
    }
    Ok(AcceptedClass {
        name: class.metadata.name.clone().unwrap_or_default(),
        route: route(&spec.route, &url)?,
        database: spec.database.clone(),
        url,
        namespaces: namespaces(class)?,
        profile: checked_profile(class)?,
        limits: limits(spec.limits),
        deletion_policies: spec.deletion_policies.clone(),
        deletion_delay: deletion_delay(class)?,
        tenant_profile: spec.tenant_profile,
        foreign: match spec.retained_data {
            RetainedData::Refuse => Foreign::Refuse,
            RetainedData::Adopt => Foreign::Adopt,
        },
        source_ranges: source_ranges(&spec.source_ranges)?,
        private_addresses: match spec.outgoing.private_addresses {
            class::PrivateAddresses::Deny => PrivateAddresses::Deny,
            class::PrivateAddresses::Allow => PrivateAddresses::Allow,
        },
    })
}

/// Reads `spec.sourceRanges`, which classes and tenants have.
pub(crate) fn source_ranges(declared: &[String]) -> Result<Vec<IpNet>, Obstacle> {
    let read = |text: &String| {
        text.parse().map_err(|_| {
            Obstacle::lasting(
                Reason::InvalidSpec,
                format!("spec.sourceRanges: {text} is no range of addresses such as 203.0.113.0/24"),
            )
        })
    };
    declared.iter().map(read).collect()
}

fn route(route: &class::Route, url: &ClassUrl) -> Result<ClassRoute, Obstacle> {
    let is_too_long = url.for_all().is_some_and(|host| !is_routable(host.host()));
    if is_too_long && route.kind != RouteKind::None {
        return Err(Obstacle::lasting(Reason::InvalidURL, "spec.url has a host of more than 248 characters"));
    }
    Ok(match route.kind {
        RouteKind::Ingress => ClassRoute::Ingress(route.ingress.clone().unwrap_or_default()),
        RouteKind::HTTPRoute => ClassRoute::HttpRoute(route.gateway.clone().ok_or_else(|| {
            Obstacle::lasting(Reason::InvalidSpec, "spec.route.gateway is missing; kind: HTTPRoute needs it")
        })?),
        RouteKind::None => ClassRoute::None,
    })
}

fn deletion_delay(class: &ScimTenantClass) -> Result<Option<Duration>, Obstacle> {
    let declared = class.spec.deletion_delay.as_deref();
    declared.map(|text| duration::read("spec.deletionDelay", text)).transpose()
}

/// The namespaces that the class serves. Only the default class may serve all of them: who makes any other class
/// decides who gets it.
fn namespaces(class: &ScimTenantClass) -> Result<Option<Selector>, Obstacle> {
    let allowed = &class.spec.allowed_namespaces;
    let selector = match (allowed.from, &allowed.selector) {
        (NamespacesFrom::Selector, Some(selector)) => {
            let selector = Selector::try_from(selector.clone()).map_err(|error| {
                Obstacle::lasting(
                    Reason::InvalidSelector,
                    format!("spec.allowedNamespaces.selector: {error}"),
                )
            })?;
            Some(selector).filter(|selector| !selector.selects_all())
        }
        (NamespacesFrom::All | NamespacesFrom::Selector, _) => None,
    };
    if selector.is_none() && !class.is_default() {
        return Err(Obstacle::lasting(
            Reason::SelectorRequired,
            "a class that is not the default has to select its namespaces: \
             set spec.allowedNamespaces to from: Selector with a selector",
        ));
    }
    Ok(selector)
}

fn checked_profile(class: &ScimTenantClass) -> Result<Profile, Obstacle> {
    let invalid = |error: &dyn std::fmt::Display| {
        Obstacle::lasting(Reason::InvalidProfile, format!("spec.profile: {error}"))
    };
    let profile = profile::of_class(&class.spec.profile).map_err(|error| invalid(&error))?;
    Catalog::new(&profile).map_err(|error| invalid(&error))?;
    Ok(profile)
}

fn limits(limits: ClassLimits) -> Limits {
    Limits { max_page_size: u32::from(limits.max_page_size) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{class, settings};
    use serde_json::json;

    fn refusal(class: &ScimTenantClass) -> String {
        let obstacle = accept(class, &settings()).unwrap_err();
        format!("{}: {}", obstacle.reason, obstacle.message)
    }

    #[test]
    fn the_class_of_the_design_is_accepted() {
        let accepted = accept(&class("default", json!({})), &settings()).unwrap();
        assert_eq!(accepted.url.to_string(), "https://scim.example.com");
        assert!(accepted.namespaces.is_none());
    }

    #[test]
    fn what_a_class_leaves_out_is_the_careful_choice() {
        let accepted = accept(&class("default", json!({"route": {"kind": "None"}})), &settings()).unwrap();
        assert_eq!(accepted.route, ClassRoute::None);
        assert_eq!(accepted.foreign, Foreign::Refuse);
        assert_eq!(accepted.private_addresses, PrivateAddresses::Deny);
        assert_eq!((accepted.deletion_delay, accepted.source_ranges), (None, vec![]));
    }

    #[test]
    fn what_a_class_chooses_is_read() {
        let spec = json!({
            "route": {"kind": "HTTPRoute", "gateway": {"name": "public"}},
            "retainedData": "Adopt",
            "outgoing": {"privateAddresses": "Allow"},
            "deletionDelay": "1h30m",
            "sourceRanges": ["203.0.113.0/24", "2001:db8::/32"],
        });
        let accepted = accept(&class("default", spec), &settings()).unwrap();
        assert!(matches!(accepted.route, ClassRoute::HttpRoute(gateway) if gateway.name == "public"));
        assert_eq!(accepted.foreign, Foreign::Adopt);
        assert_eq!(accepted.private_addresses, PrivateAddresses::Allow);
        assert_eq!(accepted.deletion_delay, Some(Duration::from_mins(90)));
        assert_eq!(accepted.source_ranges.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let with = |spec| refusal(&class("default", spec));
        insta::assert_snapshot!(with(json!({"deletionDelay": "99999999999h"})), @"InvalidSpec: spec.deletionDelay is 99999999999h: the longest is 87600h");
        insta::assert_snapshot!(with(json!({"sourceRanges": ["203.0.113.0"]})), @"InvalidSpec: spec.sourceRanges: 203.0.113.0 is no range of addresses such as 203.0.113.0/24");
        insta::assert_snapshot!(with(json!({"route": {"kind": "HTTPRoute"}})), @"InvalidSpec: spec.route.gateway is missing; kind: HTTPRoute needs it");
    }

    #[test]
    fn an_unknown_database_is_named() {
        let class = class("default", json!({"database": "other"}));
        insta::assert_snapshot!(refusal(&class), @"UnknownDatabase: spec.database is other; this installation has primary");
    }

    #[test]
    fn a_profile_that_makes_no_schema_is_refused_with_the_path() {
        let class = class("default", json!({"profile": {"required": ["name.nick"]}}));
        insta::assert_snapshot!(refusal(&class), @"InvalidProfile: spec.profile: the path 'name.nick' names no attribute that the profile has");
    }

    #[test]
    fn a_port_that_does_not_exist_is_refused() {
        let class = class("default", json!({"url": "https://scim.example.com:99999"}));
        insta::assert_snapshot!(refusal(&class), @"InvalidURL: spec.url is no URL: invalid port number");
    }

    #[test]
    fn a_host_too_long_for_the_name_of_a_route_is_refused() {
        let label = "a".repeat(49);
        let url = |end: &str| json!({"url": format!("https://{0}.{0}.{0}.{0}.{end}", label)});
        assert!(accept(&class("default", url(&"a".repeat(48))), &settings()).is_ok());
        insta::assert_snapshot!(refusal(&class("default", url(&label))), @"InvalidURL: spec.url has a host of more than 248 characters");
        let mut without_routes = url(&label);
        without_routes["route"] = json!({"kind": "None"});
        assert!(accept(&class("default", without_routes), &settings()).is_ok());
    }

    #[test]
    fn a_class_that_is_not_the_default_has_to_select_its_namespaces() {
        for allowed in [json!({"from": "All"}), json!({"from": "Selector", "selector": {}})] {
            let mut class = class("special", json!({"allowedNamespaces": allowed}));
            class.metadata.annotations = None;
            assert_eq!(accept(&class, &settings()).unwrap_err().reason, Reason::SelectorRequired);
        }
        let selector = json!({"from": "Selector", "selector": {"matchLabels": {"plan": "special"}}});
        let mut class = class("special", json!({"allowedNamespaces": selector}));
        class.metadata.annotations = None;
        assert!(accept(&class, &settings()).unwrap().namespaces.is_some());
    }

    #[test]
    fn a_selector_that_cannot_be_read_is_refused() {
        let selector = json!({"matchExpressions": [{"key": "a", "operator": "Near"}]});
        let class =
            class("default", json!({"allowedNamespaces": {"from": "Selector", "selector": selector}}));
        assert_eq!(accept(&class, &settings()).unwrap_err().reason, Reason::InvalidSelector);
    }
}
