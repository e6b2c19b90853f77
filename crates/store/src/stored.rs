//! A resource as it is stored: the document, and what the service provider knows about it.

use jiff::Timestamp;
use scim::{EntityTag, Kind, Resource, Version, groups_digest};
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
    /// `meta.version`: counts what was written of it.
    pub version: Version,
    /// `meta.created`, in microseconds.
    pub created: Timestamp,
    /// `meta.lastModified`, in microseconds.
    pub last_modified: Timestamp,
    /// The first members of a group, or the groups of a user; `None` where the projection did not want them.
    pub related: Option<RelatedPage>,
}

impl Stored {
    /// The entity tag of the resource as it is shown: with `groups`, of which nothing is written in a user, they are part
    /// of it.
    pub fn entity_tag(&self) -> EntityTag {
        let groups = self.related.as_ref().filter(|_| self.kind == Kind::User);
        EntityTag::new(self.version, groups.and_then(|groups| groups_digest(groups.shown())))
    }
}

/// Members of a group, those that are users by id, then those that are groups by id; or all groups of a user, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelatedPage {
    /// [`MEMBERS_AT_ONCE`] members of a group at most.
    pub items: Vec<Related>,
    /// Where the rest begins; `None` where there is none.
    pub rest: Option<RelatedEdge>,
}

impl RelatedPage {
    /// Their ids and names.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (Uuid, Option<&str>)> {
        self.items.iter().map(|one| (one.id, one.display.as_deref()))
    }
}

/// How many members are read together with a group. [`Groups::members_after`] reads the others.
///
/// [`Groups::members_after`]: crate::Groups::members_after
pub const MEMBERS_AT_ONCE: u32 = 1_000;

/// The member behind which a list of members goes on. It need not be one any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelatedEdge {
    /// Which kind it is.
    pub kind: Kind,
    /// Its `id`.
    pub id: Uuid,
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
