//! An operator process, with the rights of its ServiceAccount and no more.

use std::net::Ipv4Addr;
use std::path::Path;

use control_plane::{Access, ProcessOptions, Stack};

use crate::database::{Databases, SERVER_ROLE};
use crate::installation::free_address;
use crate::{Error, INSTALLATION_ID, Program, SERVER_SERVICE, SYSTEM_NAMESPACE};

/// The operator with this number, which does not run yet.
pub(crate) fn operator(
    stack: &Stack,
    binaries: &Path,
    access: &Access,
    databases: &Databases,
    number: usize,
) -> Result<Program, Error> {
    let observability = free_address(stack, Ipv4Addr::LOCALHOST)?;
    let arguments = vec![
        format!("--installation={INSTALLATION_ID}"),
        format!("--server-namespace={SYSTEM_NAMESPACE}"),
        format!("--server-service={SERVER_SERVICE}"),
        format!("--server-role={SERVER_ROLE}"),
        format!("--observability-address={observability}"),
    ];
    let environment = vec![
        ("DATABASE_URL".to_owned(), databases.operator_url.clone()),
        ("KUBECONFIG".to_owned(), access.kubeconfig().display().to_string()),
        ("POD_NAME".to_owned(), format!("scim-operator-{number}")),
        ("RUST_LOG".to_owned(), "info,scim_operator=debug,sqlx=warn".to_owned()),
    ];
    Ok(Program::new(
        stack,
        ProcessOptions {
            name: format!("scim-operator-{number}"),
            program: binaries.join("scim-operator"),
            arguments,
            environment,
            probe: (observability, "/livez"),
        },
    ))
}
