//! Which tenant a path names, whether or not there is one.

use tenancy::TenantPath;

/// The tenant of `/<namespace>/<name>/scim/v2…`.
pub fn tenant_path(path: &str) -> Option<TenantPath> {
    let (tenant, rest) = split(path)?;
    let is_scim = rest == "scim/v2" || rest.starts_with("scim/v2/");
    is_scim.then_some(tenant)
}

/// The tenant of `/<namespace>/<name>/oauth2/token`.
pub fn token_path(path: &str) -> Option<TenantPath> {
    split(path).filter(|(_, rest)| *rest == "oauth2/token").map(|(tenant, _)| tenant)
}

fn split(path: &str) -> Option<(TenantPath, &str)> {
    let (namespace, path) = path.strip_prefix('/')?.split_once('/')?;
    let (name, rest) = path.split_once('/')?;
    Some((TenantPath::parse(namespace, name).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_named_by_the_first_segments_of_the_path() {
        let acme = TenantPath::parse("customer-acme", "acme").ok();
        assert_eq!(tenant_path("/customer-acme/acme/scim/v2"), acme);
        assert_eq!(tenant_path("/customer-acme/acme/scim/v2/Users/1"), acme);
        assert_eq!(token_path("/customer-acme/acme/oauth2/token"), acme);
    }

    #[test]
    fn other_paths_name_no_tenant() {
        for path in [
            "/",
            "",
            "*",
            "/a/b",
            "/a/b/scim",
            "/a/b/scim/v1/Users",
            "/a/b/scim/v22",
            "/a/b/c/scim/v2",
            "//b/scim/v2",
        ] {
            assert_eq!(tenant_path(path), None, "{path}");
        }
        assert_eq!(tenant_path("/customer%2Dacme/acme/scim/v2/Users"), None);
        for path in
            ["/a/b/oauth2", "/a/b/oauth2/token/", "/a/b/oauth2/token/x", "/a/b/scim/v2", "/a//oauth2/token"]
        {
            assert_eq!(token_path(path), None, "{path}");
        }
    }
}
