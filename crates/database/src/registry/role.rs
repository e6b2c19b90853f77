//! The name of the role that servers connect with.

use std::fmt;
use std::str::FromStr;

/// A PostgreSQL role, which [`Registry::migrate`](crate::registry::Registry::migrate) gives its rights, and makes if it is missing
/// and its password known. Printing it shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerRole {
    name: String,
    password: Option<String>,
}

/// Why a text names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role's name has 1 to 63 bytes and no control characters")]
pub struct ServerRoleError;

impl ServerRole {
    /// The same, with what servers log in with, if that is known.
    #[must_use]
    pub fn with_password(self, password: Option<String>) -> Self {
        Self { password, ..self }
    }

    /// The name, not quoted.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }
}

impl FromStr for ServerRole {
    type Err = ServerRoleError;

    /// Reads a name. PostgreSQL would cut a name of more than 63 bytes, and then mean another role.
    fn from_str(text: &str) -> Result<Self, ServerRoleError> {
        let fits = (1..=63).contains(&text.len()) && !text.chars().any(char::is_control);
        if fits { Ok(Self { name: text.to_owned(), password: None }) } else { Err(ServerRoleError) }
    }
}

impl fmt::Display for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerRole").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_postgresql_would_change_is_refused() {
        assert_eq!("".parse::<ServerRole>(), Err(ServerRoleError));
        assert_eq!("x".repeat(64).parse::<ServerRole>(), Err(ServerRoleError));
        assert_eq!("a\0b".parse::<ServerRole>(), Err(ServerRoleError));
        assert_eq!("scim_server".parse::<ServerRole>().unwrap().as_str(), "scim_server");
    }

    #[test]
    fn a_printed_role_shows_no_password() {
        let role: ServerRole = "scim_server".parse().unwrap();
        let role = role.with_password(Some("secret".to_owned()));
        assert_eq!(
            (format!("{role:?}"), role.to_string()),
            ("ServerRole { name: \"scim_server\", .. }".into(), "scim_server".into())
        );
    }
}
