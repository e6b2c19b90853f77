//! The command line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Parser;
use database::registry::ServerRole;
use process::arguments::{ObservabilityArguments, duration};
use process::database::{DatabaseError, DatabaseSource};
use tenancy::{InstallationId, Namespace};
use uuid::Uuid;

use crate::scope::Scope;
use crate::settings::{ServerService, Settings};

/// The Service of the servers, if no argument names one.
const DEFAULT_SERVICE: &str = "scim-server";

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

    /// A manifest of a ScimTenantClass, which the leader makes and keeps as it says; a class of that name that it did not
    /// make stays as it is
    #[arg(long, env = "SCIM_DEFAULT_CLASS_FILE", value_name = "PATH")]
    pub(crate) default_class_file: Option<PathBuf>,

    /// A folder in which each folder is a database by the name that classes call it, with files as for the servers: url;
    /// or host, port, dbname, username, password, sslmode; and ca.crt. In its folder server: url, or username and password,
    /// of the account that the servers of that database connect with. Without it, the environment variable `DATABASE_URL`
    #[arg(long, env = "SCIM_DATABASES_DIRECTORY", value_name = "PATH")]
    databases_directory: Option<PathBuf>,

    /// The name by which classes call the database of `DATABASE_URL`
    #[arg(long, env = "SCIM_DATABASE_NAME", value_name = "NAME", default_value = "primary")]
    database_name: String,

    /// The namespace of the servers, where routes are made
    #[arg(long, env = "SCIM_SERVER_NAMESPACE", value_name = "NAMESPACE", default_value = "scim-system")]
    server_namespace: Namespace,

    /// The Service of the servers of a database; without a database, of those that are not named. Separated by commas, or
    /// given several times; without it, scim-server
    #[arg(long, env = "SCIM_SERVER_SERVICE", value_name = "[DATABASE=]NAME", value_delimiter = ',')]
    server_service: Vec<ServiceOf>,

    /// The port of these Services
    #[arg(long, env = "SCIM_SERVER_PORT", value_name = "PORT", default_value_t = 80)]
    server_port: u16,

    /// The database role that the servers connect with, where no file says it
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
    pub(crate) observability: ObservabilityArguments,
}

/// The Service of the servers of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ServiceOf {
    /// `None`: of the databases that are not named.
    database: Option<String>,
    service: String,
}

/// Why a text names no Service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be NAME or DATABASE=NAME, and the name of a Service")]
struct ServiceOfError;

/// A Service is named that nothing leads to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--server-service names a database {named}, and there is none of that name: {}", known.join(", "))]
pub(crate) struct UnknownDatabase {
    named: String,
    known: Vec<String>,
}

impl FromStr for ServiceOf {
    type Err = ServiceOfError;

    fn from_str(text: &str) -> Result<Self, ServiceOfError> {
        let (database, service) = match text.split_once('=') {
            Some((database, service)) => (Some(database.to_owned()), service),
            None => (None, text),
        };
        // A Service is named as a namespace is.
        let service: Namespace = service.parse().map_err(|_| ServiceOfError)?;
        Ok(Self { database, service: service.to_string() })
    }
}

impl Arguments {
    /// Where it is said where each database is, by its name. There is at least one.
    pub(crate) fn databases(&self) -> Result<BTreeMap<String, DatabaseSource>, DatabaseError> {
        match &self.databases_directory {
            Some(directory) => DatabaseSource::in_directory(directory),
            None => Ok([(self.database_name.clone(), DatabaseSource::Environment)].into()),
        }
    }

    /// What this installation is, with databases of these names.
    pub(crate) fn settings(&self, databases: Vec<String>) -> Result<Settings, UnknownDatabase> {
        let mut server = ServerService {
            namespace: self.server_namespace.clone(),
            name: DEFAULT_SERVICE.to_owned(),
            of_database: BTreeMap::new(),
            port: self.server_port,
        };
        for ServiceOf { database, service } in &self.server_service {
            match database {
                None => server.name.clone_from(service),
                Some(named) if databases.contains(named) => {
                    server.of_database.insert(named.clone(), service.clone());
                }
                Some(named) => return Err(UnknownDatabase { named: named.clone(), known: databases }),
            }
        }
        Ok(Settings {
            installation: self.installation.clone(),
            controller_name: self.controller_name.clone(),
            scope: Scope::from(self.watch_namespaces.clone()),
            databases,
            server,
        })
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

    fn parsed(arguments: &[&str]) -> Arguments {
        let arguments = ["scim-operator", "--installation", "test"].iter().chain(arguments);
        Arguments::try_parse_from(arguments).unwrap()
    }

    fn scope(arguments: &[&str]) -> Scope {
        parsed(arguments).settings(vec!["primary".to_owned()]).unwrap().scope
    }

    #[test]
    fn each_database_has_the_service_that_is_said_for_it_or_the_one_for_all() {
        let service = |arguments: &[&str], database: &str| {
            let databases = vec!["eu".to_owned(), "primary".to_owned()];
            parsed(arguments).settings(databases).unwrap().server.of(database).to_owned()
        };
        assert_eq!(service(&[], "primary"), "scim-server");
        assert_eq!(service(&["--server-service=all"], "eu"), "all");
        let both = ["--server-service=all", "--server-service=eu=scim-eu"];
        assert_eq!((service(&both, "eu"), service(&both, "primary")), ("scim-eu".into(), "all".into()));
        assert_eq!(service(&["--server-service=eu=scim-eu,all"], "eu"), "scim-eu");
        assert_eq!(service(&["--server-service=eu=scim-eu"], "primary"), "scim-server");
    }

    #[test]
    fn a_service_of_a_database_that_there_is_not_is_refused() {
        let refused = parsed(&["--server-service=us=scim-us"]).settings(vec!["primary".to_owned()]);
        insta::assert_snapshot!(refused.unwrap_err(), @"--server-service names a database us, and there is none of that name: primary");
        for service in ["", "eu=", "a b", "=x y"] {
            let argument = format!("--server-service={service}");
            let arguments = ["scim-operator", "--installation", "test", &argument];
            assert!(Arguments::try_parse_from(arguments).is_err(), "{service:?}");
        }
    }

    #[test]
    fn without_a_folder_there_is_one_database_which_the_environment_tells() {
        let databases = |arguments: &[&str]| parsed(arguments).databases().unwrap();
        assert_eq!(databases(&[]), [("primary".to_owned(), DatabaseSource::Environment)].into());
        assert!(databases(&["--database-name=eu"]).contains_key("eu"));
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
