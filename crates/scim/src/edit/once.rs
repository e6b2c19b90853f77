//! What a body says of an attribute, it says once: a name may be written in several ways (`userName`,
//! `urn:…:User:userName`, `name.givenName` beside `name`), and none of two values may get lost. In which order names
//! stand does not matter.

use std::collections::HashMap;

use super::{Action, Edit, Step};
use crate::{
    Error, MemberChange, ScimType, fold,
    path::{Selection, Target},
};

/// The steps of a body, each once, wholes before their parts. 400 `invalidSyntax` where two give one attribute different
/// values. Null beside a value is none, and values that are added to a list are no contradiction.
pub(super) fn said_once(steps: Vec<Step>) -> Result<Vec<Step>, Error> {
    let mut said: HashMap<String, usize> = HashMap::new();
    let mut once: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let Some(place) = place(&step) else {
            once.push(step);
            continue;
        };
        match said.get(&fold(&place)).and_then(|&position| once.get_mut(position)) {
            None => {
                said.insert(fold(&place), once.len());
                once.push(step);
            }
            Some(first) if says_the_same(first, &step) || says_nothing(&step) => {}
            Some(first) if says_nothing(first) => *first = step,
            Some(_) => {
                let detail =
                    format!("{place} is there under two names, with different values: send one of them");
                return Err(Error::bad_request(ScimType::InvalidSyntax, detail));
            }
        }
    }
    Ok(wholes_first(once))
}

/// Whether two steps at one place do the same there. The name of an additional attribute is as each wrote it.
fn says_the_same(first: &Step, second: &Step) -> bool {
    match (first, second) {
        (
            Step::Edit(Edit::Attribute { action: first, .. }),
            Step::Edit(Edit::Attribute { action: second, .. }),
        ) => first == second,
        (first, second) => first == second,
    }
}

fn says_nothing(step: &Step) -> bool {
    match step {
        Step::Edit(Edit::Attribute { action, .. }) => *action == Action::Remove,
        Step::Members(MemberChange::Add(members) | MemberChange::Replace(members)) => members.is_empty(),
        Step::Edit(_) | Step::Members(_) => false,
    }
}

/// What the step gives a value to; `None` where another value does no harm to it.
fn place(step: &Step) -> Option<String> {
    let Step::Edit(edit) = step else { return Some("members".to_owned()) };
    let Edit::Attribute { target, action } = edit else { return None };
    let is_sum = matches!(action, Action::Add(_)) && target.definition().multi_valued;
    match (&target.selection, &target.sub_attribute) {
        _ if is_sum => None,
        (Selection::All, _) => Some(target.to_string()),
        (Selection::Where { filter, .. }, Some(part)) => {
            Some(format!("{}[{filter}].{}", target.attribute, part.name))
        }
        (Selection::Where { .. }, None) => None,
    }
}

/// The same steps, those of one attribute in such an order that what is said of a part is not undone by what is said of
/// more.
fn wholes_first(steps: Vec<Step>) -> Vec<Step> {
    let mut attributes: HashMap<String, usize> = HashMap::new();
    let mut ordered: Vec<_> = steps
        .into_iter()
        .map(|step| {
            let next = attributes.len();
            let order = match &step {
                // All attributes of an extension.
                Step::Edit(Edit::DropExtension(_)) => None,
                Step::Edit(Edit::Attribute { target, .. } | Edit::Conditional { target, .. }) => {
                    let first = *attributes.entry(fold(&target.attribute.to_string())).or_insert(next);
                    Some((first, Extent::of(target)))
                }
                Step::Members(_) => Some((next, Extent::All)),
            };
            (order, step)
        })
        .collect();
    ordered.sort_by_key(|(order, _)| *order);
    ordered.into_iter().map(|(_, step)| step).collect()
}

/// How much of an attribute a step is about, the most first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    All,
    PartOfAll,
    Some,
    PartOfSome,
}

impl Extent {
    fn of(target: &Target) -> Self {
        match (&target.selection, &target.sub_attribute) {
            (Selection::All, None) => Self::All,
            (Selection::All, Some(_)) => Self::PartOfAll,
            (Selection::Where { .. }, None) => Self::Some,
            (Selection::Where { .. }, Some(_)) => Self::PartOfSome,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        MemberChange, MemberReference, PatchRequest, Resource,
        fixtures::{ENTERPRISE, METADATA, groups, patched, plain, platform, user, users},
    };

    fn refusal(body: Value) -> String {
        Resource::parse(users(&plain()), body).unwrap_err().detail
    }

    #[test]
    fn one_attribute_with_different_values_under_two_names_is_refused() {
        let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
        let twice = |first: &str| {
            format!("{first} is there under two names, with different values: send one of them")
        };
        let user_name = format!("{urn}:userName");
        assert_eq!(refusal(json!({"userName": "ada", user_name: "eve"})), twice("userName"));
        let name = json!({"userName": "ada", "name": {"givenName": "Ada"}, "name.givenName": "Eve"});
        assert_eq!(refusal(name), twice("name.givenName"));
        let manager = json!({"userName": "ada", "manager": "1", ENTERPRISE: {"manager": {"value": "2"}}});
        assert_eq!(refusal(manager), twice(&format!("{ENTERPRISE}:manager.value")));
        let role = json!({"userName": "ada", "roles": [{"value": "a", "display": "A", "displayName": "B"}]});
        assert_eq!(
            refusal(role),
            "roles[0].display is there under two names, with different values: send one of them"
        );
    }

    #[test]
    fn the_same_value_under_two_names_is_no_contradiction() {
        let body = json!({"userName": "ada", "manager": "1", ENTERPRISE: {"manager": {"value": "1"}}});
        let resource = Resource::parse(users(&plain()), body).unwrap();
        assert_eq!(resource.document()[ENTERPRISE], json!({"manager": {"value": "1"}}));
    }

    #[test]
    fn additional_attributes_are_the_same_in_any_case() {
        let body = |second: &str| {
            let other = format!("{METADATA}:EXTRA");
            json!({"userName": "ada", METADATA: {"extra": "1"}, other: second})
        };
        let catalog = crate::fixtures::catalog(json!({"extensions": [
            {"urn": METADATA, "resource": "User", "additionalAttributes": "String"}
        ]}));
        let refusal = Resource::parse(users(&catalog), body("2")).unwrap_err().detail;
        assert!(refusal.contains(":EXTRA is there under two names"), "{refusal}");
        let resource = Resource::parse(users(&catalog), body("1")).unwrap();
        assert_eq!(resource.document()[METADATA], json!({"extra": "1"}));
    }

    /// What a replace without path makes of a user, whichever of the names comes first.
    fn replaced(attributes: Value, name: &str) -> Value {
        let Value::Object(attributes) = attributes else { unreachable!() };
        let after = |attributes: serde_json::Map<String, Value>| {
            let operation = json!({"op": "replace", "value": attributes});
            patched(&user(json!({})), json!([operation])).unwrap()
        };
        let reversed = attributes.clone().into_iter().rev().collect();
        let (forward, backward) = (after(attributes), after(reversed));
        assert_eq!(forward.document().get(name), backward.document().get(name));
        forward.document().get(name).cloned().unwrap_or_default()
    }

    #[test]
    fn a_whole_is_set_before_its_parts_whichever_comes_first() {
        let emails = json!({
            "emails[type eq \"work\"].value": "A", "emails": [{"type": "home", "value": "B"}]
        });
        assert_eq!(
            replaced(emails, "emails"),
            json!([{"type": "home", "value": "B"}, {"type": "work", "value": "A"}])
        );
        for whole in [json!({}), json!(null), json!("")] {
            let name = json!({"name.givenName": "x", "name.familyName": "y", "name": whole});
            assert_eq!(replaced(name, "name"), json!({"givenName": "x", "familyName": "y"}));
        }
        for whole in [json!(null), json!({})] {
            let manager = json!({"manager": "1", ENTERPRISE: whole});
            assert_eq!(replaced(manager, ENTERPRISE)["manager"], json!({"value": "1"}));
        }
        let department = json!({"department": null, ENTERPRISE: {"department": "Engines"}});
        assert_eq!(replaced(department, ENTERPRISE), json!({"department": "Engines"}));
        let displays = json!({"emails[type eq \"work\"].display": "W", "emails.display": "all"});
        assert_eq!(replaced(displays, "emails")[0]["display"], "W");
    }

    #[test]
    fn one_part_of_an_element_with_different_values_is_refused() {
        let value = json!({
            "emails[type eq \"work\"].value": "a",
            "urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"WORK\"].value": "b",
        });
        let body = json!({"Operations": [{"op": "replace", "value": value}]});
        let refusal = PatchRequest::parse(users(&platform()), body).unwrap_err().detail;
        assert!(refusal.contains("emails[type eq \"work\"].value is there under two names"), "{refusal}");
    }

    #[test]
    fn two_names_of_a_part_in_the_value_of_a_path_are_one_too() {
        let value = json!({"value": "1", "managerId": "2"});
        let path = format!("{ENTERPRISE}:manager");
        let body = json!({"Operations": [{"op": "replace", "path": path, "value": value}]});
        let refusal = PatchRequest::parse(users(&plain()), body).unwrap_err().detail;
        assert!(refusal.contains("manager.value is there under two names"), "{refusal}");
    }

    #[test]
    fn members_under_two_names_are_refused_too() {
        let urn = "urn:ietf:params:scim:schemas:core:2.0:Group:members";
        let member = |last: u8| json!([{"value": format!("00000000-0000-0000-0000-00000000000{last}")}]);
        let value = json!({"members": member(1), urn: member(2)});
        let body = json!({"Operations": [{"op": "replace", "value": value}]});
        let refusal = PatchRequest::parse(groups(&plain()), body).unwrap_err().detail;
        assert!(refusal.contains("members is there under two names"), "{refusal}");
    }

    #[test]
    fn null_beside_members_under_another_name_is_no_contradiction() {
        let urn = "urn:ietf:params:scim:schemas:core:2.0:Group:members";
        let ada = "00000000-0000-0000-0000-000000000001";
        let members = MemberReference { id: ada.parse().unwrap(), kind: None };
        for (first, second) in [("members", urn), (urn, "members")] {
            let value = json!({first: null, second: [{"value": ada}]});
            let body = json!({"Operations": [{"op": "replace", "value": value}]});
            let request = PatchRequest::parse(groups(&plain()), body).unwrap();
            assert_eq!(request.member_changes(), [MemberChange::Replace(vec![members])]);
        }
    }
}
