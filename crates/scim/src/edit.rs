//! Changes of a document: what a body or a PATCH says, resolved and typed, and then made.

mod apply;
mod elements;
mod expand;
mod members;

use std::sync::Arc;

use serde_json::Value;

pub(crate) use apply::apply;
pub(crate) use expand::{body, path};

use crate::{MemberChange, path::Target};

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
    /// Everything under the URN goes.
    DropExtension(Arc<str>),
}

/// What becomes of a target. Values are valid by the attribute's definition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Add(Value),
    Replace(Value),
    Remove,
}
