//! Edits made on a document, one after another.

use std::{collections::HashSet, fmt};

use serde_json::{Map, Value};

use super::{
    Action, Edit, Work, elements,
    work::{comparisons, cost, cost_of_all, cost_of_names},
};
use crate::{
    Error, ScimType,
    filter::evaluate_element,
    fold, limits,
    path::{AttributeRef, Base, Selection, Target},
    schema::Attribute,
    value::{comparable, says_only_what_for},
};

/// Makes one edit, out of the work that a request may make. On an error the document is half changed: throw it
/// away.
pub(crate) fn apply(document: &mut Map<String, Value>, edit: &Edit, work: &mut Work) -> Result<(), Error> {
    let (target, action) = match edit {
        Edit::DropExtension(urn) => {
            document.shift_remove(&**urn);
            return Ok(());
        }
        Edit::Attribute { target, action } => (target, action),
    };
    match &target.attribute.base {
        Base::Resource | Base::Element => in_container(document, target, action, work),
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
        in_parts(&mut parts, part, action)?;
        if parts.is_empty() { None } else { Some(Value::Object(parts)) }
    } else {
        match action {
            Action::Add(value) | Action::Replace(value) => Some(value.clone()),
            Action::Remove => None,
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
        (_, Some(_), Action::Remove) => {
            remove_part(values, target);
            HashSet::new()
        }
        (_, _, Action::Add(new) | Action::Replace(new)) => {
            let selected = positions(values, target);
            if selected.is_empty() {
                let mut element = new_element(target)?;
                set(&mut element, target, action, new)?;
                // The value may have taken it out of the filter's sight: then it is there already.
                elements::add(attribute, values, &element)
            } else {
                // Each gets the value, and all are compared with each other.
                work.spend(cost(new).saturating_mul(selected.len()).saturating_add(cost_of_all(values)))?;
                for &position in &selected {
                    if let Some(element) = values.get_mut(position) {
                        set(element, target, action, new)?;
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
fn new_element(target: &Target) -> Result<Value, Error> {
    let attribute = &*target.attribute.attribute;
    let parts = match &target.selection {
        Selection::All => Some(Map::new()),
        Selection::Where { equalities, .. } => equalities.clone(),
    };
    let element = match parts {
        Some(mut parts) if !attribute.is_complex() => parts.shift_remove("value"),
        parts => parts.map(Value::Object),
    };
    element.filter(|element| is_selected(target, element)).ok_or_else(|| {
        let detail = format!(
            "no value of {} matches the filter, and none can be made to: choose it by eq and and only",
            target.attribute
        );
        Error::bad_request(ScimType::NoTarget, detail)
    })
}

fn set(element: &mut Value, target: &Target, action: &Action, new: &Value) -> Result<(), Error> {
    match (&target.sub_attribute, new) {
        (Some(part), _) => match element {
            Value::Object(parts) => in_parts(parts, part, action)?,
            other => {
                let mut parts = Map::new();
                in_parts(&mut parts, part, action)?;
                *other = Value::Object(parts);
            }
        },
        (None, Value::Object(new)) => {
            let mut parts = match (element.take(), action) {
                (Value::Object(parts), Action::Add(_)) => parts,
                // What the filter asked for stays, so that the same operation finds the element again.
                _ => match &target.selection {
                    Selection::Where { equalities: Some(parts), .. } => parts.clone(),
                    _ => Map::new(),
                },
            };
            parts.extend(new.iter().map(|(name, value)| (name.clone(), value.clone())));
            *element = Value::Object(parts);
        }
        (None, new) => *element = new.clone(),
    }
    Ok(())
}

fn remove_part(values: &mut Vec<Value>, target: &Target) {
    let Some(part) = &target.sub_attribute else { return };
    values.retain_mut(|element| {
        if !is_selected(target, element) {
            return true;
        }
        let Value::Object(parts) = element else { return true };
        let was_there = parts.shift_remove(&part.name).is_some();
        !(was_there && (parts.is_empty() || says_only_what_for(element)))
    });
}

/// A change of one part of a complex value.
fn in_parts(parts: &mut Map<String, Value>, part: &Attribute, action: &Action) -> Result<(), Error> {
    let new = match action {
        Action::Remove => None,
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

fn is_selected(target: &Target, element: &Value) -> bool {
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
