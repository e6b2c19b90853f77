//! SCIM 2.0 (RFC 7643, 7644) as values: schema, resource, path, filter, PATCH, projection, errors. No I/O, no
//! tenants.
//!
//! A [`Profile`] says what an application understands; a [`Catalog`] compiles it into [`ResourceType`]s.
//! Everything a client sends is parsed against a resource type into a [`Resource`], a [`Filter`], a
//! [`PatchRequest`] or a [`Projection`], or refused with an [`Error`] that says where and how to mend it.

pub mod bulk;
pub mod catalog;
pub mod cursor;
mod dialect;
mod digest;
pub mod discovery;
mod edit;
pub mod error;
pub mod filter;
#[cfg(test)]
mod fixtures;
mod fold;
pub mod json;
mod kind;
pub mod limits;
pub mod patch;
pub mod path;
pub mod profile;
pub mod projection;
pub mod resource;
pub mod schema;
pub mod search;
pub mod sort;
mod value;
pub mod version;

pub use catalog::{Catalog, ProfileError, ResourceType};
pub use cursor::Cursor;
pub use error::{Error, ScimType};
pub use filter::Filter;
pub use fold::fold;
pub use kind::Kind;
pub use patch::{MemberChange, PatchRequest};
pub use path::{AttributeRef, MembershipPart, Special};
pub use profile::Profile;
pub use projection::Projection;
pub use resource::{GroupBody, MemberReference, Resource, UniqueValue};
pub use search::SearchRequest;
pub use sort::{Sort, SortOrder};
pub use version::{EntityTag, IfMatch, IfNoneMatch, Version, groups_digest};
