//! An operator process, with the rights of its ServiceAccount and no more.

use std::net::Ipv4Addr;
use std::path::Path;

use control_plane::{Access, ProcessOptions, Stack};

use crate::database::{Databases, SERVER_ROLE};
use crate::installation::free_address;
use crate::{Error, Program, Site};

/// How an operator is started. The default is how an installation starts its own.
#[derive(Clone, Debug)]
pub struct OperatorOptions {
    /// The installation that it belongs to.
    pub site: Site,
    /// Which program.
    pub version: OperatorVersion,
    /// Whose rights it has: a ServiceAccount that exists in the site's namespace.
    pub service_account: String,
    /// Where it finds the API server, [`ApiProxy::url`](crate::ApiProxy::url); without it, where that is.
    pub api_server: Option<String>,
    /// The Lease that it wants to hold; without it, the program's default.
    pub lease_name: Option<String>,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
}

/// The programs that are operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorVersion {
    /// The product.
    This,
    /// The product with one migration of tenants' schemas more: `next-operator` of `tests/end-to-end`.
    Next,
}

impl Default for OperatorOptions {
    fn default() -> Self {
        Self {
            site: Site::default(),
            version: OperatorVersion::This,
            service_account: "scim-operator".to_owned(),
            api_server: None,
            lease_name: None,
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }
}

impl OperatorVersion {
    fn program(self) -> &'static str {
        match self {
            Self::This => "scim-operator",
            Self::Next => "next-operator",
        }
    }
}

/// The operator with this number, which does not run yet.
pub(crate) fn operator(
    stack: &Stack,
    binaries: &Path,
    access: &Access,
    databases: &Databases,
    options: &OperatorOptions,
    number: usize,
) -> Result<Program, Error> {
    let OperatorOptions { site, version, lease_name, .. } = options;
    let name = format!("scim-operator-{number}");
    let observability = free_address(stack, Ipv4Addr::LOCALHOST)?;
    let mut arguments = vec![
        format!("--installation={}", site.id),
        format!("--server-namespace={}", site.namespace),
        format!("--server-service={}", site.service),
        format!("--server-role={SERVER_ROLE}"),
        format!("--observability-address={observability}"),
        "--audit-interval=5s".to_owned(), // tests wait for it
    ];
    arguments.extend(site.controller_name.iter().map(|name| format!("--controller-name={name}")));
    arguments.extend(lease_name.iter().map(|name| format!("--lease-name={name}")));
    arguments.extend(options.arguments.iter().cloned());
    let mut environment = vec![
        ("DATABASE_URL".to_owned(), databases.operator_url.clone()),
        ("KUBECONFIG".to_owned(), access.kubeconfig().display().to_string()),
        ("POD_NAME".to_owned(), name.clone()),
        ("RUST_LOG".to_owned(), "info,operator=debug,sqlx=warn".to_owned()),
    ];
    environment.extend(options.environment.iter().cloned());
    let program = binaries.join(version.program());
    let probe = (observability, "/livez");
    Ok(Program::new(stack, ProcessOptions { name, program, arguments, environment, probe }))
}
