//! The servers that the other crates' tests rely on.

use std::time::Duration;

use test_kit::{cluster, database, eventually, nats, nats_with};

#[tokio::test]
async fn every_database_is_new_and_utf8_and_goes_with_its_owner() {
    let (first, second) = (database().await, database().await);
    assert_ne!(first.name, second.name);
    let pool = first.pool(2).await;
    let encoding: String = sqlx::query_scalar("show server_encoding")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(encoding, "UTF8");
    let name = first.name.clone();
    drop(first);
    let other = second.pool(1).await;
    let left: i64 = sqlx::query_scalar("select count(*) from pg_database where datname = $1")
        .bind(name)
        .fetch_one(&other)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_restarted_broker_has_its_port_and_its_streams() {
    let mut broker = nats().await;
    let client = async_nats::connect(&broker.url).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let stream = async_nats::jetstream::stream::Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept.>".to_owned()],
        ..Default::default()
    };
    jetstream.create_stream(stream).await.unwrap();
    jetstream
        .publish("kept.one", "1".into())
        .await
        .unwrap()
        .await
        .unwrap();

    broker.restart().await;
    broker.kill().await;
    broker.start().await;

    let kept = eventually(
        "the stream after two restarts",
        Duration::from_secs(10),
        async || jetstream.get_stream("KEPT").await.ok(),
    )
    .await;
    assert_eq!(kept.cached_info().state.messages, 1);
}

#[tokio::test]
async fn a_crashed_cluster_has_its_port_and_its_data_and_a_standby_can_take_its_place() {
    let mut primary = cluster(&["work_mem=7MB"]).await;
    let url = primary.url("postgres");
    primary.run("create table kept (x integer)").await;
    primary.crash().await;
    primary.start().await;
    primary.run("insert into kept values (1)").await;
    let mut standby = primary.standby().await;
    standby.cut_off().await;
    primary.run("insert into kept values (2)").await;
    primary.stop().await;
    standby.take_over(&mut primary).await;

    assert_eq!(standby.url("postgres"), url);
    let pool = standby.pool("postgres").await;
    let kept: (Vec<i32>, String) =
        sqlx::query_as("select array_agg(x), current_setting('work_mem') from kept")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, (vec![1], "7MB".to_owned()));
    pool.close().await;
}

#[tokio::test]
async fn a_broker_takes_further_configuration() {
    let broker = nats_with("max_payload: 2048").await;
    let client = async_nats::connect(&broker.url).await.unwrap();
    assert_eq!(client.server_info().max_payload, 2048);
}
