//! The rules of validity, and that changes arrive in whatever order they are read.

use tenancy::{ClassUrl, Limits, Profile, TenantUrl, Token};

use super::*;

const TENANT: TenantId = TenantId::new(1);

fn path() -> TenantPath {
    TenantPath::parse("customer-acme", "acme").unwrap()
}

fn token(number: u8) -> Token {
    Token::from_random([number; 32])
}

fn configuration(display_name: &str) -> TenantConfiguration {
    let class = ClassUrl::parse("https://scim.example.com").unwrap();
    TenantConfiguration {
        display_name: display_name.to_owned(),
        tenant_url: TenantUrl::new(&class, &path().namespace, &path().name),
        profile: Profile::default(),
        limits: Limits { max_page_size: 10 },
    }
}

fn known(number: u8, use_of: Use) -> Known {
    Known {
        generation: Generation::new(number.into()),
        digest: token(number).digest(),
        use_of,
        revoked: false,
    }
}

fn served(id: TenantId, display_name: &str, credentials: Vec<Known>) -> Row {
    let configuration = Some(Arc::new(configuration(display_name)));
    Row::Served { id, path: path(), configuration, profile_version: 1, derived_form: None, credentials }
}

fn changes(extent: Extent, rows: Vec<Row>) -> Changes {
    let position = Position { xmin: 1, server_started: Timestamp::UNIX_EPOCH, taken: Instant::now() };
    Changes { position, extent, rows }
}

fn snapshot(credentials: Vec<Known>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.apply(changes(Extent::Everything, vec![served(TENANT, "Acme", credentials)]));
    snapshot
}

fn finds(snapshot: &Snapshot, number: u8) -> bool {
    snapshot.find(&path(), &token(number).digest()).is_some()
}

#[test]
fn an_unknown_tenant_or_token_is_not_found() {
    let snapshot = snapshot(vec![known(1, Use::First)]);
    assert!(finds(&snapshot, 1));
    assert!(!finds(&snapshot, 2));
    let stranger = TenantPath::parse("customer-acme", "other").unwrap();
    assert!(snapshot.find(&stranger, &token(1).digest()).is_none());
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
    let snapshot = snapshot(vec![Known { revoked: true, ..known(1, Use::Repeated) }, known(2, Use::First)]);
    assert!(!finds(&snapshot, 1) && finds(&snapshot, 2));
}

#[test]
fn a_revoked_token_that_was_used_still_ends_the_older_ones() {
    let snapshot =
        snapshot(vec![known(1, Use::Repeated), Known { revoked: true, ..known(2, Use::Repeated) }]);
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
    let configuration =
        |snapshot: &Snapshot| snapshot.find(&path(), &token(1).digest()).unwrap().configuration;
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
        credentials: vec![Known { revoked: true, ..known(1, Use::First) }, known(2, Use::First)],
    };
    snapshot.apply(changes(Extent::SincePosition, vec![unreadable()]));
    assert!(!finds(&snapshot, 1));
    let found = snapshot.find(&path(), &token(2).digest()).unwrap();
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
