//! Tests of what is settled before a resource is looked at, and of what `meta` is compared by.

use super::*;
use crate::{fixtures::catalog, resource::Resource};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

#[test]
fn the_kind_of_a_resource_is_known() {
    for always in [
        r#"meta.resourceType eq "User""#,
        r#"META.RESOURCETYPE co "se""#,
        r#"meta[resourceType sw "U"]"#,
        r#"meta.resourceType ne "Group""#,
        r#"title pr or meta.resourceType eq "User""#,
        "meta pr and id pr and schemas pr and meta.version pr",
        "meta.location ne null",
        &format!("{} pr", CORE.to_uppercase()),
    ] {
        assert_eq!(parsed(always), Filter::And(Vec::new()), "{always}");
    }
    for never in [
        r#"meta.resourceType eq "user""#,
        r#"meta.resourceType gt "User""#,
        r#"not (meta.resourceType eq "User")"#,
        r#"title pr and meta.resourceType eq "Group""#,
        "id eq null",
    ] {
        assert_eq!(parsed(never), Filter::Or(Vec::new()), "{never}");
    }
    assert_eq!(shown(r#"title pr and meta.resourceType eq "User""#), "title pr");
    assert_eq!(shown(r#"title pr or meta.resourceType eq "Group""#), "title pr");
}

#[test]
fn a_schema_is_there_when_its_object_is() {
    let present = |urn: &str| format!("{urn} pr");
    assert_eq!(shown(&format!(r#"schemas eq "{}""#, ENTERPRISE.to_uppercase())), present(ENTERPRISE));
    assert_eq!(shown(&format!(r#"schemas[value eq "{ENTERPRISE}"]"#)), present(ENTERPRISE));
    assert_eq!(shown(&format!(r#"schemas ne "{ENTERPRISE}""#)), format!("not ({ENTERPRISE} pr)"));
    assert_eq!(shown(r#"schemas ew "Name""#), present(CUSTOM));
    assert_eq!(
        shown(r#"schemas[value co "extension" and not (value ew "data")]"#),
        format!("{ENTERPRISE} pr or {CUSTOM} pr")
    );
    assert_eq!(parsed(&format!(r#"schemas eq "{CORE}""#)), Filter::And(Vec::new()));
    assert_eq!(parsed(r#"schemas eq "urn:example:none""#), Filter::Or(Vec::new()));
}

#[test]
fn what_always_or_never_holds_can_be_shown() {
    assert_eq!(shown("id pr"), "meta pr");
    assert_eq!(shown("id eq null"), "not (meta pr)");
    let user = user(json!({}));
    assert!(passes(&user, "id pr"));
    assert!(!passes(&user, "id eq null"));
}

#[test]
fn a_version_is_compared_without_the_groups_of_the_user() {
    assert_eq!(shown(r#"meta.version eq "W/\"7-0123456789abcdef\"""#), r#"meta.version eq "W/\"7\"""#);
    assert_eq!(shown(r#"meta.version eq "\"7\"""#), r#"meta.version eq "W/\"7\"""#);
    assert_eq!(shown(r#"meta.version eq "7""#), r#"meta.version eq "7""#);
    let Filter::Compare(comparison) = parsed(r#"meta.version gt "W/\"7\"""#) else { panic!("a comparison") };
    assert_eq!(comparison.attribute.special(), Some(Special::Version));
    let Filter::Compare(comparison) = parsed(r#"meta.location ew "X""#) else { panic!("a comparison") };
    assert_eq!(comparison.attribute.special(), Some(Special::Location));
    assert_eq!(comparison.operand, Operand::String("X".to_owned()));
}

#[test]
fn a_filter_on_all_types_is_one_for_each() {
    let all = |text: &str| {
        let catalog = platform();
        let types: Vec<_> = catalog.resource_types().collect();
        match Filter::parse_for_all(text, &types) {
            Ok(filters) => filters.iter().map(Filter::to_string).collect::<Vec<_>>().join(" | "),
            Err(error) => line(&error),
        }
    };
    insta::assert_snapshot!(all(r#"displayName eq "Ada""#), @r#"displayName eq "ada" | displayName eq "ada""#);
    insta::assert_snapshot!(all(r#"userName eq "Ada""#), @r#"userName eq "ada" | not (meta pr)"#);
    insta::assert_snapshot!(all(r#"userName ne "Ada" and displayName pr"#), @r#"not (userName eq "ada") and displayName pr | displayName pr"#);
    insta::assert_snapshot!(all(r#"userName eq null or members[value eq "x" and type eq "User"]"#), @"not (userName pr) | meta pr");
    insta::assert_snapshot!(all(r#"emails[type eq "work"] or displayName eq "Staff""#), @r#"emails[type eq "work"] or displayName eq "staff" | displayName eq "staff""#);
    insta::assert_snapshot!(all(r#"manager eq "x""#), @r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "x" | not (meta pr)"#);
    insta::assert_snapshot!(all(&format!("{ENTERPRISE} pr or {ENTERPRISE}:department pr")), @"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr or urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department pr | not (meta pr)");
    insta::assert_snapshot!(all(r#"meta.resourceType eq "Group""#), @"not (meta pr) | meta pr");
    insta::assert_snapshot!(all(&format!(r#"schemas eq "{CORE}""#)), @"meta pr | not (meta pr)");
    insta::assert_snapshot!(all(r#"displayName pr and shoeSize eq "42""#), @"400 invalidFilter: filter, at character 20: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
    insta::assert_snapshot!(all(r#"emails[kind eq "work"]"#), @"400 invalidFilter: filter, at character 8: emails has no sub-attribute 'kind': it has value, display, type, primary");
    insta::assert_snapshot!(all(r#"password eq "x""#), @"400 invalidFilter: filter, at character 1: password cannot be filtered by: it is never returned");
}

#[test]
fn a_manager_is_compared_by_what_is_shown_of_it() {
    let name = format!(r#"{ENTERPRISE}:manager.displayName eq "x""#);
    assert!(!passes(&user(json!({})), &name));
    assert!(passes(&user(json!({})), &format!("not ({name})")));
}

#[test]
fn without_groups_there_is_one_type() {
    let catalog = catalog(json!({"groups": "Disabled"}));
    let types: Vec<_> = catalog.resource_types().collect();
    assert_eq!(Filter::parse_for_all("title pr", &types).unwrap().len(), 1);
    assert!(Filter::parse_for_all("members pr", &types).is_err());
}

proptest! {
    #[test]
    fn a_filter_on_all_types_agrees_with_that_on_each(text in filters()) {
        let catalog = platform();
        let types: Vec<_> = catalog.resource_types().collect();
        let all = Filter::parse_for_all(&text, &types).unwrap();
        let of_user = Filter::parse(&text, users(&catalog)).unwrap();
        prop_assert_eq!(all.first(), Some(&of_user));
        if let Ok(of_group) = Filter::parse(&text, groups(&catalog)) {
            prop_assert_eq!(all.get(1), Some(&of_group));
        }
    }

    #[test]
    fn what_is_known_agrees_with_the_document(text in "[a-z:.0-9]{0,6}", operator in 0..9usize, has_department: bool) {
        let operator = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"][operator];
        let body = if has_department { json!({ENTERPRISE: {"department": "x"}}) } else { json!({}) };
        let user: Resource = user(body);
        let known = passes(&user, &format!("schemas {operator} \"{text}\""));
        let schemas = user.comparable(users(&platform()))["schemas"].clone();
        let any = schemas.as_array().unwrap().iter().filter_map(serde_json::Value::as_str).any(|urn| match operator {
            "eq" | "ne" => urn == text,
            "co" => urn.contains(&text),
            "sw" => urn.starts_with(&text),
            "ew" => urn.ends_with(&text),
            "gt" => urn > text.as_str(),
            "ge" => urn >= text.as_str(),
            "lt" => urn < text.as_str(),
            _ => urn <= text.as_str(),
        });
        prop_assert_eq!(known, any != (operator == "ne"));
    }
}
