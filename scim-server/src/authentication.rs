//! Who asks: before anything else of a request is looked at, its path and credential must name one tenant.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use database::registry::view::{Authenticated, Presented, Refused, Trusted};
use tenancy::{CredentialKind, Service, TenantPath};

use crate::{
    authorization::Authorization,
    error::Error,
    jwt::{self, Unverified},
    path::tenant_path,
    span,
    state::Server,
    tenant::Tenant,
    trust,
};

/// The layer around all SCIM endpoints, and around everything that is none: without a valid credential nobody learns
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
    let source = server.source(request);
    let authenticated = match Authorization::of(&request.headers) {
        Authorization::Bearer(text) => bearer(server, &path, text, source).await?,
        Authorization::Basic { user_name, password } => {
            let presented = Presented::Basic { user_name: &user_name, password: &password };
            server.registry.authenticate(&path, presented, source).await?
        }
        Authorization::Absent | Authorization::Unreadable => return Err(Error::Unauthorized),
    };
    span::authenticated(&path);
    match authenticated.configuration.service {
        Service::Active => Tenant::new(server, authenticated),
        Service::Suspended => Err(Error::Suspended),
    }
}

/// A text may be a token of ours or of somebody whom the tenant trusts. Which it is, its form does not say: a token that was
/// brought may look like a JWT, and in the middle of a rotation a tenant may have both.
async fn bearer(
    server: &Server,
    path: &TenantPath,
    text: &str,
    source: IpAddr,
) -> Result<Authenticated, Refused> {
    let Some(token) = jwt::has_form(text).then(|| Unverified::read(text)).flatten() else {
        return server.registry.authenticate(path, Presented::Bearer(text), source).await;
    };
    let trusts = server.registry.trusts(path, CredentialKind::Jwt);
    let by_signature = signed(server, path, &token, &trusts, source).await;
    if by_signature.as_ref().err() != Some(&Refused::Unknown) {
        return by_signature;
    }
    // This asks the registry, by which the tenant may trust somebody else by now.
    let by_text = server.registry.authenticate(path, Presented::Bearer(text), source).await;
    let newer = server.registry.trusts(path, CredentialKind::Jwt);
    if by_text.as_ref().err() != Some(&Refused::Unknown) || newer == trusts {
        return by_text;
    }
    signed(server, path, &token, &newer, source).await
}

async fn signed(
    server: &Server,
    path: &TenantPath,
    token: &Unverified<'_>,
    trusts: &[Trusted],
    source: IpAddr,
) -> Result<Authenticated, Refused> {
    for trusted in trusts {
        let Some(claims) = trust::signed(&server.keys, token, trusted).await else { continue };
        let verify = |trust: &_, now| trust::admits(trust, claims, now);
        match server.registry.authenticate_trusted(path, trusted, source, verify).await {
            Err(Refused::Unknown) => {}
            answer => return answer,
        }
    }
    Err(Refused::Unknown)
}
