//! The database and its two roles, made by the superuser before anything is installed (design §2).

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

const DATABASE: &str = "scim";
const OPERATOR_ROLE: &str = "scim_operator";
/// The role of the servers, which the operator grants what they need.
pub(crate) const SERVER_ROLE: &str = "scim_server";
const OPERATOR_PASSWORD: &str = "operator";
const SERVER_PASSWORD: &str = "server";

/// The URLs that operator and servers are given.
#[derive(Clone, Debug)]
pub struct Databases {
    /// The role that owns schemas.
    pub operator_url: String,
    /// The role that serves.
    pub server_url: String,
}

impl Databases {
    /// Makes both roles and the database that the first one owns, on the server behind `superuser_url`.
    pub async fn create(superuser_url: &str) -> Result<Self, sqlx::Error> {
        let mut connection = PgConnection::connect(superuser_url).await?;
        for statement in [
            format!("CREATE ROLE {OPERATOR_ROLE} LOGIN PASSWORD '{OPERATOR_PASSWORD}'"),
            format!("CREATE ROLE {SERVER_ROLE} LOGIN PASSWORD '{SERVER_PASSWORD}'"),
            format!("CREATE DATABASE {DATABASE} OWNER {OPERATOR_ROLE}"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?; // constants of this file
        }
        connection.close().await?;
        Ok(Self {
            operator_url: as_role(superuser_url, OPERATOR_ROLE, OPERATOR_PASSWORD),
            server_url: as_role(superuser_url, SERVER_ROLE, SERVER_PASSWORD),
        })
    }
}

fn as_role(superuser_url: &str, role: &str, password: &str) -> String {
    let host = superuser_url.rsplit_once('@').map_or("127.0.0.1", |(_, host)| host);
    let host = host.split('/').next().unwrap_or(host);
    format!("postgres://{role}:{password}@{host}/{DATABASE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_gets_the_same_server_and_our_database() {
        assert_eq!(
            as_role("postgres://postgres:x@127.0.0.1:20001/postgres", "r", "p"),
            "postgres://r:p@127.0.0.1:20001/scim"
        );
    }
}
