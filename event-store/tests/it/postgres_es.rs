//! `postgres-es`, unmodified, reads and writes this log.

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError, CqrsFramework, DomainEvent, EventStore as _};
use event_store::Outcome;
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::log::{Log, first};

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) total: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Counted {
    Added { amount: i64 },
}

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "Added".into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Command = Vec<i64>;
    type Event = Counted;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(
        &mut self,
        amounts: Vec<i64>,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for amount in amounts {
            sink.write(Counted::Added { amount }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, Counted::Added { amount }: Counted) {
        self.total += amount;
    }
}

type Store = PersistedEventStore<PostgresEventRepository, Counter>;

fn store(log: &Log) -> Store {
    let repository =
        PostgresEventRepository::new(log.admin.clone()).with_tables("event", "snapshot");
    PersistedEventStore::new_event_store(repository)
}

/// A command by our appender on a counter that `postgres-es` writes, too.
fn add(counter: &str, expected: Option<(i64, Uuid)>, amount: i64) -> event_store::Append {
    let mut command = first(counter, 1);
    command.aggregate_type = Counter::TYPE.into();
    command.expected_sequence = expected.map_or(0, |(sequence, _)| sequence);
    command.expected_last_event = expected.map(|(_, event_id)| event_id);
    command.events[0].event_type = "Added".into();
    command.events[0].payload = format!("{{\"Added\":{{\"amount\":{amount}}}}}");
    command.events[0].metadata = "{}".into();
    command
}

#[tokio::test]
async fn it_writes_and_reads_in_turn_with_the_appender() {
    let log = Log::new().await;
    let appender = log.appender();
    let framework = CqrsFramework::new(store(&log), vec![], ());
    framework.execute("c", vec![1, 2]).await.unwrap();
    let last = log.store.load("counter", "c").await.unwrap().pop().unwrap();
    assert_eq!(last.event_id.get_version_num(), 7);
    let ours = add("c", Some((last.sequence, last.event_id)), 10);
    assert!(matches!(
        appender.append(ours).await.unwrap(),
        Outcome::Appended {
            first_position: 3,
            ..
        }
    ));
    framework.execute("c", vec![100]).await.unwrap();

    let mut context = store(&log).load_aggregate("c").await.unwrap();
    assert_eq!(
        cqrs_es::AggregateContext::aggregate(&mut context).total,
        113
    );
    assert_eq!(log.assert_continuous().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_write_at_once_and_positions_have_no_gap() {
    let log = Log::new().await;
    let appender = log.appender();
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..4 {
        let framework = CqrsFramework::new(store(&log), vec![], ());
        writers.spawn(async move {
            for _ in 0..10 {
                framework
                    .execute(&format!("theirs-{number}"), vec![1, 1])
                    .await
                    .unwrap();
            }
        });
        let appender = appender.clone();
        writers.spawn(async move {
            for order in 0..20 {
                appender
                    .append(first(&format!("ours-{number}-{order}"), 1))
                    .await
                    .unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(log.assert_continuous().await.len(), 160);
}

#[tokio::test]
async fn a_conflict_is_what_it_takes_for_one() {
    let log = Log::new().await;
    let store = store(&log);
    let stale = store.load_aggregate("c").await.unwrap();
    log.appender().append(add("c", None, 1)).await.unwrap();
    let refused = store
        .commit(
            vec![Counted::Added { amount: 1 }],
            stale,
            std::collections::HashMap::new(),
        )
        .await;
    assert!(
        matches!(refused, Err(AggregateError::AggregateConflict)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_gap_in_sequences_is_refused_as_a_conflict() {
    let log = Log::new().await;
    for sequence in [0, 2] {
        let refused = sqlx::query(
            "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
            values ('counter', 'c', $1, 'Added', '1', '{}', '{}')",
        )
        .bind(sequence)
        .execute(&log.admin)
        .await
        .unwrap_err();
        assert_eq!(
            refused.as_database_error().unwrap().code().unwrap(),
            "23505"
        );
    }
}
