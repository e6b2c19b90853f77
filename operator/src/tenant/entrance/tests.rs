use serde_json::{Value, json};

use super::*;
use crate::class::accept;
use crate::fixtures::{class, settings, tenant};

const DIRECTORY: &str = "AAAAAAAA-2222-3333-4444-555555555555";

fn judge(authentication: &Value, class_spec: Value) -> Result<Entrance, String> {
    let class = accept(&class("default", class_spec), &settings()).unwrap();
    entrance(&tenant(json!({"authentication": authentication})), &class)
        .map_err(|obstacle| format!("{}: {}", obstacle.reason, obstacle.message))
}

fn accepted(authentication: &Value) -> Entrance {
    judge(authentication, json!({})).unwrap()
}

fn refusal(authentication: &Value) -> String {
    judge(authentication, json!({})).unwrap_err()
}

fn trusted(authentication: &Value) -> (CredentialKind, Trust) {
    match accepted(authentication) {
        Entrance::Trusted { kind, trust, overlap: Overlap::UntilUsed } => (kind, trust),
        other => panic!("{other:?}"),
    }
}

fn federation(cloud: &str) -> Value {
    json!({"oauth2": {"federation": {"entra": {
        "directoryID": DIRECTORY, "audience": "api://app", "subject": "object", "cloud": cloud,
    }}}})
}

fn issuer(jwks_uri: &str) -> Value {
    json!({"jwt": {"issuer": {"url": "https://id.example.com", "jwksURI": jwks_uri, "audience": "scim"}}})
}

#[test]
fn nothing_said_is_a_token() {
    let rotation = Rotation { overlap: Overlap::UntilUsed, every: None };
    let token = Entrance::Issued { kind: IssuedKind::BearerToken, rotation };
    assert_eq!(accepted(&Value::Null), token);
    assert_eq!(accepted(&json!({})), token);
    assert_eq!(accepted(&json!({"bearerToken": {}})), token);
}

#[test]
fn each_way_in_has_its_own_rotation() {
    let declared = json!({"rotation": {"overlap": "1h30m", "every": "2160h"}});
    let rotation =
        Rotation { overlap: Overlap::For(Duration::from_mins(90)), every: Some(Duration::from_hours(2160)) };
    for (authentication, kind) in [
        (json!({"bearerToken": declared}), IssuedKind::BearerToken),
        (json!({"basic": declared}), IssuedKind::Basic),
        (json!({"oauth2": {"clientSecret": declared}}), IssuedKind::ClientSecret),
    ] {
        let entrance = accepted(&authentication);
        assert_eq!(entrance, Entrance::Issued { kind, rotation });
        assert_eq!(entrance.kind(), kind.into());
    }
}

#[test]
fn a_secret_that_is_brought_is_named_with_its_keys() {
    let token = accepted(&json!({"bearerToken": {"existingSecret": {"name": "mine"}}}));
    let keys = BroughtKeys::Token("token".to_owned());
    let secret = BroughtSecret { name: "mine".to_owned(), keys };
    assert_eq!(token.kind(), CredentialKind::BearerToken);
    assert_eq!(token, Entrance::Brought { secret, overlap: Overlap::UntilUsed });
    let password = accepted(&json!({"basic": {
        "existingSecret": {"name": "mine", "userNameKey": "user", "passwordKey": "pass"},
        "rotation": {"overlap": "24h"},
    }}));
    let keys = BroughtKeys::Password { user_name: "user".to_owned(), password: "pass".to_owned() };
    let secret = BroughtSecret { name: "mine".to_owned(), keys };
    assert_eq!(password.kind(), CredentialKind::Basic);
    assert_eq!(password, Entrance::Brought { secret, overlap: Overlap::For(Duration::from_hours(24)) });
}

#[test]
fn entra_is_known_by_its_directory_in_both_clouds() {
    insta::assert_json_snapshot!(trusted(&federation("Public")).1, @r#"
    {
      "issuer": "https://login.microsoftonline.com/aaaaaaaa-2222-3333-4444-555555555555/v2.0",
      "jwksURI": "https://login.microsoftonline.com/aaaaaaaa-2222-3333-4444-555555555555/discovery/v2.0/keys",
      "audience": "api://app",
      "subject": "object",
      "directoryID": "aaaaaaaa-2222-3333-4444-555555555555"
    }
    "#);
    insta::assert_json_snapshot!(trusted(&federation("USGovernment")).1, @r#"
    {
      "issuer": "https://login.microsoftonline.us/aaaaaaaa-2222-3333-4444-555555555555/v2.0",
      "jwksURI": "https://login.microsoftonline.us/aaaaaaaa-2222-3333-4444-555555555555/discovery/v2.0/keys",
      "audience": "api://app",
      "subject": "object",
      "directoryID": "aaaaaaaa-2222-3333-4444-555555555555"
    }
    "#);
}

#[test]
fn entra_signs_in_place_of_a_token_for_all_custom_applications_or_for_one() {
    let (kind, trust) = trusted(&json!({"jwt": {"entra": {"directoryID": DIRECTORY}}}));
    assert_eq!(kind, CredentialKind::Jwt);
    insta::assert_json_snapshot!(trust, @r#"
    {
      "issuer": "https://sts.windows.net/aaaaaaaa-2222-3333-4444-555555555555/",
      "jwksURI": "https://login.microsoftonline.com/aaaaaaaa-2222-3333-4444-555555555555/discovery/keys",
      "audience": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
      "directoryID": "aaaaaaaa-2222-3333-4444-555555555555"
    }
    "#);
    let government = json!({"jwt": {"entra": {
        "directoryID": DIRECTORY, "cloud": "USGovernment", "audience": "gallery",
    }}});
    insta::assert_json_snapshot!(trusted(&government).1, @r#"
    {
      "issuer": "https://sts.windows.net/aaaaaaaa-2222-3333-4444-555555555555/",
      "jwksURI": "https://login.microsoftonline.us/aaaaaaaa-2222-3333-4444-555555555555/discovery/keys",
      "audience": "gallery",
      "directoryID": "aaaaaaaa-2222-3333-4444-555555555555"
    }
    "#);
}

#[test]
fn another_issuer_is_trusted_as_it_is_declared() {
    insta::assert_json_snapshot!(trusted(&issuer("https://id.example.com/keys")).1, @r#"
    {
      "issuer": "https://id.example.com",
      "jwksURI": "https://id.example.com/keys",
      "audience": "scim"
    }
    "#);
}

#[test]
fn keys_are_not_fetched_from_where_the_class_does_not_allow() {
    insta::assert_snapshot!(refusal(&issuer("http://id.example.com/keys")), @"IssuerNotAllowed: spec.authentication.jwt.issuer.jwksURI has to lead to a public address by https://, says the class: http://id.example.com/keys");
    for host in [
        "10.0.0.1",
        "172.31.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[fd00::1]",
        "[fe80::1]",
        "[ff02::1]",
        "[::ffff:10.0.0.1]",
    ] {
        let text = refusal(&issuer(&format!("https://{host}/keys")));
        assert!(text.starts_with("IssuerNotAllowed: "), "{host}: {text}");
    }
    for host in ["id.example.com", "8.8.8.8", "100.128.0.1", "[2606:4700::1]"] {
        accepted(&issuer(&format!("https://{host}/keys")));
    }
}

#[test]
fn keys_are_not_fetched_by_a_password_nor_is_it_told() {
    for uri in ["https://robot:hunter2@id.example.com/keys", "https://hunter2@id.example.com/keys"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(&issuer(uri)), @"IssuerNotAllowed: spec.authentication.jwt.issuer.jwksURI must not hold a user name or password");
        }
    }
}

#[test]
fn a_class_may_allow_private_addresses() {
    let outgoing = json!({"outgoing": {"privateAddresses": "Allow"}});
    for uri in ["http://id.example.com/keys", "https://10.0.0.1/keys"] {
        assert!(judge(&issuer(uri), outgoing.clone()).is_ok(), "{uri}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let rotation = |rotation| json!({"basic": {"rotation": rotation}});
    insta::assert_snapshot!(refusal(&rotation(json!({"overlap": "1d"}))), @"InvalidSpec: spec.authentication.basic.rotation.overlap is 1d: that is no duration such as 24h or 1h30m");
    insta::assert_snapshot!(refusal(&rotation(json!({"every": "9999999999999h"}))), @"InvalidSpec: spec.authentication.basic.rotation.every is 9999999999999h: the longest is 87600h");
    insta::assert_snapshot!(refusal(&issuer("https://[::g/")), @"InvalidSpec: spec.authentication.jwt.issuer.jwksURI is no URL: invalid IPv6 address");
    insta::assert_snapshot!(refusal(&json!({"jwt": {}})), @"InvalidSpec: spec.authentication.jwt names neither entra nor issuer");
    let without_audience = json!({"oauth2": {"federation": {"entra": {"directoryID": DIRECTORY}}}});
    insta::assert_snapshot!(refusal(&without_audience), @"InvalidSpec: spec.authentication.oauth2.federation.entra.audience is missing");
}

#[test]
fn without_a_class_only_secrets_let_in() {
    let alone = |authentication| without_class(&tenant(json!({"authentication": authentication})));
    assert!(alone(json!({"basic": {}})).is_some());
    assert!(alone(json!({"bearerToken": {"existingSecret": {"name": "mine"}}})).is_some());
    assert!(alone(issuer("https://id.example.com/keys")).is_none());
    assert!(alone(json!({"basic": {"rotation": {"overlap": "1d"}}})).is_none());
}
