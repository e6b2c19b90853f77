//! What Okta does to one user: never a DELETE `[okta]`.

use serde_json::{Value, json};

use super::{Application, Integration, PATCH_OP, profile};
use crate::{Error, Exchange, Person, query};

impl Application {
    /// Looks the person up by `userName`, as Okta does: the id at the service, if there is one.
    pub async fn find_user(&self, person: &Person) -> Result<(Option<String>, Exchange), Error> {
        let filter = query::equals("userName", &person.user_name);
        let parameters = [("filter", filter.as_str()), ("startIndex", "1"), ("count", "100")];
        let exchange = self.get("/Users", &parameters).await?.expect(&[200])?;
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

    /// "Create Users" and "Push New Users": matches, then creates the user, or links one that is there and writes its
    /// profile. The id at the service, and what was sent.
    pub async fn push_user(&self, person: &Person) -> Result<(String, Vec<Exchange>), Error> {
        let (found, exchange) = self.find_user(person).await?;
        if let Some(id) = found {
            let pushed = self.push_profile_update(&id, person).await?;
            return Ok((id, [vec![exchange], pushed].concat()));
        }
        let body = profile::new_user(person);
        let created = self.write(http::Method::POST, "/Users", &body).await?.expect(&[201])?;
        let id = created.id()?;
        match created.document()?.get("password") {
            None => Ok((id, vec![exchange, created])),
            Some(_) => Err(created.unexpected("an answer without the password")),
        }
    }

    /// "Push Profile Updates": GET, then PUT of the whole resource.
    pub async fn push_profile_update(&self, id: &str, person: &Person) -> Result<Vec<Exchange>, Error> {
        let held = self.get_user(id).await?;
        let body = profile::changed_user(held.document()?, person);
        self.put_user(id, held, &body).await
    }

    /// "Deactivate Users".
    pub async fn deactivate(&self, id: &str) -> Result<Vec<Exchange>, Error> {
        self.set_active(id, false).await
    }

    /// A person comes back: the inactive user is matched and activated.
    pub async fn reactivate(&self, id: &str) -> Result<Vec<Exchange>, Error> {
        self.set_active(id, true).await
    }

    /// "Force Sync": pushes every profile again.
    pub async fn force_sync(&self, people: &[Person]) -> Result<Vec<Exchange>, Error> {
        let mut exchanges = Vec::new();
        for person in people {
            exchanges.extend(self.push_user(person).await?.1);
        }
        Ok(exchanges)
    }

    async fn set_active(&self, id: &str, active: bool) -> Result<Vec<Exchange>, Error> {
        match self.integration {
            Integration::Network => Ok(vec![self.patch(&format!("/Users/{id}"), &activation(active)).await?]),
            Integration::Wizard => {
                let held = self.get_user(id).await?;
                let mut body = held.document()?.as_object().cloned().unwrap_or_default();
                body.insert("active".to_owned(), json!(active));
                self.put_user(id, held, &Value::Object(body)).await
            }
        }
    }

    async fn put_user(&self, id: &str, held: Exchange, body: &Value) -> Result<Vec<Exchange>, Error> {
        let path = format!("/Users/{id}");
        let put = self.write(http::Method::PUT, &path, body).await?.expect(&[200])?;
        put.id()?;
        Ok(vec![held, put])
    }
}

fn activation(active: bool) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": [{ "op": "replace", "value": { "active": active } }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_deactivated_by_a_replace_without_path() {
        insta::assert_snapshot!(activation(false), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}"#);
    }
}
