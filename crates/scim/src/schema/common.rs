//! The attributes that every resource has, whatever its schema (RFC 7643 §3.1).

use super::{Attribute, Returned};

/// `schemas`, `id` and `meta`, which no client writes. `/Schemas` does not list them, as RFC 7643 §8.7.1 does not.
pub(crate) fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::string("schemas", "The schemas whose attributes the resource has")
            .multi_valued()
            .read_only()
            .returned(Returned::Always),
        Attribute::string("id", "The service provider's identifier of the resource")
            .case_exact()
            .unique()
            .read_only()
            .returned(Returned::Always),
        Attribute::complex(
            "meta",
            "What the service provider knows about the resource",
            [
                Attribute::string("resourceType", "The name of the resource type").case_exact().read_only(),
                Attribute::date_time("created", "When the resource was created").read_only(),
                Attribute::date_time("lastModified", "When the resource last changed").read_only(),
                Attribute::reference("location", &["uri"], "The URL of the resource").read_only(),
                Attribute::string("version", "The version of the resource, as in the header ETag")
                    .case_exact()
                    .read_only(),
            ],
        )
        .read_only(),
    ]
}

/// `externalId`. RFC 7643 §8.7.1 does not list it either, but the schemas of User and Group do here: Entra looks up
/// every attribute that it writes (AzureAD/SCIMReferenceCode, `SCIMTests_Workflow.json`, test 15).
pub(super) fn external_id() -> Attribute {
    Attribute::string("externalId", "The provisioning client's identifier of the resource").case_exact()
}
