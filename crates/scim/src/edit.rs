//! Changes of a document: what a body or a PATCH says, resolved and typed, and then made.

mod apply;
mod conditional;
mod elements;
mod expand;
mod members;
mod once;
mod work;

use std::sync::Arc;

use serde_json::Value;

pub(crate) use apply::apply;
pub(crate) use expand::{body, path};
pub(crate) use work::Work;

use crate::{
    MemberChange,
    path::{Selection, Target, strip_urn},
    schema::Mutability,
};

/// What a client wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Replace,
    Remove,
}

/// One step of what a client wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// A change of the document.
    Edit(Edit),
    /// A change of a group's members, which are not in the document.
    Members(MemberChange),
}

/// One change of a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edit {
    /// A change of an attribute.
    Attribute { target: Box<Target>, action: Action },
    /// Changes of a single-valued complex attribute, for which the target has a filter: they are made if the filter
    /// holds for its value.
    Conditional { target: Box<Target>, edits: Vec<Edit> },
    /// Everything under the URN goes.
    DropExtension(Arc<str>),
}

/// What becomes of a target. Values are valid by the attribute's definition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Add(Value),
    Replace(Value),
    Remove,
    /// Of a list, these values go.
    RemoveListed(Value),
}

impl Edit {
    /// Whether it may change what stands at the path of an attribute.
    pub(crate) fn concerns(&self, path: &str) -> bool {
        match self {
            Self::DropExtension(urn) => strip_urn(path, urn).is_some(),
            Self::Conditional { edits, .. } => edits.iter().any(|edit| edit.concerns(path)),
            // An edit of one part of an element may make one without the others.
            Self::Attribute { target, .. } if target.attribute.is_multi_valued() => {
                is_within(path, &target.attribute.to_string())
            }
            Self::Attribute { target, .. } => {
                let place = target.to_string();
                is_within(path, &place) || is_within(&place, path)
            }
        }
    }

    /// Whether it sets all that stands at the path of a multi-valued attribute, or at a part of its elements.
    pub(crate) fn sets_all(&self, path: &str) -> bool {
        match self {
            Self::Attribute { target, action: Action::Replace(_) } => {
                target.attribute.is_multi_valued()
                    && target.selection == Selection::All
                    && target.sub_attribute.is_none()
                    && is_within(path, &target.attribute.to_string())
            }
            Self::Attribute { .. } | Self::Conditional { .. } | Self::DropExtension(_) => false,
        }
    }

    /// Whether it takes away an immutable part of the elements at the path of a multi-valued attribute.
    pub(crate) fn removes_immutable_part(&self, path: &str) -> bool {
        match self {
            Self::Attribute { target, .. } => {
                self.is_removal()
                    && target.sub_attribute.is_some()
                    && target.definition().mutability == Mutability::Immutable
                    && target.attribute.to_string() == path
            }
            Self::Conditional { .. } | Self::DropExtension(_) => false,
        }
    }

    /// Whether it only takes away.
    fn is_removal(&self) -> bool {
        match self {
            Self::Attribute { action, .. } => matches!(action, Action::Remove | Action::RemoveListed(_)),
            Self::Conditional { edits, .. } => edits.iter().all(Self::is_removal),
            Self::DropExtension(_) => true,
        }
    }
}

fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
