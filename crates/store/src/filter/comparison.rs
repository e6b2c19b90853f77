//! One value in SQL, compared with a constant.

use jiff::Timestamp;
use scim::filter::Operator;
use serde_json::Value;

use crate::fragment::{Bound, Fragment};

/// Compares a term of type `text`, by code point.
pub(super) fn text(term: Fragment, operator: Operator, operand: String) -> Fragment {
    let bound = Bound::Text(if operator == Operator::EndsWith { ending(&operand) } else { operand });
    match operator {
        Operator::Equal => term.text(" = ").bind(bound),
        Operator::EndsWith => term.text(" LIKE ").bind(bound),
        Operator::Contains => Fragment::constant("strpos(").then(term).text(", ").bind(bound).text(") > 0"),
        Operator::StartsWith => {
            Fragment::constant("starts_with(").then(term).text(", ").bind(bound).text(")")
        }
        Operator::GreaterThan => term.text(" COLLATE \"C\" > ").bind(bound),
        Operator::GreaterOrEqual => term.text(" COLLATE \"C\" >= ").bind(bound),
        Operator::LessThan => term.text(" COLLATE \"C\" < ").bind(bound),
        Operator::LessOrEqual => term.text(" COLLATE \"C\" <= ").bind(bound),
    }
}

/// Compares a term of type `jsonb` with a number: PostgreSQL orders `jsonb` numbers by value, exactly. It orders values of
/// other types too, which a document may hold that is older than the profile; they compare with no number.
pub(super) fn number(term: Fragment, operator: Operator, operand: Value) -> Fragment {
    let is_number = Fragment::constant("(jsonb_typeof(").then(term.clone()).text(") = 'number' AND ");
    is_number.then(term).text(sign(operator)).bind(Bound::Json(operand)).text(")")
}

/// Compares a column of type `timestamptz`. It holds microseconds, the operand may be finer: then no row is equal to it,
/// and rows of the same microsecond are earlier.
pub(super) fn moment(term: Fragment, operator: Operator, operand: Timestamp) -> Fragment {
    let is_finer = operand.subsec_nanosecond() % 1_000 != 0;
    let operator = match operator {
        Operator::Equal if is_finer => return Fragment::truth(false),
        Operator::GreaterOrEqual if is_finer => Operator::GreaterThan,
        Operator::LessThan if is_finer => Operator::LessOrEqual,
        operator => operator,
    };
    term.text(sign(operator)).bind(Bound::moment(operand))
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        // `scim` refuses co, sw and ew where there is no text.
        Operator::Equal | Operator::Contains | Operator::StartsWith | Operator::EndsWith => " = ",
        Operator::GreaterThan => " > ",
        Operator::GreaterOrEqual => " >= ",
        Operator::LessThan => " < ",
        Operator::LessOrEqual => " <= ",
    }
}

/// A LIKE pattern for texts that end with `text`.
fn ending(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
