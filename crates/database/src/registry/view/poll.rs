//! Reading what changed in the registry since a position.
//!
//! A row carries the id of the transaction that wrote it last. A snapshot's xmin is the oldest transaction that was
//! still running when it was taken; everything older was over and therefore seen. So the rows of transactions from
//! the previous xmin on are all that can be new, in whatever order transactions commit.

use std::sync::Arc;
use std::time::Instant;

use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgPool, Row as _};
use tenancy::{Generation, InstallationId, TenantId, TenantPath, TokenDigest};

use crate::SqlTimestamp;
use crate::connection::Database;
use crate::error::Error;
use crate::registry::view::snapshot::{Changes, Extent, Known, Position, Row, Use};

/// One statement, so that xmin and rows are of the same snapshot.
const CHANGED_SINCE: &str = "
    SELECT s.xmin::text::bigint AS xmin, pg_postmaster_start_time() AS server_started,
           t.id, t.namespace, t.name, t.state, t.configuration, t.profile_version, t.derived_form,
           c.generations, c.digests, c.used, c.revoked
      FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) s
      LEFT JOIN scim_control.tenants t ON t.installation = $1 AND t.changed >= $2::text::xid8
      LEFT JOIN LATERAL
           (SELECT array_agg(generation ORDER BY generation) AS generations,
                   array_agg(digest ORDER BY generation) AS digests,
                   array_agg(first_used_at IS NOT NULL ORDER BY generation) AS used,
                   array_agg(revoked_at IS NOT NULL ORDER BY generation) AS revoked
              FROM scim_control.credentials WHERE tenant_id = t.id) c ON true";

/// Reads what changed since `since`, or everything when there is no such position or it is of another history.
pub(super) async fn read(
    database: &Database,
    installation: &InstallationId,
    since: Option<Position>,
) -> Result<Changes, Error> {
    if let Some(since) = since {
        let (position, rows) = read_since(database.pool(), installation, since.xmin).await?;
        if position.follows(&since) {
            return Ok(Changes { position, extent: Extent::SincePosition, rows });
        }
    }
    let (position, rows) = read_since(database.pool(), installation, 0).await?;
    Ok(Changes { position, extent: Extent::Everything, rows })
}

async fn read_since(
    pool: &PgPool,
    installation: &InstallationId,
    xmin: i64,
) -> Result<(Position, Vec<Row>), Error> {
    let taken = Instant::now();
    let rows =
        sqlx::query(CHANGED_SINCE).bind(installation.as_str()).bind(xmin.to_string()).fetch_all(pool).await?;
    // The join on the left side yields one row at least.
    let first = rows.first().ok_or(Error::Statement(sqlx::Error::RowNotFound))?;
    let position = Position {
        xmin: first.try_get("xmin")?,
        server_started: first.try_get::<SqlTimestamp, _>("server_started")?.to_jiff(),
        taken,
    };
    let rows = rows.iter().map(read_row).filter_map(Result::transpose).collect::<Result<_, _>>()?;
    Ok((position, rows))
}

/// `None`: no tenant, or one that no URL can name.
fn read_row(row: &PgRow) -> Result<Option<Row>, sqlx::Error> {
    let Some(id) = row.try_get::<Option<i64>, _>("id")?.map(TenantId::new) else { return Ok(None) };
    if row.try_get::<&str, _>("state")? != "active" {
        return Ok(Some(Row::NotServed(id)));
    }
    let Ok(path) = TenantPath::parse(row.try_get("namespace")?, row.try_get("name")?) else {
        tracing::error!(tenant = %id, "the registry holds a tenant whose name is no DNS label");
        return Ok(None);
    };
    let configuration = row
        .try_get("configuration")
        .map(|Json(configuration)| Arc::new(configuration))
        .inspect_err(|error| {
            tracing::error!(
                tenant = %id,
                error = error as &dyn std::error::Error,
                "the registry holds a configuration that this version cannot read"
            );
        })
        .ok();
    Ok(Some(Row::Served {
        id,
        path,
        configuration,
        profile_version: row.try_get("profile_version")?,
        derived_form: row.try_get("derived_form")?,
        credentials: read_credentials(row)?,
    }))
}

fn read_credentials(row: &PgRow) -> Result<Vec<Known>, sqlx::Error> {
    let generations: Vec<i32> = row.try_get::<Option<_>, _>("generations")?.unwrap_or_default();
    let digests: Vec<Vec<u8>> = row.try_get::<Option<_>, _>("digests")?.unwrap_or_default();
    let used: Vec<bool> = row.try_get::<Option<_>, _>("used")?.unwrap_or_default();
    let revoked: Vec<bool> = row.try_get::<Option<_>, _>("revoked")?.unwrap_or_default();
    generations
        .into_iter()
        .zip(digests)
        .zip(used.into_iter().zip(revoked))
        .map(|((generation, digest), (used, revoked))| {
            Ok(Known {
                generation: Generation::new(generation.unsigned_abs()),
                digest: TokenDigest::try_from(digest.as_slice())
                    .map_err(|error| sqlx::Error::Decode(error.into()))?,
                use_of: if used { Use::Repeated } else { Use::First },
                revoked,
            })
        })
        .collect()
}
