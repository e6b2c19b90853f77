use clap::error::ErrorKind;

use super::*;

fn parse(arguments: &[&str]) -> Result<Task, clap::Error> {
    Task::parse(["scim-operator"].iter().chain(arguments))
}

fn kind(arguments: &[&str]) -> ErrorKind {
    parse(arguments).unwrap_err().kind()
}

fn usage(command: &[&str]) -> String {
    let mut program = program();
    program.build();
    let found = command.iter().fold(&mut program, |of, name| of.find_subcommand_mut(name).unwrap());
    found.render_usage().to_string()
}

#[test]
fn the_command_line_is_well_formed() {
    program().debug_assert();
}

#[test]
fn without_a_command_the_operator_runs_and_says_what_it_needs() {
    assert!(matches!(parse(&["--installation", "test"]).unwrap(), Task::Operate(_)));
    assert_eq!(kind(&[]), ErrorKind::MissingRequiredArgument);
    assert_eq!(kind(&["--lease-name", "a"]), ErrorKind::MissingRequiredArgument);
}

#[test]
fn a_command_needs_nothing_of_the_operators_and_takes_nothing_of_it() {
    let command = ["generate-secret", "--namespace", "a", "--name", "b", "--key", "c"];
    assert!(matches!(parse(&command).unwrap(), Task::CarryOut(_)));
    assert!(parse(&[&["--installation", "test"], &command[..]].concat()).is_err());
}

#[test]
fn a_command_says_what_it_lacks() {
    for command in [
        &["generate-secret", "--namespace", "a", "--name", "b"][..],
        &["uninstall", "--installation", "a"],
        &["test-tenant", "create", "--namespace", "a"],
    ] {
        assert_eq!(kind(command), ErrorKind::MissingRequiredArgument, "{command:?}");
    }
    assert_eq!(kind(&["uninstall", "--watch-namespaces", ""]), ErrorKind::ValueValidation);
}

#[test]
fn each_command_says_how_it_is_used() {
    insta::assert_snapshot!(usage(&[]), @r"
    Usage: scim-operator [OPTIONS] --installation <NAME>
           scim-operator <COMMAND>
    ");
    insta::assert_snapshot!(usage(&["generate-secret"]), @"Usage: scim-operator generate-secret [OPTIONS] --namespace <NAMESPACE> --name <NAME> --key <KEY>");
    insta::assert_snapshot!(usage(&["uninstall"]), @"Usage: scim-operator uninstall [OPTIONS] --installation <NAME> --deployment <NAME>");
    insta::assert_snapshot!(usage(&["test-tenant", "create"]), @"Usage: scim-operator test-tenant create [OPTIONS] --namespace <NAMESPACE> --name <NAME>");
    insta::assert_snapshot!(usage(&["test-tenant", "delete"]), @"Usage: scim-operator test-tenant delete [OPTIONS] --namespace <NAMESPACE> --name <NAME>");
}
