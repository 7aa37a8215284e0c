//! Connections that stay with who uses them.

use std::time::Duration;

use service_kit::kept::{InUse, Kept, TRUSTED_IDLE};
use sqlx::PgPool;
use test_kit::eventually;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn one_connection_serves_one_user_after_the_other() {
    let database = test_kit::database().await;
    let kept = Kept::of(database.pool(2).await);
    let mut sessions = Vec::new();
    for _ in 0..5 {
        let mut connection = kept.take().await.unwrap();
        sessions.push(session(&mut connection).await.unwrap());
        connection.give_back();
    }
    sessions.dedup();
    assert_eq!(sessions.len(), 1, "{sessions:?}");

    let mut one = kept.take().await.unwrap();
    let mut other = kept.take().await.unwrap();
    let sessions = (session(&mut one).await, session(&mut other).await);
    assert_ne!(sessions.0.unwrap(), sessions.1.unwrap());
}

#[tokio::test]
async fn the_server_is_asked_nothing_between_two_uses() {
    let database = test_kit::database().await;
    let pool = database.pool(2).await;
    let kept = Kept::of(pool.clone());
    let mut connection = kept.take().await.unwrap();
    let used = session(&mut connection).await.unwrap();
    connection.give_back();
    let since = last_change(&pool, used).await;
    kept.take().await.unwrap().give_back();
    assert_eq!(last_change(&pool, used).await, since);
}

#[tokio::test]
async fn who_goes_away_in_the_middle_leaves_a_connection_to_nobody() {
    let database = test_kit::database().await;
    let pool = database.pool(2).await;
    let kept = Kept::of(pool.clone());
    let mut connection = kept.take().await.unwrap();
    let cut_off = session(&mut connection).await.unwrap();
    sqlx::query("begin")
        .execute(&mut *connection)
        .await
        .unwrap();
    drop(connection);

    let mut next = kept.take().await.unwrap();
    assert_ne!(session(&mut next).await.unwrap(), cut_off);
    eventually("the end of the session", PATIENCE, async || {
        (!is_there(&pool, cut_off).await).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_was_lost_meanwhile_is_replaced() {
    let database = test_kit::database().await;
    let pool = database.pool(2).await;
    let kept = Kept::of(pool.clone());
    let mut connection = kept.take().await.unwrap();
    let lost = session(&mut connection).await.unwrap();
    connection.give_back();
    sqlx::query("select pg_terminate_backend($1)")
        .bind(lost)
        .execute(&pool)
        .await
        .unwrap();
    tokio::time::sleep(TRUSTED_IDLE).await;

    let mut next = kept.take().await.unwrap();
    assert_ne!(session(&mut next).await.unwrap(), lost);
}

#[tokio::test]
async fn closed_it_keeps_nothing() {
    let database = test_kit::database().await;
    let pool = database.pool(1).await;
    let kept = Kept::of(pool.clone());
    let mut connection = kept.take().await.unwrap();
    let closed = session(&mut connection).await.unwrap();
    connection.give_back();
    kept.close().await;
    eventually("the end of the session", PATIENCE, async || {
        (!is_there(&pool, closed).await).then_some(())
    })
    .await;
}

/// The number of its session on the server.
async fn session(connection: &mut InUse<'_>) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut **connection)
        .await
}

/// When a session last began or ended to do something.
async fn last_change(pool: &PgPool, session: i32) -> String {
    sqlx::query_scalar("select state_change::text from pg_stat_activity where pid = $1")
        .bind(session)
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn is_there(pool: &PgPool, session: i32) -> bool {
    sqlx::query_scalar("select exists (select from pg_stat_activity where pid = $1)")
        .bind(session)
        .fetch_one(pool)
        .await
        .unwrap()
}
