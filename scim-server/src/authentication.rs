//! Who asks: before anything else of a request is looked at, its path and token must name one tenant.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tenancy::TenantPath;

use crate::{error::Error, state::Server, tenant::Tenant};

/// The layer around all endpoints, and around everything that is none: without a valid token nobody learns
/// which tenants, endpoints or resources exist. The path alone names the tenant, never the `Host` header.
pub async fn authenticate(State(server): State<Server>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match identify(&server, &parts).await {
        Ok(tenant) => parts.extensions.insert(tenant),
        Err(error) => return error.into_response(),
    };
    next.run(Request::from_parts(parts, body)).await
}

async fn identify(server: &Server, request: &Parts) -> Result<Tenant, Error> {
    let path = tenant_path(request.uri.path()).ok_or(Error::Unauthorized)?;
    let token = bearer_token(&request.headers).ok_or(Error::Unauthorized)?;
    let authenticated = server.registry.authenticate(&path, token).await?;
    Tenant::new(server, authenticated)
}

/// The tenant that `/<namespace>/<name>/scim/v2…` names, whether or not there is one.
pub fn tenant_path(path: &str) -> Option<TenantPath> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let (namespace, name) = (segments.next()?, segments.next()?);
    let is_scim = segments.next() == Some("scim") && segments.next() == Some("v2");
    TenantPath::parse(namespace, name).ok().filter(|_| is_scim)
}

/// The token of the only `Authorization` header (RFC 6750, section 2.1; the scheme is case-insensitive).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn token(values: &[&'static str]) -> Option<String> {
        let values = values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(name, value);
        }
        bearer_token(&headers).map(str::to_owned)
    }

    #[test]
    fn a_tenant_is_named_by_the_first_segments_of_the_path() {
        let acme = TenantPath::parse("customer-acme", "acme").ok();
        assert_eq!(tenant_path("/customer-acme/acme/scim/v2"), acme);
        assert_eq!(tenant_path("/customer-acme/acme/scim/v2/Users/1"), acme);
    }

    #[test]
    fn other_paths_name_no_tenant() {
        for path in ["/", "", "*", "/a/b", "/a/b/scim", "/a/b/scim/v1/Users", "/a/b/c/scim/v2", "//b/scim/v2"]
        {
            assert_eq!(tenant_path(path), None, "{path}");
        }
        assert_eq!(tenant_path("/customer%2Dacme/acme/scim/v2/Users"), None);
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(token(&["Bearer scim_x"]).as_deref(), Some("scim_x"));
        assert_eq!(token(&["bearer  scim_x "]).as_deref(), Some("scim_x"));
    }

    #[test]
    fn other_schemes_empty_tokens_and_two_headers_are_no_token() {
        for values in
            [&[][..], &["Basic eDp5"], &["Bearer"], &["Bearer "], &["scim_x"], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(token(values), None, "{values:?}");
        }
    }
}
