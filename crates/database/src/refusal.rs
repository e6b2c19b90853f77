//! Why no connection to PostgreSQL comes about, in words for whoever can change it. They stay the same as long as the cause does,
//! and hold no password.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::timeout;

/// How long PostgreSQL has to let somebody in.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Why no connection comes about: `Display` says where to, as whom, and what PostgreSQL or the network said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whether waiting helps.
    pub kind: RefusalKind,
    place: String,
    cause: String,
}

/// Whether waiting helps against a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Nobody is there, or not ready.
    Away,
    /// Somebody is there and does not let us in: a wrong password, a database that does not exist, TLS that does not fit.
    NotLetIn,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)
    }
}

/// Tries to open a connection.
pub(crate) async fn refusal(options: &PgConnectOptions) -> Option<Refusal> {
    let (kind, cause) = match timeout(ANSWERS_WITHIN, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            // What becomes of it is of no matter.
            drop(connection.close().await);
            return None;
        }
        Ok(Err(error)) => cause(&error),
        Err(_) => (RefusalKind::Away, format!("no answer within {}s", ANSWERS_WITHIN.as_secs())),
    };
    Some(Refusal { kind, place: place(options), cause })
}

fn place(options: &PgConnectOptions) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    let host = options.get_socket().map_or_else(|| host.to_owned(), |socket| socket.display().to_string());
    let role = options.get_username();
    // As PostgreSQL takes it where nothing is said.
    let database = options.get_database().unwrap_or(role);
    format!("PostgreSQL at {host}:{port}, database {database}, as {role}")
}

fn cause(error: &sqlx::Error) -> (RefusalKind, String) {
    match error {
        sqlx::Error::Io(error) => of_network(error),
        sqlx::Error::Tls(error) => (RefusalKind::NotLetIn, format!("TLS: {}", timeless(&error.to_string()))),
        sqlx::Error::Database(error) => of_postgresql(error.as_ref()),
        error => (RefusalKind::NotLetIn, error.to_string()),
    }
}

fn of_network(error: &io::Error) -> (RefusalKind, String) {
    let away = |text: &str| (RefusalKind::Away, text.to_owned());
    match error.kind() {
        ErrorKind::ConnectionRefused => away("the connection is refused: nothing listens there"),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => away("no way leads to that host"),
        ErrorKind::TimedOut => away("no answer"),
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
            away("the connection was closed before anybody was let in")
        }
        // What rustls says comes so.
        ErrorKind::InvalidData => (RefusalKind::NotLetIn, format!("TLS: {}", timeless(&error.to_string()))),
        ErrorKind::NotFound | ErrorKind::PermissionDenied => (RefusalKind::NotLetIn, error.to_string()),
        _ if error.to_string().contains("lookup") => away("the name of the host is not known in DNS"),
        _ => away(&error.to_string()),
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn of_postgresql(error: &dyn DatabaseError) -> (RefusalKind, String) {
    let said = error.message();
    let code = error.code().unwrap_or_default();
    match &*code {
        "28P01" => {
            (RefusalKind::NotLetIn, format!("the password is wrong, or there is no such role: {said}"))
        }
        "3D000" => (RefusalKind::NotLetIn, format!("there is no such database: {said}")),
        "42501" => (RefusalKind::NotLetIn, format!("the role has no right to connect: {said}")),
        "57P03" => (RefusalKind::Away, format!("it lets nobody in now: {said}")),
        "53300" => (RefusalKind::Away, format!("it has no connection left: {said}")),
        _ if code.starts_with("28") => {
            (RefusalKind::NotLetIn, format!("it does not let the role in: {said}"))
        }
        _ => (RefusalKind::Away, format!("{said} (SQLSTATE {code})")),
    }
}

/// What rustls says of a certificate whose time has come has the present time in it, and would be news each second.
fn timeless(text: &str) -> String {
    text.split_once(": verified at").map_or(text, |(before, _)| before).to_owned()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    async fn told(url: &str) -> String {
        let refusal = refusal(&PgConnectOptions::from_str(url).unwrap()).await.unwrap();
        format!("{:?} {refusal}", refusal.kind)
    }

    #[tokio::test]
    async fn where_nobody_is_it_is_told_without_the_password() {
        insta::assert_snapshot!(told("postgres://nobody:secret@127.0.0.1:1/x").await, @"Away PostgreSQL at 127.0.0.1:1, database x, as nobody: the connection is refused: nothing listens there");
        insta::assert_snapshot!(told("postgres:///x?host=/nowhere&user=nobody&password=secret").await, @"NotLetIn PostgreSQL at /nowhere:5432, database x, as nobody: No such file or directory (os error 2)");
    }

    #[test]
    fn what_the_network_says_is_said_in_our_words() {
        let told = |kind: ErrorKind, text: &str| of_network(&io::Error::new(kind, text.to_owned())).1;
        insta::assert_snapshot!(told(ErrorKind::Other, "failed to lookup address information: Name or service not known"), @"the name of the host is not known in DNS");
        insta::assert_snapshot!(told(ErrorKind::HostUnreachable, ""), @"no way leads to that host");
        insta::assert_snapshot!(told(ErrorKind::UnexpectedEof, ""), @"the connection was closed before anybody was let in");
    }

    #[test]
    fn a_certificate_that_expired_is_told_in_the_same_words_each_time() {
        let text = "invalid peer certificate: certificate expired: verified at 1790000000 (UNIX time), but certificate is \
                    not valid after 1780000000 (10000000 seconds ago)";
        let expired = io::Error::new(ErrorKind::InvalidData, text);
        insta::assert_snapshot!(of_network(&expired).1, @"TLS: invalid peer certificate: certificate expired");
    }
}
