//! The statements that each role sends to PostgreSQL, out of PostgreSQL's log.

use std::collections::BTreeMap;
use std::path::PathBuf;

use control_plane::Stack;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Begins each record, before the name of the role.
const ROLE: &str = "role=";
/// What no row is written by.
const READS: [&str; 9] =
    ["SELECT", "SHOW", "SET", "RESET", "BEGIN", "COMMIT", "ROLLBACK", "START", "DISCARD"];

/// PostgreSQL's log, which has every statement from the moment on in which it was opened.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
}

/// A statement of a role, counted.
pub(crate) type Statements = BTreeMap<(String, String), u64>;

impl Log {
    /// Has every statement written there.
    pub(crate) async fn open(stack: &Stack) -> Self {
        let mut superuser = PgConnection::connect(&stack.postgresql().superuser_url()).await.unwrap();
        for statement in [
            format!("ALTER SYSTEM SET log_line_prefix = '{ROLE}%u '"),
            "ALTER SYSTEM SET log_statement = 'all'".to_owned(),
            "SELECT pg_reload_conf()".to_owned(),
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut superuser).await.unwrap();
        }
        // Each backend reads its configuration when it next waits for a statement.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        Self { path: stack.log_directory().join("postgresql.log") }
    }

    /// Its end.
    pub(crate) fn end(&self) -> u64 {
        std::fs::metadata(&self.path).unwrap().len()
    }

    /// What was sent since it ended there.
    pub(crate) fn since(&self, end: u64) -> Statements {
        let bytes = std::fs::read(&self.path).unwrap();
        count(&String::from_utf8_lossy(&bytes[usize::try_from(end).unwrap()..]))
    }
}

fn count(text: &str) -> Statements {
    let mut statements = Statements::new();
    for record in text.split(&format!("\n{ROLE}")).map(|record| record.trim_start_matches(ROLE)) {
        let Some((role, rest)) = record.split_once(' ') else { continue };
        let logged = rest.strip_prefix("LOG:  statement: ").or_else(|| {
            let (_, statement) = rest.strip_prefix("LOG:  execute ")?.split_once(": ")?;
            Some(statement)
        });
        if let Some(statement) = logged {
            *statements.entry((role.to_owned(), in_one_line(statement))).or_default() += 1;
        }
    }
    statements
}

/// Without comments, and with the same name for every tenant's schema.
fn in_one_line(statement: &str) -> String {
    let lines = statement.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let mut parts = words.split("tenant_");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|character: char| character.is_ascii_digit());
        text + if rest.len() < part.len() { "tenant_…" } else { "tenant_" } + rest
    })
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads, or makes what is there already.
    Read,
    /// Gives the servers' role its rights, which it has: the registry's migration does that at each start.
    Grant,
    /// Anything else.
    Write,
}

impl Kind {
    /// By the first word.
    pub(crate) fn of(statement: &str) -> Self {
        let first = statement.split([' ', ';']).next().unwrap_or_default().to_uppercase();
        let is_there = first == "CREATE" && statement.contains("IF NOT EXISTS");
        match first.as_str() {
            first if is_there || READS.contains(&first) => Self::Read,
            "GRANT" => Self::Grant,
            _ => Self::Write,
        }
    }
}
