//! The roles and databases of a private cluster.

use anyhow::{Context, Result};
use sqlx::{Connection, PgConnection, query, query_scalar};

use super::cluster::{Login, SUPERUSER};
use crate::state::PostgresState;

/// Owns the event log's database; migrations run as this role.
pub(crate) const LOG_OWNER: &str = "log_owner";
/// Owns the views' database; migrations run as this role.
pub(crate) const VIEWS_OWNER: &str = "views_owner";
/// Appends to the log, and can do no more to it.
pub(crate) const COMMAND_API: &str = "command_api";
/// Reads the log, and makes and fills the views.
pub(crate) const PROJECTOR: &str = "projector";
/// Reads the views.
pub(crate) const QUERY_API: &str = "query_api";

/// Every role that gets a password.
pub(crate) const ROLES: [&str; 6] = [
    SUPERUSER,
    LOG_OWNER,
    VIEWS_OWNER,
    COMMAND_API,
    PROJECTOR,
    QUERY_API,
];

/// The event log's database.
pub(crate) const LOG: &str = "orders_log";
/// The views' database.
pub(crate) const VIEWS: &str = "orders_views";

/// A role's login.
pub(crate) fn login(state: &PostgresState, role: &str) -> Result<Login> {
    let password = state.passwords.get(role).with_context(|| {
        format!("state.json holds no password of {role}: restore it, or begin anew with --fresh")
    })?;
    Ok(Login::new(role, password.clone()))
}

/// Makes the roles and databases that are missing.
pub(super) async fn ensure(state: &PostgresState, port: u16) -> Result<()> {
    let superuser = login(state, SUPERUSER)?;
    let mut connection = PgConnection::connect_with(&superuser.options(port))
        .await
        .context("cannot log in to the private cluster")?;
    for role in ROLES.iter().filter(|role| **role != SUPERUSER) {
        ensure_role(&mut connection, &login(state, role)?).await?;
    }
    for (database, owner) in [(LOG, LOG_OWNER), (VIEWS, VIEWS_OWNER)] {
        ensure_database(&mut connection, database, owner).await?;
    }
    // A failed goodbye changes nothing.
    drop(connection.close().await);
    Ok(())
}

async fn ensure_role(connection: &mut PgConnection, login: &Login) -> Result<()> {
    let exists: bool = query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(&login.name)
        .fetch_one(&mut *connection)
        .await
        .context("cannot look at the cluster's roles")?;
    // Names are constants of ours and passwords hexadecimal: nothing needs quoting.
    let verb = if exists { "alter" } else { "create" };
    let statement = format!(
        "{verb} role {} login password '{}'",
        login.name,
        login.password.expose()
    );
    query(&statement)
        .execute(connection)
        .await
        .with_context(|| format!("cannot make the role {}", login.name))?;
    Ok(())
}

async fn ensure_database(connection: &mut PgConnection, name: &str, owner: &str) -> Result<()> {
    let exists: bool = query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(&mut *connection)
        .await
        .context("cannot look at the cluster's databases")?;
    if exists {
        return Ok(());
    }
    for statement in [
        format!("create database {name} owner {owner}"),
        // Each service reaches what it is granted only, see `grant_log` and `grant_views`.
        format!("revoke connect, temporary on database {name} from public"),
    ] {
        query(&statement)
            .execute(&mut *connection)
            .await
            .with_context(|| format!("cannot make the database {name}"))?;
    }
    Ok(())
}

/// Gives the services' roles their rights in the log, once its schema is there.
pub(crate) async fn grant_log(state: &PostgresState, port: u16) -> Result<()> {
    let rights = [
        format!("grant connect on database {LOG} to {COMMAND_API}, {PROJECTOR}"),
        format!("select grant_log_writer('{COMMAND_API}')"),
        format!("select grant_log_reader('{PROJECTOR}')"),
    ];
    grant(state, port, LOG, &rights).await
}

/// Gives the services' roles their rights in the views, once their schema is there.
pub(crate) async fn grant_views(state: &PostgresState, port: u16) -> Result<()> {
    let rights = [
        format!("grant connect on database {VIEWS} to {PROJECTOR}, {QUERY_API}"),
        format!("select grant_views_writer('{PROJECTOR}')"),
        format!("select grant_views_reader('{QUERY_API}', '{PROJECTOR}')"),
    ];
    grant(state, port, VIEWS, &rights).await
}

async fn grant(state: &PostgresState, port: u16, database: &str, rights: &[String]) -> Result<()> {
    let superuser = login(state, SUPERUSER)?;
    let mut connection = PgConnection::connect_with(&superuser.options(port).database(database))
        .await
        .context("cannot log in to the private cluster")?;
    for right in rights {
        query(right)
            .execute(&mut connection)
            .await
            .with_context(|| format!("cannot give the services their rights in {database}"))?;
    }
    drop(connection.close().await);
    Ok(())
}
