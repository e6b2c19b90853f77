//! The command line.

use std::time::Duration;

use clap::Parser;
use database::registry::ServerRole;
use process::arguments::{DatabaseArguments, ObservabilityArguments, duration};
use tenancy::{InstallationId, Namespace};
use uuid::Uuid;

use crate::scope::Scope;
use crate::settings::{ServerService, Settings};

/// Makes SCIM connections out of ScimTenants.
#[derive(Debug, Parser)]
#[command(name = "scim-operator", version, about)]
pub(crate) struct Arguments {
    /// The name of this installation in the registry; two clusters that share a database need different ones
    #[arg(long, env = "SCIM_INSTALLATION", value_name = "NAME")]
    installation: InstallationId,

    /// The controllerName of the classes that this operator serves
    #[arg(
        long,
        env = "SCIM_CONTROLLER_NAME",
        value_name = "NAME",
        default_value = crds::class::DEFAULT_CONTROLLER_NAME
    )]
    controller_name: String,

    /// The only namespaces to work in, separated by commas; without it, the whole cluster
    #[arg(long, env = "SCIM_WATCH_NAMESPACES", value_name = "NAMESPACES", value_delimiter = ',')]
    watch_namespaces: Vec<Namespace>,

    /// Takes the installation over from the cluster that it was bound to, which is to be gone for good: the UID of its
    /// namespace kube-system
    #[arg(long, env = "SCIM_TAKE_OVER_CLUSTER", value_name = "UID")]
    pub(crate) take_over_cluster: Option<Uuid>,

    /// How often what PostgreSQL holds of the tenants is compared with what it held before
    #[arg(long, env = "SCIM_AUDIT_INTERVAL", value_name = "DURATION", default_value = "1m", value_parser = duration)]
    pub(crate) audit_interval: Duration,

    /// The name by which classes call the database
    #[arg(long, env = "SCIM_DATABASE_NAME", value_name = "NAME", default_value = "primary")]
    database_name: String,

    /// The namespace of the servers, where routes are made
    #[arg(long, env = "SCIM_SERVER_NAMESPACE", value_name = "NAMESPACE", default_value = "scim-system")]
    server_namespace: Namespace,

    /// The Service of the servers
    #[arg(long, env = "SCIM_SERVER_SERVICE", value_name = "NAME", default_value = "scim-server")]
    server_service: String,

    /// The port of that Service
    #[arg(long, env = "SCIM_SERVER_PORT", value_name = "PORT", default_value_t = 80)]
    server_port: u16,

    /// The database role that the servers connect with
    #[arg(long, env = "SCIM_SERVER_ROLE", value_name = "ROLE", default_value = "scim_server")]
    pub(crate) server_role: ServerRole,

    /// The namespace of the Lease; without it, the namespace of the servers
    #[arg(long, env = "SCIM_LEASE_NAMESPACE", value_name = "NAMESPACE")]
    lease_namespace: Option<Namespace>,

    /// The Lease that operators of one installation elect their leader with
    #[arg(long, env = "SCIM_LEASE_NAME", value_name = "NAME", default_value = "scim-operator")]
    pub(crate) lease_name: String,

    /// The name of this process in the Lease; without it, a random one
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pub(crate) identity: Option<String>,

    #[command(flatten)]
    pub(crate) database: DatabaseArguments,

    #[command(flatten)]
    pub(crate) observability: ObservabilityArguments,
}

impl Arguments {
    /// What this installation is.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            installation: self.installation.clone(),
            controller_name: self.controller_name.clone(),
            scope: Scope::from(self.watch_namespaces.clone()),
            database_name: self.database_name.clone(),
            server: ServerService {
                namespace: self.server_namespace.clone(),
                name: self.server_service.clone(),
                port: self.server_port,
            },
        }
    }

    /// The namespace of the Lease.
    pub(crate) fn lease_namespace(&self) -> &Namespace {
        self.lease_namespace.as_ref().unwrap_or(&self.server_namespace)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_installation_that_is_no_dns_label_is_refused() {
        assert!(Arguments::try_parse_from(["scim-operator", "--installation", "Not a label"]).is_err());
    }

    fn scope(arguments: &[&str]) -> Scope {
        let arguments = ["scim-operator", "--installation", "test"].iter().chain(arguments);
        Arguments::try_parse_from(arguments).unwrap().settings().scope
    }

    #[test]
    fn namespaces_are_separated_by_commas_or_said_one_by_one() {
        let both = Scope::Namespaces(vec!["a".parse().unwrap(), "b".parse().unwrap()]);
        assert_eq!(scope(&["--watch-namespaces", "b,a"]), both);
        assert_eq!(scope(&["--watch-namespaces", "a", "--watch-namespaces", "b,a"]), both);
        assert_eq!(scope(&[]), Scope::Cluster);
    }

    #[test]
    fn what_is_no_namespace_is_refused_rather_than_the_whole_cluster_watched() {
        for names in ["", "a,", "a b", "*"] {
            let arguments = ["scim-operator", "--installation", "test", "--watch-namespaces", names];
            assert!(Arguments::try_parse_from(arguments).is_err(), "{names:?}");
        }
    }
}
