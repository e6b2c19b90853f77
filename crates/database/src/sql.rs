//! The one place where names of schemas, tables and roles get into SQL. Everything else is `&'static str` or bound.

use std::time::Duration;

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{Arguments, AssertSqlSafe, Encode, Executor, FromRow, SqlSafeStr, SqlStr, Type};
use tenancy::SchemaName;

use crate::error::Error;

/// A statement on the tables of one tenant, written part by part.
///
/// Text is `&'static str`, in which `{users}`, `{groups}`, `{group_members}`, `{unique_values}` and `{removed_users}`
/// stand for the tenant's tables, and `{schema}` for what holds them; values are bound where they appear. [`TenantDatabase::statement`] begins one and runs it.
///
/// ```text
/// let mut statement = tenant.statement("SELECT resource FROM {users} WHERE id = ");
/// statement.bind(id).text(" FOR UPDATE");
/// ```
///
/// [`TenantDatabase::statement`]: crate::tenant::TenantDatabase::statement
#[derive(Debug)]
pub struct Statement {
    schema: SchemaName,
    text: String,
    arguments: PgArguments,
    keeping: Keeping,
    /// Why a value could not be bound: told when the statement is run.
    failure: Option<BoxDynError>,
}

/// The tables of a tenant, as `migrations/tenant` makes them. Each is a placeholder.
pub(crate) const TABLES: [&str; 5] = ["users", "groups", "group_members", "unique_values", "removed_users"];

/// Whether a connection keeps a statement prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Prepared,
    Nothing,
}

impl Statement {
    pub(crate) fn new(schema: SchemaName, text: &'static str) -> Self {
        let mut statement = Self {
            schema,
            text: String::new(),
            arguments: PgArguments::default(),
            keeping: Keeping::Prepared,
            failure: None,
        };
        statement.text(text);
        statement
    }

    /// Appends SQL.
    pub fn text(&mut self, part: &'static str) -> &mut Self {
        resolve(part, Names::of_schema(&self.schema), &mut self.text);
        self
    }

    /// Appends a placeholder (`$1`, `$2`, …) and binds this value to it.
    pub fn bind<'v, V>(&mut self, value: V) -> &mut Self
    where
        V: Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.arguments.add(value) {
            self.failure = Some(error);
        }
        self.text.push('$');
        self.text.push_str(&self.arguments.len().to_string());
        self
    }

    /// The same, kept prepared by no connection. To be run in a transaction only: see `TenantDatabase::fetch_all_once`.
    pub(crate) fn without_name(mut self) -> Self {
        self.keeping = Keeping::Nothing;
        self
    }

    /// The SQL as PostgreSQL gets it, for tests that look at it.
    pub fn as_sql(&self) -> &str {
        &self.text
    }

    fn into_query(self) -> Result<Query<'static, Postgres, PgArguments>, Error> {
        match self.failure {
            None => {
                let query = sqlx::query_with(AssertSqlSafe(self.text), self.arguments);
                Ok(query.persistent(self.keeping == Keeping::Prepared))
            }
            Some(error) => Err(Error::Statement(sqlx::Error::Encode(error))),
        }
    }

    pub(crate) async fn fetch_all<'c, R>(
        self,
        executor: impl Executor<'c, Database = Postgres>,
    ) -> Result<Vec<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        let rows = self.into_query()?.fetch_all(executor).await?;
        Ok(rows.iter().map(R::from_row).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn fetch_optional<'c, R>(
        self,
        executor: impl Executor<'c, Database = Postgres>,
    ) -> Result<Option<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        let row = self.into_query()?.fetch_optional(executor).await?;
        Ok(row.as_ref().map(R::from_row).transpose()?)
    }

    pub(crate) async fn execute<'c>(
        self,
        executor: impl Executor<'c, Database = Postgres>,
    ) -> Result<u64, Error> {
        Ok(self.into_query()?.execute(executor).await?.rows_affected())
    }
}

/// What the placeholders of a template stand for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Names<'a> {
    /// `{schema}`, and `{users}` and the other tables in it.
    pub(crate) schema: Option<&'a SchemaName>,
    /// Other placeholders, such as `server_role`, and the names they stand for, not quoted.
    pub(crate) others: &'a [(&'static str, &'a str)],
}

impl<'a> Names<'a> {
    pub(crate) fn of_schema(schema: &'a SchemaName) -> Self {
        Self { schema: Some(schema), others: &[] }
    }
}

/// Resolves the placeholders of a script of our own (a migration, grants).
pub(crate) fn script(template: &'static str, names: Names<'_>) -> SqlStr {
    let mut text = String::with_capacity(template.len());
    resolve(template, names, &mut text);
    AssertSqlSafe(text).into_sql_str()
}

/// The statement that makes a role that may log in. `verifier` is what PostgreSQL keeps of its password; a statement that makes
/// a role takes no bound values.
pub(crate) fn create_login_role(role: &str, verifier: &str) -> SqlStr {
    AssertSqlSafe(format!("CREATE ROLE {} LOGIN PASSWORD {}", quoted(role), literal(verifier))).into_sql_str()
}

/// The statements that set how long a session's statements may take, and how long a transaction may stay idle.
pub(crate) fn time_limits(limit: Duration) -> SqlStr {
    let milliseconds = limit.as_millis().max(1);
    AssertSqlSafe(format!(
        "SET statement_timeout = {milliseconds}; SET idle_in_transaction_session_timeout = {milliseconds}"
    ))
    .into_sql_str()
}

/// A quoted identifier, in a statement for a person.
pub(crate) fn for_a_person(name: &str) -> String {
    quoted(name)
}

/// Any text, for tests that play an administrator or an intruder.
#[cfg(feature = "testing")]
pub(crate) fn of_a_test(text: &str) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

/// Appends `template` with its placeholders resolved. A brace that begins no placeholder stays what it is.
fn resolve(template: &'static str, names: Names<'_>, into: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        into.push_str(before);
        if let Some((placeholder, behind)) = after.split_once('}')
            && let Some(identifier) = identifier(placeholder, names)
        {
            into.push_str(&identifier);
            rest = behind;
        } else {
            into.push('{');
            rest = after;
        }
    }
    into.push_str(rest);
}

fn identifier(placeholder: &str, names: Names<'_>) -> Option<String> {
    match placeholder {
        "schema" => Some(quoted(names.schema?.as_str())),
        _ if TABLES.contains(&placeholder) => {
            Some(format!("{}.{}", quoted(names.schema?.as_str()), quoted(placeholder)))
        }
        _ => names.others.iter().find(|(other, _)| *other == placeholder).map(|(_, name)| quoted(name)),
    }
}

/// A quoted identifier (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>).
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A quoted text, whatever `standard_conforming_strings` says
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE>).
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use tenancy::TenantId;

    use super::*;

    fn statement(text: &'static str) -> Statement {
        Statement::new(SchemaName::of(TenantId::new(42)), text)
    }

    #[test]
    fn tables_are_named_with_their_schema() {
        let mut statement =
            statement("SELECT resource FROM {users} u JOIN {group_members} m ON m.member_user = u.id");
        statement.text(" WHERE u.id = ").bind(1_i64).text(" AND u.active = ").bind(true);
        insta::assert_snapshot!(statement.as_sql(), @r#"SELECT resource FROM "tenant_42"."users" u JOIN "tenant_42"."group_members" m ON m.member_user = u.id WHERE u.id = $1 AND u.active = $2"#);
    }

    #[test]
    fn a_brace_that_begins_no_placeholder_stays() {
        let statement = statement("SELECT '{}'::jsonb, '{emails,0}', '{' FROM {groups}");
        insta::assert_snapshot!(statement.as_sql(), @r#"SELECT '{}'::jsonb, '{emails,0}', '{' FROM "tenant_42"."groups""#);
    }

    #[test]
    fn a_role_is_quoted() {
        let names = Names { schema: None, others: &[("server_role", "a\"; DROP ROLE b; --")] };
        insta::assert_snapshot!(
            script("GRANT USAGE ON SCHEMA scim_control TO {server_role}", names).as_str(),
            @r#"GRANT USAGE ON SCHEMA scim_control TO "a""; DROP ROLE b; --""#
        );
    }

    #[test]
    fn a_role_and_what_is_kept_of_its_password_are_quoted() {
        insta::assert_snapshot!(
            create_login_role("a\"b", "c'; DROP ROLE d; -- \\").as_str(),
            @r#"CREATE ROLE "a""b" LOGIN PASSWORD E'c''; DROP ROLE d; -- \\'"#
        );
    }
}
