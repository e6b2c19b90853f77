use serde_json::{Value, json};

use super::*;

const TOKEN: &str = "d41d8cd98f00b204e9800998ecf8427e";

fn token() -> BroughtSecret {
    BroughtSecret { name: "mine".to_owned(), keys: BroughtKeys::Token("token".to_owned()) }
}

fn pair() -> BroughtSecret {
    let keys = BroughtKeys::Password { user_name: "username".to_owned(), password: "password".to_owned() };
    BroughtSecret { name: "mine".to_owned(), keys }
}

fn secret(label: &Value, data: &[(&str, &[u8])]) -> Secret {
    let mut secret: Secret = serde_json::from_value(json!({"metadata": {"labels": label}})).unwrap();
    let data = data.iter().map(|(key, value)| ((*key).to_owned(), k8s_openapi::ByteString(value.to_vec())));
    secret.data = Some(data.collect());
    secret
}

fn offered(data: &[(&str, &[u8])], wanted: &BroughtSecret) -> Offer {
    offer(Some(&secret(&json!({"scim-operator.io/credential": "true"}), data)), wanted)
}

fn refusal(offer: &Offer, wanted: &BroughtSecret) -> String {
    let checked = offer.credential(wanted).and_then(|credential| credential.check(wanted, &["acme"]));
    let obstacle = checked.unwrap_err();
    assert_eq!(obstacle.remedy, crate::obstacle::Remedy::Change);
    format!("{}: {}", obstacle.reason, obstacle.message)
}

#[test]
fn white_space_around_a_value_does_not_count() {
    let text = format!("\n {TOKEN}\r\n");
    let Offer::Found(found) = offered(&[("token", text.as_bytes())], &token()) else { panic!("not found") };
    assert_eq!(found.to_new().digest, TokenDigest::of(TOKEN));
    assert!(found.check(&token(), &[]).is_ok());
    let data: &[(&str, &[u8])] = &[("username", b"scim\n"), ("password", text.as_bytes())];
    let Offer::Found(found) = offered(data, &pair()) else { panic!("not found") };
    let NewCredential { kind, principal, .. } = found.to_new();
    assert_eq!((kind, principal.as_deref()), (CredentialKind::Basic, Some("scim")));
    assert!(found.check(&pair(), &[]).is_ok());
}

#[test]
fn what_was_brought_is_not_printed_by_accident() {
    let offer = offered(&[("token", TOKEN.as_bytes())], &token());
    assert_eq!(format!("{offer:?}"), "Found(BroughtCredential(…))");
}

#[test]
fn without_the_owners_consent_nothing_is_taken() {
    for label in [json!({}), json!({"scim-operator.io/credential": "false"})] {
        let offer = offer(Some(&secret(&label, &[("token", TOKEN.as_bytes())])), &token());
        assert_eq!(offer, Offer::NotOffered);
    }
}

#[test]
fn what_is_missing_or_no_good_is_told_and_no_value_is() {
    insta::assert_snapshot!(refusal(&offer(None, &token()), &token()), @"CredentialNotFound: there is no Secret mine");
    insta::assert_snapshot!(refusal(&Offer::NotOffered, &token()), @r#"CredentialNotOffered: Secret mine does not have the label scim-operator.io/credential: "true""#);
    insta::assert_snapshot!(refusal(&offered(&[("other", b"")], &token()), &token()), @"CredentialNotFound: Secret mine has no key token");
    insta::assert_snapshot!(refusal(&offered(&[("password", b"")], &pair()), &pair()), @"CredentialNotFound: Secret mine has no key username");
    insta::assert_snapshot!(refusal(&offered(&[("token", b"\xff")], &token()), &token()), @"WeakCredential: key token of Secret mine does not hold text");
    insta::assert_snapshot!(refusal(&offered(&[("token", b"hunter2")], &token()), &token()), @"WeakCredential: the token in Secret mine has fewer than 28 characters");
    insta::assert_snapshot!(refusal(&offered(&[("token", "ä".repeat(40).as_bytes())], &token()), &token()), @"WeakCredential: the token in Secret mine has other characters than letters, digits, - . _ ~ + / and = at its end (RFC 6750)");
    let long = TOKEN.repeat(257);
    insta::assert_snapshot!(refusal(&offered(&[("token", long.as_bytes())], &token()), &token()), @"WeakCredential: the token in Secret mine has more than 8192 bytes");
    insta::assert_snapshot!(refusal(&offered(&[("username", b"scim"), ("password", "password".repeat(5).as_bytes())], &pair()), &pair()), @"WeakCredential: the password in Secret mine is too easy to guess");
    insta::assert_snapshot!(refusal(&offered(&[("username", b"a:b"), ("password", TOKEN.as_bytes())], &pair()), &pair()), @"WeakCredential: the user name in Secret mine has a colon (RFC 7617)");
    insta::assert_snapshot!(refusal(&offered(&[("username", b" "), ("password", TOKEN.as_bytes())], &pair()), &pair()), @"WeakCredential: the user name in Secret mine is empty");
}

#[test]
fn a_revocation_is_told_with_the_way_out() {
    let Offer::Found(found) = offered(&[("token", TOKEN.as_bytes())], &token()) else { panic!("not found") };
    let Obstacle { reason, message, .. } = found.revoked(&token());
    insta::assert_snapshot!(format!("{reason}: {message}"), @"CredentialRevoked: the token in Secret mine was revoked: bring another one");
}
