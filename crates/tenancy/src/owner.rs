//! The Kubernetes object that a registered tenant belongs to.

use uuid::Uuid;

/// Who owns a row of the registry. Names come back after a delete, UIDs never do
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#uids>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    /// `metadata.uid` of the `ScimTenant`.
    pub uid: Uuid,
    /// `metadata.uid` of its namespace.
    pub namespace_uid: Uuid,
}
