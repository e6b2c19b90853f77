//! Walks by cursor (RFC 9865): nobody who was there throughout is lost, whatever is created and deleted meanwhile.

use std::collections::BTreeSet;

use database::testing::TestDatabase;
use scim::{
    Cursor, Kind,
    cursor::{Direction, Key, query_digest},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Answer, Client, Scene, TestServer};

async fn with_users(scim: &Client, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        // As many titles as give ties in every order.
        let body = json!({"userName": format!("user-{number:03}"), "title": format!("title {}", number % 3)});
        ids.push(scim.create("/Users", body).await);
    }
    ids
}

fn cursor<'a>(page: &'a Answer, name: &str) -> Option<&'a str> {
    page.body[name].as_str()
}

/// The pages of a walk from the first to the last.
async fn walk(scim: &Client, endpoint: &str, query: &str) -> Vec<Answer> {
    let mut pages = vec![scim.get(&format!("{endpoint}?{query}&cursor")).await];
    while let Some(next) = cursor(&pages[pages.len() - 1], "nextCursor") {
        let page = scim.get(&format!("{endpoint}?{query}&cursor={next}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        pages.push(page);
        assert!(pages.len() < 100, "the walk does not end");
    }
    pages
}

fn ids(pages: &[Answer]) -> Vec<&str> {
    pages.iter().flat_map(Answer::ids).collect()
}

#[tokio::test]
async fn a_walk_meets_everybody_once_in_the_order_of_the_listing_and_the_same_way_back() {
    let scene = Scene::start().await;
    with_users(&scene.scim, 11).await;
    scene.scim.create("/Groups", json!({"displayName": "Staff"})).await;
    for query in [
        "count=3",
        "count=1",
        "count=11",
        "count=3&filter=title+ne+%22title+1%22",
        "count=3&sortBy=title",
        "count=2&sortBy=title&sortOrder=descending",
        "count=4&sortBy=meta.created&sortOrder=descending",
        "count=3&sortBy=nickName",
    ] {
        for endpoint in ["/Users", ""] {
            let pages = walk(&scene.scim, endpoint, query).await;
            let unpaged = query.split_once('&').map_or("", |(_, rest)| rest);
            let all = scene.scim.get(&format!("{endpoint}?{unpaged}")).await;
            assert_eq!(ids(&pages), all.ids(), "{endpoint}?{query}");
            for page in &pages {
                assert_eq!(page.body["totalResults"], all.body["totalResults"]);
                assert_eq!(page.body["itemsPerPage"], page.resources().len());
                assert_eq!(page.body["startIndex"], Value::Null);
            }
            assert_eq!(cursor(&pages[0], "previousCursor"), None);

            let mut page = pages.last().unwrap();
            let mut back = Vec::new();
            let mut earlier;
            while let Some(previous) = cursor(page, "previousCursor") {
                earlier = scene.scim.get(&format!("{endpoint}?{query}&cursor={previous}")).await;
                back.push(earlier.ids().into_iter().map(str::to_owned).collect::<Vec<_>>());
                page = &earlier;
            }
            back.reverse();
            let forth: Vec<_> = pages.iter().map(Answer::ids).collect();
            assert_eq!(back, forth[..forth.len() - 1], "{endpoint}?{query}");
        }
    }
}

#[tokio::test]
async fn who_is_there_throughout_is_met_while_others_come_and_go() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    for query in ["count=3", "count=3&sortBy=userName", "count=3&sortBy=userName&sortOrder=descending"] {
        let users = with_users(scim, 20).await;
        let mut there: BTreeSet<_> = users.iter().cloned().collect();
        let mut met = Vec::new();
        let mut page = scim.get(&format!("/Users?{query}&cursor")).await;
        for round in 0.. {
            met.extend(page.ids().into_iter().map(str::to_owned));
            // The last of the page is gone: the cursor leads on from where it was.
            for id in [page.ids().last().copied(), page.ids().first().copied()].into_iter().flatten() {
                scim.delete(&format!("/Users/{id}")).await;
                there.remove(id);
            }
            scim.create("/Users", json!({"userName": format!("user-{round:03}-new")})).await;
            let Some(next) = cursor(&page, "nextCursor") else { break };
            page = scim.get(&format!("/Users?{query}&cursor={next}")).await;
            assert_eq!(page.status, 200, "{page:?}");
        }
        let unique: BTreeSet<_> = met.iter().cloned().collect();
        assert_eq!(unique.len(), met.len(), "{query}: somebody was met twice");
        assert!(there.is_subset(&unique), "{query}: somebody was lost");
        for id in scim.get("/Users?attributes=id").await.ids() {
            scim.delete(&format!("/Users/{id}")).await;
        }
    }
}

#[tokio::test]
async fn a_walk_by_post_is_the_walk_by_get() {
    let scene = Scene::start().await;
    let users = with_users(&scene.scim, 5).await;
    let search = |cursor: &str| {
        let schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
        json!({"schemas": [schema], "count": 2, "sortBy": "userName", "cursor": cursor})
    };
    let first = scene.scim.post("/Users/.search", search("")).await;
    assert_eq!(first.ids(), users[..2]);
    let next = cursor(&first, "nextCursor").unwrap();
    let second = scene.scim.post("/Users/.search", search(next)).await;
    assert_eq!(second.ids(), users[2..4]);
    let again = scene.scim.get(&format!("/Users?count=2&sortBy=userName&cursor={next}")).await;
    assert_eq!(again.ids(), users[2..4]);
}

#[tokio::test]
async fn another_count_goes_on_at_the_same_place() {
    let scene = Scene::start().await;
    let users = with_users(&scene.scim, 5).await;
    let first = scene.scim.get("/Users?cursor&count=1").await;
    let next = cursor(&first, "nextCursor").unwrap();
    let rest = scene.scim.get(&format!("/Users?cursor={next}")).await;
    assert_eq!(rest.ids(), users[1..]);
    assert_eq!(cursor(&rest, "nextCursor"), None);
}

#[tokio::test]
async fn a_walk_in_steps_of_nobody_is_refused_and_a_page_of_nobody_by_index_is_not() {
    let scene = Scene::start().await;
    with_users(&scene.scim, 2).await;
    let first = scene.scim.get("/Users?cursor&count=1").await;
    for cursor in ["", cursor(&first, "nextCursor").unwrap()] {
        for count in [json!(0), json!(-3), json!("x"), json!(1.5)] {
            let text = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
            let body = json!({"cursor": cursor, "count": count});
            for refused in [
                scene.scim.get(&format!("/Users?cursor={cursor}&count={text}")).await,
                scene.scim.post("/Users/.search", body.clone()).await,
                scene.scim.post("/.search", body).await,
            ] {
                assert_eq!(refused.status, 400, "{count}: {refused:?}");
                assert_eq!(refused.body["scimType"], "invalidCount", "{count}: {refused:?}");
            }
        }
    }
    for none in ["0", "-3"] {
        let counted = scene.scim.get(&format!("/Users?count={none}")).await;
        assert_eq!((counted.status.as_u16(), &counted.body["totalResults"]), (200, &json!(2)));
        assert_eq!(counted.resources(), [] as [Value; 0]);
    }
}

#[tokio::test]
async fn a_cursor_that_does_not_belong_to_the_query_is_refused() {
    let scene = Scene::start().await;
    with_users(&scene.scim, 3).await;
    let first = scene.scim.get("/Users?cursor&count=1").await;
    let next = cursor(&first, "nextCursor").unwrap();
    let sorted = scene.scim.get("/Users?cursor&count=1&sortBy=title").await;
    let sorted = cursor(&sorted, "nextCursor").unwrap();
    let cut = &next[..next.len() - 3];
    let cases = [
        (format!("/Users?cursor={next}&filter=title+pr"), "invalidCursor"),
        (format!("/Users?cursor={next}&sortBy=title"), "invalidCursor"),
        (format!("/Users?cursor={sorted}"), "invalidCursor"),
        (format!("/Users?cursor={sorted}&sortBy=title&sortOrder=descending"), "invalidCursor"),
        (format!("/Groups?cursor={next}"), "invalidCursor"),
        (format!("?cursor={next}"), "invalidCursor"),
        (format!("/Users?cursor={cut}"), "invalidCursor"),
        ("/Users?cursor=x".to_owned(), "invalidCursor"),
        (format!("/Users?cursor={}", "x".repeat(3000)), "invalidCursor"),
        ("/Users?cursor=%22&count=2".to_owned(), "invalidCursor"),
        ("/Users?cursor&count=x".to_owned(), "invalidCount"),
        (format!("/Users?cursor={next}&count=1.5"), "invalidCount"),
        (format!("/Users?cursor={next}&startIndex=1"), "invalidValue"),
        ("/Users?cursor&startIndex=1".to_owned(), "invalidValue"),
    ];
    for (path, scim_type) in cases {
        let refused = scene.scim.get(&path).await;
        assert_eq!(refused.status, 400, "{path}: {refused:?}");
        assert_eq!(refused.body["scimType"], scim_type, "{path}: {refused:?}");
    }
}

/// A cursor that nobody gave, for `/Users` without filter and order.
fn made_up(key: Key, expires_in: i64) -> String {
    let query = query_digest([Some("/Users"), None, None, None]);
    let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(expires_in);
    let cursor =
        Cursor { direction: Direction::Forward, kind: Kind::User, id: Uuid::nil(), key, query, expires };
    cursor.encode()
}

#[tokio::test]
async fn an_old_cursor_is_refused_and_one_that_was_made_up_does_no_harm() {
    let scene = Scene::start().await;
    let users = with_users(&scene.scim, 2).await;
    let old = scene.scim.get(&format!("/Users?cursor={}", made_up(Key::Unsorted, -2))).await;
    assert_eq!((old.status.as_u16(), &old.body["scimType"]), (400, &json!("expiredCursor")), "{old:?}");
    let made_up_well = scene.scim.get(&format!("/Users?cursor={}", made_up(Key::Unsorted, 10))).await;
    assert_eq!(made_up_well.ids(), users);
    for key in [Key::Absent, Key::Value(json!("x")), Key::Value(json!(1e300)), Key::Value(json!(true))] {
        let refused = scene.scim.get(&format!("/Users?cursor={}", made_up(key, 10))).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["scimType"]),
            (400, &json!("invalidCursor")),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_cursor_of_one_replica_is_good_for_the_other() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let servers = [TestServer::start(&database).await, TestServer::start(&database).await];
    let [one, other] = servers.each_ref().map(|server| server.client(&tenant));
    let users = with_users(&one, 4).await;
    let first = one.get("/Users?cursor&count=2").await;
    let second = other.get(&format!("/Users?count=2&cursor={}", cursor(&first, "nextCursor").unwrap())).await;
    assert_eq!(second.ids(), users[2..]);
    let again =
        one.get(&format!("/Users?count=2&cursor={}", cursor(&second, "previousCursor").unwrap())).await;
    assert_eq!(again.ids(), users[..2]);
}

#[tokio::test]
async fn another_tenants_cursor_leads_to_nobody_but_the_own_users() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let victim = server.client(&database.tenant().await);
    let intruder = server.client(&database.tenant().await);
    with_users(&victim, 3).await;
    let own = with_users(&intruder, 3).await;
    for query in ["", "&sortBy=userName"] {
        let first = victim.get(&format!("/Users?cursor&count=1{query}")).await;
        let next = cursor(&first, "nextCursor").unwrap();
        let seen = intruder.get(&format!("/Users?cursor={next}{query}")).await;
        assert!(seen.ids().iter().all(|id| own.iter().any(|own| own == id)), "{seen:?}");
        assert_eq!(seen.body["totalResults"], 3);
    }
}
