//! The status of a class, and Events about what changed in it.

use crds::class::{SchemaProgress, ScimTenantClassStatus, TenantCounts};
use crds::{ConditionType, Reason, ScimTenantClass};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::conditions::{Conditions, Truth, find};
use crate::context::Context;
use crate::databases::Standing;
use crate::error::Error;
use crate::event::{self, Note};
use crate::object::FIELD_MANAGER;
use crate::obstacle::Obstacle;

/// Tenants that a deletion waits for and that are named.
pub(super) const NAMED: usize = 3;

const TOLD: [ConditionType; 3] =
    [ConditionType::Accepted, ConditionType::DatabaseReady, ConditionType::Reconciling];

/// The status of a class. `database` and `schema` are `None` when nobody could look: what was said before stays then.
pub(super) fn status(
    class: &ScimTenantClass,
    obstacle: Option<&Obstacle>,
    database: Option<&Standing>,
    tenants: TenantCounts,
    schema: Option<SchemaProgress>,
    now: Timestamp,
) -> ScimTenantClassStatus {
    let before = class.status.clone().unwrap_or_default();
    let mut conditions = Conditions::new(&before.conditions, class.metadata.generation, now);
    match obstacle {
        None => {
            conditions.set(ConditionType::Accepted, Truth::True, Reason::Valid, "tenants can use this class");
        }
        Some(obstacle) => conditions.block(ConditionType::Accepted, obstacle),
    }
    tell_of_database(&mut conditions, &before.conditions, database);
    if let Some(obstacle) = obstacle.or_else(|| database.and_then(Standing::obstacle)) {
        conditions.explain(obstacle);
    }
    ScimTenantClassStatus {
        observed_generation: class.metadata.generation,
        conditions: conditions.into_vec(),
        tenants: Some(tenants),
        schema: schema.or(before.schema),
    }
}

fn tell_of_database(conditions: &mut Conditions<'_>, before: &[Condition], database: Option<&Standing>) {
    let type_ = ConditionType::DatabaseReady;
    match database.map(Standing::obstacle) {
        Some(None) => conditions.set(type_, Truth::True, Reason::Provisioned, "the database can be used"),
        Some(Some(obstacle)) => conditions.block(type_, obstacle),
        // The class is woken when somebody has looked.
        None if find(before, type_).is_some() => conditions.keep(type_, "nobody has looked yet"),
        None => {}
    }
}

/// The status of a class that is deleted while `tenants` refer to it, of which a few are named. How many they are stays as
/// it was: a status that changes with each of them that goes would cost as many writes.
pub(super) fn deletion_waits(
    class: &ScimTenantClass,
    tenants: &[String],
    now: Timestamp,
) -> ScimTenantClassStatus {
    let before = class.status.clone().unwrap_or_default();
    let mut conditions = Conditions::new(&before.conditions, class.metadata.generation, now);
    conditions.keep(ConditionType::Accepted, "the class is being deleted");
    tell_of_database(&mut conditions, &before.conditions, None);
    let named: Vec<&str> = tenants.iter().take(NAMED).map(String::as_str).collect();
    let more = if tenants.len() > NAMED { " and others" } else { "" };
    let message = format!(
        "the deletion waits for the ScimTenants that refer to this class: {}{more}",
        named.join(", ")
    );
    conditions.set(ConditionType::Reconciling, Truth::True, Reason::InUse, message);
    ScimTenantClassStatus {
        observed_generation: class.metadata.generation,
        conditions: conditions.into_vec(),
        ..before
    }
}

/// Writes the status, if it changed, onto the version that it was made from; then publishes the Events.
pub(super) async fn report(
    class: &ScimTenantClass,
    status: ScimTenantClassStatus,
    context: &Context,
) -> Result<(), Error> {
    let before = class.status.clone().unwrap_or_default();
    if before == status {
        return Ok(());
    }
    let classes: Api<ScimTenantClass> = Api::all(context.client.clone());
    let patch = json!({
        "apiVersion": "scim-operator.io/v1alpha1",
        "kind": "ScimTenantClass",
        "metadata": {"uid": class.metadata.uid, "resourceVersion": class.metadata.resource_version},
        "status": status,
    });
    let name = class.metadata.name.as_deref().unwrap_or_default();
    classes.patch_status(name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(patch)).await?;
    for (_, condition) in event::changed(&before.conditions, &status.conditions, &TOLD) {
        let note = Note {
            type_: event::severity(condition),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
        };
        event::publish(class, &note, context).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::class;

    const TENANTS: TenantCounts = TenantCounts { total: 3, ready: 2, not_ready: 1 };
    const SCHEMA: SchemaProgress = SchemaProgress { version: 2, outdated: 1 };

    fn told(class: &ScimTenantClass, obstacle: Option<&Obstacle>) -> ScimTenantClassStatus {
        status(class, obstacle, Some(&Standing::Ready), TENANTS, Some(SCHEMA), Timestamp::UNIX_EPOCH)
    }

    fn lines(status: &ScimTenantClassStatus) -> String {
        let line = |c: &Condition| format!("{}={} {}: {}", c.type_, c.status, c.reason, c.message);
        status.conditions.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_class_that_is_refused_is_stalled() {
        let obstacle = Obstacle::lasting(Reason::UnknownDatabase, "spec.database is other");
        let class = class("default", json!({}));
        insta::assert_snapshot!(lines(&told(&class, Some(&obstacle))), @r#"
        Accepted=False UnknownDatabase: spec.database is other
        DatabaseReady=True Provisioned: the database can be used
        Stalled=True UnknownDatabase: spec.database is other
        "#);
        insta::assert_snapshot!(lines(&told(&class, None)), @r#"
        Accepted=True Valid: tenants can use this class
        DatabaseReady=True Provisioned: the database can be used
        "#);
    }

    #[test]
    fn a_class_whose_database_is_away_says_so_until_somebody_sees_it_again() {
        let away = Obstacle::passing(
            Reason::DatabaseUnavailable,
            "PostgreSQL at db:5432: the connection is refused",
        );
        let mut class = class("default", json!({}));
        let told = |class: &ScimTenantClass, standing: Option<&Standing>| {
            status(class, None, standing, TENANTS, None, Timestamp::UNIX_EPOCH)
        };
        insta::assert_snapshot!(lines(&told(&class, None)), @"Accepted=True Valid: tenants can use this class");
        let first = told(&class, Some(&Standing::Refused(away)));
        insta::assert_snapshot!(lines(&first), @r#"
        Accepted=True Valid: tenants can use this class
        DatabaseReady=False DatabaseUnavailable: PostgreSQL at db:5432: the connection is refused
        Reconciling=True DatabaseUnavailable: PostgreSQL at db:5432: the connection is refused
        "#);
        class.status = Some(first);
        insta::assert_snapshot!(lines(&told(&class, Some(&Standing::Ready))), @r#"
        Accepted=True Valid: tenants can use this class
        DatabaseReady=True Provisioned: the database can be used
        "#);
    }

    #[test]
    fn a_class_in_use_says_what_its_deletion_waits_for() {
        let mut class = class("default", json!({}));
        class.status = Some(told(&class, None));
        let waits = |tenants: &[&str]| {
            let tenants: Vec<String> = tenants.iter().map(|name| (*name).to_owned()).collect();
            deletion_waits(&class, &tenants, Timestamp::UNIX_EPOCH)
        };
        insta::assert_snapshot!(lines(&waits(&["one/a"])), @r#"
        Accepted=True Valid: tenants can use this class
        DatabaseReady=True Provisioned: the database can be used
        Reconciling=True InUse: the deletion waits for the ScimTenants that refer to this class: one/a
        "#);
        insta::assert_snapshot!(lines(&waits(&["one/a", "one/b", "two/a", "two/b"])), @r#"
        Accepted=True Valid: tenants can use this class
        DatabaseReady=True Provisioned: the database can be used
        Reconciling=True InUse: the deletion waits for the ScimTenants that refer to this class: one/a, one/b, two/a and others
        "#);
        assert_eq!(waits(&["one/a"]).tenants, Some(TENANTS));
    }

    #[test]
    fn a_class_says_how_many_tenants_it_has_and_how_far_their_schemas_are() {
        let mut class = class("default", json!({}));
        let first = told(&class, None);
        assert_eq!((first.tenants, first.schema), (Some(TENANTS), Some(SCHEMA)));
        class.status = Some(first.clone());
        let tenants = TenantCounts { total: 3, ready: 3, not_ready: 0 };
        let while_nobody_looks = status(&class, None, None, tenants, None, Timestamp::UNIX_EPOCH);
        assert_eq!(while_nobody_looks, ScimTenantClassStatus { tenants: Some(tenants), ..first });
    }
}
