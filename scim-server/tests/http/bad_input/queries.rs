//! Queries: what cannot be read is refused with the parameter's name, and what only looks dangerous is text.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Refusal, check};
use crate::server::Scene;

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_with_the_parameters_name() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    scim.create("/Users", json!({"userName": "ada"})).await;
    let (filter, value) = (Some("invalidFilter"), Some("invalidValue"));
    let names = format!("attributes={}id", "id,".repeat(250));
    let thousands = format!("excludedAttributes={}", "a,".repeat(20_000));
    let cases: &[(&str, Refusal)] = &[
        ("startIndex=one", (400, value, "startIndex")),
        ("count=1.5", (400, value, "count")),
        ("count=1&count=2", (400, value, "count")),
        ("filter=userName+pr&FILTER=userName+pr", (400, filter, "filter")),
        ("filter=%ff", (400, filter, "filter")),
        ("attributes=%ff", (400, value, "attributes")),
        ("filter=userName+eq+%22%00%22", (400, filter, "filter")),
        ("filter=userName+eq+%zz", (400, filter, "character 13")),
        ("filter=%", (400, filter, "character 2")),
        ("filter=userName", (400, filter, "userName")),
        ("filter=userName+is+%22ada%22", (400, filter, "'is' is no operator")),
        ("filter=userName+eq+ada", (400, filter, "character 13")),
        ("filter=userName+eq+%22ada", (400, filter, "character 13")),
        ("filter=shoeSize+eq+%22ada%22", (400, filter, "shoeSize")),
        ("filter=(userName+eq+%22ada%22", (400, filter, "character 19")),
        ("filter=userName+eq+%22ada%22)", (400, filter, "character 18")),
        ("filter=userName+eq+%22ada%22+and", (400, filter, "character 22")),
        ("filter=active+gt+true", (400, filter, "active")),
        ("filter=active+eq+%22perhaps%22", (400, filter, "active")),
        ("filter=meta.created+gt+%22yesterday%22", (400, filter, "meta.created")),
        ("filter=userName+eq+%22%5Cu0000%22", (400, filter, "U+0000")),
        ("filter=userName+eq+%22%5Cud800%22", (400, filter, "character 13")),
        ("filter=password+eq+%22x%22", (400, filter, "password")),
        ("sortBy=shoeSize", (400, value, "sortBy")),
        ("sortBy=userName&sortOrder=up", (400, value, "sortOrder")),
        ("cursor=x", (400, Some("invalidCursor"), "cursor")),
        ("cursor&count=x", (400, Some("invalidCount"), "count")),
        (&names, (400, value, "'attributes' has more than 250 names")),
        (&thousands, (400, value, "'excludedAttributes' has more than 250 names")),
        ("attributes=id&excludedAttributes=id", (400, value, "'excludedAttributes'")),
    ];
    for (query, refusal) in cases {
        check(scim, scim.request(Method::GET, &format!("/Users?{query}")), query, *refusal).await;
    }
}

#[tokio::test]
async fn a_filter_that_is_too_much_is_refused_with_the_limit() {
    let scene = Scene::start().await;
    let deep = |levels: usize| format!("{}userName pr{}", "(".repeat(levels), ")".repeat(levels));
    let many = |count: usize| vec!["userName pr"; count].join(" or ");
    let cases = [
        ("so many parentheses", deep(33), "32 levels of brackets"),
        ("parentheses that never close", "(".repeat(8_000), "32 levels of brackets"),
        ("so many nots", format!("{}userName pr{}", "not (".repeat(1_000), ")".repeat(1_000)), "32 levels"),
        ("so many comparisons", many(51), "50 comparisons"),
        ("so many bytes", format!("userName eq \"{}\"", "x".repeat(9 * 1024)), "8192 bytes"),
    ];
    for (what, filter, detail) in cases {
        let by_url = scene.scim.filter("/Users", &filter).await;
        let by_body = scene.scim.post("/Users/.search", json!({"filter": filter})).await;
        for answer in [by_url, by_body] {
            assert_eq!(answer.status, 400, "{what}: {answer:?}");
            assert_eq!(answer.body["scimType"], "invalidFilter", "{what}");
            assert!(answer.detail().contains(detail), "{what}: {answer:?}");
        }
    }
    let thousands = deep(10_000);
    assert_eq!(scene.scim.filter("/Users", &thousands).await.status, 414);
    assert_eq!(scene.scim.post("/Users/.search", json!({"filter": thousands})).await.status, 400);
    assert_eq!(scene.scim.filter("/Users", &deep(32)).await.status, 200);
    assert_eq!(scene.scim.filter("/Users", &many(50)).await.status, 200);
}

#[tokio::test]
async fn what_other_languages_read_in_a_text_means_nothing_here() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let names = [
        "'; DROP TABLE users; --",
        "' OR '1'='1",
        "%",
        "_",
        "a%b",
        "a\\",
        "\\",
        "$1",
        "{users}",
        "${x}",
        "<x>",
        "\u{202e}a",
        "\u{1}",
    ];
    for name in names {
        scim.create("/Users", json!({"userName": name, "nickName": name})).await;
    }
    for name in names {
        let constant = Value::from(name);
        for operator in ["eq", "co", "sw", "ew"] {
            let is_meant = |other: &&&str| match operator {
                "eq" => **other == name,
                "co" => other.to_lowercase().contains(&name.to_lowercase()),
                "sw" => other.to_lowercase().starts_with(&name.to_lowercase()),
                _ => other.to_lowercase().ends_with(&name.to_lowercase()),
            };
            let meant = names.iter().filter(is_meant).count();
            for attribute in ["userName", "nickName"] {
                let filter = format!("{attribute} {operator} {constant}");
                let found = scim.filter("/Users", &filter).await;
                assert_eq!(found.body["totalResults"], meant, "{filter}: {found:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_search_or_bulk_request_that_cannot_be_read_is_refused() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let (syntax, value, filter) = (Some("invalidSyntax"), Some("invalidValue"), Some("invalidFilter"));
    let delete = json!({"method": "DELETE", "path": "/Users/018f0000-0000-7000-8000-000000000000"});
    let cases: &[(&str, Value, Refusal)] = &[
        ("/Users/.search", json!([]), (400, syntax, "object")),
        ("/Users/.search", json!({"count": "10"}), (400, syntax, "count")),
        ("/Users/.search", json!({"filter": 1}), (400, syntax, "filter")),
        ("/Users/.search", json!({"filter": "userName"}), (400, filter, "userName")),
        ("/Users/.search", json!({"attributes": ["id", 1]}), (400, syntax, "attributes")),
        (
            "/Users/.search",
            json!({"attributes": vec!["id"; 99_000]}),
            (400, value, "'attributes' has more than 250 names"),
        ),
        ("/Users/.search", json!({"sortBy": "x".repeat(100_000)}), (400, value, "sortBy")),
        ("/.search", json!({"cursor": "x".repeat(100_000)}), (400, Some("invalidCursor"), "cursor")),
        ("/Bulk", json!({}), (400, syntax, "Operations")),
        ("/Bulk", json!({"Operations": []}), (400, syntax, "Operations")),
        ("/Bulk", json!({"Operations": vec![delete; 1_001]}), (413, None, "1000 operations")),
    ];
    for (path, body, (status, scim_type, detail)) in cases {
        let answer = scim.post(path, body.clone()).await;
        assert_eq!(answer.status.as_u16(), *status, "{path}: {answer:?}");
        assert_eq!(answer.body["scimType"].as_str(), *scim_type, "{path}: {answer:?}");
        assert!(answer.detail().contains(detail), "{path}: {answer:?}");
    }
}
