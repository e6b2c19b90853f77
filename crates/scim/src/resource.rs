//! A validated document of one kind.

mod group_body;
mod immutable;
mod represent;
mod stored;
#[cfg(test)]
mod tests;
mod validate;

use serde_json::{Map, Value};

pub use group_body::{GroupBody, MemberReference};
pub(crate) use immutable::{changed_immutable, immutable, keep_immutable, keep_immutable_in_lists};
pub use represent::Identity;
pub(crate) use validate::{
    Misfit, Missing, check, check_body, check_schemas, missing, required, required_stays,
};

use crate::{
    Error, Kind, ResourceType, ScimType,
    edit::{self, Step, Verb, Work},
    schema::{Attribute, AttributeType, Schema, Uniqueness},
    value,
};

/// What a client said about a User or a Group, valid by its resource type: canonical names, typed values,
/// extensions under their URN. `schemas`, `id`, `meta`, `groups` and `members` are not in it.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    pub(crate) document: Map<String, Value>,
    /// Whether `active` is a default, because a body did not speak of it: a PUT then leaves it as it is.
    is_silent_on_active: bool,
}

/// Two are equal when their documents are.
impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

/// A value that no other resource of the tenant may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UniqueValue {
    /// The attribute's path, such as `emails.value`.
    pub path: String,
    /// The value, folded unless the attribute is case-exact.
    pub folded: String,
}

impl Resource {
    /// Reads the body of a POST or PUT. Members of a group are checked and left out: see [`GroupBody`].
    pub fn parse(resource_type: &ResourceType, body: Value) -> Result<Self, Error> {
        parse(resource_type, body).map(|(resource, _)| resource)
    }

    /// A document that was stored as [`Self::document`] gave it.
    pub fn from_stored(document: Map<String, Value>) -> Self {
        Self { document, is_silent_on_active: false }
    }

    /// The document as written, with canonical names.
    pub fn document(&self) -> &Map<String, Value> {
        &self.document
    }

    /// The document as written, with canonical names.
    pub fn into_document(self) -> Map<String, Value> {
        self.document
    }

    /// The document in the form filters compare: strings folded unless case-exact, date-times in UTC with
    /// nine decimals, names of additional attributes folded; with `schemas` and `meta.resourceType`.
    /// What the resource type does not have any more, or has with another type, is left out.
    pub fn comparable(&self, resource_type: &ResourceType) -> Map<String, Value> {
        let document = self.fitting(resource_type);
        let schemas: Vec<_> = resource_type.schemas_of(&document).map(crate::fold).collect();
        let mut comparable = Map::new();
        comparable.insert("schemas".to_owned(), Value::from(schemas));
        comparable.extend(comparable_attributes(resource_type.core_schema(), &document));
        for schema in resource_type.extensions() {
            if let Some(Value::Object(attributes)) = document.get(schema.urn()) {
                let attributes = comparable_attributes(schema, attributes);
                comparable.insert(schema.urn().to_owned(), Value::Object(attributes.collect()));
            }
        }
        let meta = Map::from_iter([("resourceType".to_owned(), Value::from(resource_type.kind().name()))]);
        comparable.insert("meta".to_owned(), Value::Object(meta));
        comparable
    }

    /// The values of the attributes that the profile declares unique, each once. `userName` and a group's
    /// `displayName`, which are always unique, are not among them.
    pub fn unique_values(&self, resource_type: &ResourceType) -> Vec<UniqueValue> {
        let comparable = self.comparable(resource_type);
        let mut found = Vec::new();
        for schema in resource_type.schemas() {
            let is_core = schema.urn == resource_type.core.urn;
            let container = if is_core {
                Some(&comparable)
            } else {
                comparable.get(schema.urn()).and_then(Value::as_object)
            };
            for attribute in schema.attributes() {
                let has_a_key_column = is_core && attribute.name == resource_type.key_attribute();
                if has_a_key_column {
                    continue;
                }
                let path = if is_core {
                    attribute.name.clone()
                } else {
                    format!("{}:{}", schema.urn(), attribute.name)
                };
                let value = container.and_then(|container| container.get(&attribute.name));
                collect_unique(attribute, value, &path, &mut found);
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// `userName`.
    pub fn user_name(&self) -> Option<&str> {
        self.text("userName")
    }

    /// `displayName`.
    pub fn display_name(&self) -> Option<&str> {
        self.text("displayName")
    }

    /// `externalId`.
    pub fn external_id(&self) -> Option<&str> {
        self.text("externalId")
    }

    /// Whether the account may be used: `active` is there and true.
    pub fn is_active(&self) -> bool {
        self.document.get("active").and_then(Value::as_bool).unwrap_or(false)
    }

    /// This resource after a PUT of another (RFC 7644 §3.5.1). `active`, and immutable attributes, stay as they are
    /// where the body is silent: a disabled account is not enabled by the way. Another value of an immutable attribute
    /// is refused. What the resource type does not have any more stays too.
    pub fn replaced_by(&self, resource_type: &ResourceType, new: Self) -> Result<Self, Error> {
        let Self { mut document, is_silent_on_active } = new;
        if is_silent_on_active {
            match self.document.get("active") {
                Some(active) => document.insert("active".to_owned(), active.clone()),
                None => document.shift_remove("active"),
            };
        }
        keep_immutable(resource_type, &self.document, &mut document);
        if let Some(path) = changed_immutable(resource_type, &self.document, &document) {
            return Err(immutable(&path));
        }
        // A part that was kept may stand alone now.
        check_whole(resource_type, &document)?;
        stored::keep_undeclared(resource_type, &self.document, &mut document);
        Ok(Self::from_stored(document))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }
}

/// The resource of a body, and the steps that are not about it.
fn parse(resource_type: &ResourceType, body: Value) -> Result<(Resource, Vec<Step>), Error> {
    check_body(&body)?;
    let Value::Object(parts) = body else {
        let detail =
            format!("the body must be a JSON object with the attributes of a {}", resource_type.kind());
        return Err(Error::bad_request(ScimType::InvalidSyntax, detail));
    };
    let mut document = Map::new();
    let mut others = Vec::new();
    let mut work = Work::new();
    for step in edit::body(resource_type, parts, Verb::Add)? {
        match step {
            Step::Edit(edit) => edit::apply(&mut document, &edit, &mut work)?,
            other @ Step::Members(_) => others.push(other),
        }
    }
    // RFC 7643 §4.1.1 leaves it to the service provider what an account is of which nobody says whether it is active.
    // Who creates one means that it is used. A PUT goes on where it was, and only a PATCH that takes `active` away
    // stores that it is not.
    let is_silent_on_active = resource_type.kind() == Kind::User && !document.contains_key("active");
    if is_silent_on_active {
        document.insert("active".to_owned(), Value::Bool(true));
    }
    check_whole(resource_type, &document)?;
    Ok((Resource { document, is_silent_on_active }, others))
}

fn check_whole(resource_type: &ResourceType, document: &Map<String, Value>) -> Result<(), Error> {
    match missing(resource_type, document).first() {
        Some(missing) => Err(required(&missing.place)),
        None => check(resource_type, document).map_err(|misfit| misfit.error),
    }
}

fn comparable_attributes<'a>(
    schema: &'a Schema,
    attributes: &'a Map<String, Value>,
) -> impl Iterator<Item = (String, Value)> + 'a {
    attributes.iter().filter_map(|(name, value)| {
        let attribute = schema.attribute(name)?;
        let name = if schema.declared(name).is_some() { attribute.name.clone() } else { crate::fold(name) };
        Some((name, value::comparable(&attribute, value)))
    })
}

fn collect_unique(attribute: &Attribute, value: Option<&Value>, path: &str, found: &mut Vec<UniqueValue>) {
    let each = match value {
        Some(Value::Array(elements)) => elements.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => return,
    };
    for value in each {
        if attribute.value_type == AttributeType::Complex {
            for part in &attribute.sub_attributes {
                // Sub-attributes are never complex: this ends here.
                collect_unique(part, value.get(&part.name), &format!("{path}.{}", part.name), found);
            }
        } else if attribute.uniqueness == Uniqueness::Server {
            let folded = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            found.push(UniqueValue { path: path.to_owned(), folded });
        }
    }
}
