//! Which operator a tenant is looked after by: pure. Several can be in a cluster, each with classes of its own.

use crds::tenant::ScimTenantStatus;
use crds::{ScimTenant, ScimTenantClass};

use crate::class::choose_class;

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
    controller_name: &str,
) -> LookedAfter {
    let ours = match choose_class(tenant, classes) {
        Ok(class) => class.spec.controller_name == controller_name,
        Err(_) => last_served(tenant, controller_name) != Some(LookedAfter::ByAnother),
    };
    if ours { LookedAfter::ByUs } else { LookedAfter::ByAnother }
}

/// Who served the tenant last; `None`: nobody has yet.
pub(crate) fn last_served(tenant: &ScimTenant, controller_name: &str) -> Option<LookedAfter> {
    let served_by = tenant.status.as_ref()?.controller_name.as_ref()?;
    Some(if served_by == controller_name { LookedAfter::ByUs } else { LookedAfter::ByAnother })
}

/// Whether this operator takes the finalizer of a tenant away. Whom the class names lets a tenant go, and so does who served it
/// last: nobody knows whether there is an operator of the name that the class has by now.
pub(crate) fn lets_go(tenant: &ScimTenant, classes: &[ScimTenantClass], controller_name: &str) -> bool {
    last_served(tenant, controller_name) == Some(LookedAfter::ByUs)
        || looked_after(tenant, classes, controller_name) == LookedAfter::ByUs
}

/// The tenant without what another operator knew of it: tokens and schema are those of another installation's rows, and say
/// nothing about ours. The name of the Secret stays, which is the same for both.
pub(crate) fn as_ours(tenant: &ScimTenant, controller_name: &str) -> ScimTenant {
    let mut tenant = tenant.clone();
    if last_served(&tenant, controller_name) == Some(LookedAfter::ByAnother)
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
    use crate::fixtures::{class, tenant};

    const US: &str = "scim-operator.io/operator";
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
        for last in [None, Some(OTHER), Some(US)] {
            let by = |classes| looked_after(&served_by(last), classes, US);
            assert_eq!(by(&ours), LookedAfter::ByUs, "{last:?}");
            assert_eq!(by(&theirs), LookedAfter::ByAnother, "{last:?}");
        }
    }

    #[test]
    fn without_a_class_it_is_who_served_it_last() {
        let both = [class("a", json!({})), class("b", json!({"controllerName": OTHER}))];
        for classes in [&[][..], &both] {
            let by = |last| looked_after(&served_by(last), classes, US);
            assert_eq!(by(None), LookedAfter::ByUs);
            assert_eq!(by(Some(US)), LookedAfter::ByUs);
            assert_eq!(by(Some(OTHER)), LookedAfter::ByAnother);
        }
    }

    #[test]
    fn whom_the_class_names_lets_a_tenant_go_and_so_does_who_served_it_last() {
        let ours = [class("default", json!({}))];
        let theirs = [class("default", json!({"controllerName": OTHER}))];
        for (last, classes, ours) in [
            (None, &ours[..], true),
            (Some(OTHER), &ours[..], true),
            (Some(US), &theirs[..], true),
            (None, &theirs[..], false),
            (Some(OTHER), &theirs[..], false),
            (Some(OTHER), &[][..], false),
        ] {
            assert_eq!(lets_go(&served_by(last), classes, US), ours, "{last:?} {classes:?}");
        }
    }

    #[test]
    fn what_another_operator_knew_is_forgotten_but_for_the_name_of_the_secret() {
        let ours = served_by(Some(US));
        assert_eq!(as_ours(&ours, US), ours);
        let status = as_ours(&served_by(Some(OTHER)), US).status.unwrap();
        assert_eq!(status.secret_name.as_deref(), Some("acme-scim"));
        assert_eq!((status.database_schema, status.controller_name), (None, None));
        assert_eq!(status.observed_generation, Some(-1));
    }
}
