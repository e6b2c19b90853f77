//! Pages by index and by cursor, at the beginning and deep inside, in the order of ids and in others.

use scim::cursor::{Direction, Key};
use scim::{Kind, Projection, Sort};
use store::{CursorPage, Edge, ListQuery, Page, Window};
use uuid::Uuid;

use crate::race::Race;
use crate::tenant::{Tenant, name};

const COUNT: u32 = 100;

pub(crate) async fn race(tenant: &Tenant, users: &[Uuid]) {
    let everything = &Projection::default();
    let middle = users.len() / 2;
    let by_index = |start_index| Window::Index(Page { start_index, count: COUNT });
    let by_cursor = |edge| Window::Cursor(CursorPage { edge, direction: Direction::Forward, count: COUNT });
    let id = users.get(middle - 1).copied().unwrap();
    let in_the_middle = |key| by_cursor(Some(Edge { kind: Kind::User, id, key }));
    let of_name = |prefix: &str| Key::Value(format!("{prefix}{}", name(middle - 1)).into());
    let deep = u64::try_from(middle).unwrap() + 1;
    let mut race = Race::new("A page of 100 out of 100,000 users, with total");
    for (case, sort_by, window) in [
        ("the first, by index", None, by_index(1)),
        ("from 50,001 on, by index", None, by_index(deep)),
        ("the first, by cursor", None, by_cursor(None)),
        ("from 50,001 on, by cursor", None, in_the_middle(Key::Unsorted)),
        ("by userName, the first", Some("userName"), by_index(1)),
        ("by userName, from 50,001 on, by index", Some("userName"), by_index(deep)),
        ("by userName, from 50,001 on, by cursor", Some("userName"), in_the_middle(of_name("user-"))),
        ("by emails.value, the first", Some("emails.value"), by_index(1)),
        ("by emails.value, from 50,001 on, by cursor", Some("emails.value"), in_the_middle(of_name("user-"))),
    ] {
        let sort = sort_by.map(|path| Sort::parse(path, None, tenant.catalog.user()).unwrap());
        let query = ListQuery { filter: None, sort, window, base_url: String::new() };
        race = race.case(case, async move |_| {
            assert_eq!(tenant.users.list(&query, everything).await.unwrap().items.len(), 100);
        });
    }
    race.run(5).await;
}
