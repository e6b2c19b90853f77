//! Edits of a single-valued complex attribute under a filter: `name[familyName eq "Lovelace"].givenName`.

use serde_json::{Map, Value};

use super::{
    Action, Edit, Work,
    apply::{apply as apply_one, elsewhere, is_selected, new_element},
    work::{comparisons, cost},
};
use crate::{
    Error, ScimType,
    path::{AttributeRef, Base, Selection, Target},
    value::comparable,
};

/// Makes the edits if the target's filter holds for the value. Where there is no value, one is made as elements of
/// lists are, for which the filter holds; where there is another one, 400 `noTarget`. Removals need no value.
pub(super) fn apply(
    document: &mut Map<String, Value>,
    target: &Target,
    edits: &[Edit],
    work: &mut Work,
) -> Result<(), Error> {
    let value = value_at(document, &target.attribute);
    if let Some(value) = value {
        let looks = match &target.selection {
            Selection::All => 1,
            Selection::Where { filter, .. } => 1 + comparisons(filter),
        };
        work.spend(cost(value).saturating_mul(looks))?;
    }
    if value.is_some_and(|value| is_selected(target, value)) {
        return apply_all(document, edits, work);
    }
    if edits.iter().all(Edit::is_removal) {
        return Ok(());
    }
    let Some(value) = value else {
        make(document, target, edits, work)?;
        let is_meant = value_at(document, &target.attribute).is_some_and(|value| is_selected(target, value));
        return if is_meant { Ok(()) } else { Err(elsewhere(target)) };
    };
    // The same edits may have taken it out of the filter's sight: then all is done already.
    let mut made = Map::new();
    if make(&mut made, target, edits, work).is_ok()
        && value_at(&made, &target.attribute).is_some_and(|made| has_all_of(value, made, &target.attribute))
    {
        return Ok(());
    }
    let detail = format!("{} has a value for which the filter does not hold", target.attribute);
    Err(Error::bad_request(ScimType::NoTarget, detail))
}

fn make(
    document: &mut Map<String, Value>,
    target: &Target,
    edits: &[Edit],
    work: &mut Work,
) -> Result<(), Error> {
    let value = new_element(target)?;
    let whole = Box::new(Target::all(target.attribute.clone()));
    apply_one(document, &Edit::Attribute { target: whole, action: Action::Replace(value) }, work)?;
    apply_all(document, edits, work)
}

fn apply_all(document: &mut Map<String, Value>, edits: &[Edit], work: &mut Work) -> Result<(), Error> {
    edits.iter().try_for_each(|edit| apply_one(document, edit, work))
}

fn value_at<'a>(document: &'a Map<String, Value>, attribute: &AttributeRef) -> Option<&'a Value> {
    let container = match &attribute.base {
        Base::Extension(urn) => document.get(&**urn)?.as_object()?,
        Base::Resource | Base::Element(_) => document,
    };
    container.get(attribute.name())
}

fn has_all_of(value: &Value, other: &Value, attribute: &AttributeRef) -> bool {
    let (value, other) = (comparable(&attribute.attribute, value), comparable(&attribute.attribute, other));
    other.as_object().is_some_and(|parts| parts.iter().all(|(name, part)| value.get(name) == Some(part)))
}
