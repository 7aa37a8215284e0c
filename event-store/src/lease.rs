//! Leases: who does what now, until when by the database's clock.
//!
//! A lease is for efficiency. A process that was paused may believe that it holds one which another has taken, so
//! nothing may be right only because of a lease.
//!
//! The functions work in every database that has the table:
//!
//! ```sql
//! create table lease (
//!     name text collate "C" primary key,
//!     owner uuid not null,
//!     expires_at timestamptz not null
//! );
//! ```

use std::time::Duration;

use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use crate::StoreError;

/// A lease that has not expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who holds it.
    pub owner: Uuid,
}

/// Takes the lease if it is free, expired or already this owner's. Whether it is this owner's now, for `ttl`.
pub async fn acquire(
    pool: &PgPool,
    name: &str,
    owner: Uuid,
    ttl: Duration,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "insert into lease (name, owner, expires_at)
        values ($1, $2, clock_timestamp() + make_interval(secs => $3))
        on conflict (name) do update
        set owner = excluded.owner,
            expires_at = excluded.expires_at
        where lease.owner = excluded.owner
        or lease.expires_at <= clock_timestamp()",
    )
    .bind(name)
    .bind(owner)
    .bind(ttl.as_secs_f64())
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Prolongs the lease if this owner holds it. `false`: it has expired or is another's, and must be taken anew.
pub async fn renew(
    pool: &PgPool,
    name: &str,
    owner: Uuid,
    ttl: Duration,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update lease
        set expires_at = clock_timestamp() + make_interval(secs => $3)
        where name = $1
        and owner = $2
        and expires_at > clock_timestamp()",
    )
    .bind(name)
    .bind(owner)
    .bind(ttl.as_secs_f64())
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back, if this owner holds it, so that another need not wait for its end.
pub async fn release(pool: &PgPool, name: &str, owner: Uuid) -> Result<(), StoreError> {
    sqlx::query("delete from lease where name = $1 and owner = $2")
        .bind(name)
        .bind(owner)
        .execute(pool)
        .await?;
    Ok(())
}

/// The leases that have not expired and whose name begins with `prefix`, by name.
pub async fn held(pool: &PgPool, prefix: &str) -> Result<Vec<Lease>, StoreError> {
    let rows = sqlx::query(
        "select name, owner
        from lease
        where starts_with(name, $1)
        and expires_at > clock_timestamp()
        order by name",
    )
    .bind(prefix)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Lease {
                name: row.try_get(0)?,
                owner: row.try_get(1)?,
            })
        })
        .collect()
}
