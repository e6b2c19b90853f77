//! What becomes of a tenant's data when it is deleted: pure. In doubt it stays.

use std::time::Duration;

use crds::tenant::DeletionPolicy;
use crds::{ScimTenant, ScimTenantClass};

use crate::class::choose_class;
use crate::duration;
use crate::settings::Settings;
use crate::tenant::dereference::FoundNamespace;
use crate::tenant::identity::Identity;
use crate::tenant::validate::{ValidatedTenant, judge};

/// What becomes of a tenant's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays until a tenant of this name takes it up again.
    Kept,
    /// It is dropped at once.
    Dropped,
    /// It is dropped when this time has passed, unless a tenant of this name takes it up before.
    DroppedAfter(Duration),
}

impl Fate {
    fn of(policy: DeletionPolicy, delay: Option<Duration>) -> Self {
        match (policy, delay.filter(|delay| !delay.is_zero())) {
            (DeletionPolicy::Retain, _) => Self::Kept,
            (DeletionPolicy::Delete, None) => Self::Dropped,
            (DeletionPolicy::Delete, Some(delay)) => Self::DroppedAfter(delay),
        }
    }
}

/// As tenant and class say now; if the tenant cannot be accepted now, whatever is wrong with it, as it was last accepted, unless
/// tenant or class say Retain by now, and not before the longest delay that anybody speaks of.
pub(crate) fn fate(
    tenant: &ScimTenant,
    identity: &Identity,
    namespace: Option<&FoundNamespace>,
    classes: &[ScimTenantClass],
    settings: &Settings,
) -> Fate {
    // What another operator's class allows is no matter of ours.
    let class = choose_class(tenant, classes)
        .ok()
        .filter(|class| class.spec.controller_name == settings.controller_name);
    let judged = class.and(namespace).map(|namespace| judge(tenant, identity, namespace, classes, settings));
    if let Some(Ok(ValidatedTenant { deletion_policy, deletion_delay, .. })) = judged {
        return Fate::of(deletion_policy, deletion_delay);
    }
    let is_refused = tenant.spec.deletion_policy == Some(DeletionPolicy::Retain)
        || class.is_some_and(|class| !class.spec.deletion_policies.contains(&DeletionPolicy::Delete));
    match tenant.status.as_ref().and_then(|status| status.deletion_policy) {
        Some(accepted) if !is_refused => match longest_delay(tenant, class) {
            Ok(delay) => Fate::of(accepted, delay),
            // Somebody wants it to wait, and nobody knows for how long.
            Err(Unreadable) => Fate::Kept,
        },
        _ => Fate::Kept,
    }
}

/// A delay that is no duration.
#[derive(Debug)]
struct Unreadable;

/// The longest of the delay that was last accepted and those that tenant and class declare.
fn longest_delay(
    tenant: &ScimTenant,
    class: Option<&ScimTenantClass>,
) -> Result<Option<Duration>, Unreadable> {
    let accepted = tenant.status.as_ref().and_then(|status| status.deletion_delay.as_deref());
    let of_class = class.and_then(|class| class.spec.deletion_delay.as_deref());
    let delays = [accepted, tenant.spec.deletion_delay.as_deref(), of_class].into_iter().flatten();
    let delays: Result<Vec<Duration>, _> =
        delays.map(|text| duration::read("deletionDelay", text).map_err(|_| Unreadable)).collect();
    Ok(delays?.into_iter().max())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{class, identity, namespace, settings, tenant};

    const DAY: Duration = Duration::from_hours(24);

    /// The fate of a tenant with this spec, and this policy and delay in its status.
    fn fate_of(
        spec: Value,
        accepted: Option<(DeletionPolicy, Option<&str>)>,
        classes: &[ScimTenantClass],
    ) -> Fate {
        let mut tenant = tenant(spec);
        let status = tenant.status.get_or_insert_default();
        status.deletion_policy = accepted.map(|(policy, _)| policy);
        status.deletion_delay = accepted.and_then(|(_, delay)| delay).map(str::to_owned);
        fate(&tenant, &identity(&tenant), Some(&namespace()), classes, &settings())
    }

    fn both(delay: Option<&str>) -> [ScimTenantClass; 1] {
        let mut class = class("default", json!({"deletionPolicies": ["Retain", "Delete"]}));
        class.spec.deletion_delay = delay.map(str::to_owned);
        [class]
    }

    /// A class that is not accepted.
    fn invalid(delay: Option<&str>) -> [ScimTenantClass; 1] {
        let [mut class] = both(delay);
        class.spec.database = "other".to_owned();
        [class]
    }

    const DELETE: Option<(DeletionPolicy, Option<&str>)> = Some((DeletionPolicy::Delete, None));
    const RETAIN: Option<(DeletionPolicy, Option<&str>)> = Some((DeletionPolicy::Retain, None));

    #[test]
    fn a_tenant_that_could_be_accepted_now_has_the_fate_that_it_says() {
        for accepted in [None, DELETE, RETAIN] {
            let fate = |spec| fate_of(spec, accepted, &both(None));
            assert_eq!(fate(json!({"deletionPolicy": "Delete"})), Fate::Dropped);
            assert_eq!(fate(json!({})), Fate::Kept);
            assert_eq!(
                fate(json!({"deletionPolicy": "Delete", "deletionDelay": "24h"})),
                Fate::DroppedAfter(DAY)
            );
            assert_eq!(fate(json!({"deletionPolicy": "Delete", "deletionDelay": "0s"})), Fate::Dropped);
            assert_eq!(fate(json!({"deletionDelay": "24h"})), Fate::Kept);
        }
    }

    #[test]
    fn the_longer_delay_of_class_and_tenant_holds() {
        for (of_tenant, of_class) in [("24h", "1h"), ("1h", "24h")] {
            let spec = json!({"deletionPolicy": "Delete", "deletionDelay": of_tenant});
            assert_eq!(fate_of(spec, None, &both(Some(of_class))), Fate::DroppedAfter(DAY));
        }
        let silent = json!({"deletionPolicy": "Delete"});
        assert_eq!(fate_of(silent, None, &both(Some("24h"))), Fate::DroppedAfter(DAY));
    }

    #[test]
    fn without_a_class_that_accepts_it_the_last_accepted_policy_holds() {
        for classes in [&[][..], &invalid(None)] {
            let spec = || json!({"deletionPolicy": "Delete"});
            assert_eq!(fate_of(spec(), DELETE, classes), Fate::Dropped);
            assert_eq!(fate_of(spec(), RETAIN, classes), Fate::Kept);
        }
    }

    #[test]
    fn without_a_class_that_accepts_it_the_longest_delay_of_all_holds() {
        let accepted = |delay| Some((DeletionPolicy::Delete, delay));
        let spec = |delay| json!({"deletionPolicy": "Delete", "deletionDelay": delay});
        for (spec, last, of_class) in [
            (spec("1h"), Some("24h"), Some("2h")),
            (spec("24h"), None, Some("2h")),
            (json!({}), Some("1h"), Some("24h")),
        ] {
            assert_eq!(fate_of(spec, accepted(last), &invalid(of_class)), Fate::DroppedAfter(DAY));
        }
        assert_eq!(fate_of(json!({}), accepted(Some("24h")), &[]), Fate::DroppedAfter(DAY));
    }

    #[test]
    fn a_delay_that_nobody_can_read_keeps_the_data() {
        let spec = json!({"deletionPolicy": "Delete", "deletionDelay": "1d"});
        assert_eq!(fate_of(spec.clone(), DELETE, &[]), Fate::Kept);
        assert_eq!(fate_of(spec, DELETE, &both(None)), Fate::Kept);
        assert_eq!(fate_of(json!({"deletionPolicy": "Delete"}), DELETE, &both(Some("1d"))), Fate::Kept);
    }

    #[test]
    fn a_tenant_that_was_never_accepted_keeps_the_data() {
        let spec = || json!({"deletionPolicy": "Delete"});
        assert_eq!(fate_of(spec(), None, &[]), Fate::Kept);
        assert_eq!(fate_of(spec(), None, &[class("default", json!({}))]), Fate::Kept);
    }

    #[test]
    fn a_policy_that_came_with_something_wrong_was_never_accepted() {
        let taken = "urn:ietf:params:scim:schemas:core:2.0:User";
        let extension = json!({"urn": taken, "resource": "User", "attributes": [{"name": "a"}]});
        for wrong in [
            json!({"profile": {"extensions": [extension]}}),
            json!({"authentication": {"bearerToken": {"rotation": {"every": "1d"}}}}),
            json!({"sourceRanges": ["203.0.113.0"]}),
        ] {
            let mut spec = wrong.clone();
            spec["deletionPolicy"] = json!("Delete");
            assert_eq!(fate_of(spec.clone(), RETAIN, &both(None)), Fate::Kept, "{wrong}");
            assert_eq!(fate_of(spec.clone(), None, &both(None)), Fate::Kept, "{wrong}");
            assert_eq!(fate_of(spec, DELETE, &both(None)), Fate::Dropped, "{wrong}");
            let mut retain = wrong;
            retain["deletionPolicy"] = json!("Retain");
            assert_eq!(fate_of(retain, DELETE, &both(None)), Fate::Kept);
        }
    }

    #[test]
    fn retain_always_has_its_way() {
        assert_eq!(fate_of(json!({"deletionPolicy": "Retain"}), DELETE, &[]), Fate::Kept);
        let retain_only = [class("default", json!({}))];
        assert_eq!(fate_of(json!({"deletionPolicy": "Delete"}), DELETE, &retain_only), Fate::Kept);
    }

    #[test]
    fn a_class_of_another_operator_has_no_say() {
        let mut theirs = both(Some("24h"));
        theirs[0].spec.controller_name = "example.com/other".to_owned();
        assert_eq!(fate_of(json!({"deletionPolicy": "Delete"}), DELETE, &theirs), Fate::Dropped);
        assert_eq!(fate_of(json!({"deletionPolicy": "Delete"}), None, &theirs), Fate::Kept);
    }

    #[test]
    fn without_its_namespace_the_last_accepted_policy_holds() {
        let mut tenant = tenant(json!({"deletionPolicy": "Delete"}));
        let fate_without =
            |tenant: &ScimTenant| fate(tenant, &identity(tenant), None, &both(None), &settings());
        assert_eq!(fate_without(&tenant), Fate::Kept);
        tenant.status.get_or_insert_default().deletion_policy = Some(DeletionPolicy::Delete);
        assert_eq!(fate_without(&tenant), Fate::Dropped);
    }
}
