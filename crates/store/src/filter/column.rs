//! Attributes with a column of their own, and those that follow from the row.

use scim::filter::{Comparison, Operand, Operator};
use scim::{AttributeRef, Special};
use uuid::Uuid;

use super::{Scope, comparison};
use crate::fragment::{Bound, Fragment};
use crate::id::parse_id;

/// A value that a row has of itself.
pub(crate) struct Column {
    /// The expression: of type `timestamptz` for a date-time, else `text`, which compares by code point.
    pub(crate) term: Fragment,
    /// Whether a row may be without it.
    pub(crate) is_nullable: bool,
    /// Which attribute it is.
    special: Special,
}

/// The column that holds an attribute of the resource, if one does.
pub(crate) fn column(attribute: &AttributeRef, scope: Scope<'_>) -> Option<Column> {
    let special = attribute.special()?;
    let term = match special {
        Special::Id => Fragment::constant("(candidate.id::text COLLATE \"C\")"),
        Special::ExternalId => Fragment::constant("candidate.external_id"),
        Special::UserName => Fragment::constant("candidate.user_name_key"),
        Special::GroupDisplayName => Fragment::constant("candidate.display_name_key"),
        Special::Created => Fragment::constant("candidate.created_at"),
        Special::LastModified => Fragment::constant("candidate.last_modified_at"),
        Special::Version => Fragment::constant("(('W/\"' || candidate.version || '\"') COLLATE \"C\")"),
        Special::Location => {
            let before_id = Bound::Text(scope.before_id(scope.kind));
            Fragment::constant("((").bind(before_id).text(" || candidate.id::text) COLLATE \"C\")")
        }
        Special::Members | Special::Groups => return None,
    };
    Some(Column { term, is_nullable: special == Special::ExternalId, special })
}

impl Column {
    pub(super) fn present(self) -> Fragment {
        if self.is_nullable { self.term.text(" IS NOT NULL") } else { Fragment::truth(true) }
    }

    pub(super) fn compare(self, comparison: &Comparison, scope: Scope<'_>) -> Fragment {
        let Comparison { operator, operand, .. } = comparison;
        match (self.special, operator, operand) {
            (_, _, Operand::DateTime(moment)) => comparison::moment(self.term, *operator, *moment),
            (Special::Id, Operator::Equal, operand) => is_id("candidate.id", parse_id(&text_of(operand))),
            (Special::Location, Operator::Equal, operand) => {
                let operand = text_of(operand);
                let id = operand.strip_prefix(&scope.before_id(scope.kind)).and_then(parse_id);
                is_id("candidate.id", id)
            }
            (_, _, operand) => comparison::text(self.term, *operator, text_of(operand)),
        }
    }
}

/// Whether a term of type `uuid` is that id; none is what is no id.
pub(super) fn is_id(term: &'static str, id: Option<Uuid>) -> Fragment {
    match id {
        Some(id) => Fragment::constant(term).text(" = ").bind(Bound::Id(id)),
        None => Fragment::truth(false),
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
