use super::*;
use crate::fixtures::{NOW, credential, registered, token, trust, used};

fn unused(generation: u32) -> Credential {
    credential(generation, &token(1))
}

fn in_use(generation: u32) -> Credential {
    used(unused(generation))
}

fn revoked(credential: Credential) -> Credential {
    Credential { revoked_at: Some(NOW), ..credential }
}

fn until(credential: Credential, seconds: i64) -> Credential {
    Credential { valid_until: Some(NOW + SignedDuration::from_secs(seconds)), ..credential }
}

/// One that was made this many seconds ago.
fn made(seconds: i64, credential: Credential) -> Credential {
    Credential { issued_at: NOW - SignedDuration::from_secs(seconds), ..credential }
}

fn of_kind(kind: CredentialKind, credential: Credential) -> Credential {
    let is_trust = matches!(kind, CredentialKind::Federation | CredentialKind::Jwt);
    Credential { kind, trust: is_trust.then(|| trust("a")), ..credential }
}

fn message(credentials: Vec<Credential>) -> String {
    let connection = Connection::Issued { secret_name: "acme-scim".to_owned() };
    Standing::of(&registered(credentials)).unwrap().condition(&connection).1
}

fn previous(credentials: Vec<Credential>) -> Option<i64> {
    let token = Standing::of(&registered(credentials)).unwrap().token(None);
    token.previous.map(|previous| previous.generation)
}

#[test]
fn the_one_before_is_told_until_the_newest_is_used() {
    assert_eq!(previous(vec![in_use(1), unused(2)]), Some(1));
    assert_eq!(previous(vec![in_use(1), in_use(2)]), None);
}

#[test]
fn of_several_that_work_the_used_one_is_told() {
    assert_eq!(previous(vec![in_use(1), unused(2), unused(3)]), Some(1));
    assert_eq!(previous(vec![unused(1), unused(2), unused(3)]), Some(2));
    assert_eq!(previous(vec![in_use(1), in_use(2), unused(3)]), Some(2));
}

#[test]
fn one_that_has_time_is_told_until_its_time_is_over() {
    assert_eq!(previous(vec![until(in_use(1), 1), in_use(2)]), Some(1));
    assert_eq!(previous(vec![until(in_use(1), 0), in_use(2)]), None);
}

#[test]
fn a_revoked_one_does_not_work() {
    assert_eq!(previous(vec![revoked(in_use(1)), unused(2)]), None);
    assert!(Standing::of(&registered(vec![revoked(in_use(1))])).is_none());
    assert!(Standing::of(&registered(vec![])).is_none());
}

#[test]
fn the_status_tells_times_and_kinds() {
    let registered =
        registered(vec![until(in_use(1), 3600), of_kind(CredentialKind::ClientSecret, unused(2))]);
    let standing = Standing::of(&registered).unwrap();
    insta::assert_yaml_snapshot!(standing.token(Some(Duration::from_hours(48))), @r#"
    generation: 2
    kind: ClientSecret
    issuedAt: "2027-01-15T08:00:02Z"
    expiresAt: "2027-01-17T08:00:02Z"
    previous:
      generation: 1
      lastUsedAt: "2027-01-15T08:01:01Z"
      validUntil: "2030-03-17T18:46:40Z"
    "#);
    assert_eq!(standing.token(None).expires_at, None);
    assert_eq!(standing.token(Some(Duration::MAX)).expires_at, None, "beyond all time");
}

#[test]
fn the_message_says_what_to_do_and_what_works_until_when() {
    insta::assert_snapshot!(message(vec![in_use(1)]), @"Secret acme-scim holds token 1");
    insta::assert_snapshot!(message(vec![unused(1)]), @"Secret acme-scim holds token 1: paste it into the identity provider");
    insta::assert_snapshot!(message(vec![in_use(1), made(60, unused(2))]), @"Secret acme-scim holds token 2: paste it into the identity provider; token 1 works until token 2 is used");
    insta::assert_snapshot!(message(vec![until(in_use(1), 3600), made(60, unused(2))]), @"Secret acme-scim holds token 2: paste it into the identity provider; token 1 works until 2030-03-17T18:46:40Z");
    insta::assert_snapshot!(message(vec![until(in_use(1), 3600), in_use(2)]), @"Secret acme-scim holds token 2; token 1 works until 2030-03-17T18:46:40Z");
    insta::assert_snapshot!(message(vec![until(in_use(1), -3600), unused(2)]), @"Secret acme-scim holds token 2: paste it into the identity provider; token 1 ended at 2030-03-17T16:46:40Z");
    insta::assert_snapshot!(message(vec![until(in_use(1), -3600), in_use(2)]), @"Secret acme-scim holds token 2");
}

#[test]
fn each_way_in_is_called_what_it_is() {
    let told = |kind, connection: &Connection| {
        let registered = registered(vec![in_use(1), made(60, of_kind(kind, unused(2)))]);
        let (reason, message) = Standing::of(&registered).unwrap().condition(connection);
        format!("{reason}: {message}")
    };
    let issued = Connection::Issued { secret_name: "acme-scim".to_owned() };
    let brought = Connection::Brought { secret_name: "mine".to_owned() };
    insta::assert_snapshot!(told(CredentialKind::Basic, &issued), @"Issued: Secret acme-scim holds password 2: paste it into the identity provider; token 1 works until password 2 is used");
    insta::assert_snapshot!(told(CredentialKind::ClientSecret, &issued), @"Issued: Secret acme-scim holds client secret 2: paste it into the identity provider; token 1 works until client secret 2 is used");
    insta::assert_snapshot!(told(CredentialKind::BearerToken, &brought), @"Brought: Secret mine holds token 2: paste it into the identity provider; token 1 works until token 2 is used");
    insta::assert_snapshot!(told(CredentialKind::Federation, &Connection::Trusted), @"Trusted: what https://id.example.com signs is accepted (trust 2): set up the identity provider to sign; token 1 works until trust 2 is used");
}

#[test]
fn a_credential_that_nobody_uses_is_told_after_a_day_if_the_one_before_is_in_use() {
    let day = 24 * 3600;
    let waits = |credentials| tells_of_waiting(&message(credentials));
    assert!(!waits(vec![in_use(1), made(day - 1, unused(2))]));
    assert!(waits(vec![in_use(1), made(day, unused(2))]));
    assert!(!waits(vec![unused(1), made(day, unused(2))]), "nobody was ever connected");
    assert!(!waits(vec![in_use(1), made(day, in_use(2))]));
    assert!(!waits(vec![made(day, unused(1))]));
    insta::assert_snapshot!(message(vec![in_use(1), made(day, unused(2))]), @"Secret acme-scim holds token 2: paste it into the identity provider; token 1 works until token 2 is used; nobody has used token 2 yet");
}

#[test]
fn a_credential_that_nobody_uses_is_told_before_the_one_before_ends() {
    let hour = 3600;
    let waits = |age, left| tells_of_waiting(&message(vec![until(in_use(1), left), made(age, unused(2))]));
    assert!(!waits(2 * hour, 2 * hour), "half of four hours is left");
    assert!(waits(3 * hour, hour), "the last quarter");
    assert!(!waits(3 * hour - 1, hour + 1));
    assert!(waits(24 * hour, 1000 * hour), "a day is enough anyway");
    assert!(!waits(30 * hour, -hour), "it has ended: nothing is in use any more");
}
