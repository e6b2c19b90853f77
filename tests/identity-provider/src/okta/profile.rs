//! A person as Okta writes one: the whole profile, in POST and in PUT.

use serde_json::{Map, Value, json};

use crate::{
    Attribute, Person,
    attribute::{self, ENTERPRISE},
};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// What an application of the third seed maps, and a few attributes more.
const MAPPED: &[Attribute] = &[
    Attribute::UserName,
    Attribute::GivenName,
    Attribute::FamilyName,
    Attribute::WorkEmail,
    Attribute::DisplayName,
    Attribute::Locale,
    Attribute::Title,
    Attribute::UserType,
    Attribute::MobilePhone,
    Attribute::ExternalId,
    Attribute::Department,
    Attribute::EmployeeNumber,
];

/// The body of a POST `[okta]`: with an empty list of groups and a password that is never used again.
pub(super) fn new_user(person: &Person) -> Value {
    let mut user = Map::new();
    user.insert("schemas".to_owned(), json!([USER, ENTERPRISE]));
    write_profile(person, &mut user);
    user.insert("groups".to_owned(), json!([]));
    user.insert(
        "password".to_owned(),
        json!(format!("1mz050nq-{}", person.employee_number.as_deref().unwrap_or("0"))),
    );
    user.insert("active".to_owned(), json!(person.active));
    Value::Object(user)
}

/// The body of a PUT `[okta]`: what the service answered, with `id`, `meta` and `groups`, and the profile written
/// over it; what Okta has no value for comes as an empty string or null.
pub(super) fn changed_user(held: &Value, person: &Person) -> Value {
    let mut user = held.as_object().cloned().unwrap_or_default();
    write_profile(person, &mut user);
    if let Some(name) = user.get_mut("name").and_then(Value::as_object_mut) {
        name.entry("middleName").or_insert_with(|| json!(""));
    }
    user.entry("nickName").or_insert(Value::Null);
    user.entry("groups").or_insert_with(|| json!([]));
    user.insert("active".to_owned(), json!(person.active));
    Value::Object(user)
}

fn write_profile(person: &Person, user: &mut Map<String, Value>) {
    for attribute in MAPPED {
        if let Some(value) = person.value(attribute) {
            attribute.write(user, value);
        }
    }
    attribute::make_work_email_primary(user);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Directory;

    #[test]
    fn a_new_user_carries_a_password_and_an_empty_list_of_groups() {
        let person = Directory::generate("acme.example", 1).people.remove(0);
        insta::assert_json_snapshot!(new_user(&person), @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
          ],
          "userName": "anna.0@acme.example",
          "name": {
            "givenName": "Anna",
            "familyName": "Berg"
          },
          "emails": [
            {
              "type": "work",
              "value": "anna.0@acme.example",
              "primary": true
            }
          ],
          "displayName": "Anna Berg",
          "locale": "en-US",
          "title": "Engineer 1",
          "userType": "Premium",
          "phoneNumbers": [
            {
              "type": "mobile",
              "value": "+47 900 00000"
            }
          ],
          "externalId": "0ad24775-5d53-9541-0000-000000000000",
          "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "Engineering",
            "employeeNumber": "100000"
          },
          "groups": [],
          "password": "1mz050nq-100000",
          "active": true
        }
        "#);
    }

    #[test]
    fn a_put_sends_the_whole_resource_back_with_what_is_read_only() {
        let person = Directory::generate("acme.example", 1).people.remove(0);
        let held = json!({
            "schemas": [USER], "id": "1a", "meta": { "resourceType": "User" }, "timezone": "Europe/Oslo",
            "emails": [{ "type": "work", "value": "old@acme.example", "primary": true }],
            "groups": [{ "value": "9z" }],
        });
        let user = changed_user(&held, &person);
        assert_eq!(user["id"], "1a");
        assert_eq!(user["groups"], json!([{ "value": "9z" }]));
        assert_eq!(user["timezone"], "Europe/Oslo");
        assert_eq!(user["nickName"], Value::Null);
        assert_eq!(user["name"]["middleName"], "");
        assert_eq!(user["emails"], json!([{ "type": "work", "value": person.email, "primary": true }]));
    }
}
