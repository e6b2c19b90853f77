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
use tenancy::{CredentialKind, Generation, InstallationId, TenantId, TenantPath, TokenDigest};

use crate::SqlTimestamp;
use crate::connection::Database;
use crate::error::Error;
use crate::registry::validity::{Revocation, Rung, Use};
use crate::registry::view::proof::{AccessToken, Known, Proof, Secret};
use crate::registry::view::snapshot::{Changes, Extent, Position, Row};

/// One statement, so that xmin and rows are of the same snapshot.
const CHANGED_SINCE: &str = "
    SELECT s.xmin::text::bigint AS xmin, pg_postmaster_start_time() AS server_started, clock_timestamp() AS now,
           t.id, t.namespace, t.name, t.state, t.configuration, t.profile_version, t.derived_form,
           c.generations, c.kinds, c.digests, c.principals, c.trusts, c.used, c.revoked, c.valid_until,
           a.access_digests, a.access_generations, a.access_expiries
      FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) s
      LEFT JOIN scim_control.tenants t ON t.installation = $1 AND t.changed >= $2::text::xid8
      LEFT JOIN LATERAL
           (SELECT array_agg(generation ORDER BY generation) AS generations,
                   array_agg(kind ORDER BY generation) AS kinds,
                   array_agg(digest ORDER BY generation) AS digests,
                   array_agg(principal ORDER BY generation) AS principals,
                   array_agg(trust::text ORDER BY generation) AS trusts,
                   array_agg(first_used_at IS NOT NULL ORDER BY generation) AS used,
                   array_agg(revoked_at IS NOT NULL ORDER BY generation) AS revoked,
                   array_agg(valid_until ORDER BY generation) AS valid_until
              FROM scim_control.credentials WHERE tenant_id = t.id) c ON true
      LEFT JOIN LATERAL
           (SELECT array_agg(digest ORDER BY digest) AS access_digests,
                   array_agg(generation ORDER BY digest) AS access_generations,
                   array_agg(expires_at ORDER BY digest) AS access_expiries
              FROM scim_control.access_tokens WHERE tenant_id = t.id AND expires_at > now()) a ON true";

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
        now: first.try_get::<SqlTimestamp, _>("now")?.to_jiff(),
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
        credentials: read_credentials(id, row)?,
        access_tokens: read_access_tokens(row)?,
    }))
}

fn read_credentials(tenant: TenantId, row: &PgRow) -> Result<Vec<Known>, sqlx::Error> {
    let generations: Vec<i32> = array(row, "generations")?;
    let kinds: Vec<String> = array(row, "kinds")?;
    let digests: Vec<Vec<u8>> = array(row, "digests")?;
    let principals: Vec<Option<String>> = array(row, "principals")?;
    let trusts: Vec<Option<String>> = array(row, "trusts")?;
    let used: Vec<bool> = array(row, "used")?;
    let revoked: Vec<bool> = array(row, "revoked")?;
    let valid_until: Vec<Option<SqlTimestamp>> = array(row, "valid_until")?;
    let rungs = generations.into_iter().zip(used).zip(revoked).zip(valid_until);
    let rungs = rungs.map(|(((generation, used), revoked), valid_until)| Rung {
        generation: Generation::new(generation.unsigned_abs()),
        use_of: if used { Use::Repeated } else { Use::First },
        revocation: if revoked { Revocation::Revoked } else { Revocation::Standing },
        valid_until: valid_until.map(SqlTimestamp::to_jiff),
    });
    let proofs = kinds.iter().zip(&digests).zip(principals.iter().zip(&trusts));
    Ok(rungs
        .zip(proofs)
        .map(|(rung, ((kind, digest), (principal, trust)))| {
            let proof = read_proof(kind, digest, principal.as_deref(), trust.as_deref());
            let proof = proof.unwrap_or_else(|error| {
                tracing::error!(
                    %tenant,
                    generation = %rung.generation,
                    error = error.as_ref() as &dyn std::error::Error,
                    "the registry holds a credential that this version cannot read"
                );
                Proof::Unreadable
            });
            Known { rung, proof }
        })
        .collect())
}

fn read_proof(
    kind: &str,
    digest: &[u8],
    principal: Option<&str>,
    trust: Option<&str>,
) -> Result<Proof, Box<dyn std::error::Error + Send + Sync>> {
    let kind: CredentialKind = kind.parse()?;
    Ok(match kind {
        CredentialKind::BearerToken | CredentialKind::Basic | CredentialKind::ClientSecret => {
            let digest = TokenDigest::try_from(digest)?;
            Proof::Secret(Secret { kind, digest, principal: principal.map(TokenDigest::of) })
        }
        CredentialKind::Federation | CredentialKind::Jwt => {
            let trust = serde_json::from_str(trust.ok_or("there is no trust")?)?;
            Proof::Trust(kind, Arc::new(trust))
        }
    })
}

fn read_access_tokens(row: &PgRow) -> Result<Vec<AccessToken>, sqlx::Error> {
    let digests: Vec<Vec<u8>> = array(row, "access_digests")?;
    let generations: Vec<i32> = array(row, "access_generations")?;
    let expiries: Vec<SqlTimestamp> = array(row, "access_expiries")?;
    digests
        .into_iter()
        .zip(generations.into_iter().zip(expiries))
        .map(|(digest, (generation, expires_at))| {
            Ok(AccessToken {
                digest: TokenDigest::try_from(digest.as_slice())
                    .map_err(|error| sqlx::Error::Decode(error.into()))?,
                generation: Generation::new(generation.unsigned_abs()),
                expires_at: expires_at.to_jiff(),
            })
        })
        .collect()
}

/// An aggregate over no rows is NULL.
fn array<'r, T>(row: &'r PgRow, column: &str) -> Result<Vec<T>, sqlx::Error>
where
    Vec<T>: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok(row.try_get::<Option<Vec<T>>, _>(column)?.unwrap_or_default())
}
