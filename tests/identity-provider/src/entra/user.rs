//! What a job does to one user.

use serde_json::{Map, Value, json};

use super::{Change, Dialect, Job, Operation};
use crate::{
    Attribute, Error, Exchange, Person,
    attribute::{self, ENTERPRISE},
    query,
};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

impl Job {
    /// Looks the person up by the matching attribute: the id at the service, if there is one.
    pub async fn find_user(&self, person: &Person) -> Result<(Option<String>, Exchange), Error> {
        let value = match person.value(&self.matching) {
            Some(Value::String(value)) => value,
            other => other.unwrap_or_default().to_string(),
        };
        let exchange = self.search_users(&value).await?;
        let id = match exchange.list()? {
            (0, []) => None,
            (1, [found]) => found.get("id").and_then(Value::as_str).map(str::to_owned),
            _ => return Err(exchange.unexpected("one user at most")),
        };
        Ok((id, exchange))
    }

    /// Reads a user.
    pub async fn get_user(&self, id: &str) -> Result<Exchange, Error> {
        self.get(&format!("/Users/{id}"), &[]).await?.expect(&[200])
    }

    /// Creates a user. Its id is `exchange.id()?`.
    pub async fn create_user(&self, person: &Person) -> Result<Exchange, Error> {
        let exchange =
            self.write(http::Method::POST, "/Users", &self.new_user(person)).await?.expect(&[201])?;
        exchange.id()?;
        Ok(exchange)
    }

    /// Sends the new value of one attribute; an empty string or null is to clear it `[lav 16, 25]`.
    pub async fn update_attribute(
        &self,
        id: &str,
        attribute: Attribute,
        value: Value,
    ) -> Result<Exchange, Error> {
        self.patch_user(id, &[Change::Attribute { operation: Operation::Replace, attribute, value }]).await
    }

    /// Sends several changes in one request.
    pub async fn patch_user(&self, id: &str, changes: &[Change]) -> Result<Exchange, Error> {
        self.patch(&format!("/Users/{id}"), changes).await
    }

    /// Unassigned, out of scope, blocked, or in the recycle bin `[dev]`: `active` becomes false, which the classic
    /// dialect writes as the string `False`.
    pub async fn disable_user(&self, id: &str) -> Result<Exchange, Error> {
        self.update_attribute(id, Attribute::Active, json!(false)).await
    }

    /// Back from the recycle bin.
    pub async fn restore_user(&self, id: &str) -> Result<Exchange, Error> {
        self.update_attribute(id, Attribute::Active, json!(true)).await
    }

    /// After thirty days in the recycle bin `[how]`.
    pub async fn delete_user(&self, id: &str) -> Result<Exchange, Error> {
        self.delete(&format!("/Users/{id}")).await
    }

    /// Whether the user has this manager, asked as Entra asks before it writes a reference `[dev]`.
    pub async fn has_manager(&self, id: &str, manager_id: &str) -> Result<(bool, Exchange), Error> {
        let filter = format!("{} and {}", query::equals("id", id), query::equals("manager", manager_id));
        let exchange =
            self.get("/Users", &[("filter", &filter), ("attributes", "id")]).await?.expect(&[200])?;
        let has_manager = exchange.list()?.0 > 0;
        Ok((has_manager, exchange))
    }

    /// Sets the manager by its id at the service, as a plain string: directory-scimple#1242, SCIM-SDK#686.
    pub async fn set_manager(&self, id: &str, manager_id: &str) -> Result<Exchange, Error> {
        let (operation, attribute) = (Operation::Add, Attribute::Manager);
        self.patch_user(id, &[Change::Attribute { operation, attribute, value: json!(manager_id) }]).await
    }

    /// Clears the manager by replacing it with an empty string `[lav 16]`.
    pub async fn clear_manager(&self, id: &str) -> Result<Exchange, Error> {
        self.update_attribute(id, Attribute::Manager, json!("")).await
    }

    /// The body of a POST `[dev]`: with `meta` and empty `roles`, with core and enterprise URN alone although data of
    /// other extensions may follow `[attr]`, and for a classic job with a null under the attribute's bare name where
    /// the directory has no department `[dev, Example 2]`.
    pub(super) fn new_user(&self, person: &Person) -> Value {
        let mut schemas = vec![USER];
        schemas.extend(self.mapping.has_enterprise_extension().then_some(ENTERPRISE));
        let mut user = Map::new();
        user.insert("schemas".to_owned(), json!(schemas));
        Attribute::Active.write(&mut user, json!(person.active));
        user.insert("meta".to_owned(), json!({ "resourceType": "User" }));
        for attribute in self.mapping.attributes(person) {
            match person.value(&attribute) {
                Some(value) => attribute.write(&mut user, value),
                None if attribute == Attribute::Department && self.dialect == Dialect::Classic => {
                    user.insert("department".to_owned(), Value::Null);
                }
                None => {}
            }
        }
        attribute::make_work_email_primary(&mut user);
        user.entry("roles").or_insert_with(|| json!([]));
        Value::Object(user)
    }

    /// What differs between the directory and the user at the service. What the directory does not hold is left as
    /// it is: nulls in the source are skipped `[known]`.
    pub(super) fn differences(&self, person: &Person, user: &Value) -> Vec<Change> {
        let attributes = [vec![Attribute::Active], self.mapping.attributes(person)].concat();
        let changed = attributes.into_iter().filter_map(|attribute| {
            let value = person.value(&attribute)?;
            let operation = match attribute.read(user) {
                Some(held) if *held == attribute.kept(&value) => return None,
                Some(_) => Operation::Replace,
                None => Operation::Add,
            };
            Some(Change::Attribute { operation, attribute, value })
        });
        changed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Connection, Directory, Mapping};

    fn job(mapping: Mapping) -> Job {
        let connection = Connection::new("http://localhost/a/b/scim/v2", "").unwrap();
        Job::new(&connection, Dialect::Classic).mapping(mapping)
    }

    #[test]
    fn a_new_user_of_the_full_mapping_has_every_attribute_of_the_first_seed() {
        let directory = Directory::generate("acme.example", 1);
        insta::assert_json_snapshot!(job(Mapping::Full).new_user(&directory.people[0]), @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
          ],
          "active": true,
          "meta": {
            "resourceType": "User"
          },
          "userName": "anna.0@acme.example",
          "externalId": "0ad24775-5d53-9541-0000-000000000000",
          "displayName": "Anna Berg",
          "name": {
            "givenName": "Anna",
            "familyName": "Berg",
            "formatted": "Anna Berg"
          },
          "emails": [
            {
              "type": "work",
              "value": "anna.0@acme.example",
              "primary": true
            }
          ],
          "title": "Engineer 1",
          "preferredLanguage": "en-US",
          "locale": "en-US",
          "phoneNumbers": [
            {
              "type": "mobile",
              "value": "+47 900 00000"
            },
            {
              "type": "work",
              "value": "+47 55 000000"
            }
          ],
          "addresses": [
            {
              "type": "work",
              "country": "NO",
              "locality": "Bergen",
              "region": "Vestland",
              "postalCode": "5003",
              "formatted": "1 Market Street\n5003 Bergen\nNO",
              "streetAddress": "1 Market Street"
            }
          ],
          "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "Engineering",
            "employeeNumber": "100000",
            "costCenter": "CC-0",
            "organization": "acme.example",
            "division": "Division 0"
          },
          "roles": []
        }
        "#);
    }

    #[test]
    fn a_new_user_of_the_platform_has_its_extensions_but_not_their_urns_in_schemas() {
        let directory = Directory::generate("acme.example", 1);
        insta::assert_json_snapshot!(job(Mapping::Platform).new_user(&directory.people[0]), @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User"
          ],
          "active": true,
          "meta": {
            "resourceType": "User"
          },
          "userName": "anna.0@acme.example",
          "externalId": "0ad24775-5d53-9541-0000-000000000000",
          "displayName": "Anna Berg",
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
          "userType": "Premium",
          "roles": [
            {
              "primary": "True",
              "value": "ReadOnly"
            }
          ],
          "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName": {
            "folders": [
              "folder-0",
              "shared"
            ]
          },
          "urn:ietf:params:scim:schemas:extension:2.0:Metadata": {
            "badge": 1000,
            "remote": true,
            "team": "Engineering"
          }
        }
        "#);
    }

    #[test]
    fn an_unset_department_is_a_null_under_its_bare_name() {
        let directory = Directory::generate("acme.example", 5);
        let user = job(Mapping::Full).new_user(&directory.people[4]);
        assert_eq!(user.get("department"), Some(&Value::Null));
    }

    #[test]
    fn a_user_as_created_does_not_differ_from_its_person() {
        let directory = Directory::generate("acme.example", 20);
        for (person, mapping) in
            directory.people.iter().zip([Mapping::Full, Mapping::Reduced, Mapping::People].iter().cycle())
        {
            let job = job(*mapping);
            assert_eq!(job.differences(person, &job.new_user(person)), []);
        }
    }

    #[test]
    fn a_changed_title_is_the_only_difference() {
        let mut person = Directory::generate("acme.example", 1).people.remove(0);
        let user = job(Mapping::Full).new_user(&person);
        person.title = Some("Director".to_owned());
        let expected = Change::Attribute {
            operation: Operation::Replace,
            attribute: Attribute::Title,
            value: json!("Director"),
        };
        assert_eq!(job(Mapping::Full).differences(&person, &user), [expected]);
    }
}
