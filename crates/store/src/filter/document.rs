//! Attributes in the document: `eq` by containment in `comparable`, which one index answers; the rest by looking at values.

use scim::filter::{Comparison, Operator};
use scim::{AttributeRef, Filter};
use serde_json::{Map, Value};

use super::{all, comparison, not};
use crate::fragment::{Bound, Fragment};

/// Compares an attribute of the whole document, or of the element at hand.
pub(super) fn compare(comparison: &Comparison) -> Fragment {
    let Comparison { attribute, operator, operand } = comparison;
    if *operator == Operator::Equal {
        return containment(base(attribute), nested(attribute, operand.to_comparable()));
    }
    any(base(attribute), &steps(attribute), aliases(attribute), &|term| match operand.to_comparable() {
        Value::String(text) => comparison::text(term.text(), *operator, text),
        value => comparison::number(term.json(), *operator, value),
    })
}

/// Whether the attribute has a value. What is empty is not stored.
pub(super) fn present(attribute: &AttributeRef) -> Fragment {
    let mut steps = steps(attribute);
    // A list that is there has an element.
    if let Some(last) = steps.last_mut() {
        last.is_multi_valued = false;
    }
    any(base(attribute), &steps, aliases(attribute), &|term| term.json().text(" IS NOT NULL"))
}

/// The value that stands for the attribute in an order, of type `jsonb`: of the primary element, else of the first.
pub(crate) fn first_value(attribute: &AttributeRef) -> Fragment {
    let mut term = Term { base: base(attribute), member: None };
    for step in steps(attribute) {
        term = Term { base: term.json(), member: Some(step.name) };
        // A sub-attribute's values have no primary one among them: the first it is then.
        if step.is_multi_valued {
            let values = term.json();
            let first = Fragment::constant("coalesce(jsonb_path_query_first(").then(values.clone());
            let first = first.text(", '$[*] ? (@.primary == true)'), jsonb_path_query_first(").then(values);
            term = Term { base: first.text(", '$[0]'))"), member: None };
        }
    }
    term.json()
}

/// Whether one element of the attribute passes the filter. What the filter says by `eq` and `and` alone is said as a
/// containment too, so that the index finds the few rows that are worth a look.
pub(super) fn element(attribute: &AttributeRef, filter: &Filter) -> Fragment {
    let mut pattern = Map::new();
    let is_said = pin(filter, &mut pattern);
    let mut conditions = Vec::new();
    if !pattern.is_empty() {
        conditions.push(containment(base(attribute), nested(attribute, Value::Object(pattern))));
    }
    if !is_said || conditions.is_empty() {
        let steps = steps(attribute);
        conditions.push(any(base(attribute), &steps, aliases(attribute), &|_| inside(filter)));
    }
    all(conditions)
}

/// The condition on one element, `element.value`.
fn inside(filter: &Filter) -> Fragment {
    match filter {
        Filter::And(filters) => all(filters.iter().map(inside).collect()),
        Filter::Or(filters) => super::any(filters.iter().map(inside).collect()),
        Filter::Not(negated) => not(inside(negated)),
        Filter::Compare(comparison) => compare(comparison),
        Filter::Present(attribute) => present(attribute),
        Filter::Element { attribute, filter } => element(attribute, filter),
    }
}

/// Writes into `pattern` what an element must contain. Returns whether that is all the filter says.
fn pin(filter: &Filter, pattern: &mut Map<String, Value>) -> bool {
    match filter {
        // Every one is looked at, also behind one that says more.
        Filter::And(filters) => filters.iter().filter(|filter| pin(filter, pattern)).count() == filters.len(),
        Filter::Compare(Comparison { attribute, operator: Operator::Equal, operand })
            if attribute.sub_attribute().is_none() && !attribute.is_element_itself() =>
        {
            let value = operand.to_comparable();
            let value = if attribute.is_multi_valued() { Value::Array(vec![value]) } else { value };
            // A second value for the same name is left to a look at the element.
            *pattern.entry(attribute.name()).or_insert_with(|| value.clone()) == value
        }
        _ => false,
    }
}

fn containment(base: Fragment, pattern: Value) -> Fragment {
    base.text(" @> ").bind(Bound::Json(pattern))
}

/// A document that holds nothing but `value`, in the attribute's place.
fn nested(attribute: &AttributeRef, value: Value) -> Value {
    steps(attribute).into_iter().rev().fold(value, |value, step| {
        let value = if step.is_multi_valued { Value::Array(vec![value]) } else { value };
        Value::Object(Map::from_iter([(step.name, value)]))
    })
}

fn base(attribute: &AttributeRef) -> Fragment {
    Fragment::constant(if attribute.is_relative() { "element.value" } else { "candidate.comparable" })
}

/// One name on the way from the base to the value.
struct Step {
    name: String,
    is_multi_valued: bool,
}

fn steps(attribute: &AttributeRef) -> Vec<Step> {
    if attribute.is_element_itself() {
        return Vec::new();
    }
    let extension = attribute.extension().map(|urn| (urn, false));
    let name = (attribute.name(), attribute.is_multi_valued());
    let sub_attribute =
        attribute.sub_attribute().map(|name| (name, attribute.is_sub_attribute_multi_valued()));
    extension
        .into_iter()
        .chain([name])
        .chain(sub_attribute)
        .map(|(name, is_multi_valued)| Step { name: name.to_owned(), is_multi_valued })
        .collect()
}

/// A value of type `jsonb`: a base, or a member of it.
struct Term {
    base: Fragment,
    member: Option<String>,
}

impl Term {
    fn json(self) -> Fragment {
        match self.member {
            Some(name) => {
                Fragment::constant("(").then(self.base).text(" -> ").bind(Bound::Text(name)).text(")")
            }
            None => self.base,
        }
    }

    fn text(self) -> Fragment {
        match self.member {
            Some(name) => {
                Fragment::constant("(").then(self.base).text(" ->> ").bind(Bound::Text(name)).text(")")
            }
            None => Fragment::constant("(").then(self.base).text(" #>> '{}')"),
        }
    }
}

/// A name for the elements of a list: where they are read, and what one of them is called.
#[derive(Clone, Copy)]
struct Alias {
    from: &'static str,
    value: &'static str,
}

const ALIASES: [Alias; 3] = [
    Alias { from: ", '$[*]') AS element(value) WHERE ", value: "element.value" },
    Alias { from: ", '$[*]') AS part(value) WHERE ", value: "part.value" },
    Alias { from: ", '$[*]') AS piece(value) WHERE ", value: "piece.value" },
];

/// The names that are not yet taken.
fn aliases(attribute: &AttributeRef) -> &'static [Alias] {
    let taken = usize::from(attribute.is_relative());
    ALIASES.get(taken..).unwrap_or_default()
}

/// Whether the condition holds for one of the values at the end of `steps`. Lists are read by a lax JSON path, which
/// takes a single value for a list of one: a document may be older than the profile that made the attribute a list.
fn any(base: Fragment, steps: &[Step], aliases: &[Alias], condition: &dyn Fn(Term) -> Fragment) -> Fragment {
    let mut term = Term { base, member: None };
    for (position, step) in steps.iter().enumerate() {
        term = Term { base: term.json(), member: Some(step.name.clone()) };
        if step.is_multi_valued
            && let Some((alias, aliases)) = aliases.split_first()
        {
            let rest = steps.get(position + 1..).unwrap_or_default();
            return Fragment::constant("EXISTS (SELECT FROM jsonb_path_query(")
                .then(term.json())
                .text(alias.from)
                .then(any(Fragment::constant(alias.value), rest, aliases, condition))
                .text(")");
        }
    }
    condition(term)
}
