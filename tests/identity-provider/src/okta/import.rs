//! Importing: what Okta reads of a service, page by page `[okta]`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Application, PAGE};
use crate::{Error, Exchange};

/// What an import found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Import {
    /// Every user.
    pub users: Vec<Value>,
    /// Every group with its members; none where the service has no groups.
    pub groups: Vec<Value>,
    /// Everything that was sent and came back, in order.
    pub exchanges: Vec<Exchange>,
}

impl Application {
    /// "Import New Users and Profile Updates": all users, then all groups.
    pub async fn import(&self) -> Result<Import, Error> {
        let mut import = Import::default();
        import.users = self.pages("/Users", &mut import.exchanges).await?;
        import.groups = self.pages("/Groups", &mut import.exchanges).await?;
        Ok(import)
    }

    /// Pages of 100 until `totalResults` are read. A service that shows a resource twice, or answers an empty page
    /// before the end, has no stable order.
    async fn pages(&self, path: &str, exchanges: &mut Vec<Exchange>) -> Result<Vec<Value>, Error> {
        let (mut found, mut ids) = (Vec::new(), BTreeSet::new());
        loop {
            let (start_index, count) = ((found.len() + 1).to_string(), PAGE.to_string());
            let parameters = [("startIndex", start_index.as_str()), ("count", count.as_str())];
            let exchange = self.get(path, &parameters).await?.expect(&[200, 404])?;
            if exchange.response.status == 404 && path == "/Groups" {
                exchanges.push(exchange);
                return Ok(found);
            }
            let (total, page) = exchange.list()?;
            let is_new = |resource: &Value| {
                resource.get("id").and_then(Value::as_str).is_some_and(|id| ids.insert(id.to_owned()))
            };
            if !page.iter().all(is_new) {
                return Err(exchange.unexpected("each resource once"));
            }
            let is_last = (found.len() + page.len()) as u64 >= total;
            if page.is_empty() && !is_last {
                return Err(exchange.unexpected("a page with resources"));
            }
            found.extend_from_slice(page);
            exchanges.push(exchange);
            if is_last {
                return Ok(found);
            }
        }
    }
}
