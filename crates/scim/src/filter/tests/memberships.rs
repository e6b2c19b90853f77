//! Tests of filters on `members` and `groups`: what they compare, and how a store knows them again.

use super::*;
use crate::MembershipPart;

fn of_group(text: &str) -> Filter {
    Filter::parse(text, groups(&plain())).unwrap()
}

fn comparison(filter: Filter) -> Comparison {
    let Filter::Compare(comparison) = filter else { panic!("a comparison, not {filter}") };
    comparison
}

#[test]
fn members_are_compared_by_all_their_parts() {
    for (text, part, operand) in [
        (r#"members eq "A""#, MembershipPart::Value, "A"),
        (r#"MEMBERS.VALUE eq "A""#, MembershipPart::Value, "A"),
        (r#"members.$ref sw "https://A""#, MembershipPart::Reference, "https://A"),
        (r#"members.display co "A""#, MembershipPart::Display, "a"),
        (r#"members[Type eq "User"]"#, MembershipPart::Type, "user"),
    ] {
        let Comparison { attribute, operand: found, .. } = comparison(of_group(text));
        assert_eq!((attribute.special(), attribute.membership_part()), (Some(Special::Members), Some(part)));
        assert_eq!(found, Operand::String(operand.to_owned()), "{text}");
    }
}

#[test]
fn groups_are_compared_by_all_their_parts() {
    for (text, part) in [
        (r#"groups eq "x""#, MembershipPart::Value),
        (r#"groups.type eq "direct""#, MembershipPart::Type),
        (r#"groups.display sw "x""#, MembershipPart::Display),
        (r#"groups[$ref ew "x"]"#, MembershipPart::Reference),
    ] {
        let Comparison { attribute, .. } = comparison(parsed(text));
        assert_eq!((attribute.special(), attribute.membership_part()), (Some(Special::Groups), Some(part)));
    }
}

#[test]
fn having_members_is_no_part_of_them() {
    let Filter::Present(members) = of_group("members pr") else { panic!("presence") };
    assert_eq!((members.special(), members.membership_part()), (Some(Special::Members), None));
}

#[test]
fn several_conditions_hold_for_the_same_member() {
    let text = r#"members[value eq "x" and (type eq "User" or not (display pr))]"#;
    let Filter::Element { attribute, filter } = of_group(text) else { panic!("an element") };
    assert_eq!((attribute.special(), attribute.membership_part()), (Some(Special::Members), None));
    let Filter::And(mut parts) = *filter else { panic!("a conjunction") };
    let Comparison { attribute: part, .. } = comparison(parts.swap_remove(0));
    assert_eq!((part.is_relative(), part.special(), part.name()), (true, None, "value"));
    assert_eq!(part.membership_part(), Some(MembershipPart::Value));
    assert!(!part.is_element_itself());
}

#[test]
fn a_part_of_another_attribute_is_no_part_of_a_membership() {
    let Filter::Element { filter, .. } = parsed(r#"emails[value eq "x" and type pr]"#) else {
        panic!("an element")
    };
    let Filter::And(mut parts) = *filter else { panic!("a conjunction") };
    assert_eq!(comparison(parts.swap_remove(0)).attribute.membership_part(), None);
    assert_eq!(comparison(parsed(r#"emails.type eq "x""#)).attribute.membership_part(), None);
}

#[test]
fn a_group_passes_what_is_true_of_its_members() {
    let document = json!({
        "displayname": "staff",
        "members": [
            {"value": "1", "$ref": "https://scim.example.com/Users/1", "display": "ada", "type": "user"},
            {"value": "2", "$ref": "https://scim.example.com/Groups/2", "display": "board", "type": "group"},
        ],
    });
    let passes = |text: &str| evaluate(&of_group(text), document.as_object().unwrap());
    for filter in [
        r#"members.value eq "1" and members.type eq "Group""#,
        r#"members[value eq "1" and type eq "USER"]"#,
        r#"members[type eq "User"].display sw "A""#,
        r#"members.$ref ew "Groups/2""#,
        r#"members[value ne "1"]"#,
        "members.display pr",
    ] {
        assert!(passes(filter), "{filter}");
    }
    for filter in [
        r#"members[value eq "1" and type eq "Group"]"#,
        r#"members.$ref ew "groups/2""#,
        r#"members.value ne "1""#,
        r#"members[value gt "2"]"#,
    ] {
        assert!(!passes(filter), "{filter}");
    }
}
