//! SCIM resources in SQL: filters become SQL, rows become resources.
//!
//! [`Users`] and [`Groups`] read and write the resources of one tenant. What they answer is [`Stored`]; a [`Projection`]
//! says what of it must be read. Members of groups are rows of their own, so that one change costs the same whatever
//! the size of the group.
//!
//! [`Projection`]: scim::Projection

mod columns;
mod error;
mod filter;
mod fragment;
mod groups;
mod id;
mod json;
mod listing;
mod members;
mod page;
mod related;
mod retry;
mod rows;
mod stored;
mod tables;
mod unique;
mod users;

pub use error::StoreError;
pub use groups::Groups;
pub use id::parse_id;
pub use listing::{ListQuery, Listing};
pub use page::Page;
pub use stored::{Related, Stored};
pub use users::Users;
