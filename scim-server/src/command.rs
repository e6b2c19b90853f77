//! What the program is asked to do: to serve, or to check a tenant.

use std::ffi::OsString;

use clap::{Args as _, Command as Clap, CommandFactory as _, Error, FromArgMatches as _};

use crate::{arguments::Arguments, check::CheckArguments};

const CHECK: &str = "check";

/// One of the things that the program does.
#[derive(Clone, Debug)]
pub enum Command {
    /// Serve SCIM: what it does where no subcommand is given.
    Serve(Box<Arguments>),
    /// Check whether a tenant works.
    Check(CheckArguments),
}

impl Command {
    /// Reads a command line, the name of the program first. The error of one that cannot be read says how it should be, and what was
    /// asked for by `--help`.
    pub fn read(line: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, Error> {
        let mut command = command();
        let matches = command.try_get_matches_from_mut(line)?;
        let read = match matches.subcommand() {
            Some((CHECK, matches)) => CheckArguments::from_arg_matches(matches).map(Self::Check),
            _ => Arguments::from_arg_matches(&matches).map(|arguments| Self::Serve(Box::new(arguments))),
        };
        read.map_err(|error| error.format(&mut command))
    }
}

/// Built by hand, because an optional set of arguments that is derived counts as given when one of its environment variables is set.
fn command() -> Clap {
    let check = CheckArguments::augment_args(Clap::new(CHECK));
    Arguments::command().subcommand(check).args_conflicts_with_subcommands(true).subcommand_negates_reqs(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_serves() {
        let read = Command::read(["scim-server", "--installation", "production"]);
        assert!(matches!(read.unwrap(), Command::Serve(_)));
        assert!(Command::read(["scim-server"]).is_err());
    }

    #[test]
    fn a_check_needs_no_installation_and_takes_no_arguments_of_a_server() {
        let line = ["scim-server", "check", "--directory", "/connection", "--server", "http://server:80"];
        let Command::Check(check) = Command::read(line).unwrap() else { panic!("serves") };
        assert_eq!(check.directory.to_str(), Some("/connection"));
        assert_eq!(check.server.unwrap().host_str(), Some("server"));
        assert!(Command::read(["scim-server", "check"]).is_err());
        assert!(Command::read(["scim-server", "--installation", "a", "check", "--directory", "/c"]).is_err());
        assert!(
            Command::read(["scim-server", "check", "--directory", "/c", "--server", "server:80"]).is_err()
        );
    }
}
