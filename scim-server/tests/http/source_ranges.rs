//! Where requests may come from: enforced for whoever has a valid credential, and no business of anybody else.

use database::{
    registry::{Issue, Overlap},
    testing::{TestDatabase, TestTenant, bearer_token, token},
};
use reqwest::Method;
use scim_server::source::{TrustedProxies, network};
use tenancy::SourceRanges;

use crate::{
    oauth::{self, TokenClient, with_secret},
    server::{Answer, Client, Settings, TestServer, answer},
};

const INSIDE: &str = "203.0.113.7";
const OUTSIDE: &str = "198.51.100.1";

/// A tenant that takes requests from one network.
async fn tenant(database: &TestDatabase) -> TestTenant {
    let parse = |range: &str| vec![range.parse().unwrap()];
    let ranges = SourceRanges { class: parse("203.0.112.0/23"), tenant: parse("203.0.113.0/24") };
    database.tenant_with(|configuration| configuration.source_ranges = ranges).await
}

/// A server whose proxies are on this machine.
async fn behind_proxies(database: &TestDatabase) -> TestServer {
    let proxies = ["127.0.0.0/8", "10.0.0.0/8"].map(|range| network(range).unwrap());
    let settings = Settings { proxies: TrustedProxies::new(proxies.into()), ..Settings::default() };
    TestServer::start_with(&database.server, settings).await
}

/// Asks as a proxy does that was asked from there.
async fn from(client: &Client, forwarded_for: &str) -> Answer {
    answer(client.request(Method::GET, "/Users").header("X-Forwarded-For", forwarded_for)).await
}

#[tokio::test]
async fn without_a_proxy_it_is_the_address_of_the_connection_that_counts() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let scim = server.client(&tenant(&database).await);
    for refused in [scim.get("/Users").await, from(&scim, INSIDE).await] {
        assert_eq!(refused.status, 403);
        insta::allow_duplicates! { insta::assert_json_snapshot!(refused.body, @r#"
            {
              "schemas": [
                "urn:ietf:params:scim:api:messages:2.0:Error"
              ],
              "status": "403",
              "detail": "requests from 127.0.0.1 are not allowed for this connection"
            }
            "#) };
    }
    let elsewhere = server.client(&database.tenant().await);
    assert_eq!(from(&elsewhere, OUTSIDE).await.status, 200, "without ranges requests come from anywhere");
}

#[tokio::test]
async fn a_proxy_that_is_trusted_says_where_a_request_comes_from() {
    let database = TestDatabase::start().await;
    let server = behind_proxies(&database).await;
    let scim = server.client(&tenant(&database).await);
    for (forwarded, status) in [
        (INSIDE.to_owned(), 200),
        (format!("{OUTSIDE}, {INSIDE}"), 200),
        (format!("{INSIDE}, 10.1.1.1"), 200),
        (format!("{INSIDE}:4711"), 200),
        (format!("::ffff:{INSIDE}"), 200),
        (OUTSIDE.to_owned(), 403),
        (format!("{INSIDE}, {OUTSIDE}"), 403),
        (format!("{INSIDE}, {OUTSIDE}, 10.1.1.1"), 403),
        ("203.0.112.7".to_owned(), 403),
        (format!("{INSIDE}, unknown"), 403),
        (String::new(), 403),
    ] {
        let answer = from(&scim, &forwarded).await;
        assert_eq!(answer.status, status, "{forwarded}");
    }
    assert!(from(&scim, OUTSIDE).await.detail().contains(OUTSIDE));
    assert_eq!(scim.get("/Users").await.status, 403, "the proxy itself is not in the range");
}

#[tokio::test]
async fn without_a_valid_credential_nobody_learns_of_ranges() {
    let database = TestDatabase::start().await;
    let server = behind_proxies(&database).await;
    let scim = server.client(&tenant(&database).await).with_token("scim_wrong");
    let [inside, outside] = [from(&scim, INSIDE).await, from(&scim, OUTSIDE).await];
    assert_eq!((inside.status.as_u16(), &inside.body), (401, &outside.body));
    assert_eq!(outside.status, 401);
}

#[tokio::test]
async fn a_first_use_from_a_wrong_place_does_not_end_the_older_token() {
    let database = TestDatabase::start().await;
    let server = behind_proxies(&database).await;
    let (tenant, new) = (tenant(&database).await, token());
    let old = server.client(&tenant);
    assert_eq!(from(&old, INSIDE).await.status, 200);
    database.issue(&tenant, &bearer_token(&new), Issue::Replacement(Overlap::UntilUsed)).await;
    let new = old.with_token(new.expose());
    assert_eq!(from(&new, OUTSIDE).await.status, 403);
    assert_eq!(from(&old, INSIDE).await.status, 200);
    assert_eq!(from(&new, INSIDE).await.status, 200);
    assert_eq!(from(&old, INSIDE).await.status, 401);
}

#[tokio::test]
async fn the_token_endpoint_has_the_same_ranges() {
    let database = TestDatabase::start().await;
    let server = behind_proxies(&database).await;
    let tenant = tenant(&database).await;
    let (secret, _) = with_secret(&database, &tenant).await;
    let client = TokenClient::new(&server, &tenant);
    let ask = async |secret: &str, forwarded_for: &str| {
        let form =
            [("grant_type", "client_credentials"), ("client_id", &client.id), ("client_secret", secret)];
        oauth::answer(client.request(&form).header("X-Forwarded-For", forwarded_for)).await
    };
    let refused = ask(secret.expose(), OUTSIDE).await;
    assert_eq!(refused.status, 403);
    insta::assert_json_snapshot!(refused.body, @r#"
        {
          "error": "unauthorized_client",
          "error_description": "requests from 198.51.100.1 are not allowed"
        }
        "#);
    assert_eq!(ask("wrong", OUTSIDE).await.status, 401);
    let old = server.client(&tenant);
    assert_eq!(from(&old, INSIDE).await.status, 200, "the secret was not used");
    let issued = oauth::access_token(&ask(secret.expose(), INSIDE).await);
    assert_eq!(from(&old.with_token(&issued), INSIDE).await.status, 200);
    assert_eq!(from(&old.with_token(&issued), OUTSIDE).await.status, 403);
}
