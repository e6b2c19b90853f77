//! The steps of a check: what is asked, and which answer is right.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::check::client::Answer;

/// One request, and what its answer must be.
#[derive(Debug)]
pub(super) struct Step {
    /// What is tried, for people.
    pub(super) title: &'static str,
    pub(super) request: Request,
    statuses: &'static [u16],
    /// What the body must hold, and where (RFC 6901).
    shows: Option<(&'static str, Value)>,
}

/// What is asked of the tenant.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Below the Tenant URL.
    pub(super) path: String,
    pub(super) filter: Option<String>,
    pub(super) body: Option<Value>,
    pub(super) credential: Credential,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// The identity provider.
    Token,
    /// Somebody who has no token.
    Wrong,
}

/// Somebody who exists for the time of a check alone.
#[derive(Debug)]
pub(super) struct Person {
    user_name: String,
}

impl Person {
    /// A domain that nobody has (RFC 2606, section 2).
    pub(super) fn named(unique: &Uuid) -> Self {
        Self { user_name: format!("check-{unique}@scim-operator.invalid") }
    }

    /// The attributes that identity providers send of everybody.
    fn user(&self) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": self.user_name,
            "externalId": self.user_name,
            "displayName": "Connection Check",
            "name": {"givenName": "Connection", "familyName": "Check"},
            "emails": [{"value": self.user_name, "type": "work", "primary": true}],
            "active": true
        })
    }
}

impl Step {
    pub(super) fn capabilities() -> Self {
        Self::new("read what the server can do", get("/ServiceProviderConfig"), &[200])
            .showing("/patch/supported", json!(true))
    }

    pub(super) fn wrong_token() -> Self {
        let request = Request { credential: Credential::Wrong, ..get("/Users") };
        Self::new("ask with a wrong token", request, &[401])
    }

    pub(super) fn create(person: &Person) -> Self {
        let request = Request { method: Method::POST, body: Some(person.user()), ..get("/Users") };
        Self::new("create a user", request, &[201]).showing("/userName", json!(person.user_name))
    }

    pub(super) fn find(person: &Person, id: &str) -> Self {
        let filter = format!("userName eq \"{}\"", person.user_name);
        let request = Request { filter: Some(filter), ..get("/Users") };
        Self::new("find the user by its name", request, &[200]).showing("/Resources/0/id", json!(id))
    }

    pub(super) fn deactivate(id: &str) -> Self {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "active", "value": false}]
        });
        let request = Request { method: Method::PATCH, body: Some(body), ..user(id) };
        Self::new("deactivate the user", request, &[200, 204])
    }

    pub(super) fn read_inactive(id: &str) -> Self {
        Self::new("read the user, who is inactive", user(id), &[200]).showing("/active", json!(false))
    }

    pub(super) fn delete(id: &str) -> Self {
        Self::new("remove the user", Request { method: Method::DELETE, ..user(id) }, &[204])
    }

    pub(super) fn gone(id: &str) -> Self {
        Self::new("look for the user, who is gone", user(id), &[404])
    }

    fn new(title: &'static str, request: Request, statuses: &'static [u16]) -> Self {
        Self { title, request, statuses, shows: None }
    }

    fn showing(self, place: &'static str, value: Value) -> Self {
        Self { shows: Some((place, value)), ..self }
    }

    /// Whether the answer is right; if not, what was expected instead.
    pub(super) fn judge(&self, answer: &Answer) -> Result<(), String> {
        if !self.statuses.contains(&answer.status) {
            let expected: Vec<_> = self.statuses.iter().map(ToString::to_string).collect();
            let expected = expected.join(" or ");
            let told = answer.text("/detail").map(|detail| format!("; {detail}")).unwrap_or_default();
            return Err(format!("expected {expected}, got {}{told}", answer.status));
        }
        match &self.shows {
            Some((place, value)) if answer.body.pointer(place) != Some(value) => {
                let shown = answer.body.pointer(place).map_or("nothing".to_owned(), Value::to_string);
                Err(format!("expected {value} at {place} of the answer, got {shown}"))
            }
            _ => Ok(()),
        }
    }
}

fn get(path: &str) -> Request {
    let path = path.to_owned();
    Request { method: Method::GET, path, filter: None, body: None, credential: Credential::Token }
}

fn user(id: &str) -> Request {
    get(&format!("/Users/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_right_by_its_status_and_what_it_shows() {
        let step = Step::read_inactive("1");
        let judged = |status, body| step.judge(&Answer { status, body });
        assert_eq!(judged(200, json!({"active": false})), Ok(()));
        assert_eq!(
            judged(200, json!({"active": true})).unwrap_err(),
            "expected false at /active of the answer, got true"
        );
        assert_eq!(
            judged(200, Value::Null).unwrap_err(),
            "expected false at /active of the answer, got nothing"
        );
        assert_eq!(judged(502, Value::Null).unwrap_err(), "expected 200, got 502");
        assert_eq!(
            Step::deactivate("1").judge(&Answer { status: 400, body: json!({"detail": "no"}) }).unwrap_err(),
            "expected 200 or 204, got 400; no"
        );
    }

    #[test]
    fn two_checks_at_once_make_two_users() {
        let [one, two] = [Person::named(&Uuid::now_v7()), Person::named(&Uuid::now_v7())];
        assert_ne!(one.user_name, two.user_name);
        assert_eq!(one.user()["emails"][0]["value"], one.user_name);
    }
}
