use crds::tenant::TokenStatus;
use serde_json::{Value, json};

use super::*;
use crate::fixtures::tenant;

fn status(kind: &str) -> ScimTenantStatus {
    let token: TokenStatus = serde_json::from_value(json!({
        "generation": 1, "kind": kind, "issuedAt": "2026-01-01T00:00:00Z",
    }))
    .unwrap();
    ScimTenantStatus {
        tenant_url: Some("https://scim.example.com/customer-acme/acme/scim/v2".to_owned()),
        token_url: Some("https://scim.example.com/customer-acme/acme/oauth2/token".to_owned()),
        secret_name: Some("acme-scim".to_owned()),
        token: Some(token),
        ..ScimTenantStatus::default()
    }
}

fn told(provider: &str) -> String {
    let kinds = ["BearerToken", "Basic", "ClientSecret", "Federation", "Jwt"];
    let tenant = tenant(json!({"identityProvider": provider}));
    kinds.map(|kind| format!("{kind}: {}", set_up(&tenant, &status(kind)))).join("\n")
}

#[test]
fn an_administrator_of_entra_knows_what_to_enter() {
    insta::assert_snapshot!(told("Entra"), @r"
    BearerToken: In Microsoft Entra, enterprise application, Provisioning: Tenant URL is https://scim.example.com/customer-acme/acme/scim/v2?aadOptscim062020, Secret Token is the value of key token in Secret acme-scim. Press Test Connection
    Basic: In Microsoft Entra, enterprise application, Provisioning: Tenant URL is https://scim.example.com/customer-acme/acme/scim/v2?aadOptscim062020, Secret Token is the value of key password in Secret acme-scim. Press Test Connection
    ClientSecret: In Microsoft Entra, enterprise application, Provisioning: Tenant URL is https://scim.example.com/customer-acme/acme/scim/v2?aadOptscim062020, Authentication Method is OAuth2 Client Credentials Grant, Token Endpoint is https://scim.example.com/customer-acme/acme/oauth2/token, Client Identifier is the value of key clientID in Secret acme-scim, Client Secret is the value of key clientSecret in Secret acme-scim. Press Test Connection
    Federation: In Microsoft Entra, enterprise application, Provisioning: Tenant URL is https://scim.example.com/customer-acme/acme/scim/v2?aadOptscim062020, Authentication Method is Workload Identity Federation, Token Endpoint is https://scim.example.com/customer-acme/acme/oauth2/token; there is no secret. Press Test Connection
    Jwt: In Microsoft Entra, enterprise application, Provisioning: Tenant URL is https://scim.example.com/customer-acme/acme/scim/v2?aadOptscim062020, Secret Token stays empty. Press Test Connection
    ");
}

#[test]
fn an_administrator_of_okta_knows_what_to_enter() {
    insta::assert_snapshot!(told("Okta"), @r"
    BearerToken: In Okta, application, Provisioning, Integration: SCIM connector base URL is https://scim.example.com/customer-acme/acme/scim/v2, unique identifier field is userName, authentication mode is HTTP Header, its token is the value of key token in Secret acme-scim. Press Test Connector Configuration
    Basic: In Okta, application, Provisioning, Integration: SCIM connector base URL is https://scim.example.com/customer-acme/acme/scim/v2, unique identifier field is userName, authentication mode is Basic Auth, username is the value of key username in Secret acme-scim, password is the value of key password in Secret acme-scim. Press Test Connector Configuration
    ClientSecret: In Okta, application, Provisioning, Integration: SCIM connector base URL is https://scim.example.com/customer-acme/acme/scim/v2, unique identifier field is userName, authentication mode is OAuth 2 with the grant client credentials, access token endpoint URI is https://scim.example.com/customer-acme/acme/oauth2/token, client ID is the value of key clientID in Secret acme-scim, client secret is the value of key clientSecret in Secret acme-scim. Press Test Connector Configuration
    Federation: In Okta, application, Provisioning, Integration: SCIM connector base URL is https://scim.example.com/customer-acme/acme/scim/v2, unique identifier field is userName, the token endpoint of OAuth 2 is https://scim.example.com/customer-acme/acme/oauth2/token, where the issuer's assertion (RFC 7523) is the proof; there is no secret. Press Test Connector Configuration
    Jwt: In Okta, application, Provisioning, Integration: SCIM connector base URL is https://scim.example.com/customer-acme/acme/scim/v2, unique identifier field is userName, the bearer token is what the issuer signs; there is no secret. Press Test Connector Configuration
    ");
}

#[test]
fn an_administrator_of_any_other_knows_what_to_enter() {
    insta::assert_snapshot!(told("Generic"), @r"
    BearerToken: The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the bearer token is the value of key token in Secret acme-scim
    Basic: The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the user name is the value of key username in Secret acme-scim, the password is the value of key password in Secret acme-scim, which is good as a bearer token too
    ClientSecret: The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the token endpoint of OAuth 2 (grant client_credentials) is https://scim.example.com/customer-acme/acme/oauth2/token, the client id is the value of key clientID in Secret acme-scim, the client secret is the value of key clientSecret in Secret acme-scim
    Federation: The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the token endpoint of OAuth 2 is https://scim.example.com/customer-acme/acme/oauth2/token, where the issuer's assertion (RFC 7523) is the proof; there is no secret
    Jwt: The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the bearer token is what the issuer signs; there is no secret
    ");
}

#[test]
fn a_secret_that_is_brought_is_told_with_its_own_keys() {
    let told = |authentication: Value, kind| {
        let tenant = tenant(json!({"authentication": authentication}));
        let status = ScimTenantStatus { secret_name: Some("mine".to_owned()), ..status(kind) };
        set_up(&tenant, &status)
    };
    let token = json!({"bearerToken": {"existingSecret": {"name": "mine", "key": "api-key"}}});
    insta::assert_snapshot!(told(token, "BearerToken"), @"The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the bearer token is the value of key api-key in Secret mine");
    let keys = json!({"name": "mine", "userNameKey": "user", "passwordKey": "pass"});
    insta::assert_snapshot!(told(json!({"basic": {"existingSecret": keys}}), "Basic"), @"The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the user name is the value of key user in Secret mine, the password is the value of key pass in Secret mine, which is good as a bearer token too");
}
