use database::registry::State;
use serde_json::json;
use tenancy::TokenDigest;

use super::*;
use crate::fixtures::{NOW, credential, registered, tenant, token, trust, used};

const UNTIL_USED: Rotation = Rotation { overlap: Overlap::UntilUsed, every: None };
const HOUR: Duration = Duration::from_hours(1);

fn annotated(key: &str, value: &str) -> ScimTenant {
    let mut tenant = tenant(json!({}));
    tenant.metadata.annotations = Some([(key.to_owned(), value.to_owned())].into());
    tenant
}

fn revoked(credential: Credential) -> Credential {
    Credential { revoked_at: Some(NOW), ..credential }
}

fn replacement(overlap: Overlap) -> NextIssued {
    NextIssued::New(Issue::Replacement(overlap))
}

const FIRST: NextIssued = NextIssued::New(Issue::First);

mod issued {
    use super::*;

    fn decide(
        tenant: &ScimTenant,
        registered: Option<&RegisteredTenant>,
        held: &[Token],
    ) -> Decision<NextIssued> {
        decide_issued(tenant, registered, IssuedKind::BearerToken, UNTIL_USED, held, Keeper::Ours)
    }

    fn next(tenant: &ScimTenant, registered: Option<&RegisteredTenant>, held: &[Token]) -> NextIssued {
        decide(tenant, registered, held).next
    }

    #[test]
    fn a_new_tenant_gets_its_first_token() {
        assert_eq!(next(&tenant(json!({})), None, &[]), FIRST);
        assert_eq!(next(&tenant(json!({})), Some(&registered(vec![])), &[]), FIRST);
    }

    #[test]
    fn a_token_that_is_in_the_secret_stays() {
        let registered = registered(vec![credential(1, &token(1))]);
        let decision = decide(&tenant(json!({})), Some(&registered), &[token(1)]);
        assert_eq!(decision.next, NextIssued::Present(token(1)));
        assert_eq!(decision.handled, registered.handled);
    }

    #[test]
    fn a_token_moves_along_when_the_secret_gets_another_name() {
        let registered = registered(vec![credential(1, &token(1))]);
        let in_the_old_one = next(&tenant(json!({})), Some(&registered), &[token(9), token(1)]);
        assert_eq!(in_the_old_one, NextIssued::Present(token(1)));
    }

    #[test]
    fn a_secret_that_is_lost_or_edited_or_behind_gets_a_replacement_and_ends_nothing_by_time() {
        let registered = registered(vec![credential(1, &token(1)), credential(2, &token(2))]);
        for held in [vec![], vec![token(9)], vec![token(1)]] {
            for overlap in [Overlap::UntilUsed, Overlap::For(HOUR)] {
                let rotation = Rotation { overlap, every: None };
                let kind = IssuedKind::BearerToken;
                let decision =
                    decide_issued(&tenant(json!({})), Some(&registered), kind, rotation, &held, Keeper::Ours);
                assert_eq!(decision.next, replacement(Overlap::UntilUsed));
            }
        }
    }

    #[test]
    fn a_token_that_is_lost_at_once_is_replaced_when_it_is_ten_seconds_old() {
        let issued_at = credential(1, &token(1)).issued_at;
        let lost = |age, tenant: &ScimTenant| {
            let now = issued_at + SignedDuration::from_secs(age);
            let registered = RegisteredTenant { now, ..registered(vec![credential(1, &token(1))]) };
            next(tenant, Some(&registered), &[])
        };
        assert_eq!(lost(0, &tenant(json!({}))), NextIssued::Later);
        assert_eq!(lost(9, &tenant(json!({}))), NextIssued::Later);
        assert_eq!(lost(10, &tenant(json!({}))), replacement(Overlap::UntilUsed));
        let asked = annotated(annotation::ROTATE_TOKEN, "now");
        assert_eq!(lost(0, &asked), replacement(Overlap::UntilUsed), "who asks does not wait");
    }

    #[test]
    fn each_value_of_an_annotation_acts_once() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        for (key, issued) in
            [(annotation::ROTATE_TOKEN, replacement(Overlap::UntilUsed)), (annotation::REVOKE_TOKENS, FIRST)]
        {
            let asking = annotated(key, "now");
            let decision = decide(&asking, Some(&registered), &[token(1)]);
            assert_eq!(decision.next, issued, "{key}");
            registered.handled = decision.handled;
            assert_eq!(next(&asking, Some(&registered), &[token(1)]), NextIssued::Present(token(1)), "{key}");
            assert_eq!(next(&annotated(key, "again"), Some(&registered), &[token(1)]), issued, "{key}");
        }
    }

    #[test]
    fn a_rotation_leaves_the_old_token_the_time_that_is_declared() {
        let registered = registered(vec![used(credential(1, &token(1)))]);
        let rotation = Rotation { overlap: Overlap::For(HOUR), every: None };
        let asking = annotated(annotation::ROTATE_TOKEN, "now");
        let kind = IssuedKind::BearerToken;
        let decision = decide_issued(&asking, Some(&registered), kind, rotation, &[token(1)], Keeper::Ours);
        assert_eq!(decision.next, replacement(Overlap::For(HOUR)));
    }

    #[test]
    fn another_way_in_is_a_rotation() {
        let registered = registered(vec![used(credential(1, &token(1)))]);
        for kind in [IssuedKind::Basic, IssuedKind::ClientSecret] {
            let decision = decide_issued(
                &tenant(json!({})),
                Some(&registered),
                kind,
                UNTIL_USED,
                &[token(1)],
                Keeper::Ours,
            );
            assert_eq!(decision.next, replacement(Overlap::UntilUsed), "{kind:?}");
        }
    }

    #[test]
    fn what_somebody_brought_is_rotated_when_nobody_brings_it_any_more() {
        let brought = used(credential(1, &token(1)));
        for overlap in [Overlap::UntilUsed, Overlap::For(HOUR)] {
            let rotation = Rotation { overlap, every: None };
            let next = |now| {
                let registered = RegisteredTenant { now, ..registered(vec![brought.clone()]) };
                let (tenant, kind) = (tenant(json!({})), IssuedKind::BearerToken);
                decide_issued(&tenant, Some(&registered), kind, rotation, &[token(9)], Keeper::Others).next
            };
            assert_eq!(next(NOW), replacement(overlap));
            let young = brought.issued_at + SignedDuration::from_secs(9);
            assert_eq!(next(young), NextIssued::Later, "not one with each pass, if no Secret can be written");
        }
    }

    #[test]
    fn a_schedule_replaces_what_was_used_and_is_old() {
        let after = |credentials, seconds| {
            let now = credential(1, &token(1)).issued_at + SignedDuration::from_secs(seconds);
            let registered = RegisteredTenant { now, ..registered(credentials) };
            let rotation = Rotation { overlap: Overlap::For(HOUR), every: Some(HOUR) };
            let kind = IssuedKind::BearerToken;
            decide_issued(&tenant(json!({})), Some(&registered), kind, rotation, &[token(1)], Keeper::Ours)
                .next
        };
        let one = || vec![used(credential(1, &token(1)))];
        assert_eq!(after(one(), 3599), NextIssued::Present(token(1)));
        assert_eq!(after(one(), 3600), replacement(Overlap::For(HOUR)));
        let unused = vec![credential(1, &token(1))];
        assert_eq!(after(unused, 9999), NextIssued::Present(token(1)), "nobody has pasted it yet");
        let pasted_before = vec![used(credential(0, &token(9))), credential(1, &token(1))];
        assert_eq!(after(pasted_before, 9999), NextIssued::Present(token(1)), "one at a time");
    }

    #[test]
    fn tokens_are_revoked_once_for_each_value_and_by_that_annotation_only() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        registered.handled.rotate_token = Some("spring".to_owned());
        let asking = annotated(annotation::REVOKE_TOKENS, "leak");
        let handled = revocation(&asking, &registered).unwrap();
        assert_eq!(handled.revoke_tokens, Some(digest("leak")));
        assert_eq!(handled.rotate_token.as_deref(), Some("spring"));
        registered.handled = handled;
        assert_eq!(revocation(&asking, &registered), None);
        assert_eq!(revocation(&annotated(annotation::ROTATE_TOKEN, "now"), &registered), None);
    }

    #[test]
    fn where_no_token_works_there_is_nothing_to_revoke() {
        let asking = annotated(annotation::REVOKE_TOKENS, "leak");
        assert_eq!(revocation(&asking, &registered(vec![])), None);
        assert_eq!(revocation(&asking, &registered(vec![revoked(credential(1, &token(1)))])), None);
        let first = decide(&asking, None, &[]);
        assert_eq!(first.handled.revoke_tokens, Some(digest("leak")), "the first token is not revoked by it");
    }

    #[test]
    fn after_a_revocation_a_first_token_is_issued_as_soon_as_the_secret_can_be_written() {
        let mut registered = registered(vec![revoked(credential(1, &token(1)))]);
        registered.handled.revoke_tokens = Some(digest("leak"));
        let asking = annotated(annotation::REVOKE_TOKENS, "leak");
        assert_eq!(next(&asking, Some(&registered), &[token(1)]), FIRST);
    }

    #[test]
    fn an_annotation_that_is_removed_asks_for_nothing_and_is_remembered() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        registered.handled.rotate_token = Some("now".to_owned());
        let decision = decide(&tenant(json!({})), Some(&registered), &[token(1)]);
        assert_eq!(decision.next, NextIssued::Present(token(1)));
        assert_eq!(decision.handled.rotate_token.as_deref(), Some("now"));
    }

    #[test]
    fn a_value_of_any_length_and_characters_is_remembered_in_64_digits() {
        for value in ["now".to_owned(), "a\u{0}b".to_owned(), "x".repeat(256 * 1024)] {
            let asking = annotated(annotation::ROTATE_TOKEN, &value);
            let handled = decide(&asking, None, &[]).handled.rotate_token.unwrap();
            assert_eq!(handled.len(), 64);
            assert_eq!(handled, decide(&asking, None, &[]).handled.rotate_token.unwrap());
        }
    }

    #[test]
    fn what_a_retained_tenant_had_works_until_the_new_token_is_used() {
        let mut retained = registered(vec![used(credential(1, &token(1)))]);
        retained.state = State::Retained;
        assert_eq!(next(&tenant(json!({})), Some(&retained), &[]), replacement(Overlap::UntilUsed));
    }
}

mod restored {
    use super::*;

    fn told(generation: i64, kind: &str) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        let token = json!({"generation": generation, "kind": kind, "issuedAt": "2026-01-01T00:00:00Z"});
        tenant.status.get_or_insert_default().token = Some(serde_json::from_value(token).unwrap());
        tenant
    }

    fn next(tenant: &ScimTenant, registered: Option<&RegisteredTenant>, held: &[Token]) -> NextIssued {
        decide_issued(tenant, registered, IssuedKind::BearerToken, UNTIL_USED, held, Keeper::Ours).next
    }

    #[test]
    fn the_token_that_is_in_the_secret_works_again_though_the_registry_forgot_it() {
        let older = registered(vec![used(credential(1, &token(1)))]);
        let expected = NextIssued::Restored(token(3), Generation::new(3));
        let tenant = told(3, "BearerToken");
        assert_eq!(next(&tenant, Some(&older), &[token(3)]), expected);
        assert_eq!(next(&tenant, Some(&registered(vec![])), &[token(3)]), expected);
        assert_eq!(next(&tenant, None, &[token(3)]), expected);
    }

    #[test]
    fn what_the_registry_knows_is_not_restored() {
        let registered = registered(vec![used(credential(1, &token(1))), credential(2, &token(2))]);
        let as_new = told(2, "BearerToken");
        assert_eq!(next(&as_new, Some(&registered), &[token(9)]), replacement(Overlap::UntilUsed));
        let newer = told(3, "BearerToken");
        assert_eq!(next(&newer, Some(&registered), &[token(2)]), NextIssued::Present(token(2)));
        assert_eq!(next(&newer, Some(&registered), &[token(1)]), replacement(Overlap::UntilUsed));
        assert_eq!(next(&newer, Some(&registered), &[]), replacement(Overlap::UntilUsed));
    }

    #[test]
    fn only_a_token_of_the_same_kind_is_restored() {
        let older = registered(vec![used(credential(1, &token(1)))]);
        assert_eq!(next(&told(3, "Basic"), Some(&older), &[token(3)]), replacement(Overlap::UntilUsed));
    }

    #[test]
    fn a_rotation_of_the_time_that_was_lost_is_not_done_again_and_a_revocation_is() {
        let older = registered(vec![used(credential(1, &token(1)))]);
        let asking = |key: &str| {
            let annotations = annotated(key, "some time").metadata.annotations;
            let mut tenant = told(3, "BearerToken");
            tenant.metadata.annotations = annotations;
            decide_issued(
                &tenant,
                Some(&older),
                IssuedKind::BearerToken,
                UNTIL_USED,
                &[token(3)],
                Keeper::Ours,
            )
        };
        let rotated = asking(annotation::ROTATE_TOKEN);
        assert_eq!(rotated.next, NextIssued::Restored(token(3), Generation::new(3)));
        assert_eq!(rotated.handled.rotate_token, Some(digest("some time")));
        assert_eq!(asking(annotation::REVOKE_TOKENS).next, FIRST, "it may be the token that leaked");
    }

    #[test]
    fn no_number_in_a_status_is_trusted() {
        for generation in [-1, i64::MAX] {
            assert_eq!(next(&told(generation, "BearerToken"), None, &[token(3)]), FIRST, "{generation}");
        }
    }
}

mod given {
    use super::*;

    fn brought(text: &str) -> NewCredential {
        NewCredential {
            kind: CredentialKind::BearerToken,
            digest: TokenDigest::of(text),
            principal: None,
            trust: None,
        }
    }

    fn pair(user_name: &str, password: &str) -> NewCredential {
        let principal = Some(user_name.to_owned());
        NewCredential { kind: CredentialKind::Basic, principal, ..brought(password) }
    }

    fn trusted(kind: CredentialKind, audience: &str) -> NewCredential {
        let trust = trust(audience);
        NewCredential { kind, digest: trust.digest(), principal: None, trust: Some(trust) }
    }

    fn known(generation: u32, given: &NewCredential) -> Credential {
        let NewCredential { kind, digest, principal, trust } = given.clone();
        used(Credential { kind, digest, principal, trust, ..credential(generation, &token(0)) })
    }

    fn next(credentials: Vec<Credential>, given: &NewCredential) -> NextGiven {
        let registered = registered(credentials);
        let tenant = tenant(json!({}));
        let decide = if given.trust.is_some() { decide_trusted } else { decide_brought };
        decide(&tenant, Some(&registered), given, Overlap::For(HOUR)).next
    }

    const REPLACEMENT: NextGiven = NextGiven::New(Issue::Replacement(Overlap::For(HOUR)));

    #[test]
    fn what_is_given_is_known_by_what_it_is() {
        let federation = CredentialKind::Federation;
        for (before, now, expected) in [
            (brought("a"), brought("a"), NextGiven::Present),
            (brought("a"), brought("b"), REPLACEMENT),
            (pair("u", "a"), pair("u", "a"), NextGiven::Present),
            (pair("u", "a"), pair("v", "a"), REPLACEMENT),
            (pair("u", "a"), brought("a"), REPLACEMENT),
            (trusted(federation, "a"), trusted(federation, "a"), NextGiven::Present),
            (trusted(federation, "a"), trusted(federation, "b"), REPLACEMENT),
            (trusted(federation, "a"), trusted(CredentialKind::Jwt, "a"), REPLACEMENT),
            (brought("a"), trusted(federation, "a"), REPLACEMENT),
        ] {
            assert_eq!(next(vec![known(1, &before)], &now), expected, "{before:?} {now:?}");
        }
    }

    #[test]
    fn a_tenant_whose_nothing_works_begins_with_it() {
        for given in [brought("a"), trusted(CredentialKind::Jwt, "a")] {
            assert_eq!(next(vec![], &given), NextGiven::New(Issue::First));
            let other = revoked(known(1, &brought("b")));
            assert_eq!(next(vec![other], &given), NextGiven::New(Issue::First));
        }
    }

    #[test]
    fn what_came_before_what_is_declared_now_is_given_anew() {
        let ladder = vec![known(1, &brought("a")), known(2, &brought("b"))];
        assert_eq!(next(ladder, &brought("a")), REPLACEMENT);
    }

    #[test]
    fn a_trust_whose_json_was_written_in_another_way_is_the_same() {
        let trusted = trusted(CredentialKind::Federation, "a");
        let before = Credential { digest: TokenDigest::of("another"), ..known(1, &trusted) };
        assert_eq!(next(vec![before], &trusted), NextGiven::Present);
    }

    #[test]
    fn a_token_that_was_revoked_stays_revoked_until_another_one_is_brought() {
        let revoked_one = revoked(known(1, &brought("a")));
        assert_eq!(next(vec![revoked_one.clone()], &brought("a")), NextGiven::Revoked);
        assert_eq!(next(vec![revoked_one.clone()], &pair("u", "a")), NextGiven::Revoked, "as a password");
        let later = known(2, &brought("b"));
        assert_eq!(next(vec![revoked_one, later], &brought("a")), NextGiven::Revoked);
    }

    #[test]
    fn a_revocation_and_another_token_can_come_at_once() {
        let registered = registered(vec![known(1, &brought("a"))]);
        let leak = annotated(annotation::REVOKE_TOKENS, "leak");
        let decide = |text| decide_brought(&leak, Some(&registered), &brought(text), Overlap::UntilUsed);
        assert!(revocation(&leak, &registered).is_some());
        assert_eq!(decide("a").next, NextGiven::Revoked);
        assert_eq!(decide("b").next, NextGiven::New(Issue::First));
        assert_eq!(decide("b").handled.revoke_tokens, Some(digest("leak")));
    }

    #[test]
    fn a_trust_that_was_revoked_begins_anew_at_once() {
        let trusted = trusted(CredentialKind::Federation, "a");
        let before = registered(vec![known(1, &trusted)]);
        let leak = annotated(annotation::REVOKE_TOKENS, "leak");
        let decision = decide_trusted(&leak, Some(&before), &trusted, Overlap::UntilUsed);
        assert_eq!(decision.next, NextGiven::New(Issue::First));
        assert_eq!(next(vec![revoked(known(1, &trusted))], &trusted), NextGiven::New(Issue::First));
    }

    #[test]
    fn who_brings_a_token_rotates_it() {
        let registered = registered(vec![known(1, &brought("a"))]);
        let asking = annotated(annotation::ROTATE_TOKEN, "now");
        let decision = decide_brought(&asking, Some(&registered), &brought("a"), Overlap::UntilUsed);
        assert_eq!(decision.next, NextGiven::Present);
        assert_eq!(decision.handled.rotate_token, Some(digest("now")), "and it is not done later");
    }
}
