//! SCIM resources in SQL: filters become SQL, rows become resources.
//!
//! [`Users`] and [`Groups`] read and write the resources of one tenant. What they answer is [`Stored`]; a [`Projection`]
//! says what of it must be read. Members of groups are rows of their own, so that one change costs the same whatever
//! the size of the group.
//!
//! [`Projection`]: scim::Projection

mod columns;
mod creation;
mod derivation;
mod error;
mod filter;
mod fragment;
mod groups;
mod id;
mod json;
mod listing;
mod members;
mod page;
mod precondition;
mod related;
mod removal;
mod retry;
mod returning;
mod rows;
mod stored;
mod tables;
mod unique;
mod users;

pub use creation::{CreationError, NewResource, create_together};
pub use derivation::{Progress, derive_anew};
pub use error::StoreError;
pub use groups::Groups;
pub use id::parse_id;
pub use listing::{ListQuery, Listing, Part, list_all};
pub use page::{CursorPage, Edge, Page, Window};
pub use precondition::Precondition;
pub use stored::{MEMBERS_AT_ONCE, Related, RelatedEdge, RelatedPage, Stored};
pub use users::Users;
