//! An empty database for one test.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};
use uuid::Uuid;

/// An empty UTF-8 database of its own; dropped with this value, unless the test failed (then it stays, to be looked at).
#[derive(Debug)]
pub struct TestDatabase {
    /// The database's URL, with the credentials of the server's `TEST_POSTGRES_URL`.
    pub url: String,
    /// Its name, unique on the server.
    pub name: String,
    server: PgConnectOptions,
}

/// Makes a new empty database on the server that `TEST_POSTGRES_URL` names.
pub async fn database() -> TestDatabase {
    let server: PgConnectOptions = crate::required_variable("TEST_POSTGRES_URL")
        .parse()
        .expect("TEST_POSTGRES_URL is not the URL of a PostgreSQL server");
    let server = server.disable_statement_logging();
    let name = format!("test_{}", Uuid::new_v4().simple());
    // template0 may be copied while others copy it; template1 may not.
    let statement = format!(r#"create database "{name}" template template0 encoding 'UTF8'"#);
    execute(&server, &statement)
        .await
        .expect("no database could be made on the server of TEST_POSTGRES_URL");
    let url = server.clone().database(&name).to_url_lossy().to_string();
    TestDatabase { url, name, server }
}

impl TestDatabase {
    /// A pool of at most `connections` connections to this database.
    pub async fn pool(&self, connections: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(20))
            .connect_with(self.server.clone().database(&self.name))
            .await
            .expect("the test's database takes no connection")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let server = self.server.clone();
        let statement = format!(r#"drop database if exists "{}" with (force)"#, self.name);
        // A destructor cannot await, and the test's own runtime may be the one that runs it.
        let dropping = std::thread::spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                // Nothing depends on it: the server is thrown away after the tests.
                let _ = runtime.block_on(execute(&server, &statement));
            }
        });
        let _ = dropping.join();
    }
}

async fn execute(server: &PgConnectOptions, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = server.connect().await?;
    connection.execute(statement).await?;
    connection.close().await
}
