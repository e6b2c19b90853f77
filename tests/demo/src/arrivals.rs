//! What has arrived: the users and groups, read back as the application could read them.

use http::Method;
use identity_provider::{Connection, Request};
use serde_json::Value;

use crate::failure::Failure;
use crate::show;

/// Reads users and groups over SCIM and prints a table of each.
pub(crate) async fn print(connection: &Connection) -> Result<(), Failure> {
    show::step("What arrived");
    let users = list(connection, "Users").await?;
    println!("   {:<26} {:<20} {:<24} GROUPS", "USER NAME", "NAME", "TITLE");
    for user in &users {
        let groups: Vec<&str> =
            elements(user, "groups").filter_map(|group| group["display"].as_str()).collect();
        let (name, title) = (text(user, "displayName"), text(user, "title"));
        println!("   {:<26} {name:<20} {title:<24} {}", text(user, "userName"), groups.join(", "));
    }
    println!("\n   {:<26} MEMBERS", "GROUP");
    for group in list(connection, "Groups").await? {
        println!("   {:<26} {}", text(&group, "displayName"), elements(&group, "members").count());
    }
    Ok(())
}

async fn list(connection: &Connection, resource_type: &str) -> Result<Vec<Value>, Failure> {
    let exchange =
        connection.send(Request::new(Method::GET, format!("/{resource_type}"))).await?.expect(&[200])?;
    Ok(exchange.list()?.1.to_vec())
}

fn elements<'a>(document: &'a Value, attribute: &str) -> impl Iterator<Item = &'a Value> {
    document[attribute].as_array().into_iter().flatten()
}

fn text<'a>(document: &'a Value, attribute: &str) -> &'a str {
    document[attribute].as_str().unwrap_or("-")
}
