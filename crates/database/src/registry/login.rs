//! The role that servers connect with: made, if the operator's may and knows the password, and let into the database. Otherwise
//! said to be missing, with what to run, before PostgreSQL says it in fewer words.

use postgres_protocol::password::scram_sha_256;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use crate::registry::error::RegistryError;
use crate::registry::role::ServerRole;
use crate::sql::{self, Names};

const LOOK: &str = "
    SELECT current_user::text AS operator, current_database()::text AS database,
           has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
           has_database_privilege(current_database(), 'CONNECT WITH GRANT OPTION') AS may_let_in,
           has_database_privilege('public', current_database(), 'CONNECT') AS all_are_let_in,
           (SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user) AS may_create_roles,
           (SELECT has_database_privilege(oid, current_database(), 'CONNECT')
              FROM pg_catalog.pg_roles WHERE rolname = $1) AS server_is_let_in";

/// What there is before the control schema is made.
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
#[derive(Debug)]
struct Found {
    /// The role that we connect with.
    operator: String,
    database: String,
    may_create_schemas: bool,
    may_let_in: bool,
    all_are_let_in: bool,
    may_create_roles: bool,
    /// `None`: there is no such role.
    server_is_let_in: Option<bool>,
}

/// Makes sure of the server's role, and that we may make schemas. Writes only what is missing.
pub(crate) async fn ensure_roles(
    connection: &mut PgConnection,
    server_role: &ServerRole,
) -> Result<(), RegistryError> {
    let row = sqlx::query(LOOK).bind(server_role.as_str()).fetch_one(&mut *connection).await?;
    let found = read(&row)?;
    if !found.may_create_schemas {
        let Found { operator: role, database, .. } = found;
        return Err(RegistryError::MayNotCreateSchemas { role, database });
    }
    if found.server_is_let_in.is_none() {
        let password = server_role.password().filter(|_| found.may_create_roles);
        let Some(password) = password else { return Err(missing(server_role, &found)) };
        // PostgreSQL's log may hold the statement; the verifier leads back to no password.
        let statement = sql::create_login_role(server_role.as_str(), &scram_sha_256(password.as_bytes()));
        sqlx::raw_sql(statement).execute(&mut *connection).await?;
    }
    match found.server_is_let_in.unwrap_or(found.all_are_let_in) {
        true => Ok(()),
        false if found.may_let_in => let_in(connection, server_role, &found.database).await,
        false => Err(RegistryError::ServerRoleNotLetIn {
            role: server_role.to_string(),
            run: grant(server_role, &found.database),
        }),
    }
}

fn read(row: &PgRow) -> Result<Found, sqlx::Error> {
    Ok(Found {
        operator: row.try_get("operator")?,
        database: row.try_get("database")?,
        may_create_schemas: row.try_get("may_create_schemas")?,
        may_let_in: row.try_get("may_let_in")?,
        all_are_let_in: row.try_get("all_are_let_in")?,
        may_create_roles: row.try_get::<Option<bool>, _>("may_create_roles")?.unwrap_or_default(),
        server_is_let_in: row.try_get("server_is_let_in")?,
    })
}

async fn let_in(
    connection: &mut PgConnection,
    server_role: &ServerRole,
    database: &str,
) -> Result<(), RegistryError> {
    let others = [("server_role", server_role.as_str()), ("database", database)];
    let names = Names { schema: None, others: &others };
    let statement = sql::script("GRANT CONNECT ON DATABASE {database} TO {server_role}", names);
    sqlx::raw_sql(statement).execute(connection).await?;
    Ok(())
}

fn missing(server_role: &ServerRole, found: &Found) -> RegistryError {
    let because = if server_role.password().is_none() {
        "no password was given to make it with".to_owned()
    } else {
        format!("{} may not make it, since it lacks CREATEROLE", found.operator)
    };
    let create = format!("CREATE ROLE {} LOGIN PASSWORD '…'", sql::for_a_person(server_role.as_str()));
    let run = if found.all_are_let_in {
        create
    } else {
        format!("{create}; {}", grant(server_role, &found.database))
    };
    RegistryError::ServerRoleMissing { role: server_role.to_string(), because, run }
}

fn grant(server_role: &ServerRole, database: &str) -> String {
    let (database, role) = (sql::for_a_person(database), sql::for_a_person(server_role.as_str()));
    format!("GRANT CONNECT ON DATABASE {database} TO {role}")
}
