//! Forms in which identity providers deviate from the RFCs, made regular before the engine sees them. Each
//! has its source.
//!
//! Decided is by what is sent, never by who seems to send it: a provider has several dialects, and one of them may be
//! that of another.
//!
//! A few more are met where the text is read, such as `op` in any case (`crate::patch`) and paths whose filter matches no
//! element (`crate::edit`); `docs/identity-providers.md` lists them.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::{
    Kind, ResourceType, json,
    path::{Selection, Target, strip_urn},
    schema::{Attribute, Schema, enterprise_user},
    value::is_empty,
};

/// A name or path, with a URN of SCIM 1.1 or of nobody made that of SCIM 2.0.
///
/// `OneLogin`'s template puts the enterprise attributes under `urn:scim:schemas:extension:enterprise:1.0`
/// (developers.onelogin.com, "Define Your SCIM User Schema") or `…:2.0`, and names the core schema
/// `urn:scim:schemas:core:2.0` (goauthentik/authentik#11249), Google `urn:scim:schemas:core:1.0`
/// (grokability/snipe-it#12642).
pub(crate) fn regular_urn<'a>(resource_type: &ResourceType, path: &'a str) -> Cow<'a, str> {
    let urns = [
        ("urn:scim:schemas:core:1.0", resource_type.core_schema().urn()),
        ("urn:scim:schemas:core:2.0", resource_type.core_schema().urn()),
        ("urn:scim:schemas:extension:enterprise:1.0", enterprise_user::URN),
        ("urn:scim:schemas:extension:enterprise:2.0", enterprise_user::URN),
    ];
    // A profile may have given such a URN to a schema of its own.
    let is_own =
        |schema: &Schema| path.eq_ignore_ascii_case(schema.urn()) || strip_urn(path, schema.urn()).is_some();
    if resource_type.schemas().any(is_own) {
        return Cow::Borrowed(path);
    }
    for (irregular, urn) in urns {
        if path.eq_ignore_ascii_case(irregular) {
            return Cow::Owned(urn.to_owned());
        }
        if let Some(rest) = strip_urn(path, irregular) {
            return Cow::Owned(format!("{urn}:{rest}"));
        }
    }
    Cow::Borrowed(path)
}

/// What a `remove` takes away.
#[derive(Debug, PartialEq)]
pub(crate) enum Removal {
    /// All that the path selects.
    Everything,
    /// Of that only what the value lists.
    Listed(Value),
}

/// What a `remove` with a value takes away; null and "" are none. (Of members "" is one: see `crate::edit`.)
///
/// RFC 7644 §3.5.2.2 knows no value there. Entra without its flag removes members by `"path": "members", "value":
/// [{"value": "…"}]` and means just these (MicrosoftDocs/azure-docs#30826), as `JumpCloud` and authentik do; others
/// mean the same of other lists (pond/scimitar#45, wso2/product-is#10263). So a value lists what goes wherever the
/// path names a whole list: never is more cleared than was asked for. Elsewhere Entra sends along the value that is
/// to go, or another one, which says no more than the path (AzureAD/SCIMReferenceCode#87).
pub(crate) fn removal(target: &Target, value: Value) -> Removal {
    let names_a_list = target.definition().multi_valued
        && (target.sub_attribute.is_some() || target.selection == Selection::All);
    let is_nothing = value.is_null() || value.as_str().is_some_and(str::is_empty);
    if names_a_list && !is_nothing { Removal::Listed(value) } else { Removal::Everything }
}

/// The value of an operation with a path, which may say the path's attribute again: `"path": "members", "value":
/// {"members": […]}` (Salesforce, help.salesforce.com, "Manage Groups" with SCIM; so Apache Syncope's connector
/// `ConnIdSCIMBundle` sends it).
pub(crate) fn without_repeated_name(target: &Target, value: Value) -> Value {
    let definition = target.definition();
    match value {
        Value::Object(mut parts)
            if parts.len() == 1 && definition.sub_attribute(&definition.name).is_none() =>
        {
            json::take(&mut parts, &definition.name).unwrap_or(Value::Object(parts))
        }
        other => other,
    }
}

/// The value of an operation without path, which may be an object written as a string: `"value": "{\"active\":
/// false}"` (Captain-P-Goldfish/scim-for-keycloak#172).
pub(crate) fn regular_parts(value: Value) -> Value {
    match value {
        Value::String(text) if text.trim_start().starts_with('{') => {
            json::parse(text.as_bytes()).unwrap_or(Value::String(text))
        }
        other => other,
    }
}

/// A number, which may arrive as a string: the templates of `OneLogin` put each value in quotes
/// (developers.onelogin.com, "Define Your SCIM User Schema"), Entra each constant of a filter.
pub(crate) fn regular_number(value: Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(&text).map_or(Value::String(text), Value::Number),
        other => other,
    }
}

/// Entra without its compatibility flag, and `OneLogin`'s template, write booleans as "True" and "False"
/// (learn.microsoft.com, "Known issues … SCIM 2.0 protocol compliance").
pub(crate) fn regular_boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Whether it is the `schemas` that some clients write into an extension's own object, which has none
/// (scim2-models 0.12, with which scim2-tester asks).
pub(crate) fn names_its_schema(extension: &Schema, name: &str) -> bool {
    name.eq_ignore_ascii_case("schemas") && extension.attribute(name).is_none()
}

/// The extension that a path without a URN is about: the only one that declares an attribute of that name, where the
/// core schema has none.
///
/// Entra filters by `manager eq "…"` before it writes a reference, and writes it under the path `manager`
/// (learn.microsoft.com, "Develop a SCIM endpoint", "Reference attributes" and example 5).
pub(crate) fn schema_of_bare_name<'a>(resource_type: &'a ResourceType, path: &str) -> Option<&'a Schema> {
    let name = path.split('.').next().unwrap_or(path);
    if resource_type.declared(resource_type.core_schema(), name).is_some() {
        return None;
    }
    let mut declaring = resource_type.extensions().iter().filter(|schema| schema.declared(name).is_some());
    let first = declaring.next();
    if declaring.next().is_some() { None } else { first }
}

/// One value of a simple attribute, which may arrive as an object with `value`, or in a list of one.
///
/// Old Entra jobs write a string as `[{"$ref": null, "value": "…"}]` (MicrosoftDocs/azure-docs#42220); Entra
/// writes the elements of a multi-valued string as `{"value": "…"}` (Captain-P-Goldfish/SCIM-SDK#516).
pub(crate) fn regular_single(value: Value) -> Value {
    let value = only_element(value);
    match value {
        Value::Object(mut parts) if is_wrapped(&parts) => {
            json::take(&mut parts, "value").unwrap_or(Value::Null)
        }
        other => other,
    }
}

/// One value of a complex attribute, which may arrive as a string, or, for a single-valued one, in a list of
/// one.
///
/// Entra writes `manager` as a plain string (apache/directory-scimple#1242, Captain-P-Goldfish/SCIM-SDK#686)
/// or as a list of an object with `$ref` (learn.microsoft.com, "Develop a SCIM endpoint", example 5); several
/// clients write `emails: ["ada@example.com"]`.
pub(crate) fn regular_object(attribute: &Attribute, value: Value) -> Value {
    let value = if attribute.multi_valued { value } else { only_element(value) };
    let value = match value {
        Value::String(text) if !text.is_empty() && attribute.sub_attribute("value").is_some() => {
            Value::Object(Map::from_iter([("value".to_owned(), Value::String(text))]))
        }
        other => other,
    };
    match (attribute.name.as_str(), value) {
        ("roles", Value::Object(parts)) => Value::Object(regular_role(parts)),
        ("manager", Value::Object(parts)) => Value::Object(regular_manager(parts)),
        (_, value) => value,
    }
}

/// Entra's role in a PATCH: `{"value": "{\"id\":\"…\",\"value\":\"Admin\",\"displayName\":\"Admin\"}"}`,
/// while its POST has `{"value": "Admin", "display": "Admin"}` (learn.microsoft.com, "Customize user
/// provisioning attribute-mappings": `AppRoleAssignmentsComplex`, which asks the service provider to read
/// both).
fn regular_role(mut parts: Map<String, Value>) -> Map<String, Value> {
    let inner = json::field(&parts, "value")
        .and_then(Value::as_str)
        .filter(|text| text.starts_with('{'))
        .and_then(|text| json::parse(text.as_bytes()).ok());
    if let Some(Value::Object(mut inner)) = inner
        && let Some(value) = json::take(&mut inner, "value").filter(Value::is_string)
    {
        json::take(&mut parts, "value");
        parts.insert("value".to_owned(), value);
        if let Some(display) = json::take(&mut inner, "displayName").filter(Value::is_string) {
            parts.entry("display").or_insert(display);
        }
    }
    parts
}

/// A manager by URL alone is the manager with the id at the URL's end (source as of [`regular_object`]).
fn regular_manager(mut parts: Map<String, Value>) -> Map<String, Value> {
    let names_id = |name: &str| name.eq_ignore_ascii_case("value") || name.eq_ignore_ascii_case("managerId");
    let has_id = parts.iter().any(|(name, id)| names_id(name) && !is_empty(id));
    if !has_id && let Some(id) = id_of_url(&parts).map(Value::from) {
        parts.retain(|name, _| !names_id(name));
        parts.insert("value".to_owned(), id);
    }
    parts
}

/// The id at the end of the URL in `$ref`, by which some clients name a user or group (source as of
/// [`regular_object`]).
pub(crate) fn id_of_url(parts: &Map<String, Value>) -> Option<&str> {
    json::field(parts, "$ref")?.as_str()?.rsplit('/').next().filter(|id| !id.is_empty())
}

/// Entra: `roles[].displayName` stands for `display` (source as of [`regular_role`]).
/// `OneLogin`: its SCIM template sends the manager's id as `manager.managerId`, the name of SCIM 1.1.
pub(crate) fn regular_sub_attribute<'a>(attribute: &Attribute, name: &'a str) -> &'a str {
    match attribute.name.as_str() {
        "roles" if name.eq_ignore_ascii_case("displayName") => "display",
        "manager" if name.eq_ignore_ascii_case("managerId") => "value",
        _ => name,
    }
}

/// Whether a sub-attribute that the schema does not have comes along without meaning anything here: the `id`
/// of Entra's app roles (source as of [`regular_role`]), and `$ref` beside a plain value (source as of
/// [`regular_single`]).
pub(crate) fn rides_along(attribute: &Attribute, name: &str) -> bool {
    name == "$ref" || attribute.name == "roles" && name.eq_ignore_ascii_case("id")
}

/// Whether a top-level name of a body, which no schema has, comes along without meaning anything here.
///
/// `groups` of a user is readOnly (RFC 7643 §4.1.2), and so is ignored also where there are no groups.
///
/// Okta sends a group's description under `urn:okta:custom:group:1.0` (developer.okta.com, SCIM 2.0
/// reference, "Groups"). Entra names a legacy schema in `schemas` of a group (learn.microsoft.com, "Develop a
/// SCIM endpoint", "Create Group"), and what stands under it repeats the core attributes.
pub(crate) fn comes_along(resource_type: &ResourceType, name: &str) -> bool {
    const OKTA: &str = "urn:okta:custom:group:1.0";
    const ENTRA: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    let is_of_no_group = resource_type.kind() == Kind::User && name.eq_ignore_ascii_case("groups");
    is_of_no_group
        || [OKTA, ENTRA]
            .into_iter()
            .any(|urn| name.eq_ignore_ascii_case(urn) || strip_urn(name, urn).is_some())
}

/// Any value as the text of an additional attribute. Entra sends what its expression yields, whatever its
/// type.
pub(crate) fn text_of(value: Value) -> Value {
    match regular_single(value) {
        value @ (Value::Null | Value::String(_)) => value,
        other => Value::String(other.to_string()),
    }
}

fn only_element(value: Value) -> Value {
    match value {
        Value::Array(mut elements) if elements.len() <= 1 => elements.pop().unwrap_or(Value::Null),
        other => other,
    }
}

/// `{"value": …}`, perhaps with `$ref` or parts that say nothing.
fn is_wrapped(parts: &Map<String, Value>) -> bool {
    let names_value = |name: &String| name.eq_ignore_ascii_case("value");
    parts.keys().any(names_value)
        && parts.iter().all(|(name, part)| names_value(name) || name == "$ref" || is_empty(part))
}
