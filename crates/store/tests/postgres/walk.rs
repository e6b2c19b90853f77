//! Walks by cursor: page after page, forward and backward, while resources come and go.

use std::collections::BTreeSet;

use scim::cursor::{Cursor, Direction, Key};
use scim::profile::ReturningUsers;
use scim::{Kind, ScimType, Sort};
use serde_json::json;
use store::{CursorPage, Edge, ListQuery, Listing, Part, Window, list_all};
use uuid::Uuid;

use crate::support::{BASE_URL, Tenant, always, everything, refusal, through};

/// What is walked through: with these parameters.
#[derive(Clone, Copy)]
struct Way {
    filter: Option<&'static str>,
    sort: Option<(&'static str, &'static str)>,
}

const WAYS: [Way; 6] = [
    Way { filter: None, sort: None },
    Way { filter: Some("active eq true"), sort: None },
    Way { filter: None, sort: Some(("title", "ascending")) },
    Way { filter: None, sort: Some(("title", "descending")) },
    Way { filter: Some("title pr"), sort: Some(("userName", "descending")) },
    Way { filter: None, sort: Some(("meta.created", "ascending")) },
];

/// The page behind an edge, or before it.
async fn page(tenant: &Tenant, way: Way, direction: Direction, edge: Option<Edge>, count: u32) -> Listing {
    let user = tenant.catalog.user();
    let query = ListQuery {
        filter: way.filter.map(|filter| tenant.filter(Kind::User, filter)),
        sort: way.sort.map(|(by, order)| Sort::parse(by, Some(order), user).unwrap()),
        ..through(Window::Cursor(CursorPage { edge: edge.map(by_text), direction, count }))
    };
    tenant.users.list(&query, &everything()).await.unwrap()
}

/// An edge that went to the client and back, as the text of a cursor.
fn by_text(edge: Edge) -> Edge {
    let Edge { kind, id, key } = edge;
    let expires = "2100-01-01T00:00:00Z".parse().unwrap();
    let cursor = Cursor { direction: Direction::Forward, kind, id, key, query: 0, expires };
    let read = Cursor::decode(&cursor.encode(), 0, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    CursorPage::new(Some(read), 0).edge.unwrap()
}

fn ids(listing: &Listing) -> Vec<Uuid> {
    listing.items.iter().map(|item| item.id).collect()
}

/// The user with that number: many share a title, and some have none.
async fn create(tenant: &Tenant, number: usize) -> Uuid {
    let title = (!number.is_multiple_of(5)).then(|| format!("title-{}", number % 4));
    let name = format!("user-{}", (number * 7919) % 10_007);
    let body = json!({"userName": name, "title": title, "active": !number.is_multiple_of(3)});
    tenant.create(body).await.unwrap().id
}

#[tokio::test]
async fn a_walk_forward_and_one_backward_see_the_whole_list_in_its_order() {
    let tenant = Tenant::start().await;
    for number in 0..60 {
        create(&tenant, number).await;
    }
    for way in WAYS {
        let whole = ids(&page(&tenant, way, Direction::Forward, None, 1000).await);
        let (mut forward, mut edge) = (Vec::new(), None);
        loop {
            let listing = page(&tenant, way, Direction::Forward, edge, 7).await;
            assert_eq!(listing.total, whole.len() as u64);
            assert_eq!(
                listing.previous.is_none(),
                forward.is_empty(),
                "the first page alone has none before it"
            );
            forward.extend(ids(&listing));
            edge = listing.next;
            if edge.is_none() {
                break;
            }
        }
        assert_eq!(forward, whole);

        let (mut backward, mut edge) = (Vec::new(), None);
        loop {
            let listing = page(&tenant, way, Direction::Backward, edge, 7).await;
            backward.splice(0..0, ids(&listing));
            edge = listing.previous;
            if edge.is_none() {
                break;
            }
        }
        assert_eq!(backward, whole);
    }
}

#[tokio::test]
async fn the_previous_cursor_gives_the_page_before() {
    let tenant = Tenant::start().await;
    for number in 0..40 {
        create(&tenant, number).await;
    }
    for way in WAYS {
        let first = page(&tenant, way, Direction::Forward, None, 6).await;
        let second = page(&tenant, way, Direction::Forward, first.next.clone(), 6).await;
        let third = page(&tenant, way, Direction::Forward, second.next.clone(), 6).await;
        let back = page(&tenant, way, Direction::Backward, third.previous, 6).await;
        assert_eq!((ids(&back), &back.next, &back.previous), (ids(&second), &second.next, &second.previous));
        let back = page(&tenant, way, Direction::Backward, back.previous, 6).await;
        assert_eq!((ids(&back), &back.next, &back.previous), (ids(&first), &first.next, &None));
    }
}

#[tokio::test]
async fn a_walk_loses_nobody_who_was_there_throughout_and_gives_nobody_twice() {
    for way in WAYS {
        for direction in [Direction::Forward, Direction::Backward] {
            walk_under_change(way, direction).await;
        }
    }
}

async fn walk_under_change(way: Way, direction: Direction) {
    let tenant = Tenant::start().await;
    let mut numbers = 0..;
    let mut there = Vec::new();
    for number in numbers.by_ref().take(90) {
        there.push(create(&tenant, number).await);
    }
    let at_first: BTreeSet<_> = ids(&page(&tenant, way, direction, None, 1000).await).into_iter().collect();
    let (mut gone, mut seen, mut edge) = (BTreeSet::new(), Vec::new(), None);
    for step in 0_usize.. {
        let listing = page(&tenant, way, direction, edge, 8).await;
        seen.extend(ids(&listing));
        edge = if direction == Direction::Forward { listing.next } else { listing.previous };
        let Some(edge) = &edge else { break };
        // Whoever is at the edge goes first, then others, seen or not.
        let others = [there[(step * 13) % there.len()], there[(step * 29 + 5) % there.len()]];
        for id in std::iter::once(edge.id).chain(others) {
            if gone.insert(id) {
                tenant.users.delete(id, &always(), ReturningUsers::Conflict).await.unwrap();
            }
        }
        for number in numbers.by_ref().take(if step < 20 { 3 } else { 0 }) {
            create(&tenant, number).await;
        }
    }
    let distinct: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!(distinct.len(), seen.len(), "nobody is there twice");
    let lost: Vec<_> = at_first.difference(&gone).filter(|id| !distinct.contains(*id)).collect();
    assert!(lost.is_empty(), "{} are lost", lost.len());
    assert!(gone.len() > 10 && seen.len() > at_first.len() / 2);
}

#[tokio::test]
async fn a_walk_through_users_and_groups_together_has_one_order() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(10).await;
    let mut groups = Vec::new();
    for number in 0..10 {
        groups.push(tenant.create_group(&format!("user-{number}"), &users[..number]).await.id);
    }
    let everything = everything();
    let types: Vec<_> = tenant.catalog.resource_types().collect();
    for sort_by in [None, Some("displayName"), Some("userName"), Some("meta.lastModified"), Some("id")] {
        let sorts = sort_by.map(|by| Sort::parse_for_all(by, Some("descending"), &types).unwrap());
        let sort = |position: usize| sorts.as_ref().and_then(|sorts| sorts[position].as_ref());
        let part =
            |kind, position| Part { kind, filter: None, sort: sort(position), projection: &everything };
        let parts = [part(Kind::User, 0), part(Kind::Group, 1)];
        let all = async |window: Window| list_all(&tenant.database, &parts, &window, BASE_URL).await.unwrap();
        let cursor = |edge, direction| Window::Cursor(CursorPage { edge, direction, count: 3 });

        let whole = all(Window::Index(store::Page { start_index: 1, count: 100 })).await;
        assert_eq!((whole.total, whole.items.len()), (20, 20));
        let (mut forward, mut edge) = (Vec::new(), None);
        loop {
            let listing = all(cursor(edge, Direction::Forward)).await;
            forward.extend(listing.items);
            edge = listing.next;
            if edge.is_none() {
                break;
            }
        }
        assert_eq!(forward, whole.items, "{sort_by:?}");
        for item in &whole.items {
            let expected = match item.kind {
                Kind::User => tenant.users.get(item.id, &everything).await.unwrap(),
                Kind::Group => tenant.groups.get(item.id, &everything).await.unwrap(),
            };
            assert_eq!(Some(item), expected.as_ref());
        }
        let by_index = all(Window::Index(store::Page { start_index: 18, count: 3 })).await;
        assert_eq!(by_index.items, whole.items[17..]);
    }
}

#[tokio::test]
async fn a_search_over_users_and_groups_filters_each_kind_by_itself() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(3).await;
    let group = tenant.create_group("Staff", &users).await;
    let everything = everything();
    let (users_filter, groups_filter) =
        (tenant.filter(Kind::User, "userName sw \"user-1\""), tenant.filter(Kind::Group, "members pr"));
    let parts = [
        Part { kind: Kind::User, filter: Some(&users_filter), sort: None, projection: &everything },
        Part { kind: Kind::Group, filter: Some(&groups_filter), sort: None, projection: &everything },
    ];
    let window = Window::Index(store::Page { start_index: 1, count: 10 });
    let listing = list_all(&tenant.database, &parts, &window, BASE_URL).await.unwrap();
    assert_eq!((listing.total, ids(&listing)), (2, vec![users[1], group.id]));
    let none = list_all(&tenant.database, &[], &window, BASE_URL).await.unwrap();
    assert_eq!((none.total, none.items.len()), (0, 0));
}

#[tokio::test]
async fn an_edge_of_another_order_is_refused() {
    let tenant = Tenant::start().await;
    let id = tenant.create_user("ada").await.id;
    let by = |path| Some(Sort::parse(path, None, tenant.catalog.user()).unwrap());
    for (sort, key) in [
        (None, Key::Absent),
        (None, Key::Value(json!("a"))),
        (by("userName"), Key::Unsorted),
        (by("userName"), Key::Value(json!(5))),
        (by("active"), Key::Value(json!("true"))),
        (by("meta.created"), Key::Value(json!("yesterday"))),
    ] {
        let edge = Some(Edge { kind: Kind::User, id, key });
        let window = Window::Cursor(CursorPage { edge, direction: Direction::Forward, count: 10 });
        let refused = refusal(tenant.users.list(&ListQuery { sort, ..through(window) }, &everything()).await);
        assert_eq!((refused.status, refused.scim_type), (400, Some(ScimType::InvalidCursor)));
    }
    // What a client makes up fits, but is nobody's key.
    for key in ["-009999-01-03T00:00:00Z", "9999-12-30T00:00:00Z"] {
        let edge = Some(Edge { kind: Kind::User, id, key: Key::Value(json!(key)) });
        let window = Window::Cursor(CursorPage { edge, direction: Direction::Forward, count: 10 });
        let query = ListQuery { sort: by("meta.created"), ..through(window) };
        tenant.users.list(&query, &everything()).await.unwrap();
    }
}
