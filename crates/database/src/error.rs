//! What PostgreSQL answers instead of rows, sorted by what the caller can do about it.

use sqlx::error::DatabaseError;

/// A statement did not work. The text is for logs; the cause is in `source()`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL is not reachable, refuses connections, is shutting down or out of resources: try again later.
    #[error("PostgreSQL is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The statement took longer than it may, or nothing happened in a transaction for as long.
    #[error("a statement took too long")]
    TimedOut(#[source] sqlx::Error),
    /// The tenant holds as many connections as one tenant may: try again when its other requests are done.
    #[error("the tenant holds its whole share of the connections")]
    Crowded,
    /// Another transaction was in the way (deadlock, serialization): the same transaction may work when repeated.
    #[error("another transaction was in the way")]
    Contention(#[source] sqlx::Error),
    /// A constraint of a table refused the values. Constraints are named in `migrations/`.
    #[error("the constraint {constraint} refused the values")]
    Constraint {
        /// The constraint's name, such as `users_user_name_key_unique`.
        constraint: String,
        /// What PostgreSQL said.
        #[source]
        source: sqlx::Error,
    },
    /// A table or schema is not there: the tenant was deleted meanwhile, or the registry was never migrated.
    #[error("a table or schema does not exist")]
    Missing(#[source] sqlx::Error),
    /// The role lacks a right that it needs.
    #[error("the role may not do this")]
    Forbidden(#[source] sqlx::Error),
    /// Everything else: a statement or a row that does not fit, hence a defect of ours.
    #[error("a statement failed")]
    Statement(#[source] sqlx::Error),
}

impl Error {
    /// The name of the constraint that refused the values, if one did.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { constraint, .. } => Some(constraint),
            _ => None,
        }
    }

    /// Whether waiting helps, without anybody changing anything.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match classify(&error) {
            Class::Unavailable => Self::Unavailable(error),
            Class::TimedOut => Self::TimedOut(error),
            Class::Contention => Self::Contention(error),
            Class::Constraint(constraint) => Self::Constraint { constraint, source: error },
            Class::Missing => Self::Missing(error),
            Class::Forbidden => Self::Forbidden(error),
            Class::Statement => Self::Statement(error),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Class {
    Unavailable,
    TimedOut,
    Contention,
    Constraint(String),
    Missing,
    Forbidden,
    Statement,
}

fn classify(error: &sqlx::Error) -> Class {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Class::Unavailable,
        sqlx::Error::Database(error) => classify_code(error.as_ref()),
        _ => Class::Statement,
    }
}

fn classify_code(error: &dyn DatabaseError) -> Class {
    let code = error.code().unwrap_or_default();
    if code.starts_with("23")
        && let Some(constraint) = error.constraint()
    {
        return Class::Constraint(constraint.to_owned());
    }
    classify_sqlstate(&code)
}

/// Sorts by SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn classify_sqlstate(code: &str) -> Class {
    match code {
        // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout;
        // a standby that a failover left us on; no such database (yet)
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25006" | "3D000" => Class::Unavailable,
        // query_canceled (a statement_timeout), idle_in_transaction_session_timeout
        "57014" | "25P03" => Class::TimedOut,
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Class::Contention,
        // undefined_table, invalid_schema_name
        "42P01" | "3F000" => Class::Missing,
        // insufficient_privilege
        "42501" => Class::Forbidden,
        // connection exceptions, refused log-ins, insufficient resources (53300: too many connections)
        _ if ["08", "28", "53"].iter().any(|class| code.starts_with(class)) => Class::Unavailable,
        _ => Class::Statement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_or_unwilling_postgresql_is_unavailable() {
        for code in ["57P01", "57P02", "57P03", "08006", "08001", "53300", "28P01", "3D000"] {
            assert_eq!(classify_sqlstate(code), Class::Unavailable, "{code}");
        }
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for error in [sqlx::Error::PoolTimedOut, sqlx::Error::PoolClosed, sqlx::Error::Io(refused)] {
            assert!(Error::from(error).is_unavailable());
        }
    }

    #[test]
    fn what_repeating_may_cure_is_contention() {
        for code in ["40001", "40P01"] {
            assert_eq!(classify_sqlstate(code), Class::Contention, "{code}");
        }
    }

    #[test]
    fn a_statement_that_postgresql_ended_for_its_length_timed_out() {
        for code in ["57014", "25P03"] {
            assert_eq!(classify_sqlstate(code), Class::TimedOut, "{code}");
        }
    }

    #[test]
    fn a_defect_of_ours_is_neither() {
        for code in ["42601", "42703", "22P02", ""] {
            assert_eq!(classify_sqlstate(code), Class::Statement, "{code}");
        }
        assert!(!Error::from(sqlx::Error::RowNotFound).is_unavailable());
    }
}
