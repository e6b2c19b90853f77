//! In which database a tenant's data is, and where it is looked for as long as nobody knows.

use crds::{ScimTenant, ScimTenantClass};
use database::registry::{OwnedRow, RegistryError};
use tracing::debug;

use crate::class::choose_class;
use crate::context::Context;
use crate::error::in_full;
use crate::tenant::identity::Identity;
use crate::tenant::responsibility::{LookedAfter, last_served};

/// The database of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    /// Its name.
    pub(crate) database: String,
    /// Whether the tenant's data is there. Otherwise it is where the data would be.
    pub(crate) holds_data: bool,
}

/// A row under the tenant's name, and where.
#[derive(Debug)]
pub(crate) struct Located {
    /// The database; without a row, the one that was asked first.
    pub(crate) database: String,
    /// To whom the row belongs.
    pub(crate) row: Result<Option<OwnedRow>, RegistryError>,
}

/// The database of a tenant: as its status says, if we wrote that. Without it, of several databases the one with a row of this
/// tenant (a pass may have come no further, or the class changed meanwhile), else the one that its class names.
///
/// Of an installation with one database nothing is asked.
pub(crate) async fn home(
    tenant: &ScimTenant,
    identity: &Identity,
    classes: &[ScimTenantClass],
    context: &Context,
) -> Home {
    if let Some(database) = told(tenant, context) {
        return Home { database, holds_data: true };
    }
    let databases = candidates(tenant, classes, context);
    if let [_, _, ..] = &databases[..] {
        let Located { database, row } = first_row(&databases, identity, context).await;
        let holds_data = matches!(row, Ok(Some(row)) if row.owner.uid == identity.uid);
        return Home { database, holds_data };
    }
    Home { database: databases.into_iter().next().unwrap_or_default(), holds_data: false }
}

/// The row of a tenant, of which perhaps nothing but its name is known. Where the status says nothing and a database is away that
/// the class does not name, it is not waited for: the sweep finds what may be there.
pub(crate) async fn row(
    tenant: &ScimTenant,
    identity: &Identity,
    classes: &[ScimTenantClass],
    context: &Context,
) -> Located {
    let databases = match told(tenant, context) {
        Some(database) => vec![database],
        None => candidates(tenant, classes, context),
    };
    first_row(&databases, identity, context).await
}

/// What the status says, if we wrote it: another operator's databases may have the same names.
fn told(tenant: &ScimTenant, context: &Context) -> Option<String> {
    let is_ours = last_served(tenant, &context.settings.controller_name) != Some(LookedAfter::ByAnother);
    tenant.status.as_ref()?.database.clone().filter(|_| is_ours)
}

/// All databases, that of the class first.
fn candidates(tenant: &ScimTenant, classes: &[ScimTenantClass], context: &Context) -> Vec<String> {
    let settings = &context.settings;
    let class = choose_class(tenant, classes)
        .ok()
        .filter(|class| class.spec.controller_name == settings.controller_name);
    let mut databases = settings.databases.clone();
    databases.sort_by_key(|name| class.is_none_or(|class| class.spec.database != *name));
    databases
}

/// The first row of this tenant itself. Without one, what the first database says.
async fn first_row(databases: &[String], identity: &Identity, context: &Context) -> Located {
    let mut first = None;
    for database in databases {
        let row = match context.databases.registry(database).await {
            Ok(registry) => registry.owner_of(&identity.key).await,
            Err(error) => Err(error),
        };
        match row {
            Ok(Some(row)) if row.owner.uid == identity.uid => {
                return Located { database: database.clone(), row: Ok(Some(row)) };
            }
            Ok(_) => {}
            Err(ref error) => {
                context.databases.doubt(database, error);
                debug!(tenant = %identity.key, database, error = in_full(error), "could not look for the row of a tenant");
            }
        }
        first.get_or_insert(Located { database: database.clone(), row });
    }
    first.unwrap_or(Located { database: String::new(), row: Ok(None) })
}
