//! The token endpoint of each tenant: OAuth 2 client credentials (RFC 6749, section 4.4). What it issues is as opaque as any
//! other token: the registry keeps a digest, and the server no key.

mod answer;
mod refusal;
mod request;

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::request::Parts,
    routing::{MethodRouter, post},
};
use database::registry::view::{Client, Refused, Trusted};
use tenancy::{ClientId, CredentialKind, Service, TenantPath, Token};

use crate::{
    authorization::Authorization,
    body,
    jwt::{Unverified, claims::Claims},
    path::token_path,
    span,
    state::Server,
    token_endpoint::{answer::Granted, refusal::Refusal, request::Proof},
    trust,
};

/// Longest request, in bytes: an assertion has sixteen kilobytes at most.
const LONGEST: usize = 64 * 1024;

/// The endpoint with all its methods. It stands outside of [`authenticate`](crate::authentication::authenticate), because its
/// clients authenticate in other ways and are told of it in another form.
pub fn endpoint() -> MethodRouter<Server> {
    post(issue).fallback(async || Refusal::MethodNotAllowed)
}

async fn issue(State(server): State<Server>, request: Request) -> Result<Granted, Refusal> {
    let (parts, body) = request.into_parts();
    if !body::is_form(&parts.headers) {
        return Err(Refusal::InvalidRequest(
            "the body must be of the type application/x-www-form-urlencoded",
        ));
    }
    let form = body::bytes(&parts.headers, body, LONGEST, server.limits.upload_timeout()).await?;
    let proof = request::read(Authorization::of(&parts.headers), &form)?;
    let client = authenticate(&server, &parts, proof).await?;
    match client.configuration.service {
        Service::Active => grant(&server, &client).await,
        Service::Suspended => Err(Refusal::Suspended),
    }
}

async fn authenticate(server: &Server, request: &Parts, proof: Proof) -> Result<Client, Refusal> {
    let path = token_path(request.uri.path()).ok_or(Refusal::InvalidClient)?;
    let source = server.source(request);
    let client = match proof {
        Proof::Secret { client_id, client_secret } => {
            server.registry.authenticate_client(&path, &client_id, &client_secret, source).await?
        }
        Proof::Assertion { client_id, assertion } => {
            let assertion = Unverified::read(&assertion).ok_or(Refusal::InvalidClient)?;
            Assertion { path: &path, client_id: client_id.as_deref(), token: &assertion, source }
                .client(server)
                .await?
        }
    };
    span::authenticated(&path);
    Ok(client)
}

async fn grant(server: &Server, client: &Client) -> Result<Granted, Refusal> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| Refusal::Internal(error.into()))?;
    let token = Token::from_random(random);
    let lifetime = server.registry.issue_access_token(client, &token.digest()).await?;
    Ok(Granted { token, lifetime })
}

/// A client that somebody else signed for.
struct Assertion<'a> {
    path: &'a TenantPath,
    client_id: Option<&'a str>,
    token: &'a Unverified<'a>,
    source: IpAddr,
}

impl Assertion<'_> {
    async fn client(&self, server: &Server) -> Result<Client, Refused> {
        let trusts = server.registry.trusts(self.path, CredentialKind::Federation);
        let known = self.client_by(server, &trusts).await;
        if known.as_ref().err() != Some(&Refused::Unknown) {
            return known;
        }
        server.registry.refresh().await?;
        let newer = server.registry.trusts(self.path, CredentialKind::Federation);
        if newer == trusts { known } else { self.client_by(server, &newer).await }
    }

    async fn client_by(&self, server: &Server, trusts: &[Trusted]) -> Result<Client, Refused> {
        for trusted in trusts {
            let Some(claims) = trust::signed(&server.keys, self.token, trusted).await else { continue };
            let verify = |trust: &_, now| self.is_of(claims) && trust::admits(trust, claims, now);
            match server.registry.authenticate_assertion(self.path, trusted, self.source, verify).await {
                Err(Refused::Unknown) => {}
                answer => return answer,
            }
        }
        Err(Refused::Unknown)
    }

    /// Whether the client is who it says it is, by the tenant's name for it or by the issuer's.
    fn is_of(&self, claims: &Claims) -> bool {
        self.client_id.is_none_or(|id| id == ClientId::of(self.path).as_str() || claims.name(id))
    }
}
