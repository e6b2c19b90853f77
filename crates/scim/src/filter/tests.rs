//! Tests of filters: what parses, to what, what passes, and what is refused how.

mod known;
mod memberships;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    AttributeRef, Special,
    fixtures::{CUSTOM, ENTERPRISE, METADATA, groups, line, passes, plain, platform, user, users},
};

fn shown(text: &str) -> String {
    Filter::parse(text, users(&platform())).map_or_else(|error| line(&error), |filter| filter.to_string())
}

fn parsed(text: &str) -> Filter {
    Filter::parse(text, users(&platform())).unwrap()
}

#[test]
fn names_and_operators_are_the_same_in_any_case() {
    assert_eq!(parsed(r#"USERNAME Eq "Ada""#), parsed(r#"userName eq "aDA""#));
    assert_eq!(
        parsed(r#"Emails[TYPE EQ "Work"] AND NOT (Active Eq TRUE)"#),
        parsed(r#"emails[type eq "work"] and not (active eq true)"#)
    );
}

#[test]
fn strings_are_folded_unless_the_attribute_is_case_exact() {
    assert_eq!(shown(r#"userName eq "ADA""#), r#"userName eq "ada""#);
    assert_eq!(shown(r#"externalId eq "ADA""#), r#"externalId eq "ADA""#);
}

#[test]
fn and_binds_stronger_than_or() {
    assert_eq!(
        shown(r#"title pr or active eq true and userType eq "a" or nickName pr"#),
        r#"title pr or (active eq true and userType eq "a") or nickName pr"#
    );
    assert_eq!(shown("(title pr or nickName pr) and locale pr"), "(title pr or nickName pr) and locale pr");
    assert_eq!(
        shown("((title pr and nickName pr) and (locale pr))"),
        "title pr and nickName pr and locale pr"
    );
}

#[test]
fn ne_is_not_eq_and_null_is_absence() {
    assert_eq!(shown(r#"title ne "x""#), r#"not (title eq "x")"#);
    assert_eq!(shown("title eq null"), "not (title pr)");
    assert_eq!(shown("title ne null"), "title pr");
}

#[test]
fn a_complex_attribute_means_its_value() {
    assert_eq!(shown(r#"emails eq "x""#), r#"emails.value eq "x""#);
    assert_eq!(
        shown(&format!(r#"{ENTERPRISE}:manager eq "X""#)),
        format!(r#"{ENTERPRISE}:manager.value eq "X""#)
    );
    assert_eq!(
        shown(r#"manager eq "X""#),
        shown(&format!(r#"{ENTERPRISE}:manager eq "X""#)),
        "as Entra asks"
    );
}

#[test]
fn a_comparison_after_a_value_filter_holds_for_the_same_element() {
    let one = parsed(r#"emails[type eq "work"].value eq "x""#);
    assert_eq!(one, parsed(r#"emails[type eq "work" and value eq "x"]"#));
    let Filter::Element { attribute, filter } = one else { panic!("an element") };
    assert_eq!((attribute.name(), attribute.is_relative()), ("emails", false));
    let Filter::And(filters) = *filter else { panic!("a conjunction") };
    let [Filter::Compare(comparison), _] = filters.as_slice() else { panic!("two comparisons") };
    assert_eq!((comparison.attribute.name(), comparison.attribute.is_relative()), ("type", true));
}

#[test]
fn brackets_after_what_has_no_elements_of_its_own_are_plain_comparisons() {
    assert_eq!(
        shown(r#"name[givenName eq "A" and familyName pr]"#),
        r#"name.givenName eq "a" and name.familyName pr"#
    );
    assert_eq!(shown(&format!(r#"{CUSTOM}:folders[value eq "A"]"#)), format!(r#"{CUSTOM}:folders eq "a""#));
    let catalog = plain();
    let members = Filter::parse(r#"members[value eq "A" or value eq "b"]"#, groups(&catalog)).unwrap();
    assert_eq!(members.to_string(), r#"members.value eq "A" or members.value eq "b""#);
}

#[test]
fn several_conditions_on_a_single_value_hold_for_the_same_element() {
    let filter = format!(r#"{CUSTOM}:folders[value sw "R" and not (value ew "d")]"#);
    let Filter::Element { attribute, filter: inside } = parsed(&filter) else { panic!("an element") };
    assert_eq!((attribute.extension(), attribute.name()), (Some(CUSTOM), "folders"));
    let Filter::And(parts) = *inside else { panic!("a conjunction") };
    let [Filter::Compare(comparison), Filter::Not(_)] = parts.as_slice() else { panic!("two conditions") };
    assert!(comparison.attribute.is_element_itself() && comparison.attribute.is_relative());
    assert!(passes(&user(json!({CUSTOM: {"folders": ["Red", "Rose"]}})), &filter));
    assert!(!passes(&user(json!({CUSTOM: {"folders": ["Red", "Blue"]}})), &filter));
}

#[test]
fn urns_with_dots_are_read_whole() {
    assert_eq!(
        shown(&format!(r#"{}:DEPARTMENT eq "R&D""#, ENTERPRISE.to_uppercase())),
        format!(r#"{ENTERPRISE}:department eq "r&d""#)
    );
    assert_eq!(shown(r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a""#), r#"userName eq "a""#);
    assert_eq!(
        shown(&format!(r#"{METADATA}:Cost.Place-1 eq "A""#)),
        format!(r#"{METADATA}:cost.place-1 eq "a""#)
    );
}

#[test]
fn booleans_may_be_quoted() {
    assert_eq!(parsed(r#"active eq "True""#), parsed("active eq true"));
    assert_eq!(parsed(r#"roles[primary eq "False"]"#), parsed("roles[primary eq false]"));
}

#[test]
fn date_times_are_moments() {
    assert_eq!(
        parsed(r#"meta.created ge "2026-01-31T09:00:00+01:00""#),
        parsed(r#"meta.created ge "2026-01-31T08:00:00Z""#)
    );
}

#[test]
fn special_attributes_are_told_apart() {
    let catalog = platform();
    let special = |path: &str| users(&catalog).attribute(path).unwrap().special();
    assert_eq!(special("ID"), Some(Special::Id));
    assert_eq!(special("username"), Some(Special::UserName));
    assert_eq!(special("externalId"), Some(Special::ExternalId));
    assert_eq!(special("meta.lastModified"), Some(Special::LastModified));
    assert_eq!(special("groups.value"), Some(Special::Groups));
    assert_eq!(special("meta.version"), Some(Special::Version));
    assert_eq!(special("meta.location"), Some(Special::Location));
    assert_eq!(special("displayName"), None);
    assert_eq!(special(&format!("{METADATA}:id")), None);
    let special = |path: &str| groups(&catalog).attribute(path).unwrap().special();
    assert_eq!(special("displayName"), Some(Special::GroupDisplayName));
    assert_eq!(special("members"), Some(Special::Members));
}

#[test]
fn an_attribute_says_where_it_is() {
    let catalog = platform();
    let attribute: AttributeRef = users(&catalog).attribute(&format!("{CUSTOM}:desks.floors")).unwrap();
    assert_eq!(attribute.extension(), Some(CUSTOM));
    assert_eq!((attribute.name(), attribute.is_multi_valued()), ("desks", true));
    assert_eq!(
        (attribute.sub_attribute(), attribute.is_sub_attribute_multi_valued()),
        (Some("floors"), true)
    );
}

#[test]
fn a_user_passes_what_is_true_of_it() {
    let user = user(json!({
        "title": "Countess", "active": true, "userType": "Premium",
        "phoneNumbers": [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}],
        ENTERPRISE: {"department": "Analysis", "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d"}},
        CUSTOM: {"folders": ["Red", "blue"], "badge": 7, "hired": "2026-01-31T09:00:00+01:00", "ratio": 0.5,
                 "desks": [{"value": "A1", "floors": [1, 2]}]},
        METADATA: {"Shoe Size": 42, "region": "EMEA"}
    }));
    for filter in [
        r#"userName eq "ADA@example.com""#,
        r#"userName sw "ada" and userName ew ".COM" and userName co "@""#,
        r#"not (userName eq "x")"#,
        r#"nickName ne "x""#,
        r#"title gt "Baron" and title le "countess""#,
        r#"emails.value co "example""#,
        r#"emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "Work"].value eq "ada@example.com""#,
        r#"phoneNumbers[type eq "mobile"].value eq "2""#,
        "emails.primary eq true",
        r#"active eq "True""#,
        "nickName eq null and title ne null and name pr",
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user""#,
        r#"meta.resourceType eq "User""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "analysis""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "26118915-6090-4610-87e4-49d8ca9f808d""#,
        r#"urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders eq "red""#,
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge ge 7",
        r#"urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge lt "8""#,
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:ratio gt 0.25",
        r#"urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:hired eq "2026-01-31T08:00:00Z""#,
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:desks.floors eq 2",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:desks[floors gt 1]",
        r#"urn:ietf:params:scim:schemas:extension:2.0:Metadata:REGION eq "emea""#,
    ] {
        assert!(passes(&user, filter), "{filter}");
    }
}

#[test]
fn a_user_does_not_pass_what_is_not_true_of_it() {
    let user =
        user(json!({"phoneNumbers": [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}]}));
    for filter in [
        r#"userName ne "ADA@example.com""#,
        r#"phoneNumbers[type eq "work" and value eq "2"]"#,
        r#"phoneNumbers[type eq "work"].value eq "2""#,
        r#"phoneNumbers.value ne "1""#,
        "title pr",
        r#"title gt """#,
        "active eq false",
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
    ] {
        assert!(!passes(&user, filter), "{filter}");
    }
}

#[test]
fn what_cannot_be_understood_is_refused_by_position() {
    insta::assert_snapshot!(shown("ADA@EXAMPLE.COM"), @"400 invalidFilter: filter, at character 16: expected an operator after 'ADA@EXAMPLE.COM'");
    insta::assert_snapshot!(shown(""), @"400 invalidFilter: filter, at character 1: expected an attribute, 'not' or '('");
    insta::assert_snapshot!(shown("userName eq"), @"400 invalidFilter: filter, at character 12: expected a constant after 'eq': a string stands in double quotes");
    insta::assert_snapshot!(shown("userName eq ada"), @"400 invalidFilter: filter, at character 13: expected a constant after 'eq': a string stands in double quotes");
    insta::assert_snapshot!(shown(r#"userName eq "ada"#), @r#"400 invalidFilter: filter, at character 13: the string has no closing quote: write \" for a quote inside it"#);
    insta::assert_snapshot!(shown(r#"userName eq "A\da""#), @r#"400 invalidFilter: filter, at character 13: the string is not a JSON string: write \\ for a backslash and \n for a line end"#);
    insta::assert_snapshot!(shown(r#"userName is "ada""#), @"400 invalidFilter: filter, at character 10: 'is' is no operator: the operators are eq, ne, co, sw, ew, pr, gt, ge, lt, le");
    insta::assert_snapshot!(shown("(title pr"), @"400 invalidFilter: filter, at character 10: expected 'and', 'or' or ')'");
    insta::assert_snapshot!(shown("title pr)"), @"400 invalidFilter: filter, at character 9: expected 'and', 'or' or the end of the filter");
    insta::assert_snapshot!(shown("title pr nickName pr"), @"400 invalidFilter: filter, at character 10: expected 'and', 'or' or the end of the filter");
    insta::assert_snapshot!(shown("emails[type pr"), @"400 invalidFilter: filter, at character 15: expected 'and', 'or' or ']'");
    insta::assert_snapshot!(shown(r#"title eq "a\u0000""#), @"400 invalidFilter: filter, at character 10: the string holds the character U+0000: leave it out");
    insta::assert_snapshot!(shown("title\0 pr"), @"400 invalidFilter: filter, at character 6: the character U+0000 means nothing: leave it out");
    insta::assert_snapshot!(shown("not title pr"), @"400 invalidFilter: filter, at character 5: 'title' is no operator: the operators are eq, ne, co, sw, ew, pr, gt, ge, lt, le");
}

#[test]
fn what_the_schema_does_not_have_is_refused_by_name() {
    insta::assert_snapshot!(shown(r#"title pr and shoeSize eq "42""#), @"400 invalidFilter: filter, at character 14: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
    insta::assert_snapshot!(shown(r#"name.middle eq "x""#), @"400 invalidFilter: filter, at character 1: name has no sub-attribute 'middle': it has formatted, familyName, givenName, middleName, honorificPrefix, honorificSuffix");
    insta::assert_snapshot!(shown(r#"title.x eq "x""#), @"400 invalidFilter: filter, at character 1: title has no sub-attribute 'x': it is not complex");
    insta::assert_snapshot!(shown(r#"emails[kind eq "x"]"#), @"400 invalidFilter: filter, at character 8: emails has no sub-attribute 'kind': it has value, display, type, primary");
    insta::assert_snapshot!(shown(r#"urn:example:none:attribute eq "x""#), @"400 invalidFilter: filter, at character 1: User has no schema for 'urn:example:none:attribute': its schemas are urn:ietf:params:scim:schemas:core:2.0:User, urn:ietf:params:scim:schemas:extension:enterprise:2.0:User, urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName, urn:ietf:params:scim:schemas:extension:2.0:Metadata");
    insta::assert_snapshot!(shown(r#"name eq "x""#), @"400 invalidFilter: filter, at character 1: name is complex: name one of name.formatted, name.familyName, name.givenName, name.middleName, name.honorificPrefix, name.honorificSuffix");
    insta::assert_snapshot!(shown(r#"password eq "x""#), @"400 invalidFilter: filter, at character 1: password cannot be filtered by: it is never returned");
    insta::assert_snapshot!(shown(&format!(r#"{CUSTOM}:secret[value eq "x"]"#)), @"400 invalidFilter: filter, at character 1: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:secret cannot be filtered by: it is never returned");
    insta::assert_snapshot!(shown(r#"emails[value[type eq "x"]]"#), @"400 invalidFilter: filter, at character 8: brackets cannot stand inside brackets");
    insta::assert_snapshot!(shown(r#"emails.value[type eq "x"]"#), @"400 invalidFilter: filter, at character 1: brackets follow an attribute, not the sub-attribute emails.value");
}

#[test]
fn an_extension_is_present_when_it_has_an_attribute() {
    let filter = format!("{} PR", ENTERPRISE.to_lowercase());
    assert_eq!(shown(&filter), format!("{ENTERPRISE} pr"));
    assert!(passes(&user(json!({ENTERPRISE: {"department": "R&D"}})), &filter));
    assert!(!passes(&user(json!({})), &filter));
}

#[test]
fn a_schema_is_no_attribute() {
    insta::assert_snapshot!(shown(&format!(r#"{ENTERPRISE} eq "x""#)), @"400 invalidFilter: filter, at character 1: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' is a schema: name one of its attributes after a colon");
}

#[test]
fn a_filter_has_fifty_comparisons_at_most() {
    let filter = |count| vec!["title pr"; count].join(" or ");
    assert!(Filter::parse(&filter(50), users(&platform())).is_ok());
    insta::assert_snapshot!(shown(&filter(51)), @"400 invalidFilter: filter, at character 601: more than 50 comparisons: send several requests");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    insta::assert_snapshot!(shown("active gt true"), @"400 invalidFilter: filter, at character 11: active is a boolean, which has no order and no parts: use eq or ne");
    insta::assert_snapshot!(shown(r#"active eq "maybe""#), @"400 invalidFilter: filter, at character 11: active is a boolean: compare it with true or false");
    insta::assert_snapshot!(shown("userName eq 5"), @"400 invalidFilter: filter, at character 13: userName is a string: write the constant in double quotes");
    insta::assert_snapshot!(shown(r#"meta.created gt "yesterday""#), @r#"400 invalidFilter: filter, at character 17: meta.created is a date-time: compare it with one such as "2026-01-31T08:00:00Z""#);
    insta::assert_snapshot!(shown(r#"meta.created co "2026""#), @"400 invalidFilter: filter, at character 17: meta.created is a date-time, which has no parts: use eq, ne, gt, ge, lt or le");
    insta::assert_snapshot!(shown(&format!(r#"{CUSTOM}:badge sw "4""#)), @"400 invalidFilter: filter, at character 73: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge is a number, which has no parts: use eq, ne, gt, ge, lt or le");
    insta::assert_snapshot!(shown(&format!(r#"{CUSTOM}:badge eq "x""#)), @"400 invalidFilter: filter, at character 73: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge is a number: compare it with a number");
    insta::assert_snapshot!(shown(r#"x509Certificates.value gt "AA==""#), @"400 invalidFilter: filter, at character 27: x509Certificates.value is binary, which has no order and no parts: use eq or ne");
    insta::assert_snapshot!(shown("title gt null"), @"400 invalidFilter: filter, at character 10: null can be compared by eq and ne only");
}

#[test]
fn positions_count_characters_not_bytes() {
    insta::assert_snapshot!(shown(r#"title eq "ÄÖÜ" and ÄÖ pr"#), @"400 invalidFilter: filter, at character 20: User has no attribute 'ÄÖ': /Schemas lists the attributes there are");
}

#[test]
fn nesting_and_length_have_limits() {
    let nested = |levels: usize| format!("{}title pr{}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(shown(&nested(32)), "title pr");
    insta::assert_snapshot!(shown(&nested(33)), @"400 invalidFilter: filter, at character 34: more than 32 levels of brackets: write it flatter");
    insta::assert_snapshot!(shown(&"(".repeat(8000)), @"400 invalidFilter: filter, at character 34: more than 32 levels of brackets: write it flatter");
    insta::assert_snapshot!(shown(&"x".repeat(8193)), @"400 invalidFilter: the filter is longer than 8192 bytes: shorten it");
}

/// Filters as clients write them.
fn filters() -> impl Strategy<Value = String> {
    let text = "[ -~äß€]{0,6}".prop_map(|text| serde_json::Value::from(text).to_string());
    let operator = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    let path = prop::sample::select(vec![
        "userName",
        "externalId",
        "id",
        "emails",
        "emails.value",
        "name.givenName",
        "groups",
        "groups.$ref",
        "meta.resourceType",
        "meta.version",
        "meta.location",
        "schemas",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders",
        "urn:ietf:params:scim:schemas:extension:2.0:Metadata:Any.Key",
    ]);
    let compare = (path.clone(), operator, text.clone())
        .prop_map(|(path, operator, text)| format!("{path} {operator} {text}"));
    let element = text
        .clone()
        .prop_map(|text| format!("emails[type eq {text} and not (primary eq \"True\")].value ew {text}"));
    let in_brackets = prop::sample::select(vec![
        "schemas",
        "groups",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders",
    ]);
    let single = (in_brackets, text).prop_map(|(path, text)| {
        format!("{path}[value ge {text} and not (value co {text}) or value ew {text}]")
    });
    let leaf = prop_oneof![
        compare,
        element,
        single,
        path.prop_map(|path| format!("{path} pr")),
        Just("active eq true".to_owned()),
        Just("meta.created gt \"2026-01-31T09:00:00.123+01:00\"".to_owned()),
        Just("urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge le -4.5".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| format!("not ({filter})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) and ({right})")),
            (inner.clone(), inner).prop_map(|(left, right)| format!("{left} or {right}")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".*") {
        let _ = Filter::parse(&text, users(&platform()));
    }

    #[test]
    fn no_path_makes_the_lookup_panic(path in "(urn:|ietf|params|emails|value|[A-Za-z.:$é]){0,12}|.*") {
        let _ = users(&platform()).attribute(&path);
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_parser_panic(
        tokens in prop::collection::vec(
            prop::sample::select(vec!["(", ")", "[", "]", "\"x\"", "\"", "\\", "emails", "type", ".value", "eq", "pr", "not", "and", "or", "5", "true", "null", " ", "ß"]),
            0..40
        )
    ) {
        let _ = Filter::parse(&tokens.join(" "), users(&platform()));
        let _ = Filter::parse(&tokens.concat(), users(&platform()));
    }

    #[test]
    fn a_filter_shown_and_read_again_is_the_same(text in filters()) {
        let filter = Filter::parse(&text, users(&platform())).unwrap();
        let again = Filter::parse(&filter.to_string(), users(&platform()));
        prop_assert_eq!(again.as_ref(), Ok(&filter), "{}", filter);
        let user = user(json!({"title": "x"})).comparable(users(&platform()));
        prop_assert_eq!(evaluate(&filter, &user), evaluate(&again.unwrap(), &user));
    }
}
