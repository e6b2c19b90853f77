use serde_json::json;
use tenancy::Owner;

use super::*;
use crate::fixtures::{class, identity, registered, settings, tenant};

const OURS: &str = "scim-operator.io/operator";
const OTHER: &str = "example.com/other";

fn row() -> OwnedRow {
    let registered = registered(vec![]);
    OwnedRow { id: registered.id, owner: registered.owner }
}

fn away() -> Obstacle {
    Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer")
}

/// The part of a tenant whose status names this operator, and whose class that one; without it, there is no class.
fn part_of(row: Result<Option<OwnedRow>, Obstacle>, served_by: Option<&str>, class_of: Option<&str>) -> Part {
    let mut tenant = tenant(json!({}));
    tenant.status.get_or_insert_default().controller_name = served_by.map(str::to_owned);
    let classes: Vec<_> =
        class_of.map(|name| class("default", json!({"controllerName": name}))).into_iter().collect();
    part(&tenant, &identity(&tenant), row, &classes, &settings())
}

#[test]
fn a_tenant_of_ours_is_let_go_with_its_row_if_it_has_one() {
    for served_by in [None, Some(OURS)] {
        for class in [None, Some(OURS)] {
            assert_eq!(part_of(Ok(Some(row())), served_by, class), Part::LetGo(Some(row())));
            assert_eq!(part_of(Ok(None), served_by, class), Part::LetGo(None));
        }
    }
}

#[test]
fn a_tenant_of_another_operator_is_left_to_it() {
    for served_by in [None, Some(OTHER)] {
        assert_eq!(part_of(Ok(None), served_by, Some(OTHER)), Part::Nothing);
    }
    assert_eq!(part_of(Ok(None), Some(OTHER), None), Part::Nothing, "also when its class is gone");
}

#[test]
fn a_tenant_that_no_other_operator_has_served_since_is_let_go_by_us() {
    for served_by in [None, Some(OURS)] {
        assert_eq!(part_of(Ok(Some(row())), served_by, Some(OTHER)), Part::LetGo(Some(row())));
    }
    assert_eq!(part_of(Ok(None), Some(OURS), Some(OTHER)), Part::LetGo(None));
}

#[test]
fn a_tenant_that_another_operator_serves_by_now_keeps_what_we_have_of_it() {
    for class in [None, Some(OTHER)] {
        assert_eq!(part_of(Ok(Some(row())), Some(OTHER), class), Part::HandOver);
    }
}

#[test]
fn the_row_of_a_namesake_is_not_touched() {
    let successor = Owner { uid: uuid::Uuid::nil(), ..row().owner };
    let theirs = OwnedRow { owner: successor, ..row() };
    assert_eq!(part_of(Ok(Some(theirs)), Some(OURS), Some(OURS)), Part::LetGo(None));
}

#[test]
fn a_registry_that_cannot_be_read_is_asked_again_whoever_looks_after_the_tenant() {
    assert_eq!(part_of(Err(away()), Some(OURS), Some(OURS)), Part::Wait(away()));
    assert_eq!(part_of(Err(away()), Some(OURS), None), Part::Wait(away()));
    assert_eq!(part_of(Err(away()), Some(OURS), Some(OTHER)), Part::Wait(away()));
    for served_by in [None, Some(OTHER)] {
        assert_eq!(part_of(Err(away()), served_by, Some(OTHER)), Part::AskAgain(away()));
    }
}

#[test]
fn people_are_told_what_became_of_the_data() {
    let told = |ending| {
        let note = farewell(row(), ending);
        format!("{}: {}", note.reason, note.message)
    };
    insta::assert_snapshot!(told(Ending::Kept), @"DataRetained: users and groups stay in schema tenant_42 for a ScimTenant of this name");
    insta::assert_snapshot!(told(Ending::Dropped), @"DataDeleted: users and groups in schema tenant_42 are deleted");
    insta::assert_snapshot!(told(Ending::DroppedAt(Timestamp::UNIX_EPOCH)), @"DataDeletionScheduled: users and groups in schema tenant_42 are deleted at 1970-01-01T00:00:00Z; a ScimTenant that is made again in this namespace under this name before takes them up");
}
