//! Lists: filters, pages, totals.

use scim::Kind;
use serde_json::json;
use store::ListQuery;

use crate::support::{Tenant, everything, first, from, sorted};

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let tenant = Tenant::start().await;
    let users = sorted(tenant.create_users(7).await);
    let mut seen = Vec::new();
    for start_index in [1, 4, 7, 10] {
        let listing = tenant.users.list(&from(start_index, 3), &everything()).await.unwrap();
        assert_eq!(listing.total, 7);
        assert_eq!((listing.next, listing.previous), (None, None));
        seen.extend(listing.items.iter().map(|user| user.id));
    }
    assert_eq!(seen, users);

    let listing = tenant.users.list(&from(u64::MAX, 10), &everything()).await.unwrap();
    assert_eq!((listing.total, listing.items.len()), (7, 0));
}

#[tokio::test]
async fn a_page_of_nothing_has_the_total() {
    let tenant = Tenant::start().await;
    tenant.create_users(2).await;
    for filter in [None, Some("userName sw \"user-\"")] {
        let filter = filter.map(|filter| tenant.filter(Kind::User, filter));
        let listing = tenant.users.list(&ListQuery { filter, ..first(0) }, &everything()).await.unwrap();
        assert_eq!((listing.total, listing.items.len()), (2, 0));
    }
}

#[tokio::test]
async fn a_filter_that_nothing_passes_yields_an_empty_list() {
    let tenant = Tenant::start().await;
    tenant.create_user("ada").await;
    let listing = tenant.users_where(r#"userName eq "nobody""#).await;
    assert_eq!((listing.total, listing.items.len()), (0, 0));
}

#[tokio::test]
async fn people_are_found_by_their_groups_and_groups_by_their_members() {
    let tenant = Tenant::start().await;
    let ada = tenant.create_user("ada").await;
    tenant.create_user("eve").await;
    let inner = tenant.create_group("Inner", &[ada.id]).await;
    let outer = tenant.create_group("Outer", &[inner.id]).await;

    let found = tenant.users_where(&format!(r#"groups.value eq "{}""#, inner.id)).await;
    assert_eq!(found.items.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.id]);
    assert_eq!(found.items[0].related.as_ref().unwrap().items[0].id, inner.id);
    assert_eq!(tenant.users_where("not (groups pr)").await.total, 1);

    let of_user = tenant.groups_where(&format!(r#"members.value eq "{}""#, ada.id)).await;
    assert_eq!(of_user.items.iter().map(|group| group.id).collect::<Vec<_>>(), [inner.id]);
    let of_group = tenant.groups_where(&format!(r#"members[value eq "{}"]"#, inner.id)).await;
    assert_eq!(of_group.items.iter().map(|group| group.id).collect::<Vec<_>>(), [outer.id]);
    let both = format!(r#"id eq "{}" and members.value eq "{}""#, outer.id, ada.id);
    assert_eq!(tenant.groups_where(&both).await.total, 0);
    assert_eq!(tenant.groups_where(r#"displayName eq "INNER""#).await.total, 1);
}

#[tokio::test]
async fn a_page_of_groups_has_the_members_of_each() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(3).await;
    tenant.create_group("A", &users[..1]).await;
    tenant.create_group("B", &[]).await;
    tenant.create_group("C", &users).await;
    let listing = tenant.groups_where("displayName pr").await;
    let sizes: Vec<_> =
        listing.items.iter().map(|group| group.related.as_ref().unwrap().items.len()).collect();
    assert_eq!(sizes, [1, 0, 3]);
}

#[tokio::test]
async fn an_attribute_of_an_extension_is_found_in_any_case() {
    let tenant = Tenant::with_profile(json!({
        "extensions": [{"urn": "urn:example:Metadata", "resource": "User", "additionalAttributes": "String"}]
    }))
    .await;
    let body = json!({"userName": "ada", "urn:example:Metadata": {"Cost.Centre": "A1"}});
    tenant.create(body).await.unwrap();
    assert_eq!(tenant.users_where(r#"urn:example:metadata:cost.centre eq "a1""#).await.total, 1);
}

#[tokio::test]
async fn a_text_from_before_the_attribute_was_a_number_compares_with_none() {
    let tenant = Tenant::with_profile(json!({"extensions": [{
        "urn": "urn:example:Badge", "resource": "User", "attributes": [{"name": "level", "type": "integer"}],
    }]}))
    .await;
    for (name, level) in [("number", "3"), ("text", "\"high\""), ("truth", "true"), ("list", "[9]")] {
        let mut statement = tenant.database.statement(
            "INSERT INTO {users} SELECT gen_random_uuid(), one.name, NULL, TRUE, one.document, one.document, 0, 1, now(), now() \
             FROM (SELECT ",
        );
        statement
            .bind(name)
            .text("::text AS name, jsonb_build_object('urn:example:Badge', jsonb_build_object('level', ");
        statement.bind(level).text("::text::jsonb)) AS document) AS one");
        tenant.database.execute(statement).await.unwrap();
    }
    for (filter, total) in [("gt 1", 1), ("lt 9", 1), ("ge 4", 0), ("pr", 4)] {
        assert_eq!(
            tenant.users_where(&format!("urn:example:Badge:level {filter}")).await.total,
            total,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn a_search_that_nobody_repeats_is_not_kept_prepared() {
    let tenant = Tenant::start().await;
    let database = tenant.on_one_connection();
    let users = store::Users::new(database.clone(), tenant.catalog.clone());
    let kept = async || {
        let statement = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%matching%'";
        database.fetch_optional::<(i64,)>(database.statement(statement)).await.unwrap().unwrap().0 - 1
    };
    for (comparisons, are_kept) in [(5, 1), (6, 1), (4, 2)] {
        let filter = vec![r#"title sw "a""#; comparisons].join(" or ");
        let query = ListQuery { filter: Some(tenant.filter(Kind::User, &filter)), ..first(10) };
        users.list(&query, &everything()).await.unwrap();
        assert_eq!(kept().await, are_kept, "{comparisons} comparisons");
    }
}
