//! From a body, or a path and a value, to single typed steps.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Action, Edit, Step, Verb, members, once::said_once};
use crate::{
    Error, ResourceType, ScimType,
    dialect::{self, Removal},
    limits,
    path::{Base, Selection, Special, Target, sub_attribute},
    schema::{Attribute, AttributeType, Mutability, Schema},
    value::{is_empty, read, read_listed, unwrap_single},
};

/// The steps of a body, or of a PATCH operation without path. Names may be paths (Entra with
/// `aadOptscim062020` writes `name.givenName` and `urn:…:User:department`). What is readOnly is ignored (RFC
/// 7644 §3.5.1).
pub(crate) fn body(
    resource_type: &ResourceType,
    parts: Map<String, Value>,
    verb: Verb,
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    for (name, value) in parts {
        let name = dialect::regular_urn(resource_type, &name);
        if let Some(schema) = resource_type.schema_named(&name) {
            steps.extend(under_urn(resource_type, schema, value, verb)?);
        } else {
            let target = Target::parse(resource_type, &name);
            steps.extend(named(resource_type, &name, value, verb, target)?);
        }
    }
    said_once(steps)
}

/// The steps of a PATCH operation with a path.
pub(crate) fn path(
    resource_type: &ResourceType,
    path: &str,
    value: Value,
    verb: Verb,
) -> Result<Vec<Step>, Error> {
    let path = &*dialect::regular_urn(resource_type, path);
    if let Some(schema) = resource_type.schema_named(path) {
        return match verb {
            Verb::Remove => drop_extension(resource_type, schema).map(|step| vec![step]),
            Verb::Add | Verb::Replace => said_once(under_urn(resource_type, schema, value, verb)?),
        };
    }
    let target = Target::parse(resource_type, path)?;
    let value = dialect::without_repeated_name(&target, value);
    if target.attribute.special() == Some(Special::Members) {
        return member_steps(&target, value, verb);
    }
    if is_read_only(&target) {
        let detail = format!("{target} is readOnly: leave it out");
        return Err(Error::bad_request(ScimType::Mutability, detail));
    }
    said_once(attribute(resource_type, &target, value, verb)?)
}

fn under_urn(
    resource_type: &ResourceType,
    schema: &Schema,
    value: Value,
    verb: Verb,
) -> Result<Vec<Step>, Error> {
    let is_core = schema.urn == resource_type.core.urn;
    let parts = match value {
        Value::Object(parts) => parts,
        // Nothing is added; only a replace by nothing clears.
        value if is_empty(&value) && (is_core || verb == Verb::Add) => return Ok(Vec::new()),
        value if is_empty(&value) => return drop_extension(resource_type, schema).map(|step| vec![step]),
        _ => {
            let detail = format!("{} must be an object of its attributes", schema.urn());
            return Err(Error::bad_request(ScimType::InvalidSyntax, detail));
        }
    };
    if parts.len() > limits::VALUES {
        let detail = format!("{} has more than {} attributes: send fewer", schema.urn(), limits::VALUES);
        return Err(Error::bad_request(ScimType::InvalidValue, detail));
    }
    let mut steps = Vec::new();
    for (name, value) in parts {
        if !is_core && dialect::names_its_schema(schema, &name) {
            continue;
        }
        let path = if is_core { name } else { format!("{}:{name}", schema.urn()) };
        // The name of an additional attribute is taken as it is, whatever characters it has.
        let target = if schema.additional_attributes().is_some() {
            resource_type.attribute(&path).map(Target::all).map_err(|error| invalid_syntax(error.to_string()))
        } else {
            Target::parse(resource_type, &path)
        };
        steps.extend(named(resource_type, &path, value, verb, target)?);
    }
    Ok(steps)
}

fn named(
    resource_type: &ResourceType,
    name: &str,
    value: Value,
    verb: Verb,
    target: Result<Target, Error>,
) -> Result<Vec<Step>, Error> {
    let target = match target {
        Ok(target) => target,
        Err(_) if is_empty(&value) || dialect::comes_along(resource_type, name) => return Ok(Vec::new()),
        Err(error) => return Err(invalid_syntax(error.detail)),
    };
    if target.attribute.special() == Some(Special::Members) {
        return member_steps(&target, value, verb);
    }
    if is_read_only(&target) {
        return Ok(Vec::new());
    }
    attribute(resource_type, &target, value, verb)
}

fn attribute(
    resource_type: &ResourceType,
    target: &Target,
    value: Value,
    verb: Verb,
) -> Result<Vec<Step>, Error> {
    if matches!(target.selection, Selection::Where { .. }) && !target.attribute.is_multi_valued() {
        return conditional(resource_type, target, value, verb);
    }
    if verb == Verb::Remove {
        return removal(target, value);
    }
    let definition = Arc::clone(target.definition());
    let value = if is_additional(resource_type, target) { dialect::text_of(value) } else { value };
    let value = if definition.multi_valued { value } else { unwrap_single(&definition, value) };
    if value.is_null() || value.as_str().is_some_and(str::is_empty) {
        // An add of nothing takes nothing from a list or a complex value. Of a single simple value Entra means that it
        // goes, also by an add.
        let may_hold_more =
            target.attribute.is_multi_valued() || definition.multi_valued || definition.is_complex();
        if verb == Verb::Add && may_hold_more {
            return Ok(Vec::new());
        }
        return Ok(vec![step(target, Action::Remove)]);
    }
    if definition.value_type == AttributeType::Complex
        && !definition.multi_valued
        && let Value::Object(parts) = value
    {
        return complex(resource_type, target, parts, verb);
    }
    let read = read(&definition, value, &target.to_string())?;
    if definition.mutability == Mutability::WriteOnly {
        return Ok(Vec::new());
    }
    let action = match (read, &target.selection, target.sub_attribute.is_some()) {
        (None, _, _) if verb == Verb::Add => return Ok(Vec::new()),
        (None, _, _) => Action::Remove,
        (Some(value), Selection::Where { .. }, false) => action(verb, only_element(target, value)?),
        (Some(value), _, _) => action(verb, value),
    };
    Ok(vec![step(target, action)])
}

/// A change of a single-valued complex attribute under a filter.
fn conditional(
    resource_type: &ResourceType,
    target: &Target,
    value: Value,
    verb: Verb,
) -> Result<Vec<Step>, Error> {
    let whole = Target { selection: Selection::All, ..target.clone() };
    // Without a filter, so that this ends here.
    let edits = attribute(resource_type, &whole, value, verb)?.into_iter().filter_map(|step| match step {
        Step::Edit(edit) => Some(edit),
        Step::Members(_) => None,
    });
    let edits: Vec<_> = edits.collect();
    if edits.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Step::Edit(Edit::Conditional { target: Box::new(target.clone()), edits })])
}

fn removal(target: &Target, value: Value) -> Result<Vec<Step>, Error> {
    let listed = match dialect::removal(target, value) {
        Removal::Everything => return Ok(vec![step(target, Action::Remove)]),
        Removal::Listed(value) => value,
    };
    let definition = without_enforcement(target.definition());
    let listed = read_listed(&definition, listed, &target.to_string())?;
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![step(target, Action::RemoveListed(Value::Array(listed)))])
}

/// The attribute as it may have been once: what was accepted then can go, also if it is not among the canonical values any
/// more.
fn without_enforcement(attribute: &Attribute) -> Attribute {
    let parts = attribute.sub_attributes.iter();
    let sub_attributes =
        parts.map(|part| Arc::new(Attribute { enforce: false, ..Attribute::clone(part) })).collect();
    Attribute { enforce: false, sub_attributes, ..attribute.clone() }
}

/// A complex value is the sum of its parts: those it does not name stay (RFC 7644 §3.5.2.3).
fn complex(
    resource_type: &ResourceType,
    target: &Target,
    parts: Map<String, Value>,
    verb: Verb,
) -> Result<Vec<Step>, Error> {
    if parts.is_empty() && verb == Verb::Replace {
        return Ok(vec![step(target, Action::Remove)]);
    }
    let definition = Arc::clone(target.definition());
    let mut steps = Vec::new();
    for (name, value) in parts {
        match sub_attribute(&definition, &name, target) {
            Ok(part) if part.mutability == Mutability::ReadOnly => {}
            // A sub-attribute is never complex: this ends here.
            Ok(part) => steps.extend(attribute(resource_type, &target.part(part), value, verb)?),
            Err(_) if is_empty(&value) || dialect::rides_along(&definition, &name) => {}
            Err(error) => return Err(invalid_syntax(error.to_string())),
        }
    }
    Ok(steps)
}

fn member_steps(target: &Target, value: Value, verb: Verb) -> Result<Vec<Step>, Error> {
    Ok(members::change(target, value, verb)?.map(Step::Members).into_iter().collect())
}

fn is_read_only(target: &Target) -> bool {
    [&target.attribute.attribute, target.definition()]
        .iter()
        .any(|part| part.mutability == Mutability::ReadOnly)
}

fn is_additional(resource_type: &ResourceType, target: &Target) -> bool {
    match &target.attribute.base {
        Base::Extension(urn) => resource_type
            .schema_named(urn)
            .is_some_and(|schema| schema.declared(target.attribute.name()).is_none()),
        Base::Resource | Base::Element(_) => false,
    }
}

/// The one element that a path with a filter takes.
fn only_element(target: &Target, value: Value) -> Result<Value, Error> {
    let Value::Array(mut elements) = value else {
        return Ok(value);
    };
    if let (Some(element), true) = (elements.pop(), elements.is_empty()) {
        return Ok(element);
    }
    let detail = format!("{target} with a filter takes one value, not a list");
    Err(Error::bad_request(ScimType::InvalidValue, detail))
}

fn drop_extension(resource_type: &ResourceType, schema: &Schema) -> Result<Step, Error> {
    if schema.urn == resource_type.core.urn {
        let detail = format!("{} cannot be removed: name an attribute", schema.urn());
        return Err(Error::bad_request(ScimType::NoTarget, detail));
    }
    Ok(Step::Edit(Edit::DropExtension(Arc::clone(&schema.urn))))
}

fn action(verb: Verb, value: Value) -> Action {
    match verb {
        Verb::Add => Action::Add(value),
        Verb::Replace => Action::Replace(value),
        Verb::Remove => Action::Remove,
    }
}

fn step(target: &Target, action: Action) -> Step {
    Step::Edit(Edit::Attribute { target: Box::new(target.clone()), action })
}

fn invalid_syntax(detail: String) -> Error {
    Error::bad_request(ScimType::InvalidSyntax, detail)
}
