//! Users and groups with values of every type, present and absent, single and several, and how `scim`'s evaluator sees them.

mod bodies;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use scim::profile::ReturningUsers;
use scim::{GroupBody, Kind, MemberReference, fold};
use serde_json::{Map, Value, json};
use store::{Related, Stored};
use uuid::Uuid;

use crate::support::{BASE_URL, Tenant, always, everything, with_names};

/// An extension of User, and one of Group, with the same attributes.
pub(crate) const BADGE: &str = "urn:example:Badge";
pub(crate) const TEAM: &str = "urn:example:Team";

/// The types there are (RFC 7643 §2.3); a string that is case-exact counts as one.
pub(crate) const TYPES: [Type; 8] = [
    Type::String,
    Type::Exact,
    Type::Boolean,
    Type::Integer,
    Type::Decimal,
    Type::DateTime,
    Type::Binary,
    Type::Reference,
];

/// Texts that are easily taken for each other, or for a pattern.
const TEXTS: [&str; 14] =
    ["a", "A", "ab", "b%", "%", "_b", "a\\b", "ß", "SS", "Ä", "ä", "a b", "\u{1F600}", "a\"b"];
const MOMENTS: [&str; 4] = [
    "2026-01-31T08:00:00Z",
    "2026-01-31T09:00:00.000+01:00",
    "2026-01-31T08:00:00.000000001Z",
    "2025-12-31T23:59:59.5-05:00",
];
const NUMBERS: [&str; 6] = ["0", "-1", "3", "10", "9007199254740993", "2.5"];
const BINARIES: [&str; 4] = ["AA==", "aa==", "QUI=", "AAAA"];

/// A type of single values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Exact,
    Boolean,
    Integer,
    Decimal,
    DateTime,
    Binary,
    Reference,
}

impl Type {
    /// The operators that compare values of this type; the others are refused.
    pub(crate) fn operators(self) -> &'static [&'static str] {
        match self {
            Self::String | Self::Exact | Self::Reference => &OPERATORS,
            Self::Integer | Self::Decimal | Self::DateTime => &["eq", "ne", "gt", "ge", "lt", "le"],
            Self::Boolean | Self::Binary => &["eq", "ne"],
        }
    }

    /// Constants of this type as filters write them: those that resources have, and others.
    pub(crate) fn operands(self) -> Vec<String> {
        let quoted = |texts: &[&str]| texts.iter().map(|text| json!(text).to_string()).collect();
        match self {
            Self::String | Self::Exact | Self::Reference => quoted(&TEXTS),
            Self::Boolean => vec!["true".to_owned(), "false".to_owned()],
            Self::Integer | Self::Decimal => NUMBERS.map(str::to_owned).to_vec(),
            Self::DateTime => quoted(&MOMENTS),
            Self::Binary => quoted(&BINARIES),
        }
    }

    fn definition(self, name: &str, is_multi_valued: bool) -> Value {
        let value_type = match self {
            Self::String | Self::Exact => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
        };
        json!({"name": name, "type": value_type, "multiValued": is_multi_valued, "caseExact": self == Self::Exact})
    }

    fn value(self) -> BoxedStrategy<Value> {
        let one_of =
            |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(Value::from).boxed();
        let number = |texts: &'static [&'static str]| {
            prop::sample::select(texts).prop_map(|text| serde_json::from_str(text).unwrap()).boxed()
        };
        match self {
            Self::String | Self::Exact => text().prop_map(Value::from).boxed(),
            // Without what no URI can hold.
            Self::Reference => text()
                .prop_map(|text| {
                    Value::from(text.replace([' ', '"', '\\', '{', '}', '|', '^', '`', '<', '>'], "/"))
                })
                .boxed(),
            Self::Boolean => any::<bool>().prop_map(Value::from).boxed(),
            Self::Integer => number(&NUMBERS[..5]),
            Self::Decimal => number(&NUMBERS),
            Self::DateTime => one_of(&MOMENTS),
            Self::Binary => one_of(&BINARIES),
        }
    }
}

/// All operators but `pr`.
pub(crate) const OPERATORS: [&str; 9] = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];

/// A text such as resources have.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(TEXTS.as_slice()).prop_map(str::to_owned),
        1 => "[a-bA-B%_ßÄ\\\\]{1,3}",
    ]
}

/// The names of the attribute of each type: `aString`, and so on.
fn name(prefix: &str, of: Type) -> String {
    format!("{prefix}{of:?}")
}

/// What a tenant's schemas must be for [`Population::create`].
pub(crate) fn profile() -> Value {
    let parts =
        |prefix: &str| TYPES.iter().map(|&of| of.definition(&name(prefix, of), false)).collect::<Vec<_>>();
    let mut attributes = parts("a");
    attributes.extend(TYPES.iter().map(|&of| of.definition(&name("some", of), true)));
    attributes.push(json!({"name": "place", "type": "complex", "subAttributes": parts("a")}));
    let mut door = parts("a");
    door.push(json!({"name": "primary", "type": "boolean"}));
    door.push(Type::Exact.definition("keys", true));
    attributes.push(json!({"name": "doors", "type": "complex", "multiValued": true, "subAttributes": door}));
    json!({"extensions": [
        {"urn": BADGE, "resource": "User", "attributes": attributes},
        {"urn": TEAM, "resource": "Group", "attributes": attributes},
        {"urn": "urn:example:Metadata", "resource": "User", "additionalAttributes": "String"},
    ]})
}

/// An attribute that can be compared.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) path: String,
    pub(crate) of: Type,
    /// Constants beside those of the type: what resources have of it.
    pub(crate) operands: Vec<String>,
}

/// An attribute whose elements brackets can follow, and what there is inside them.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) parts: Vec<Attribute>,
}

/// A resource, in the form that the evaluator looks at.
pub(crate) struct Candidate {
    pub(crate) id: Uuid,
    pub(crate) comparable: Map<String, Value>,
}

/// What is in the tables of a tenant.
pub(crate) struct Population {
    pub(crate) users: Vec<Candidate>,
    pub(crate) groups: Vec<Candidate>,
}

impl Population {
    /// Creates so many users and groups; the first of each with as little as there can be.
    pub(crate) async fn create(
        tenant: &Tenant,
        runner: &mut TestRunner,
        users: usize,
        groups: usize,
    ) -> Self {
        let mut all_users = Vec::new();
        for number in 0..users {
            let mut body = if number == 0 { json!({}) } else { draw(&bodies::user(), runner) };
            body["userName"] = json!(format!("{}-{number}", TEXTS[number % TEXTS.len()]));
            let created = tenant.users.create(tenant.user(body), ReturningUsers::Conflict).await.unwrap();
            if number % 3 == 2 {
                let again = |resource: scim::Resource| {
                    let mut document = resource.into_document();
                    document.insert("nickName".to_owned(), json!("again"));
                    Ok(scim::Resource::from_stored(document))
                };
                tenant.users.update(created.id, &always(), again, &everything()).await.unwrap().unwrap();
            }
            all_users.push(created.id);
        }
        let mut all_groups: Vec<Uuid> = Vec::new();
        for number in 0..groups {
            let mut body = if number == 0 { json!({}) } else { draw(&bodies::group(), runner) };
            body["displayName"] = json!(format!("{}-{number}", TEXTS[number % TEXTS.len()]));
            let GroupBody { resource, .. } = tenant.group(body);
            let among = [all_users.as_slice(), &all_groups].concat();
            let members = draw(&prop::collection::btree_set(prop::sample::select(among), 0..4), runner);
            let members = if number == 0 { BTreeSet::new() } else { members };
            let members = members.into_iter().map(|id| MemberReference { id, kind: None }).collect();
            all_groups.push(tenant.groups.create(resource, members, &everything()).await.unwrap().id);
        }
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        for id in all_users {
            users.push(Candidate::new(tenant, tenant.users.get(id, &everything()).await.unwrap().unwrap()));
        }
        for id in all_groups {
            groups.push(Candidate::new(
                tenant,
                tenant.groups.get(id, &with_names(&tenant.catalog)).await.unwrap().unwrap(),
            ));
        }
        users.sort_by_key(|candidate| candidate.id);
        groups.sort_by_key(|candidate| candidate.id);
        Self { users, groups }
    }

    pub(crate) fn of(&self, kind: Kind) -> &[Candidate] {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    /// The attributes of resources of a kind, each with the constants that tell them apart.
    pub(crate) fn attributes(&self, kind: Kind) -> Vec<Attribute> {
        let urn = extension(kind);
        let in_extension = |prefix: &'static str, path: &'static str| {
            TYPES.map(|of| attribute(format!("{urn}:{path}{}", name(prefix, of)), of))
        };
        let mut attributes = [
            in_extension("a", ""),
            in_extension("some", ""),
            in_extension("a", "place."),
            in_extension("a", "doors."),
        ]
        .concat();
        attributes.push(attribute(format!("{urn}:doors.keys"), Type::Exact));
        let strings = match kind {
            Kind::User => vec![
                "userName",
                "title",
                "name.familyName",
                "emails",
                "emails.value",
                "emails.type",
                "photos.display",
                "urn:example:Metadata:Some.Key",
            ],
            Kind::Group => vec!["displayName"],
        };
        let exact = match kind {
            Kind::User => vec!["externalId", "profileUrl", "photos.value"],
            Kind::Group => vec!["externalId"],
        };
        attributes.extend(strings.into_iter().map(|path| attribute(path, Type::String)));
        attributes.extend(exact.into_iter().map(|path| attribute(path, Type::Exact)));
        if kind == Kind::User {
            attributes.push(attribute("active", Type::Boolean));
            attributes.push(attribute("emails.primary", Type::Boolean));
            attributes.push(attribute("x509Certificates.value", Type::Binary));
        }
        for (path, of) in [
            ("id", Type::Exact),
            ("schemas", Type::String),
            ("meta.resourceType", Type::Exact),
            ("meta.created", Type::DateTime),
            ("meta.lastModified", Type::DateTime),
            ("meta.version", Type::Exact),
            ("meta.location", Type::Exact),
        ] {
            attributes.push(self.with_values(attribute(path, of), kind, path));
        }
        let memberships = memberships(kind);
        attributes.push(self.with_values(
            attribute(memberships, Type::Exact),
            kind,
            &format!("{memberships}.value"),
        ));
        for part in self.parts_of_memberships(kind) {
            attributes.push(Attribute { path: format!("{memberships}.{}", part.path), ..part });
        }
        attributes
    }

    /// The attributes that brackets can follow.
    pub(crate) fn lists(&self, kind: Kind) -> Vec<Listed> {
        let urn = extension(kind);
        let mut doors: Vec<_> = TYPES.iter().map(|&of| attribute(name("a", of), of)).collect();
        doors.push(attribute("primary", Type::Boolean));
        doors.push(attribute("keys", Type::Exact));
        let mut lists = vec![
            Listed { path: format!("{urn}:doors"), parts: doors },
            Listed { path: memberships(kind).to_owned(), parts: self.parts_of_memberships(kind) },
            Listed {
                path: "schemas".to_owned(),
                parts: vec![self.with_values(attribute("value", Type::String), kind, "schemas")],
            },
        ];
        lists.extend(TYPES.iter().map(|&of| Listed {
            path: format!("{urn}:{}", name("some", of)),
            parts: vec![attribute("value", of)],
        }));
        if kind == Kind::User {
            let parts = ["value", "type", "display"].map(|path| attribute(path, Type::String)).to_vec();
            lists.push(Listed {
                path: "emails".to_owned(),
                parts: [parts, vec![attribute("primary", Type::Boolean)]].concat(),
            });
        }
        lists
    }

    fn parts_of_memberships(&self, kind: Kind) -> Vec<Attribute> {
        let parts = [
            ("value", Type::Exact),
            ("$ref", Type::Reference),
            ("display", Type::String),
            ("type", Type::String),
        ];
        let path = |part: &str| format!("{}.{part}", memberships(kind));
        parts.map(|(part, of)| self.with_values(attribute(part, of), kind, &path(part))).to_vec()
    }

    /// With some of the values that candidates have at `path` as constants, and a piece of each.
    fn with_values(&self, attribute: Attribute, kind: Kind, path: &str) -> Attribute {
        let (name, part) = path.split_once('.').map_or((path, None), |(name, part)| (name, Some(part)));
        let mut operands = BTreeSet::new();
        for candidate in self.of(kind) {
            let values = each(candidate.comparable.get(name));
            let values = values
                .iter()
                .flat_map(|value| part.map_or(vec![value], |part| each(value.get(part)).iter().collect()));
            for value in values.filter_map(Value::as_str).take(1) {
                operands.insert(json!(value).to_string());
                if attribute.of != Type::DateTime {
                    let middle = value.char_indices().map(|(index, _)| index).nth(value.chars().count() / 2);
                    operands.insert(json!(value[middle.unwrap_or_default()..]).to_string());
                    operands.insert(json!(value[..middle.unwrap_or_default()]).to_string());
                }
            }
        }
        // Not all of them: each is a filter.
        let step = operands.len() / 12 + 1;
        Attribute { operands: operands.into_iter().step_by(step).collect(), ..attribute }
    }
}

fn attribute(path: impl Into<String>, of: Type) -> Attribute {
    Attribute { path: path.into(), of, operands: Vec::new() }
}

impl Attribute {
    /// All constants to compare it with.
    pub(crate) fn all_operands(&self) -> Vec<String> {
        let of_type =
            if self.operands.is_empty() { self.of.operands() } else { self.of.operands()[..2].to_vec() };
        [of_type, self.operands.clone()].concat()
    }
}

/// Where what is kept in `{group_members}` is shown.
fn memberships(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "groups",
        Kind::Group => "members",
    }
}

pub(crate) fn extension(kind: Kind) -> &'static str {
    match kind {
        Kind::User => BADGE,
        Kind::Group => TEAM,
    }
}

impl Candidate {
    fn new(tenant: &Tenant, stored: Stored) -> Self {
        let resource_type = tenant.catalog.resource_type(stored.kind).unwrap();
        let mut comparable = stored.resource.comparable(resource_type);
        comparable.insert("id".to_owned(), json!(stored.id));
        comparable.insert(
            "meta".to_owned(),
            json!({
                "resourceType": stored.kind.name(),
                "created": format!("{:.9}", stored.created),
                "lastModified": format!("{:.9}", stored.last_modified),
                "version": format!("W/\"{}\"", stored.version.number()),
                "location": format!("{BASE_URL}{}/{}", stored.kind.endpoint(), stored.id),
            }),
        );
        let membership = |related: Related| {
            let kind = if stored.kind == Kind::User { "direct" } else { related.kind.name() };
            json!({
                "value": related.id,
                "$ref": format!("{BASE_URL}{}/{}", related.kind.endpoint(), related.id),
                "display": related.display.as_deref().map(fold),
                "type": fold(kind),
            })
        };
        let related: Vec<_> = stored.related.unwrap().items.into_iter().map(membership).collect();
        if !related.is_empty() {
            comparable.insert(memberships(stored.kind).to_owned(), Value::Array(related));
        }
        Self { id: stored.id, comparable }
    }
}

pub(crate) fn each(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(elements)) => elements,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

pub(crate) fn draw<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}
