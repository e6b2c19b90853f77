//! What is found in memory, and that changes arrive in whatever order they are read.

use tenancy::{
    ClassUrl, Limits, PrivateAddresses, Profile, Service, SourceRanges, TenantUrl, Token, TokenDigest, Trust,
};

use super::*;
use crate::registry::validity::Revocation;
use crate::registry::view::proof::{Proof, Secret};

const TENANT: TenantId = TenantId::new(1);

fn path() -> TenantPath {
    TenantPath::parse("customer-acme", "acme").unwrap()
}

fn token(number: u8) -> Token {
    Token::from_random([number; 32])
}

fn configuration(display_name: &str) -> TenantConfiguration {
    let host = ClassUrl::parse("https://scim.example.com").unwrap().for_all().unwrap();
    TenantConfiguration {
        display_name: display_name.to_owned(),
        tenant_url: TenantUrl::new(&host, &path().namespace, &path().name),
        profile: Profile::default(),
        limits: Limits { max_page_size: 10 },
        service: Service::Active,
        source_ranges: SourceRanges::default(),
        access_token_seconds: 3600,
        private_addresses: PrivateAddresses::Deny,
        class_name: String::new(),
    }
}

fn known(number: u8, use_of: Use) -> Known {
    let digest = token(number).digest();
    Known {
        rung: Rung {
            generation: Generation::new(number.into()),
            use_of,
            revocation: Revocation::Standing,
            valid_until: None,
        },
        proof: Proof::Secret(Secret { kind: CredentialKind::BearerToken, digest, principal: None }),
    }
}

fn revoked(number: u8, use_of: Use) -> Known {
    let mut known = known(number, use_of);
    known.rung.revocation = Revocation::Revoked;
    known
}

/// An hour after the epoch: the time of PostgreSQL at every poll.
fn at_poll() -> Timestamp {
    Timestamp::constant(3600, 0)
}

fn seconds(number: i64) -> SignedDuration {
    SignedDuration::from_secs(number)
}

fn served(id: TenantId, display_name: &str, credentials: Vec<Known>) -> Row {
    let configuration = Some(Arc::new(configuration(display_name)));
    Row::Served {
        id,
        path: path(),
        configuration,
        profile_version: 1,
        derived_form: None,
        credentials,
        access_tokens: Vec::new(),
    }
}

fn changes(extent: Extent, rows: Vec<Row>) -> Changes {
    let (taken, server_started) = (Instant::now(), Timestamp::UNIX_EPOCH);
    let position = Position { xmin: 1, server_started, taken, now: at_poll() };
    Changes { position, extent, rows }
}

fn snapshot(credentials: Vec<Known>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.apply(changes(Extent::Everything, vec![served(TENANT, "Acme", credentials)]));
    snapshot
}

fn bearer(number: u8) -> Presentation {
    Presentation::Bearer(token(number).digest())
}

fn finds(snapshot: &Snapshot, number: u8) -> bool {
    snapshot.find(&path(), &bearer(number)).is_some()
}

#[test]
fn an_unknown_tenant_or_token_is_not_found() {
    let snapshot = snapshot(vec![known(1, Use::First)]);
    assert!(finds(&snapshot, 1));
    assert!(!finds(&snapshot, 2));
    let stranger = TenantPath::parse("customer-acme", "other").unwrap();
    assert!(snapshot.find(&stranger, &bearer(1)).is_none());
}

#[test]
fn the_old_token_works_until_the_new_one_is_used() {
    let mut snapshot = snapshot(vec![known(1, Use::Repeated), known(2, Use::First)]);
    assert!(finds(&snapshot, 1) && finds(&snapshot, 2));
    snapshot.mark_used(TENANT, Generation::new(2));
    assert!(!finds(&snapshot, 1) && finds(&snapshot, 2));
}

#[test]
fn a_use_of_an_older_token_does_not_end_newer_ones() {
    let mut snapshot = snapshot(vec![known(1, Use::First), known(2, Use::First), known(3, Use::First)]);
    snapshot.mark_used(TENANT, Generation::new(2));
    assert!(!finds(&snapshot, 1) && finds(&snapshot, 2) && finds(&snapshot, 3));
}

#[test]
fn a_revoked_token_is_not_found() {
    let snapshot = snapshot(vec![revoked(1, Use::Repeated), known(2, Use::First)]);
    assert!(!finds(&snapshot, 1) && finds(&snapshot, 2));
}

#[test]
fn a_revoked_token_that_was_used_still_ends_the_older_ones() {
    let snapshot = snapshot(vec![known(1, Use::Repeated), revoked(2, Use::Repeated)]);
    assert!(!finds(&snapshot, 1) && !finds(&snapshot, 2));
}

#[test]
fn a_retained_or_deleted_tenant_is_not_found() {
    let mut snapshot = snapshot(vec![known(1, Use::First)]);
    snapshot.apply(changes(Extent::SincePosition, vec![Row::NotServed(TENANT)]));
    assert!(!finds(&snapshot, 1));
}

#[test]
fn a_tombstone_does_not_take_the_tenant_that_came_after_it() {
    let successor = || served(TenantId::new(2), "Acme again", vec![known(2, Use::First)]);
    let tombstone = || Row::NotServed(TENANT);
    for rows in [vec![successor(), tombstone()], vec![tombstone(), successor()]] {
        let mut snapshot = snapshot(vec![known(1, Use::First)]);
        snapshot.apply(changes(Extent::SincePosition, rows));
        assert!(!finds(&snapshot, 1) && finds(&snapshot, 2));
    }
}

#[test]
fn what_is_missing_in_everything_is_gone_and_in_a_delta_unchanged() {
    let mut snapshot = snapshot(vec![known(1, Use::First)]);
    snapshot.apply(changes(Extent::SincePosition, vec![]));
    assert!(finds(&snapshot, 1));
    snapshot.apply(changes(Extent::Everything, vec![]));
    assert!(!finds(&snapshot, 1));
}

#[test]
fn the_same_configuration_stays_the_same_value() {
    let mut snapshot = snapshot(vec![known(1, Use::First)]);
    let configuration = |snapshot: &Snapshot| snapshot.find(&path(), &bearer(1)).unwrap().configuration;
    let before = configuration(&snapshot);
    for extent in [Extent::SincePosition, Extent::Everything] {
        snapshot.apply(changes(extent, vec![served(TENANT, "Acme", vec![known(1, Use::First)])]));
        assert!(Arc::ptr_eq(&before, &configuration(&snapshot)));
    }
    snapshot.apply(changes(Extent::SincePosition, vec![served(TENANT, "New", vec![known(1, Use::First)])]));
    assert_eq!(configuration(&snapshot).display_name, "New");
}

#[test]
fn an_unreadable_configuration_keeps_the_one_before_but_not_its_tokens() {
    let mut snapshot = snapshot(vec![known(1, Use::First)]);
    let unreadable = || Row::Served {
        id: TENANT,
        path: path(),
        configuration: None,
        profile_version: 2,
        derived_form: None,
        credentials: vec![revoked(1, Use::First), known(2, Use::First)],
        access_tokens: Vec::new(),
    };
    snapshot.apply(changes(Extent::SincePosition, vec![unreadable()]));
    assert!(!finds(&snapshot, 1));
    let found = snapshot.find(&path(), &bearer(2)).unwrap();
    assert_eq!(found.configuration.display_name, "Acme");
    assert_eq!(snapshot.settings(TENANT).unwrap().profile_version, None, "it is not the registry's profile");

    let mut empty = Snapshot::default();
    empty.apply(changes(Extent::Everything, vec![unreadable()]));
    assert!(!finds(&empty, 2));
}

#[test]
fn a_change_of_settings_is_told_once_and_one_of_credentials_is_none() {
    let mut snapshot = snapshot(vec![known(1, Use::First)]);
    let (first, told) = snapshot.changed_since(Revision::default());
    assert_eq!(told.len(), 1);
    assert!(snapshot.changed_since(first).1.is_empty());
    let again = || served(TENANT, "Acme", vec![known(1, Use::Repeated), known(2, Use::First)]);
    for extent in [Extent::SincePosition, Extent::Everything] {
        snapshot.apply(changes(extent, vec![again()]));
        assert_eq!(snapshot.changed_since(first), (first, vec![]));
    }
    let mut derived = again();
    if let Row::Served { derived_form, .. } = &mut derived {
        *derived_form = Some(7);
    }
    snapshot.apply(changes(Extent::SincePosition, vec![derived]));
    let (second, told) = snapshot.changed_since(first);
    assert_eq!(told[0].1.derived_form, Some(7));
    assert!(second > first && snapshot.changed_since(second).1.is_empty());
}

#[test]
fn a_profile_that_was_another_one_between_two_polls_is_told() {
    let mut snapshot = snapshot(vec![known(1, Use::First)]);
    let (first, _) = snapshot.changed_since(Revision::default());
    let mut reverted = served(TENANT, "Acme", vec![known(1, Use::First)]);
    if let Row::Served { profile_version, .. } = &mut reverted {
        *profile_version = 3;
    }
    snapshot.apply(changes(Extent::SincePosition, vec![reverted]));
    assert_eq!(snapshot.changed_since(first).1[0].1.profile_version, Some(3));
}

#[test]
fn a_restored_or_other_server_is_another_history() {
    let position = |xmin, started| Position {
        xmin,
        server_started: Timestamp::from_second(started).unwrap(),
        taken: Instant::now(),
        now: at_poll(),
    };
    let earlier = position(100, 1);
    assert!(position(100, 1).follows(&earlier));
    assert!(position(101, 1).follows(&earlier));
    assert!(!position(99, 1).follows(&earlier));
    assert!(!position(101, 2).follows(&earlier));
}

#[test]
fn a_view_that_was_cut_off_for_long_reads_everything() {
    let mut snapshot = snapshot(vec![]);
    assert!(snapshot.position().is_some());
    let mut position = snapshot.position.unwrap();
    position.taken = position.taken.checked_sub(DELTAS_REACH_BACK).unwrap();
    snapshot.position = Some(position);
    assert!(snapshot.position().is_none());
}

#[test]
fn time_goes_on_from_what_postgresql_said() {
    let mut snapshot = snapshot(vec![]);
    let mut position = snapshot.position.unwrap();
    position.taken = position.taken.checked_sub(Duration::from_mins(2)).unwrap();
    snapshot.position = Some(position);
    let now = snapshot.now().unwrap();
    assert!(now >= at_poll() + seconds(120) && now < at_poll() + seconds(130), "{now}");
    assert_eq!(Snapshot::default().now(), None);
}

#[test]
fn a_credential_ends_between_two_polls() {
    let ending = |at: i64| {
        let mut old = known(1, Use::Repeated);
        old.rung.valid_until = Some(at_poll() + seconds(at));
        snapshot(vec![old, known(2, Use::Repeated)])
    };
    assert!(finds(&ending(60), 1) && finds(&ending(60), 2));
    assert!(!finds(&ending(0), 1) && finds(&ending(0), 2));
    let mut snapshot = ending(60);
    let mut position = snapshot.position.unwrap();
    position.taken = position.taken.checked_sub(Duration::from_mins(1)).unwrap();
    snapshot.position = Some(position);
    assert!(!finds(&snapshot, 1));
}

fn secret(number: u8, kind: CredentialKind, principal: &str) -> Known {
    let (digest, principal) = (token(number).digest(), Some(TokenDigest::of(principal)));
    Known { proof: Proof::Secret(Secret { kind, digest, principal }), ..known(number, Use::First) }
}

fn basic(user_name: &str, number: u8) -> Presentation {
    Presentation::Basic { user_name: TokenDigest::of(user_name), password: token(number).digest() }
}

fn client(id: &str, number: u8) -> Presentation {
    Presentation::Client { id: TokenDigest::of(id), secret: token(number).digest() }
}

#[test]
fn each_kind_is_proven_in_its_own_way_only() {
    let snapshot = snapshot(vec![
        known(1, Use::First),
        secret(2, CredentialKind::Basic, "scim"),
        secret(3, CredentialKind::ClientSecret, "customer-acme.acme"),
    ]);
    let found = |presentation| snapshot.find(&path(), &presentation).map(|found| found.generation.get());
    assert_eq!(found(bearer(1)), Some(1));
    assert_eq!(found(basic("scim", 1)), None, "a bearer token is no password");
    assert_eq!(found(client("customer-acme.acme", 1)), None);

    assert_eq!(found(basic("scim", 2)), Some(2));
    assert_eq!(found(basic("Scim", 2)), None, "another user name");
    assert_eq!(found(basic("scim", 3)), None, "another password");
    assert_eq!(found(bearer(2)), Some(2), "a password is good as a bearer token");
    assert_eq!(found(client("scim", 2)), None);

    assert_eq!(found(client("customer-acme.acme", 3)), Some(3));
    assert_eq!(found(client("customer-acme.other", 3)), None);
    assert_eq!(found(bearer(3)), None, "a client secret is for the token endpoint");
    assert_eq!(found(basic("customer-acme.acme", 3)), None);
}

fn trust(issuer: &str) -> Arc<Trust> {
    Arc::new(Trust {
        issuer: issuer.to_owned(),
        jwks_uri: format!("{issuer}/keys"),
        audience: "scim".to_owned(),
        subject: None,
        directory_id: None,
    })
}

#[test]
fn a_trust_is_told_and_found_while_it_works_and_by_its_own_kind() {
    let trusting = |number, kind, issuer| Known {
        proof: Proof::Trust(kind, trust(issuer)),
        ..known(number, Use::First)
    };
    let mut snapshot = snapshot(vec![
        trusting(1, CredentialKind::Jwt, "https://one.example"),
        trusting(2, CredentialKind::Federation, "https://two.example"),
        trusting(3, CredentialKind::Jwt, "https://three.example"),
    ]);
    let generations = |snapshot: &Snapshot, kind| -> Vec<_> {
        snapshot.trusts(&path(), kind).iter().map(|trusted| trusted.generation().get()).collect()
    };
    let jwt = snapshot.trusts(&path(), CredentialKind::Jwt);
    let federation = snapshot.trusts(&path(), CredentialKind::Federation);
    assert_eq!(generations(&snapshot, CredentialKind::Jwt), [3, 1], "the newest is first");
    assert_eq!(generations(&snapshot, CredentialKind::Federation), [2]);
    assert_eq!(jwt[1].trust().issuer, "https://one.example");
    for trusted in jwt.iter().chain(&federation) {
        assert_eq!(snapshot.find_trusted(&path(), trusted).unwrap().generation, trusted.generation());
    }

    snapshot.mark_used(TENANT, Generation::new(3));
    assert_eq!(generations(&snapshot, CredentialKind::Jwt), [3]);
    assert!(snapshot.find_trusted(&path(), &jwt[0]).is_some());
    assert!(snapshot.find_trusted(&path(), &jwt[1]).is_none());
    assert!(snapshot.find_trusted(&path(), &federation[0]).is_none());
}

#[test]
fn a_signature_that_was_verified_by_another_trust_finds_nobody() {
    let trusting = |issuer: &str| Known {
        proof: Proof::Trust(CredentialKind::Jwt, trust(issuer)),
        ..known(1, Use::First)
    };
    let before = snapshot(vec![trusting("https://one.example")]);
    let verified = &before.trusts(&path(), CredentialKind::Jwt)[0];
    assert!(before.find_trusted(&path(), verified).is_some());
    assert!(snapshot(vec![trusting("https://one.example")]).find_trusted(&path(), verified).is_some());
    let other = snapshot(vec![trusting("https://other.example")]);
    assert!(other.find_trusted(&path(), verified).is_none(), "the name was given to somebody else");

    let successor = |id, private_addresses| {
        let mut row = served(id, "Acme", vec![trusting("https://one.example")]);
        if let Row::Served { configuration: Some(configuration), .. } = &mut row {
            Arc::make_mut(configuration).private_addresses = private_addresses;
        }
        let mut snapshot = Snapshot::default();
        snapshot.apply(changes(Extent::Everything, vec![row]));
        snapshot
    };
    for (id, private_addresses, is_found) in [
        (TENANT, PrivateAddresses::Deny, true),
        (TenantId::new(2), PrivateAddresses::Deny, false),
        (TENANT, PrivateAddresses::Allow, false),
    ] {
        let found = successor(id, private_addresses).find_trusted(&path(), verified).is_some();
        assert_eq!(found, is_found, "{id} {private_addresses:?}");
    }
}

#[test]
fn a_credential_that_cannot_be_read_lets_nobody_in_and_keeps_its_place() {
    let unreadable = Known { proof: Proof::Unreadable, ..known(2, Use::Repeated) };
    let snapshot = snapshot(vec![known(1, Use::Repeated), unreadable, known(3, Use::First)]);
    assert!(!finds(&snapshot, 1), "it was used, so the one before has ended");
    assert!(!finds(&snapshot, 2) && finds(&snapshot, 3));
}

fn with_access_token(credentials: Vec<Known>, generation: u32, expires_at: Timestamp) -> Snapshot {
    let mut row = served(TENANT, "Acme", credentials);
    if let Row::Served { access_tokens, .. } = &mut row {
        let digest = token(100).digest();
        access_tokens.push(AccessToken { digest, generation: Generation::new(generation), expires_at });
    }
    let mut snapshot = Snapshot::default();
    snapshot.apply(changes(Extent::Everything, vec![row]));
    snapshot
}

#[test]
fn an_access_token_is_a_bearer_token_of_its_credential_until_it_expires() {
    let credential = || secret(1, CredentialKind::ClientSecret, "customer-acme.acme");
    let snapshot = with_access_token(vec![credential()], 1, at_poll() + seconds(60));
    let found = snapshot.find(&path(), &bearer(100)).unwrap();
    assert_eq!((found.generation, found.use_of), (Generation::FIRST, Use::First));
    assert!(snapshot.find(&path(), &basic("customer-acme.acme", 100)).is_none());
    assert!(snapshot.find(&path(), &client("customer-acme.acme", 100)).is_none());
    let expired = with_access_token(vec![credential()], 1, at_poll());
    assert!(!finds(&expired, 100));
    assert!(expired.tenants[&path()].ladder.access_tokens.is_empty(), "nor is it kept");
}

#[test]
fn an_access_token_outlives_its_credential_and_not_its_revocation() {
    let expiry = at_poll() + seconds(60);
    let superseded = with_access_token(vec![known(1, Use::Repeated), known(2, Use::Repeated)], 1, expiry);
    assert!(finds(&superseded, 100) && !finds(&superseded, 1));
    let revoked = with_access_token(vec![revoked(1, Use::Repeated), known(2, Use::Repeated)], 1, expiry);
    assert!(!finds(&revoked, 100));
    let forgotten = with_access_token(vec![known(2, Use::Repeated)], 1, expiry);
    assert!(!finds(&forgotten, 100));
}
