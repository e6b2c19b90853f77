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
    /// Why there may be one elsewhere: a database that could not be asked.
    pub(crate) unasked: Option<RegistryError>,
}

/// The database of a tenant: as its status says, if we wrote that and there is one of that name still. Without it, of several
/// databases the one with a row of this tenant (a pass may have come no further, or the class changed meanwhile), else the
/// one that its class names.
///
/// Of an installation with one database that kept its name nothing is asked.
pub(crate) async fn home(
    tenant: &ScimTenant,
    identity: &Identity,
    classes: &[ScimTenantClass],
    context: &Context,
) -> Home {
    let told = told(tenant, context);
    if let Some(database) = told.as_ref().filter(|name| context.settings.databases.contains(name)) {
        return Home { database: database.clone(), holds_data: true };
    }
    let databases = candidates(tenant, classes, context);
    if databases.len() > 1 || told.is_some() {
        let Located { database, row, .. } = first_row(&databases, identity, context).await;
        if matches!(row, Ok(Some(row)) if row.owner.uid == identity.uid) {
            return Home { database, holds_data: true };
        }
        return match told {
            Some(database) => Home { database, holds_data: true },
            None => Home { database, holds_data: false },
        };
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
    let told = told(tenant, context);
    if let Some(database) = told.as_ref().filter(|name| context.settings.databases.contains(name)) {
        return first_row(std::slice::from_ref(database), identity, context).await;
    }
    let located = first_row(&candidates(tenant, classes, context), identity, context).await;
    match told {
        // It is none of ours any more, and nobody can look there.
        Some(database) if !matches!(&located.row, Ok(Some(row)) if row.owner.uid == identity.uid) => {
            first_row(&[database], identity, context).await
        }
        _ => located,
    }
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
    let (mut first, mut unasked) = (None, None);
    for database in databases {
        let row = match context.databases.registry(database).await {
            Ok(registry) => registry.owner_of(&identity.key).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &row {
            context.databases.doubt(database, error);
            debug!(tenant = %identity.key, database, error = in_full(error), "could not look for the row of a tenant");
        }
        match row {
            Ok(Some(row)) if row.owner.uid == identity.uid => {
                return Located { database: database.clone(), row: Ok(Some(row)), unasked: None };
            }
            row if first.is_none() => first = Some((database.clone(), row)),
            Err(error) if unasked.is_none() => unasked = Some(error),
            Ok(_) | Err(_) => {}
        }
    }
    let (database, row) = first.unwrap_or((String::new(), Ok(None)));
    Located { database, row, unasked }
}
