//! Which operator a tenant is looked after by: pure. Several can be in a cluster, each with classes of its own.

use crds::tenant::ScimTenantStatus;
use crds::{ScimTenant, ScimTenantClass};

use crate::class::choose_class;
use crate::settings::Settings;

/// Who looks after a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookedAfter {
    /// This operator.
    ByUs,
    /// The operator that its class names.
    ByAnother,
}

/// By the operator that the tenant's class names. As long as it has no class (it is gone, or several are the default): by the
/// one that served it last, so that two operators do not both speak for it.
pub(crate) fn looked_after(
    tenant: &ScimTenant,
    classes: &[ScimTenantClass],
    settings: &Settings,
) -> LookedAfter {
    let ours = match choose_class(tenant, classes) {
        Ok(class) => class.spec.controller_name == settings.controller_name,
        Err(_) => last_served(tenant, settings) != Some(LookedAfter::ByAnother),
    };
    if ours { LookedAfter::ByUs } else { LookedAfter::ByAnother }
}

/// Who served the tenant last; `None`: nobody has yet.
pub(crate) fn last_served(tenant: &ScimTenant, settings: &Settings) -> Option<LookedAfter> {
    let served_by = tenant.status.as_ref()?.controller_name.as_ref()?;
    Some(if *served_by == settings.controller_name { LookedAfter::ByUs } else { LookedAfter::ByAnother })
}

/// The tenant without what another operator knew of it: tokens and schema are those of another installation's rows, and say
/// nothing about ours. The name of the Secret stays, which is the same for both.
pub(crate) fn as_ours(tenant: &ScimTenant, settings: &Settings) -> ScimTenant {
    let mut tenant = tenant.clone();
    if last_served(&tenant, settings) == Some(LookedAfter::ByAnother)
        && let Some(status) = &mut tenant.status
    {
        let ScimTenantStatus { observed_generation, conditions, secret_name, .. } = std::mem::take(status);
        *status = ScimTenantStatus { observed_generation, conditions, secret_name, ..Default::default() };
    }
    tenant
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{class, settings, tenant};

    const OTHER: &str = "example.com/other";

    fn served_by(controller: Option<&str>) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        let status = tenant.status.get_or_insert_default();
        status.controller_name = controller.map(str::to_owned);
        status.secret_name = Some("acme-scim".to_owned());
        status.database_schema = Some("tenant_42".to_owned());
        tenant
    }

    #[test]
    fn the_class_says_who_looks_after_a_tenant() {
        let ours = [class("default", json!({}))];
        let theirs = [class("default", json!({"controllerName": OTHER}))];
        for last in [None, Some(OTHER), Some("scim-operator.io/operator")] {
            let by = |classes| looked_after(&served_by(last), classes, &settings());
            assert_eq!(by(&ours), LookedAfter::ByUs, "{last:?}");
            assert_eq!(by(&theirs), LookedAfter::ByAnother, "{last:?}");
        }
    }

    #[test]
    fn without_a_class_it_is_who_served_it_last() {
        let both = [class("a", json!({})), class("b", json!({"controllerName": OTHER}))];
        for classes in [&[][..], &both] {
            let by = |last| looked_after(&served_by(last), classes, &settings());
            assert_eq!(by(None), LookedAfter::ByUs);
            assert_eq!(by(Some("scim-operator.io/operator")), LookedAfter::ByUs);
            assert_eq!(by(Some(OTHER)), LookedAfter::ByAnother);
        }
    }

    #[test]
    fn what_another_operator_knew_is_forgotten_but_for_the_name_of_the_secret() {
        let ours = served_by(Some("scim-operator.io/operator"));
        assert_eq!(as_ours(&ours, &settings()), ours);
        let status = as_ours(&served_by(Some(OTHER)), &settings()).status.unwrap();
        assert_eq!(status.secret_name.as_deref(), Some("acme-scim"));
        assert_eq!((status.database_schema, status.controller_name), (None, None));
        assert_eq!(status.observed_generation, Some(-1));
    }
}
