//! What each service's role can do to the views, and what it cannot.

use read_model::operations::{self, Kind};
use read_model::{Keeper, View};
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};
use test_kit::TestDatabase;
use uuid::Uuid;

/// A views' database with its owner, its projectors' role and its query API's role; roles belong to the whole server.
struct Roles {
    database: TestDatabase,
    admin: PgConnection,
    owner: String,
    writer: String,
    reader: String,
}

impl Roles {
    async fn new() -> Self {
        let database = test_kit::database().await;
        let mut admin = PgConnection::connect(&database.url).await.unwrap();
        let [owner, writer, reader] =
            ["owner", "writer", "reader"].map(|name| format!("{name}_{}", Uuid::new_v4().simple()));
        for role in [&owner, &writer, &reader] {
            admin
                .execute(format!("create role {role}").as_str())
                .await
                .unwrap();
        }
        admin
            .execute(format!("alter schema public owner to {owner}").as_str())
            .await
            .unwrap();
        let set_role = format!("set role {owner}");
        let as_owner = PgPoolOptions::new()
            .after_connect(move |connection, _| {
                let set_role = set_role.clone();
                Box::pin(async move { connection.execute(set_role.as_str()).await.map(drop) })
            })
            .connect(&database.url)
            .await
            .unwrap();
        read_model::migrate(&as_owner).await.unwrap();
        as_owner.close().await;
        Self {
            database,
            admin,
            owner,
            writer,
            reader,
        }
    }

    async fn grant(&mut self) {
        let (writer, reader) = (&self.writer, &self.reader);
        let grants = format!(
            "select grant_views_writer('{writer}');
            select grant_views_reader('{reader}', '{writer}')"
        );
        sqlx::raw_sql(&grants)
            .execute(&mut self.admin)
            .await
            .unwrap();
    }

    /// A connection that has this role's rights.
    async fn act_as(&self, role: &str) -> PgConnection {
        let mut connection = PgConnection::connect(&self.database.url).await.unwrap();
        connection
            .execute(format!("set role {role}").as_str())
            .await
            .unwrap();
        connection
    }

    async fn drop(mut self) {
        for role in [&self.reader, &self.writer, &self.owner] {
            let gone = format!("drop owned by {role} cascade; drop role {role}");
            sqlx::raw_sql(&gone).execute(&mut self.admin).await.unwrap();
        }
        self.admin.close().await.unwrap();
    }
}

async fn make_view(connection: &mut PgConnection, generation: i32) -> Result<(), sqlx::Error> {
    if generation == 1 {
        read_model::create_view(connection, View::Orders, 16).await?;
        return Ok(());
    }
    let keeper = Keeper::Builder;
    read_model::create_generation(connection, View::Orders, generation, 16, keeper).await
}

async fn assert_refused(connection: &mut PgConnection, statements: &[&str]) {
    for sql in statements {
        let refused = connection.execute(*sql).await.expect_err(sql);
        let code = refused.as_database_error().unwrap().code().unwrap();
        assert_eq!(code, "42501", "{sql}");
    }
}

#[tokio::test]
async fn projectors_make_fill_and_drop_views_and_leave_what_is_the_owners() {
    let mut roles = Roles::new().await;
    roles.grant().await;
    let mut writer = roles.act_as(&roles.writer).await;
    make_view(&mut writer, 1).await.unwrap();
    for sql in [
        "update checkpoint set position = 1, event_id = gen_random_uuid()",
        "insert into frontier values (1, '{1}')",
        "delete from frontier",
        "insert into lease values ('x', gen_random_uuid(), now())",
        "delete from lease",
        "truncate orders_1",
    ] {
        writer.execute(sql).await.expect(sql);
    }
    assert_refused(
        &mut writer,
        &[
            "truncate checkpoint",
            "drop table checkpoint",
            "alter table projection add column x integer",
            "update _sqlx_migrations set success = false",
            "create schema elsewhere",
            "select grant_views_writer('pg_monitor')",
        ],
    )
    .await;
    let mut owner = roles.act_as(&roles.owner).await;
    owner.execute("select * from orders_1").await.unwrap();
    read_model::drop_generation(&mut writer, View::Orders, 1)
        .await
        .unwrap();
    writer.close().await.unwrap();
    owner.close().await.unwrap();
    roles.drop().await;
}

#[tokio::test]
async fn the_query_api_only_reads_views_whenever_they_were_made() {
    let mut roles = Roles::new().await;
    let mut owner = roles.act_as(&roles.owner).await;
    // Made before there were roles, as an older release's projector did.
    make_view(&mut owner, 1).await.unwrap();
    roles.grant().await;
    roles.grant().await;
    let mut writer = roles.act_as(&roles.writer).await;
    make_view(&mut writer, 2).await.unwrap();
    writer.execute("delete from orders_1").await.unwrap();
    owner
        .execute("create table of_a_later_migration (x integer)")
        .await
        .unwrap();

    let mut reader = roles.act_as(&roles.reader).await;
    for table in [
        "orders_1",
        "orders_2",
        "projection",
        "checkpoint",
        "frontier",
        "of_a_later_migration",
        "_sqlx_migrations",
        "generation",
        "parked",
        "operation",
        "difference",
    ] {
        let read = format!("select * from {table}");
        reader.execute(read.as_str()).await.expect(table);
    }
    // All that it may write is what is asked of the projectors; once, since it is under way then.
    for _ in 0..2 {
        operations::request(&mut reader, View::Orders, Kind::Rebuild, false, "alice")
            .await
            .unwrap();
    }
    assert_refused(
        &mut reader,
        &[
            "update operation set phase = 'failed', finished_at = now()",
            "delete from operation",
            "truncate operation",
            "insert into operation (operation_id, projection, kind, requested_by, phase)
            values (gen_random_uuid(), 'orders', 'rebuild', 'alice', 'requested')
            on conflict (projection, kind) where finished_at is null do update set phase = 'done'",
            "insert into difference select operation_id, 1, 'orders', '{}', null, null, true from operation",
            "insert into parked values ('orders', 1, 0, 'o-1', 1, gen_random_uuid(), 'no', now(), false, false)",
            "update parked set retry = true",
            "delete from parked",
            "update generation set fault = 'no'",
            "delete from generation",
            "insert into frontier values (1, '{1}')",
            "update projection set live_generation = 2",
            "delete from orders_1",
            "truncate orders_2",
            "drop table orders_2",
            "create table mine (x integer)",
            "insert into lease values ('x', gen_random_uuid(), now())",
            "select grant_views_reader('pg_monitor', 'pg_monitor')",
        ],
    )
    .await;
    read_model::drop_generation(&mut writer, View::Orders, 1)
        .await
        .unwrap();
    for connection in [owner, writer, reader] {
        connection.close().await.unwrap();
    }
    roles.drop().await;
}
