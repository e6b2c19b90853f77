//! The users of a tenant, over SCIM.

use http::Method;
use identity_provider::{Connection, Exchange, Request};
use serde_json::json;

/// Creates one, and answers with what was said to it.
pub(crate) async fn create_user(connection: &Connection, user_name: &str) -> Exchange {
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": user_name});
    let request = Request::new(Method::POST, "/Users").json(&body);
    connection.send(request).await.unwrap().expect(&[201]).unwrap()
}

/// How many users there are.
pub(crate) async fn users(connection: &Connection) -> u64 {
    let request = Request::new(Method::GET, "/Users").query("count=0");
    connection.send(request).await.unwrap().expect(&[200]).unwrap().list().unwrap().0
}

/// What a request for users is told, whatever it is.
pub(crate) async fn list_users(connection: &Connection) -> Exchange {
    connection.send(Request::new(Method::GET, "/Users").query("count=1")).await.unwrap()
}

/// The status of what a request for users is told.
pub(crate) async fn status(connection: &Connection) -> u16 {
    list_users(connection).await.response.status
}
