//! How large what a client sends may be. Larger input is refused with a 4xx that names the limit.

/// Bytes of the path and query of a request: a filter of [`FILTER_BYTES`] in a URL's encoding, and a cursor.
pub const TARGET_BYTES: usize = 48 * 1024;
/// Characters of an error's `detail`, which may name what a client sent.
pub const DETAIL_CHARACTERS: usize = 2_000;
/// Bytes of the names and values of a request's headers.
pub const HEADER_BYTES: usize = 32 * 1024;
/// Levels of arrays and objects in a body.
pub const BODY_DEPTH: usize = 16;
/// Names in `attributes` or `excludedAttributes`.
pub const PROJECTION_NAMES: usize = 250;
/// Values in a body: strings, numbers, lists, objects and so on, each counted, however they are nested. A value takes
/// a few hundred bytes of memory, and as few as two of a body.
pub const BODY_VALUES: usize = 100_000;
/// Bytes of a string value.
pub const STRING_BYTES: usize = 64 * 1024;
/// Characters of `userName`, `externalId` and a group's `displayName`, which are looked up by index, and of
/// the values of any other unique attribute.
pub const KEY_CHARACTERS: usize = 1024;
/// Bytes of the same, once folded: an entry of `PostgreSQL`'s btree holds 2,704.
pub const KEY_BYTES: usize = 2_000;
/// Characters of the name of an additional attribute.
pub const NAME_CHARACTERS: usize = 256;
/// Values of a multi-valued attribute (members of a group are not counted here), and attributes under the
/// URN of an extension.
pub const VALUES: usize = 250;
/// Operations of a PATCH.
pub const PATCH_OPERATIONS: usize = 1_000;
/// What the operations of a PATCH, or the names of a body, may look through, about in bytes: every operation on a
/// multi-valued attribute looks at all its values, and a comparison in a filter at each of them once more.
pub const WORK: usize = 8 * 1024 * 1024;
/// Members named in a PATCH, over all its operations.
pub const PATCH_MEMBERS: usize = 10_000;
/// Operations of a PATCH that choose members by a filter which says more than their ids: each looks at all members.
pub const PATCH_MEMBER_FILTERS: usize = 20;
/// Bytes of a filter, or of a PATCH path.
pub const FILTER_BYTES: usize = 8 * 1024;
/// Levels of parentheses, brackets and `not` in a filter.
pub const FILTER_DEPTH: usize = 32;
/// Comparisons in a filter.
pub const FILTER_COMPARISONS: usize = 50;
/// Bytes of a resource, about, without the members of a group.
pub const DOCUMENT_BYTES: usize = 1024 * 1024;
/// Operations of a bulk request.
pub const BULK_OPERATIONS: usize = 1_000;
/// Characters of a sort key that count: what agrees in so many is ordered by id. A cursor holds the key, and should fit
/// into a URL anywhere. Attributes with an index of their own, which [`KEY_BYTES`] bounds, count whole.
pub const SORT_CHARACTERS: usize = 256;
/// Seconds for which a cursor is good.
pub const CURSOR_SECONDS: u32 = 3_600;
