//! Edits made on a document, one after another.

use std::{collections::HashSet, fmt};

use serde_json::{Map, Value};

use super::{
    Action, Edit, Work, conditional, elements,
    work::{comparisons, cost, cost_of_all, cost_of_names},
};
use crate::{
    Error, ScimType,
    filter::{evaluate_element, part_of},
    fold, limits,
    path::{AttributeRef, Base, Selection, Target},
    schema::Attribute,
    value::{comparable, read, says_only_what_for},
};

/// Makes one edit, out of the work that a request may make. On an error the document is half changed: throw it
/// away.
pub(crate) fn apply(document: &mut Map<String, Value>, edit: &Edit, work: &mut Work) -> Result<(), Error> {
    let (target, action) = match edit {
        Edit::DropExtension(urn) => {
            document.shift_remove(&**urn);
            return Ok(());
        }
        Edit::Conditional { target, edits } => return conditional::apply(document, target, edits, work),
        Edit::Attribute { target, action } => (target, action),
    };
    match &target.attribute.base {
        Base::Resource | Base::Element(_) => in_container(document, target, action, work),
        Base::Extension(urn) => {
            let mut container = match document.get_mut(&**urn).map(Value::take) {
                Some(Value::Object(container)) => container,
                _ => Map::new(),
            };
            in_container(&mut container, target, action, work)?;
            if container.len() > limits::VALUES {
                let detail = format!("{urn} would have more than {} attributes: remove some", limits::VALUES);
                return Err(Error::bad_request(ScimType::InvalidValue, detail));
            }
            put(document, urn, if container.is_empty() { None } else { Some(Value::Object(container)) });
            Ok(())
        }
    }
}

fn in_container(
    container: &mut Map<String, Value>,
    target: &Target,
    action: &Action,
    work: &mut Work,
) -> Result<(), Error> {
    let name = key_of(container, &target.attribute, work)?;
    let attribute = &*target.attribute.attribute;
    let old = container.get_mut(&name).map(Value::take);
    let new = if attribute.multi_valued {
        let mut values = match old {
            Some(Value::Array(values)) => values,
            Some(Value::Null) | None => Vec::new(),
            Some(single) => vec![single],
        };
        in_list(&mut values, target, action, work)?;
        check_length(&values, &target.attribute)?;
        if values.is_empty() { None } else { Some(Value::Array(values)) }
    } else if let Some(part) = &target.sub_attribute {
        let mut parts = match old {
            Some(Value::Object(parts)) => parts,
            _ => Map::new(),
        };
        in_parts(&mut parts, part, action, work)?;
        if parts.is_empty() { None } else { Some(Value::Object(parts)) }
    } else {
        match action {
            Action::Add(value) | Action::Replace(value) => Some(value.clone()),
            Action::Remove | Action::RemoveListed(_) => None,
        }
    };
    put(container, &name, new);
    Ok(())
}

/// A change of a multi-valued attribute.
fn in_list(values: &mut Vec<Value>, target: &Target, action: &Action, work: &mut Work) -> Result<(), Error> {
    let attribute = &*target.attribute.attribute;
    let looks = match &target.selection {
        Selection::All => 1,
        Selection::Where { filter, .. } => 1 + comparisons(filter),
    };
    work.spend(cost_of_all(values).saturating_mul(looks))?;
    let primary = match (&target.selection, &target.sub_attribute, action) {
        (Selection::All, None, Action::Remove) => {
            values.clear();
            HashSet::new()
        }
        (Selection::All, None, Action::Replace(new)) => {
            values.clear();
            elements::add(attribute, values, new)
        }
        (Selection::All, None, Action::Add(new)) => elements::add(attribute, values, new),
        (Selection::Where { .. }, None, Action::Remove) => {
            values.retain(|element| !is_selected(target, element));
            HashSet::new()
        }
        (_, None, Action::RemoveListed(listed)) => {
            elements::remove(attribute, values, listed, work)?;
            HashSet::new()
        }
        (_, Some(part), Action::Remove | Action::RemoveListed(_)) => {
            remove_part(values, target, part, action, work)?;
            HashSet::new()
        }
        (_, _, Action::Add(new) | Action::Replace(new)) => {
            let selected = positions(values, target);
            if selected.is_empty() {
                let mut element = new_element(target)?;
                set(&mut element, target, action, new, work)?;
                if is_selected(target, &element) {
                    elements::add(attribute, values, &element)
                } else {
                    // It would be what the filter asks for, made into something else. Perhaps it was already.
                    let is_there = elements::has_all_of(attribute, values, &element);
                    return if is_there { Ok(()) } else { Err(elsewhere(target)) };
                }
            } else {
                // Each gets the value, and all are compared with each other.
                work.spend(cost(new).saturating_mul(selected.len()).saturating_add(cost_of_all(values)))?;
                for &position in &selected {
                    if let Some(element) = values.get_mut(position) {
                        set(element, target, action, new, work)?;
                    }
                }
                elements::merge_same(attribute, values, &selected)
            }
        }
    };
    elements::keep_one_primary(values, &primary);
    Ok(())
}

/// An element for which the target's filter holds. Entra fills such elements by operations of their own:
/// `phoneNumbers[type eq "mobile"].value` means "the mobile number", whether there is one or not
/// (thomaspoignant/scim-patch#176, ssoready/ssoready#249). RFC 7644 §3.5.2.3 would refuse.
pub(super) fn new_element(target: &Target) -> Result<Value, Error> {
    let said = match &target.selection {
        Selection::All => Some(Map::new()),
        Selection::Where { equalities, .. } => equalities.clone(),
    };
    let element = said.map(|said| element_of(said, &target.attribute)).transpose()?;
    element.filter(|element| is_selected(target, element)).ok_or_else(|| {
        let detail = format!(
            "no value of {} matches the filter, and none can be made to: choose it by eq and and only",
            target.attribute
        );
        Error::bad_request(ScimType::NoTarget, detail)
    })
}

/// The element that has what a filter says, valid by its definition.
fn element_of(said: Map<String, Value>, attribute: &AttributeRef) -> Result<Value, Error> {
    let mut parts = Map::new();
    for (name, value) in said {
        let part = part_of(attribute, &name)
            .map_err(|error| Error::bad_request(ScimType::InvalidFilter, error.to_string()))?;
        if let Some(value) = read(&part, value, &format!("{attribute}.{name}"))? {
            parts.insert(name, value);
        }
    }
    Ok(if attribute.attribute.is_complex() {
        Value::Object(parts)
    } else {
        parts.shift_remove("value").unwrap_or_default()
    })
}

fn set(
    element: &mut Value,
    target: &Target,
    action: &Action,
    new: &Value,
    work: &mut Work,
) -> Result<(), Error> {
    match (&target.sub_attribute, new) {
        (Some(part), _) => match element {
            Value::Object(parts) => in_parts(parts, part, action, work)?,
            other => {
                let mut parts = Map::new();
                in_parts(&mut parts, part, action, work)?;
                *other = Value::Object(parts);
            }
        },
        (None, Value::Object(new)) => {
            let mut parts = match element.take() {
                Value::Object(parts) => parts,
                _ => Map::new(),
            };
            if matches!(action, Action::Replace(_)) {
                // What the filter asked for stays, so that the same operation finds the element again.
                parts.retain(|name, _| match &target.selection {
                    Selection::Where { equalities: Some(said), .. } => said.contains_key(name),
                    _ => false,
                });
            }
            parts.extend(new.iter().map(|(name, value)| (name.clone(), value.clone())));
            *element = Value::Object(parts);
        }
        (None, new) => *element = new.clone(),
    }
    Ok(())
}

/// The refusal to make what the filter asks for into something else, where there is nothing of the kind.
pub(super) fn elsewhere(target: &Target) -> Error {
    let detail = format!(
        "no value of {} matches the filter, which asks for what the operation changes",
        target.attribute
    );
    Error::bad_request(ScimType::NoTarget, detail)
}

fn remove_part(
    values: &mut Vec<Value>,
    target: &Target,
    part: &Attribute,
    action: &Action,
    work: &mut Work,
) -> Result<(), Error> {
    let mut kept = Vec::with_capacity(values.len());
    for mut element in std::mem::take(values) {
        let is_selected = is_selected(target, &element);
        if let (true, Value::Object(parts)) = (is_selected, &mut element)
            && parts.contains_key(&part.name)
        {
            in_parts(parts, part, action, work)?;
            let was_removed = !parts.contains_key(&part.name);
            if was_removed && (parts.is_empty() || says_only_what_for(&element)) {
                continue;
            }
        }
        kept.push(element);
    }
    *values = kept;
    Ok(())
}

/// A change of one part of a complex value.
fn in_parts(
    parts: &mut Map<String, Value>,
    part: &Attribute,
    action: &Action,
    work: &mut Work,
) -> Result<(), Error> {
    let new = match action {
        Action::Remove => None,
        Action::RemoveListed(listed) => {
            let mut values = match parts.get_mut(&part.name).map(Value::take) {
                Some(Value::Array(values)) => values,
                _ => Vec::new(),
            };
            elements::remove(part, &mut values, listed, work)?;
            if values.is_empty() { None } else { Some(Value::Array(values)) }
        }
        Action::Add(new) if part.multi_valued => {
            let mut values = match parts.get_mut(&part.name).map(Value::take) {
                Some(Value::Array(values)) => values,
                _ => Vec::new(),
            };
            elements::add(part, &mut values, new);
            check_length(&values, &part.name)?;
            Some(Value::Array(values))
        }
        Action::Add(new) | Action::Replace(new) => Some(new.clone()),
    };
    put(parts, &part.name, new);
    Ok(())
}

/// Refuses a list that has become too long at once, before the next edit looks through it.
fn check_length(values: &[Value], name: &dyn fmt::Display) -> Result<(), Error> {
    if values.len() <= limits::VALUES {
        return Ok(());
    }
    let detail = format!("{name} would have more than {} values: remove some", limits::VALUES);
    Err(Error::bad_request(ScimType::InvalidValue, detail))
}

fn positions(values: &[Value], target: &Target) -> HashSet<usize> {
    let selected = values.iter().enumerate().filter(|(_, element)| is_selected(target, element));
    selected.map(|(position, _)| position).collect()
}

pub(super) fn is_selected(target: &Target, element: &Value) -> bool {
    match &target.selection {
        Selection::All => true,
        Selection::Where { filter, .. } => {
            evaluate_element(filter, &comparable(&target.attribute.attribute, element))
        }
    }
}

/// The name under which the container has the attribute: that of an additional attribute is as the client
/// first wrote it.
fn key_of(
    container: &Map<String, Value>,
    attribute: &AttributeRef,
    work: &mut Work,
) -> Result<String, Error> {
    let name = attribute.name();
    if attribute.extension().is_none() || container.contains_key(name) {
        return Ok(name.to_owned());
    }
    work.spend(cost_of_names(container.keys()))?;
    let folded = fold(name);
    let is_same =
        |key: &&String| if key.is_ascii() { key.eq_ignore_ascii_case(&folded) } else { fold(key) == folded };
    let same = container.keys().find(is_same);
    Ok(same.cloned().unwrap_or_else(|| name.to_owned()))
}

fn put(container: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            container.insert(name.to_owned(), value);
        }
        None => {
            container.shift_remove(name);
        }
    }
}
