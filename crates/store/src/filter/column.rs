//! Attributes with a column of their own, and those that follow from the row.

use scim::Special;
use scim::filter::{Comparison, Operand, Operator};

use super::comparison;
use crate::fragment::{Bound, Fragment};
use crate::id::parse_id;

/// Compares a column.
pub(super) fn compare(column: Fragment, comparison: &Comparison) -> Fragment {
    let Comparison { attribute, operator, operand } = comparison;
    match operand {
        Operand::DateTime(moment) => comparison::moment(column, *operator, *moment),
        operand if attribute.special() == Some(Special::Id) => id(column, *operator, &text_of(operand)),
        operand => comparison::text(column, *operator, text_of(operand)),
    }
}

/// Compares a term of type `uuid` with a text.
pub(super) fn id(term: Fragment, operator: Operator, operand: &str) -> Fragment {
    match (operator, parse_id(operand)) {
        (Operator::Equal, Some(id)) => term.text(" = ").bind(Bound::Id(id)),
        (Operator::Equal, None) => Fragment::truth(false),
        (operator, _) => comparison::text(term.text("::text"), operator, operand.to_owned()),
    }
}

/// The operand as filters compare it with text.
pub(super) fn text_of(operand: &Operand) -> String {
    match operand {
        Operand::String(text) => text.clone(),
        Operand::Boolean(truth) => truth.to_string(),
        Operand::Number(number) => number.to_string(),
        Operand::DateTime(moment) => moment.to_string(),
    }
}
