//! A tenant whose class belongs to another operator by now: what this one made for it goes, and its data is kept, as if the
//! tenant were gone.
//!
//! The Secret and the finalizer stay. Both have the same names for both operators, and are the ScimTenant's, not the
//! installation's: the other operator takes the Secret over by its owner reference, and whoever served the tenant last takes the
//! finalizer away. To delete the Secret here could delete the one that the other operator has just written.
//!
//! It may end at any line: the row tells the next pass that the tenant was ours, and each step does nothing when it was done
//! before. No sweep would do it, since the tenant is there.

use crds::tenant::ScimTenantStatus;
use crds::{ConditionType, Reason, ScimTenant, ScimTenantClass};
use database::registry::{Change, OwnedRow, RegistryError};
use jiff::Timestamp;
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;
use tracing::info;

use crate::conditions::Conditions;
use crate::context::Context;
use crate::error::Error;
use crate::event;
use crate::obstacle::Obstacle;
use crate::registry;
use crate::route;
use crate::tenant::home::{self, Located};
use crate::tenant::identity::Identity;
use crate::tenant::report::report;
use crate::tenant::responsibility::{LookedAfter, last_served};

/// Lets go of a tenant that another operator looks after. Of one that was never ours nothing is touched.
pub(crate) async fn hand_over(
    tenant: &ScimTenant,
    identity: &Identity,
    classes: &[ScimTenantClass],
    context: &Context,
) -> Result<Action, Error> {
    let Located { database, row, unasked } = home::row(tenant, identity, classes, context).await;
    let row = match row {
        Ok(row) => row.filter(|row| row.owner.uid == identity.uid),
        // Then no row of this installation is of this cluster.
        Err(RegistryError::InstallationTaken { .. }) => None,
        // The status is the other operator's: nothing is said there.
        Err(error) => return Err(Error::Waits(registry::obstacle(&error)?)),
    };
    if let (None, Some(error)) = (&row, unasked) {
        return Err(Error::Waits(registry::obstacle(&error)?));
    }
    let served_by_us = last_served(tenant, &context.settings.controller_name) == Some(LookedAfter::ByUs);
    if row.is_none() && !served_by_us {
        return Ok(Action::await_change());
    }
    if let Some(row) = row {
        retain(tenant, identity, &database, row, context).await?;
    }
    route::remove(&route::find(identity, context).await?, context).await?;
    if served_by_us {
        report(tenant, handed_over(tenant, Timestamp::now()), context).await?;
    }
    context.census.forget(identity.uid);
    Ok(Action::await_change())
}

/// Ends the access, and says so once.
async fn retain(
    tenant: &ScimTenant,
    identity: &Identity,
    database: &str,
    row: OwnedRow,
    context: &Context,
) -> Result<(), Error> {
    let retained = async { context.databases.registry(database).await?.retain(row.id, row.owner).await };
    match retained.await {
        Ok(Change::Written) => {
            info!(tenant = %identity.key, id = %row.id, "handed a tenant over to another operator");
            let note = event::Note {
                type_: EventType::Normal,
                reason: Reason::HandedOver.as_str().to_owned(),
                message: format!(
                    "the class belongs to another operator; users and groups stay in schema {} for a ScimTenant of this \
                     name",
                    row.schema_name()
                ),
            };
            event::publish(tenant, &note, context).await;
            Ok(())
        }
        // By a pass before, which came no further; or the rows are another cluster's meanwhile.
        Ok(Change::Unchanged) | Err(RegistryError::InstallationTaken { .. }) => Ok(()),
        Err(error) => Err(Error::Waits(registry::obstacle(&error)?)),
    }
}

/// What there is to say until the other operator says more. What we said before does not hold any more.
fn handed_over(tenant: &ScimTenant, now: Timestamp) -> ScimTenantStatus {
    let before = tenant.status.clone().unwrap_or_default();
    let obstacle = Obstacle::passing(
        Reason::HandedOver,
        "the class belongs to another operator, which has not taken this tenant yet",
    );
    let mut conditions = Conditions::new(&before.conditions, tenant.metadata.generation, now);
    conditions.block(ConditionType::Ready, &obstacle);
    conditions.explain(&obstacle);
    ScimTenantStatus {
        observed_generation: tenant.metadata.generation,
        conditions: conditions.into_vec(),
        ..before
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::conditions::Truth;
    use crate::fixtures::tenant;

    #[test]
    fn a_tenant_that_was_handed_over_is_not_ready_until_the_other_operator_has_it() {
        let mut tenant = tenant(json!({}));
        let mut ready = Conditions::new(&[], Some(1), Timestamp::UNIX_EPOCH);
        for type_ in [ConditionType::RouteReady, ConditionType::Ready] {
            ready.set(type_, Truth::True, Reason::Connected, "");
        }
        tenant.status = Some(ScimTenantStatus {
            conditions: ready.into_vec(),
            controller_name: Some("scim-operator.io/operator".to_owned()),
            secret_name: Some("acme-scim".to_owned()),
            ..ScimTenantStatus::default()
        });
        let status = handed_over(&tenant, Timestamp::UNIX_EPOCH);
        insta::assert_yaml_snapshot!(status, @r#"
        observedGeneration: 1
        conditions:
          - lastTransitionTime: "1970-01-01T00:00:00Z"
            message: "the class belongs to another operator, which has not taken this tenant yet"
            observedGeneration: 1
            reason: HandedOver
            status: "False"
            type: Ready
          - lastTransitionTime: "1970-01-01T00:00:00Z"
            message: "the class belongs to another operator, which has not taken this tenant yet"
            observedGeneration: 1
            reason: HandedOver
            status: "True"
            type: Reconciling
        secretName: acme-scim
        controllerName: scim-operator.io/operator
        "#);
        tenant.status = Some(status.clone());
        let later = Timestamp::from_second(60).unwrap();
        assert_eq!(handed_over(&tenant, later), status, "it is said once");
    }
}
