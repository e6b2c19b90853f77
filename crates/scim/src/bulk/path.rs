//! The path of an operation: an endpoint, or one of its resources.

use percent_encoding::percent_decode_str;

use super::{Target, references};
use crate::{Error, Kind, ScimType};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All resources of a kind.
    Endpoint(Kind),
    /// One resource: its id is any text.
    Resource(Target),
}

/// Reads a path: `/Users`, `/Groups/<id>` or `/Users/bulkId:<bulkId>`, perhaps without its first slash, perhaps after
/// the tenant's URL. The host of a URL says nothing, as that of a request says nothing. A query is ignored: it could
/// only be about a body, and the answer to an operation has none. A bulkId may be percent-encoded: it is any text.
pub(super) fn parse(path: &str, base_url: &str) -> Result<Place, Error> {
    let unknown = || {
        let short: String = path.chars().take(80).collect();
        Error::with_status(404, format!("the path '{short}' names no endpoint: write '/Users' or '/Groups'"))
    };
    let below = below(path, after_host(base_url).unwrap_or(base_url)).ok_or_else(unknown)?;
    let below = below.split(['?', '#']).next().unwrap_or(below);
    let below = below.strip_prefix('/').unwrap_or(below);
    let (endpoint, id) = match below.split_once('/') {
        Some((endpoint, id)) => (endpoint, Some(id).filter(|id| !id.is_empty())),
        None => (below, None),
    };
    let kind = match endpoint {
        "Users" => Kind::User,
        "Groups" => Kind::Group,
        "Bulk" => {
            let detail = "a bulk request cannot hold another: send its operations in this one";
            return Err(Error::bad_request(ScimType::InvalidValue, detail));
        }
        "Me" => {
            let detail = "a token is a connection, not a person: write '/Users/<id>' instead of '/Me'";
            return Err(Error::with_status(501, detail));
        }
        _ => return Err(unknown()),
    };
    Ok(id.map_or(Place::Endpoint(kind), |id| Place::Resource(Target { kind, id: decoded(id) })))
}

/// The id, decoded where it is a reference. Other ids have nothing to encode.
fn decoded(id: &str) -> String {
    let decoded = percent_decode_str(id).decode_utf8().ok();
    decoded.filter(|id| references::is_reference(id)).map_or_else(|| id.to_owned(), Into::into)
}

/// What follows the tenant's URL or its path, with its slash; the path itself if it does not begin with them.
fn below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    let absolute = after_host(path);
    let after_base = absolute.unwrap_or(path).strip_prefix(base).filter(|rest| rest.starts_with('/'));
    after_base.or(if absolute.is_none() { Some(path) } else { None })
}

/// The path of a URL; `None` if it is none.
fn after_host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let start = rest.find('/').unwrap_or(rest.len());
    if is_scheme { rest.get(start..) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://scim.example.com/customer-acme/acme/scim/v2";

    #[expect(clippy::unnecessary_wraps, reason = "it has the shape of what is read")]
    fn resource(kind: Kind, id: &str) -> Result<Place, Error> {
        Ok(Place::Resource(Target { kind, id: id.to_owned() }))
    }

    #[test]
    fn a_path_names_an_endpoint_or_a_resource() {
        assert_eq!(parse("/Users", BASE), Ok(Place::Endpoint(Kind::User)));
        assert_eq!(parse("Groups/", BASE), Ok(Place::Endpoint(Kind::Group)));
        assert_eq!(parse("/Users/1", BASE), resource(Kind::User, "1"));
        assert_eq!(parse("/Groups/bulkId:a/b", BASE), resource(Kind::Group, "bulkId:a/b"));
        assert_eq!(parse("/Users/1?attributes=id", BASE), resource(Kind::User, "1"));
    }

    #[test]
    fn the_tenants_url_may_stand_before_it_under_any_host() {
        for before in [
            BASE,
            "http://localhost:8080/customer-acme/acme/scim/v2",
            "/customer-acme/acme/scim/v2",
            "HTTPS://x/customer-acme/acme/scim/v2",
        ] {
            let path = format!("{before}/Users/1");
            assert_eq!(parse(&path, BASE), resource(Kind::User, "1"), "{path}");
        }
    }

    #[test]
    fn a_bulk_id_in_a_path_is_decoded_and_another_id_is_not() {
        for (path, id) in [
            ("/Users/bulkId:a%20b%2Fc%3F", "bulkId:a b/c?"),
            ("/Users/bulkId%3Aa?attributes=id", "bulkId:a"),
            ("/Users/bulkId:%C3%B6", "bulkId:ö"),
            ("/Users/bulkId:%FF", "bulkId:%FF"),
            ("/Users/%37", "%37"),
        ] {
            assert_eq!(parse(path, BASE), resource(Kind::User, id), "{path}");
        }
    }

    #[test]
    fn other_places_are_refused() {
        let status = |path: &str| parse(path, BASE).err().map(|error| error.status);
        for path in [
            "",
            "/",
            "/users",
            "/Schemas",
            "/Users.json",
            "https://scim.example.com/Users/1",
            "https://scim.example.com/customer-acme/other/scim/v2/Users/1",
            "https://scim.example.com/customer-acme/acme/scim/v2Users/1",
            "ftp://scim.example.com/customer-acme/acme/scim/v2/Users/1",
        ] {
            assert_eq!(status(path), Some(404), "{path}");
        }
        assert_eq!(status("/Bulk"), Some(400));
        assert_eq!(status("/Me"), Some(501));
    }
}
