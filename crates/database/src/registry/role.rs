//! The name of the role that servers connect with.

use std::fmt;
use std::str::FromStr;

/// A PostgreSQL role, made by the installer and given its rights by
/// [`Registry::migrate`](crate::registry::Registry::migrate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRole(String);

/// Why a text names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role's name has 1 to 63 bytes and no control characters")]
pub struct ServerRoleError;

impl ServerRole {
    /// The name, not quoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServerRole {
    type Err = ServerRoleError;

    /// Reads a name. PostgreSQL would cut a name of more than 63 bytes, and then mean another role.
    fn from_str(text: &str) -> Result<Self, ServerRoleError> {
        let fits = (1..=63).contains(&text.len()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(ServerRoleError) }
    }
}

impl fmt::Display for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
}
