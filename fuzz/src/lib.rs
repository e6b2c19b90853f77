//! What is fuzzed: each target takes the bytes of a stranger and panics when a law of the engine does not hold.
//!
//! `make fuzz` looks for such bytes; `crates/scim/tests/corpus.rs` includes this file and replays what was kept.

use std::{collections::HashMap, sync::LazyLock};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use scim::{
    Catalog, Cursor, Error, Filter, GroupBody, IfMatch, IfNoneMatch, Kind, PatchRequest, Projection,
    Resource, ResourceType, SearchRequest, Sort,
    bulk::{Action, BulkRequest, Step},
    filter::evaluate,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Reads bytes, and panics when a law is broken.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("bulk", bulk),
    ("cursor", cursor),
    ("entity_tag", entity_tag),
    ("filter", filter),
    ("json", json),
    ("patch", patch),
    ("path", path),
    ("resource", resource),
    ("search", search),
];

/// The body of a bulk request: every operation is in one step, and what it holds is read or refused.
pub fn bulk(input: &[u8]) {
    let Some(body) = read(input) else { return };
    let Some(request) = accepted(BulkRequest::parse(body, "https://example.com/a/b/scim/v2")) else { return };
    let number = request.number_of_operations();
    let steps = request.into_steps().into_iter();
    let mut operations: Vec<_> = steps
        .flat_map(|step| match step {
            Step::One(operation) => vec![operation],
            Step::Together(operations) => operations,
        })
        .collect();
    let created: Vec<_> = operations.iter().filter_map(|operation| operation.bulk_id.clone()).collect();
    let ids: HashMap<_, _> = created.into_iter().zip((1..).map(Uuid::from_u128)).collect();
    for operation in &mut operations {
        accepted(operation.resolve(&ids)).expect("what an operation refers to is in the request");
    }
    operations.sort_by_key(|operation| operation.position);
    assert!(operations.iter().map(|operation| operation.position).eq(0..number));
    for action in operations
        .into_iter()
        .filter_map(|operation| accepted(operation.action.map_err(|refusal| refusal.error)))
    {
        match action {
            Action::Create { kind, data }
            | Action::Replace { target: scim::bulk::Target { kind, .. }, data, .. } => {
                posted(kind, &data);
            }
            Action::Patch { target, data, .. } => {
                let (resource_type, resource) = example(target.kind);
                patched(resource_type, resource, data);
            }
            Action::Delete { .. } => {}
        }
    }
}

/// A cursor: one that is taken is one that is given.
pub fn cursor(input: &[u8]) {
    let as_text = str::from_utf8(input).unwrap_or_default().to_owned();
    for text in [as_text, BASE64_URL_SAFE_NO_PAD.encode(input)] {
        if let Some(cursor) = accepted(Cursor::decode(&text, 0, Timestamp::UNIX_EPOCH)) {
            assert_eq!(Cursor::decode(&cursor.encode(), 0, Timestamp::UNIX_EPOCH), Ok(cursor));
        }
    }
}

/// The headers `If-Match` and `If-None-Match`.
pub fn entity_tag(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let if_match = accepted(IfMatch::parse(text));
    assert_eq!(if_match.is_some(), accepted(IfNoneMatch::parse(text)).is_some());
}

/// A filter: what it shows as is the same filter, and it passes or does not.
pub fn filter(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    for (resource_type, resource) in examples() {
        let Some(filter) = accepted(Filter::parse(text, resource_type)) else { continue };
        let shown = filter.to_string();
        match Filter::parse(&shown, resource_type) {
            Ok(again) => assert_eq!(again, filter, "{shown}"),
            // It shows with more brackets, and longer, than it was written.
            Err(error) => {
                let is_limit =
                    ["levels of brackets", "longer than"].iter().any(|limit| error.detail.contains(limit));
                assert!(is_limit, "{shown}: {error}");
            }
        }
        evaluate(&filter, &resource.comparable(resource_type));
    }
}

/// JSON: what is read means what it means to others, and is read again.
pub fn json(input: &[u8]) {
    let Some(value) = read(input) else { return };
    let text = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input);
    assert!(serde_json::from_slice::<Value>(text).is_ok());
    assert!(scim::json::parse(value.to_string().as_bytes()).is_ok());
}

/// The body of a PATCH: what it makes of a valid resource is a valid resource.
pub fn patch(input: &[u8]) {
    let Some(body) = read(input) else { return };
    for (resource_type, resource) in examples() {
        patched(resource_type, resource, body.clone());
    }
}

/// The path of a PATCH operation, with values that may follow it.
pub fn path(input: &[u8]) {
    let Ok(path) = str::from_utf8(input) else { return };
    let values = [json!("x"), json!(true), json!(["x"]), json!([{"value": "x"}])];
    for (resource_type, resource) in examples() {
        patched(resource_type, resource, json!({"Operations": [{"op": "remove", "path": path}]}));
        for value in &values {
            let operation = json!({"op": "add", "path": path, "value": value});
            patched(resource_type, resource, json!({"Operations": [operation]}));
        }
    }
}

/// The body of a POST or PUT: what was read of it says the same when it is read again.
pub fn resource(input: &[u8]) {
    let Some(body) = read(input) else { return };
    posted(Kind::User, &body);
    posted(Kind::Group, &body);
}

/// The body of a search, and what its members are read as.
pub fn search(input: &[u8]) {
    let Some(body) = read(input) else { return };
    let Some(request) = accepted(SearchRequest::parse(body)) else { return };
    for (resource_type, resource) in examples() {
        let (attributes, excluded) = (request.attributes.as_deref(), request.excluded_attributes.as_deref());
        if let Some(projection) = accepted(Projection::parse(attributes, excluded, resource_type)) {
            let mut document = resource.document().clone();
            projection.apply(resource_type, &mut document);
            let shown = document.clone();
            projection.apply(resource_type, &mut document);
            assert_eq!(document, shown);
        }
        let Some(sort_by) = &request.sort_by else { continue };
        if let Some(sort) = accepted(Sort::parse(sort_by, request.sort_order.as_deref(), resource_type)) {
            let key = sort.key(&resource.comparable(resource_type));
            assert!(sort.compare(key.as_ref(), key.as_ref()).is_eq());
        }
    }
}

fn read(input: &[u8]) -> Option<Value> {
    accepted(scim::json::parse(input).map_err(Error::from))
}

/// A refusal is the client's mistake, and says something.
fn accepted<T>(read: Result<T, Error>) -> Option<T> {
    if let Err(error) = &read {
        assert!((400..500).contains(&error.status), "{error:?}");
        assert!(!error.detail.is_empty());
    }
    read.ok()
}

fn posted(kind: Kind, body: &Value) {
    let (resource_type, stored) = example(kind);
    if kind == Kind::Group {
        let _ = accepted(GroupBody::parse(resource_type, body.clone()));
    }
    let Some(resource) = accepted(Resource::parse(resource_type, body.clone())) else { return };
    is_valid(resource_type, &resource);
    if let Some(replaced) = accepted(stored.replaced_by(resource_type, resource)) {
        is_valid(resource_type, &replaced);
    }
}

fn patched(resource_type: &ResourceType, resource: &Resource, body: Value) {
    let Some(patch) = accepted(PatchRequest::parse(resource_type, body)) else { return };
    if let Some(patched) = accepted(patch.apply(resource_type, resource.clone())) {
        is_valid(resource_type, &patched);
    }
}

/// A document that was accepted is accepted as a body, and says the same then.
fn is_valid(resource_type: &ResourceType, resource: &Resource) {
    resource.unique_values(resource_type);
    if is_packed(resource) {
        return;
    }
    let body = Value::Object(resource.document().clone());
    match Resource::parse(resource_type, body) {
        Ok(again) => assert_eq!(with_active(&again), with_active(resource)),
        Err(error) => panic!("{:?} is no body: {error}", resource.document()),
    }
}

/// Whether a role holds JSON in a string, which is unpacked once each time that it is read.
fn is_packed(resource: &Resource) -> bool {
    let roles = resource.document().get("roles").and_then(Value::as_array);
    let values = roles.into_iter().flatten().filter_map(|role| role.get("value")?.as_str());
    values.into_iter().any(|value| value.starts_with('{'))
}

/// A body that is silent on `active` sets it; a PATCH may have removed it.
fn with_active(resource: &Resource) -> Map<String, Value> {
    let mut document = resource.document().clone();
    document.entry("active").or_insert(Value::Bool(true));
    document.sort_keys();
    document
}

fn example(kind: Kind) -> (&'static ResourceType, &'static Resource) {
    let [user, group] = examples();
    match kind {
        Kind::User => user,
        Kind::Group => group,
    }
}

/// A user and a group, with values of every type.
fn examples() -> [(&'static ResourceType, &'static Resource); 2] {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        let profile = serde_json::from_value(profile()).expect("a profile");
        Catalog::new(&profile).expect("a profile that works")
    });
    static USER: LazyLock<Resource> =
        LazyLock::new(|| Resource::parse(CATALOG.user(), user()).expect("a valid user"));
    static GROUP: LazyLock<Resource> = LazyLock::new(|| {
        let body = json!({"displayName": "Mathematicians", "externalId": "g-1"});
        Resource::parse(groups(&CATALOG), body).expect("a valid group")
    });
    fn groups(catalog: &Catalog) -> &ResourceType {
        catalog.resource_type(Kind::Group).expect("groups are enabled")
    }
    [(CATALOG.user(), &USER), (groups(&CATALOG), &GROUP)]
}

fn user() -> Value {
    json!({
        "userName": "Ada@Example.com",
        "externalId": "u-1",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "type": "work", "primary": true}, {"value": "ada@example.org", "type": "home"}],
        "phoneNumbers": [{"value": "1", "type": "work"}, {"value": "2", "type": "mobile"}],
        "roles": [{"value": "admin", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines", "manager": {"value": "m-1"}},
        CUSTOM: {
            "folders": ["a", "b"], "badge": 7, "hired": "1842-01-31T08:00:00Z", "ratio": 0.5, "key": "YWRh", "origin": "here",
            "desks": [{"value": "d", "floors": [1, 2], "primary": true}]
        },
        METADATA: {"shoeSize": "37"}
    })
}

fn profile() -> Value {
    json!({
        "required": ["name.givenName"],
        "attributes": [
            {"path": "userType", "canonicalValues": ["Premium", "Standard"], "enforce": true},
            {"path": "emails.value", "uniqueness": "server"}
        ],
        "extensions": [
            {"urn": CUSTOM, "resource": "User", "attributes": [
                {"name": "folders", "type": "string", "multiValued": true},
                {"name": "badge", "type": "integer", "uniqueness": "server"},
                {"name": "hired", "type": "dateTime"},
                {"name": "ratio", "type": "decimal"},
                {"name": "key", "type": "binary"},
                {"name": "origin", "type": "string", "mutability": "immutable"},
                {"name": "secret", "type": "string", "returned": "never"},
                {"name": "desks", "type": "complex", "multiValued": true, "subAttributes": [
                    {"name": "value", "type": "string"},
                    {"name": "floors", "type": "integer", "multiValued": true},
                    {"name": "primary", "type": "boolean"}
                ]}
            ]},
            {"urn": METADATA, "resource": "User", "additionalAttributes": "String"}
        ]
    })
}

const CUSTOM: &str = "urn:example:Custom";
const METADATA: &str = "urn:example:Metadata";
