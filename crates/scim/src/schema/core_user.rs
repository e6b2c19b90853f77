//! The User schema (RFC 7643 §4.1, §8.7.1).

use std::sync::Arc;

use super::{Attribute, Mutability, Returned, Schema, common};

pub(crate) const URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// `urn:ietf:params:scim:schemas:core:2.0:User`.
pub(crate) fn schema() -> Schema {
    let attributes = identity().into_iter().chain(contact()).chain(access());
    Schema {
        urn: URN.into(),
        name: "User".to_owned(),
        description: "User Account".to_owned(),
        attributes: attributes.map(Arc::new).collect(),
        additional_attributes: None,
    }
}

fn identity() -> [Attribute; 14] {
    [
        common::external_id(),
        Attribute::string(
            "userName",
            "The name by which the user is known to the service provider, unique in the tenant",
        )
        .required()
        .unique(),
        Attribute::complex(
            "name",
            "The parts of the user's name",
            [
                Attribute::string("formatted", "The full name, for display"),
                Attribute::string("familyName", "The family name, or last name"),
                Attribute::string("givenName", "The given name, or first name"),
                Attribute::string("middleName", "The middle names"),
                Attribute::string("honorificPrefix", "The title before the name, such as Ms."),
                Attribute::string("honorificSuffix", "The suffix after the name, such as III"),
            ],
        ),
        Attribute::string("displayName", "The name to show for the user"),
        Attribute::string("nickName", "The casual name"),
        Attribute::reference("profileUrl", &["external"], "The URL of the user's online profile"),
        Attribute::string("title", "The title, such as Vice President"),
        Attribute::string("userType", "The relation between the organisation and the user, such as Employee"),
        Attribute::string("preferredLanguage", "The preferred languages, as in the header Accept-Language"),
        Attribute::string("locale", "The locale for dates and numbers, such as en-US"),
        Attribute::string("timezone", "The time zone, such as Europe/Berlin"),
        Attribute::boolean("active", "Whether the account may be used"),
        Attribute::string("password", "The clear-text password; accepted and discarded")
            .mutability(Mutability::WriteOnly)
            .returned(Returned::Never),
        plural(
            "emails",
            "E-mail addresses",
            Attribute::string("value", "The e-mail address"),
            &["work", "home", "other"],
        ),
    ]
}

fn contact() -> [Attribute; 4] {
    [
        plural(
            "phoneNumbers",
            "Telephone numbers",
            Attribute::string("value", "The telephone number"),
            &["work", "home", "mobile", "fax", "pager", "other"],
        ),
        plural(
            "ims",
            "Instant messaging addresses",
            Attribute::string("value", "The instant messaging address"),
            &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"],
        ),
        plural(
            "photos",
            "URLs of photos",
            Attribute::reference("value", &["external"], "The URL of the photo"),
            &["photo", "thumbnail"],
        ),
        Attribute::complex(
            "addresses",
            "Postal addresses",
            [
                Attribute::string("formatted", "The whole address, for display"),
                Attribute::string("streetAddress", "Street, house number, post office box"),
                Attribute::string("locality", "The city"),
                Attribute::string("region", "The state or region"),
                Attribute::string("postalCode", "The postal code"),
                Attribute::string("country", "The country, as an ISO 3166-1 alpha-2 code"),
                Attribute::string("type", "What the address is for").canonical(&["work", "home", "other"]),
                Attribute::boolean("primary", "Whether it is the preferred address"),
            ],
        )
        .multi_valued(),
    ]
}

fn access() -> [Attribute; 4] {
    [
        Attribute::complex(
            "groups",
            "The groups that the user belongs to",
            [
                Attribute::string("value", "The id of the group").case_exact().read_only(),
                Attribute::reference("$ref", &["User", "Group"], "The URL of the group").read_only(),
                Attribute::string("display", "The name of the group").read_only(),
                Attribute::string("type", "Whether the membership is direct")
                    .canonical(&["direct", "indirect"])
                    .read_only(),
            ],
        )
        .multi_valued()
        .read_only(),
        plural(
            "entitlements",
            "What the user is entitled to",
            Attribute::string("value", "The entitlement"),
            &[],
        ),
        plural("roles", "The roles of the user", Attribute::string("value", "The role"), &[]),
        plural(
            "x509Certificates",
            "Certificates of the user",
            Attribute::binary("value", "The DER certificate, in base64"),
            &[],
        ),
    ]
}

/// A multi-valued attribute with the usual sub-attributes (RFC 7643 §2.4).
fn plural(name: &str, description: &str, value: Attribute, types: &[&str]) -> Attribute {
    Attribute::complex(
        name,
        description,
        [
            value,
            Attribute::string("display", "A name to show for the value"),
            Attribute::string("type", "What the value is for").canonical(types),
            Attribute::boolean("primary", "Whether it is the preferred value"),
        ],
    )
    .multi_valued()
}
