//! A tenant that somebody asked to leave as it is (`scim-operator.io/paused: "true"`). Only its deletion goes on: a pause must
//! not keep an object from going (cloudnative-pg#10868).

use crds::metadata::annotation;
use crds::tenant::ScimTenantStatus;
use crds::{ConditionType, Reason, ScimTenant};
use jiff::Timestamp;
use kube::runtime::controller::Action;

use crate::class::classes;
use crate::conditions::{Conditions, Truth, is_true};
use crate::context::Context;
use crate::error::Error;
use crate::tenant::report::report;
use crate::tenant::responsibility::{LookedAfter, looked_after};

/// Whether somebody asked to leave the tenant as it is.
pub(crate) fn is_paused(tenant: &ScimTenant) -> bool {
    let annotations = tenant.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(annotation::PAUSED)).is_some_and(|value| value == "true")
}

/// Says that the tenant is paused, once, and does nothing else. The condition goes with the next status of a pass that is not
/// paused, which is made anew.
pub(crate) async fn pause(tenant: &ScimTenant, context: &Context) -> Result<Action, Error> {
    let Some(status) = paused(tenant, Timestamp::now()) else { return Ok(Action::await_change()) };
    // One operator says so, the one that would reconcile it.
    if looked_after(tenant, &classes(context).await?, &context.settings.controller_name) == LookedAfter::ByUs
    {
        report(tenant, status, context).await?;
    }
    Ok(Action::await_change())
}

/// The status with the condition, and all else as it was: what was declared meanwhile is not observed. `None`: it says so
/// already.
fn paused(tenant: &ScimTenant, now: Timestamp) -> Option<ScimTenantStatus> {
    let before = tenant.status.clone().unwrap_or_default();
    if is_true(&before.conditions, ConditionType::Paused) {
        return None;
    }
    let mut condition = Conditions::new(&before.conditions, tenant.metadata.generation, now);
    condition.set(
        ConditionType::Paused,
        Truth::True,
        Reason::Paused,
        format!("the annotation {} is set: nothing is changed until it is taken away", annotation::PAUSED),
    );
    let others = before.conditions.iter().filter(|other| other.type_ != ConditionType::Paused.as_str());
    let conditions = others.cloned().chain(condition.into_vec()).collect();
    Some(ScimTenantStatus { conditions, ..before })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::tenant;

    fn annotated(value: &str) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        tenant.metadata.annotations = Some([(annotation::PAUSED.to_owned(), value.to_owned())].into());
        tenant
    }

    #[test]
    fn the_annotation_pauses_when_it_says_true() {
        assert!(is_paused(&annotated("true")));
        for value in ["false", "", "True", "yes"] {
            assert!(!is_paused(&annotated(value)), "{value}");
        }
        assert!(!is_paused(&tenant(json!({}))));
    }

    #[test]
    fn a_pause_is_said_once_and_leaves_all_else_as_it_was() {
        let mut tenant = annotated("true");
        let mut ready = Conditions::new(&[], Some(1), Timestamp::UNIX_EPOCH);
        ready.set(ConditionType::Ready, Truth::True, Reason::Connected, "");
        let before = ScimTenantStatus {
            observed_generation: Some(1),
            conditions: ready.into_vec(),
            users: Some(3),
            ..ScimTenantStatus::default()
        };
        tenant.status = Some(before.clone());
        tenant.metadata.generation = Some(2);
        let status = paused(&tenant, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(ScimTenantStatus { conditions: before.conditions.clone(), ..status.clone() }, before);
        assert_eq!(status.conditions[..1], before.conditions);
        insta::assert_yaml_snapshot!(status.conditions[1], @r#"
        lastTransitionTime: "1970-01-01T00:00:00Z"
        message: "the annotation scim-operator.io/paused is set: nothing is changed until it is taken away"
        observedGeneration: 2
        reason: Paused
        status: "True"
        type: Paused
        "#);
        tenant.status = Some(status);
        tenant.metadata.generation = Some(3);
        assert_eq!(paused(&tenant, Timestamp::now()), None);
    }

    #[test]
    fn a_tenant_that_nobody_has_seen_yet_stays_unobserved() {
        let status = paused(&annotated("true"), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(status.observed_generation, Some(-1));
    }
}
