//! Random bodies of users and groups.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{BADGE, TEAM, TYPES, Type, name, text};

fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 2 => value]
}

/// An object with a value of each type, or without.
fn parts(prefix: &'static str) -> BoxedStrategy<Map<String, Value>> {
    let values: Vec<_> = TYPES.iter().map(|&of| maybe(of.value())).collect();
    values.prop_map(move |values| TYPES.iter().map(|&of| name(prefix, of)).zip(values).collect()).boxed()
}

fn of_extension() -> BoxedStrategy<Value> {
    let several: Vec<_> = TYPES.iter().map(|&of| prop::collection::vec(of.value(), 0..3)).collect();
    let door = (parts("a"), prop::collection::vec(Type::Exact.value(), 0..3)).prop_map(|(mut door, keys)| {
        door.insert("keys".to_owned(), Value::Array(keys));
        Value::Object(door)
    });
    let doors = (prop::collection::vec(door, 0..3), 0..4_usize).prop_map(|(mut doors, primary)| {
        if let Some(door) = doors.get_mut(primary) {
            door["primary"] = json!(true);
        }
        doors
    });
    (parts("a"), several, parts("a"), doors)
        .prop_map(|(mut badge, several, place, doors)| {
            for (of, values) in TYPES.iter().zip(several) {
                badge.insert(name("some", *of), Value::Array(values));
            }
            badge.insert("place".to_owned(), Value::Object(place));
            badge.insert("doors".to_owned(), Value::Array(doors));
            Value::Object(badge)
        })
        .boxed()
}

/// The body of a user, without `userName`.
pub(super) fn user() -> BoxedStrategy<Value> {
    let maybe_text = || maybe(text().prop_map(Value::from));
    let email = (maybe_text(), prop::sample::select(vec!["work", "home", "other"]), maybe_text());
    let emails = (prop::collection::vec(email, 0..3), 0..4_usize).prop_map(|(emails, primary)| {
        let mut kinds = BTreeSet::new();
        let distinct = emails.into_iter().filter(|(_, kind, _)| kinds.insert(*kind));
        let mut emails: Vec<_> = distinct
            .map(|(value, kind, display)| json!({"value": value, "type": kind, "display": display}))
            .collect();
        if let Some(email) = emails.get_mut(primary) {
            email["primary"] = json!(true);
        }
        emails
    });
    let plain = (maybe_text(), maybe_text(), maybe_text(), maybe_text(), maybe(Type::Boolean.value()));
    let maybe_url = || maybe(Type::Reference.value());
    let more = (maybe_text(), maybe_url(), maybe_text(), maybe(Type::Binary.value()), maybe_url());
    (plain, emails, of_extension(), more)
        .prop_map(|(plain, emails, badge, more)| {
            let (title, family, external, display, active) = plain;
            let (extra, photo, shown, certificate, url) = more;
            json!({
                "title": title, "externalId": external, "active": active, "emails": emails,
                "name": {"familyName": family}, "displayName": display, "profileUrl": url,
                "photos": [{"value": photo, "display": shown}], "x509Certificates": [{"value": certificate}],
                (BADGE): badge, "urn:example:Metadata": {"Some.Key": extra},
            })
        })
        .boxed()
}

/// The body of a group, without `displayName`.
pub(super) fn group() -> BoxedStrategy<Value> {
    (maybe(text().prop_map(Value::from)), of_extension())
        .prop_map(|(external, team)| json!({"externalId": external, (TEAM): team}))
        .boxed()
}
