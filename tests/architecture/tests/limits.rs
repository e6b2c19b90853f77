//! The limits of `docs/scim.md` are those of `scim::limits`.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::fs;
use std::path::Path;

use scim::limits::{
    BODY_DEPTH, BODY_VALUES, BULK_OPERATIONS, CURSOR_SECONDS, DOCUMENT_BYTES, FILTER_BYTES,
    FILTER_COMPARISONS, FILTER_DEPTH, HEADER_BYTES, KEY_BYTES, KEY_CHARACTERS, NAME_CHARACTERS,
    PATCH_MEMBERS, PATCH_OPERATIONS, PROJECTION_NAMES, SORT_CHARACTERS, STRING_BYTES, TARGET_BYTES, VALUES,
    WORK,
};

#[test]
fn the_document_has_the_limits_of_the_code() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scim.md");
    let document = fs::read_to_string(document).unwrap();
    let missing = sentences().into_iter().filter(|sentence| !document.contains(sentence)).collect::<Vec<_>>();
    assert!(missing.is_empty(), "docs/scim.md does not say {missing:#?}");
}

/// What the document says of each limit, word by word. Those of the server's arguments are not here.
fn sentences() -> Vec<String> {
    vec![
        format!("| path and query; headers | {}; {} |", bytes(TARGET_BYTES), bytes(HEADER_BYTES)),
        format!("| levels of a body; values in it | {}; {} |", number(BODY_DEPTH), number(BODY_VALUES)),
        format!(
            "| a text; `userName`, `externalId`, a group's `displayName`, unique values \
             | {}; {} characters and {} bytes |",
            bytes(STRING_BYTES),
            number(KEY_CHARACTERS),
            number(KEY_BYTES)
        ),
        format!("| the name of an additional attribute | {} characters |", number(NAME_CHARACTERS)),
        format!("| values of an attribute, or attributes of an extension | {} (", number(VALUES)),
        format!("| a resource without its members | {} |", bytes(DOCUMENT_BYTES)),
        format!(
            "| operations of a PATCH; members that it names | {}; {} |",
            number(PATCH_OPERATIONS),
            number(PATCH_MEMBERS)
        ),
        format!("| what the operations of a request may look through | about {} |", bytes(WORK)),
        format!(
            "| a filter or a path; its levels; its comparisons | {}; {}; {} |",
            bytes(FILTER_BYTES),
            number(FILTER_DEPTH),
            number(FILTER_COMPARISONS)
        ),
        format!("| names in `attributes` | {} |", number(PROJECTION_NAMES)),
        format!("| a sort key | its first {} characters", number(SORT_CHARACTERS)),
        format!("| a cursor's age | {} hour |", CURSOR_SECONDS / 3_600),
        format!("| operations of a bulk request | {} |", number(BULK_OPERATIONS)),
        format!("- **Bulk**: up to {} operations", number(BULK_OPERATIONS)),
    ]
}

/// `48 KiB`, `1 MiB`, or the bytes alone where they are no whole KiB.
fn bytes(count: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = KIB * KIB;
    match count {
        whole if whole.is_multiple_of(MIB) => format!("{} MiB", number(whole / MIB)),
        whole if whole.is_multiple_of(KIB) => format!("{} KiB", number(whole / KIB)),
        odd => format!("{} bytes", number(odd)),
    }
}

/// A number below a million, with a comma before the last three of its digits.
fn number(count: usize) -> String {
    match (count / 1_000, count % 1_000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}
