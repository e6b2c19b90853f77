//! Patterns for text that people write as they like: all but control characters, of which PostgreSQL keeps no NUL in
//! `jsonb` and a terminal shows none.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Text in one line.
pub(crate) const ONE_LINE: &str = r"^[^\x00-\x1f\x7f]*$";

/// Text with tabs and line breaks.
pub(crate) const LINES: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$";

/// The name of an object in Kubernetes.
pub(crate) const DNS_SUBDOMAIN: &str = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";

/// A key of a Secret.
pub(crate) const SECRET_KEY: &str = "^[A-Za-z0-9._-]+$";

/// The id of something in Entra.
pub(crate) const GUID: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// Visible characters of ASCII.
pub(crate) const VISIBLE: &str = "^[!-~]+$";

/// A list of CIDR ranges (RFC 4632, RFC 4291).
pub(crate) fn ranges(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "x-kubernetes-list-type": "set",
        "items": {
            "type": "string",
            "minLength": 3,
            "maxLength": 43,
            "x-kubernetes-validations": [{
                "rule": "isCIDR(self) && cidr(self) == cidr(self).masked()",
                "message": "must be a CIDR range such as 203.0.113.0/24, without bits beyond its length",
            }],
        },
    })
}
