//! PATCH forms that Entra is known to send besides those of an ordinary cycle, each with its source.

use serde_json::{Value, json};

use super::{Dialect, Job};
use crate::{Attribute, Error, Exchange};

/// The objects that the forms are about, by their ids at the service.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The user to be changed.
    pub user_id: String,
    /// Another user, to be the manager.
    pub manager_id: String,
}

/// A PATCH of a user, and how the user must look afterwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// As a sentence.
    pub name: &'static str,
    /// Who documents or reports it.
    pub source: &'static str,
    /// The operations.
    pub operations: Value,
    /// What is to be read afterwards: `None` for an attribute that is to be absent.
    pub then: Vec<(Attribute, Option<Value>)>,
}

impl Job {
    /// The forms of the job's dialect, to be played in this order: a later one may undo what an earlier one did.
    pub fn forms(&self, subject: &Subject) -> Vec<Form> {
        match self.dialect {
            Dialect::Classic => self.classic_forms(subject),
            Dialect::OptScim062020 => flagged_forms(subject),
        }
    }

    /// Sends the form and reads the user again; an error when it does not look as it should.
    pub async fn play(&self, subject: &Subject, form: &Form) -> Result<Exchange, Error> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": form.operations,
        });
        let path = format!("/Users/{}", subject.user_id);
        let patched = self.write(http::Method::PATCH, &path, &body).await?.expect(&[200, 204])?;
        let read = self.get_user(&subject.user_id).await?;
        let document = read.document()?;
        let wrong = form.then.iter().find(|(attribute, value)| attribute.read(document) != value.as_ref());
        match wrong {
            None => Ok(patched),
            Some((attribute, value)) => {
                let value = value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
                let expected =
                    format!("{attribute} to be {value} after {body} ({}, {})", form.name, form.source);
                Err(read.unexpected(expected))
            }
        }
    }

    fn classic_forms(&self, subject: &Subject) -> Vec<Form> {
        let manager_id = &subject.manager_id;
        let reference = format!("{}/Users/{manager_id}", self.connection.tenant_url());
        vec![
            Form {
                name: "a manager as an array with $ref under its bare name",
                source: "[dev, Example 5]",
                operations: json!([{
                    "op": "Add", "path": "manager", "value": [{ "$ref": reference, "value": manager_id }],
                }]),
                then: vec![(Attribute::Manager, Some(json!(manager_id)))],
            },
            Form {
                name: "a manager is cleared by an empty string",
                source: "[lav 16]",
                operations: json!([{ "op": "Replace", "path": Attribute::Manager.to_string(), "value": "" }]),
                then: vec![(Attribute::Manager, None)],
            },
            Form {
                name: "a single string as an array of one complex value",
                source: "azure-docs#42220",
                operations: json!([{
                    "op": "Replace", "path": "displayName", "value": [{ "$ref": null, "value": "An Old Job" }],
                }]),
                then: vec![(Attribute::DisplayName, Some(json!("An Old Job")))],
            },
            Form {
                name: "names of attributes and sub-attributes in any case",
                source: "[dev], mapping table",
                operations: json!([
                    { "op": "Replace", "path": "Title", "value": "Any Case" },
                    { "op": "Add", "path": "phoneNumbers[type eq \"work\"].Value", "value": "+47 55 000000" },
                ]),
                then: vec![
                    (Attribute::Title, Some(json!("Any Case"))),
                    (Attribute::WorkPhone, Some(json!("+47 55 000000"))),
                ],
            },
            Form {
                name: "a removal whose value is to be ignored",
                source: "SCIMReferenceCode#87",
                operations: json!([{ "op": "Remove", "path": "title", "value": "Any Case" }]),
                then: vec![(Attribute::Title, None)],
            },
            Form {
                name: "an address is cleared and comes back by several operations that fill one element",
                source: "simpleidserver#808, scim-patch#176, ssoready#249",
                operations: json!([
                    { "op": "Remove", "path": "addresses" },
                    { "op": "Add", "path": Attribute::Country.to_string(), "value": "NO" },
                    { "op": "Replace", "path": Attribute::Locality.to_string(), "value": "Bergen" },
                ]),
                then: vec![
                    (Attribute::Country, Some(json!("NO"))),
                    (Attribute::Locality, Some(json!("Bergen"))),
                    (Attribute::Region, None),
                ],
            },
            Form {
                name: "null clears",
                source: "[lav 25]",
                operations: json!([
                    { "op": "Replace", "path": Attribute::Department.to_string(), "value": null },
                    { "op": "Replace", "path": "preferredLanguage", "value": "" },
                ]),
                then: vec![(Attribute::Department, None), (Attribute::PreferredLanguage, None)],
            },
            Form {
                name: "the whole list of roles, primary as text, with a displayName that no schema knows",
                source: "[attr], validator",
                operations: json!([{
                    "op": "Replace", "path": "roles",
                    "value": [{ "primary": "True", "value": "Admin", "displayName": "Admin" }],
                }]),
                then: vec![(Attribute::Role, Some(json!("Admin")))],
            },
            Form {
                name: "several roles, each as JSON in a string",
                source: "[attr]",
                operations: json!([{
                    "op": "Add", "path": "roles",
                    "value": [{ "value": "{\"id\":\"06b07648\",\"value\":\"Auditor\",\"displayName\":\"Auditor\"}" }],
                }]),
                then: vec![(Attribute::Role, Some(json!("Admin")))],
            },
            Form {
                name: "the primary role by a value path on text",
                source: "[attr]",
                operations: json!([{ "op": "Replace", "path": Attribute::Role.to_string(), "value": "User" }]),
                then: vec![(Attribute::Role, Some(json!("User")))],
            },
            Form {
                name: "active as text",
                source: "[compat]",
                operations: json!([{ "op": "Replace", "path": "active", "value": "False" }]),
                then: vec![(Attribute::Active, Some(json!(false)))],
            },
        ]
    }
}

fn flagged_forms(subject: &Subject) -> Vec<Form> {
    vec![
        Form {
            name: "dotted names and full URNs without path",
            source: "[compat]",
            operations: json!([
                { "op": "replace", "path": Attribute::WorkEmail.to_string(), "value": "flagged@acme.example" },
                { "op": "replace", "value": {
                    "displayName": "Flagged",
                    "name.givenName": "Fla",
                    "name.familyName": "Gged",
                    Attribute::EmployeeNumber.to_string(): "4711",
                    Attribute::Manager.to_string(): subject.manager_id,
                } },
            ]),
            then: vec![
                (Attribute::WorkEmail, Some(json!("flagged@acme.example"))),
                (Attribute::DisplayName, Some(json!("Flagged"))),
                (Attribute::GivenName, Some(json!("Fla"))),
                (Attribute::FamilyName, Some(json!("Gged"))),
                (Attribute::EmployeeNumber, Some(json!("4711"))),
                (Attribute::Manager, Some(json!(subject.manager_id))),
            ],
        },
        Form {
            name: "empty strings without path clear",
            source: "[lav 16, 25]",
            operations: json!([{ "op": "replace", "value": {
                "title": "", Attribute::Manager.to_string(): "", Attribute::Department.to_string(): null,
            } }]),
            then: vec![(Attribute::Title, None), (Attribute::Manager, None), (Attribute::Department, None)],
        },
        Form {
            name: "a real boolean",
            source: "[compat]",
            operations: json!([{ "op": "replace", "path": "active", "value": false }]),
            then: vec![(Attribute::Active, Some(json!(false)))],
        },
    ]
}
