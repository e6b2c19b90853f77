//! Changes of a document: what a body or a PATCH says, resolved and typed, and then made.

mod apply;
mod elements;
mod expand;
mod members;
mod work;

use std::sync::Arc;

use serde_json::Value;

pub(crate) use apply::apply;
pub(crate) use expand::{body, path};
pub(crate) use work::Work;

use crate::{
    MemberChange,
    path::{Target, strip_urn},
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

impl Edit {
    /// Whether it may change what stands at the path of an attribute.
    pub(crate) fn concerns(&self, path: &str) -> bool {
        match self {
            Self::DropExtension(urn) => strip_urn(path, urn).is_some(),
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
}

fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
