//! A resource as it is stored: the document, and what the service provider knows about it.

use jiff::Timestamp;
use scim::{Kind, Resource};
use uuid::Uuid;

/// A stored User or Group.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// `id`.
    pub id: Uuid,
    /// Which kind it is.
    pub kind: Kind,
    /// What the client said about it.
    pub resource: Resource,
    /// `meta.created`, in microseconds.
    pub created: Timestamp,
    /// `meta.lastModified`, in microseconds.
    pub last_modified: Timestamp,
    /// The members of a group, or the groups of a user, by id; `None` where the projection did not want them.
    pub related: Option<Vec<Related>>,
}

/// The other end of a membership, seen from a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Its `id`.
    pub id: Uuid,
    /// Which kind it is.
    pub kind: Kind,
    /// Its name, to show.
    pub display: Option<String>,
}
