//! What is put into one batch, and that its commands do not pay for one another.

use std::time::{Duration, Instant};

use event_store::{Append, AppendError, Appender, AppenderSettings, Outcome};
use futures::future::join_all;
use test_kit::eventually;
use tokio::task::JoinHandle;

use crate::log::{Log, PATIENCE, after, first, key, position};

type Answer = JoinHandle<Result<Outcome, AppendError>>;

/// Makes the commands one batch: the log's lock is held while they queue behind a first command.
async fn as_one_batch(
    log: &Log,
    appender: &Appender,
    commands: Vec<Append>,
) -> Vec<Result<Outcome, AppendError>> {
    let lock = log.hold_lock().await;
    let ahead = spawn(appender, first("ahead", 1));
    log.waiting_for_lock(1).await;
    let answers: Vec<Answer> = queue(appender, commands).await;
    lock.rollback().await.unwrap();
    ahead.await.unwrap().unwrap();
    join_all(answers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

/// Queues commands in this order behind a batch that waits.
async fn queue(appender: &Appender, commands: Vec<Append>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for command in commands {
        let before = appender.queued();
        answers.push(spawn(appender, command));
        eventually("a command in the queue", PATIENCE, async || {
            (appender.queued() > before).then_some(())
        })
        .await;
    }
    answers
}

fn spawn(appender: &Appender, command: Append) -> Answer {
    let appender = appender.clone();
    tokio::spawn(async move { appender.append(command).await })
}

/// The times at which events were recorded tell the batches apart: each has one.
async fn batches(log: &Log) -> Vec<usize> {
    let mut times: Vec<_> = log
        .all()
        .await
        .iter()
        .map(|event| event.recorded_at)
        .collect();
    let mut sizes = Vec::new();
    while let Some(time) = times.first().copied() {
        let before = times.len();
        times.retain(|other| *other != time);
        sizes.push(before - times.len());
    }
    sizes
}

#[tokio::test]
async fn commands_that_wait_for_a_batch_form_the_next() {
    let log = Log::new().await;
    let commands = (0..100)
        .map(|order| first(&format!("o-{order}"), 1))
        .collect();
    for (outcome, place) in as_one_batch(&log, &log.appender(), commands)
        .await
        .iter()
        .zip(2..)
    {
        assert_eq!(
            position(outcome.as_ref().unwrap()),
            place,
            "in the order they came"
        );
    }
    assert_eq!(batches(&log).await, [1, 100]);
}

#[tokio::test]
async fn a_conflict_in_the_middle_fails_its_own_command_only() {
    let log = Log::new().await;
    let taken = first("taken", 2);
    log.appender().append(taken).await.unwrap();
    let commands = vec![first("a", 2), first("taken", 1), first("b", 1)];
    let outcomes = as_one_batch(&log, &log.appender(), commands).await;
    assert_eq!(position(outcomes[0].as_ref().unwrap()), 4);
    assert_eq!(*outcomes[1].as_ref().unwrap(), Outcome::Conflict);
    assert_eq!(position(outcomes[2].as_ref().unwrap()), 6);
    assert_eq!(log.assert_continuous().await.len(), 6);
}

#[tokio::test]
async fn one_text_that_postgresql_refuses_fails_alone_among_99_good_ones() {
    for spoil in [
        |command: &mut Append| command.aggregate_id = "nul\0".into(),
        |command: &mut Append| command.events[0].payload = "{\"a\": \"\0\"}".into(),
        |command: &mut Append| command.events[0].metadata = "{".into(),
    ] {
        let log = Log::new().await;
        let mut commands: Vec<_> = (0..100)
            .map(|order| first(&format!("o-{order}"), 1))
            .collect();
        spoil(&mut commands[42]);
        let outcomes = as_one_batch(&log, &log.appender(), commands).await;
        for (number, outcome) in outcomes.iter().enumerate() {
            match outcome {
                Err(AppendError::Refused(_)) if number == 42 => {}
                Ok(Outcome::Appended { .. }) if number != 42 => {}
                other => panic!("command {number}: {other:?}"),
            }
        }
        assert_eq!(log.assert_continuous().await.len(), 100);
    }
}

#[tokio::test]
async fn a_second_command_on_an_order_waits_for_the_next_batch_and_keeps_its_place() {
    let log = Log::new().await;
    let one = first("o", 1);
    let two = after(&one);
    let three = after(&two);
    let commands = vec![one, two, three, first("other", 1)];
    let outcomes = as_one_batch(&log, &log.appender(), commands).await;
    let positions: Vec<_> = outcomes
        .iter()
        .map(|outcome| position(outcome.as_ref().unwrap()))
        .collect();
    assert_eq!(positions, [2, 4, 5, 3]);
    assert_eq!(batches(&log).await, [1, 2, 1, 1]);
}

#[tokio::test]
async fn a_second_command_with_a_key_waits_for_the_next_batch_and_is_a_replay() {
    let log = Log::new().await;
    let key = Some(key());
    let commands = vec![
        Append {
            key,
            ..first("a", 1)
        },
        Append {
            key,
            ..first("b", 1)
        },
    ];
    let outcomes = as_one_batch(&log, &log.appender(), commands).await;
    assert_eq!(position(outcomes[0].as_ref().unwrap()), 2);
    assert!(
        matches!(&outcomes[1], Ok(Outcome::Replay(key)) if key.aggregate_id == "a"),
        "{outcomes:?}"
    );
    assert_eq!(log.all().await.len(), 2);
}

#[tokio::test]
async fn a_batch_is_bounded_by_commands_events_and_bytes_and_holds_at_least_one() {
    let tight = [
        (
            AppenderSettings {
                batch_commands: 2,
                ..AppenderSettings::default()
            },
            vec![1, 2, 2, 1],
        ),
        (
            AppenderSettings {
                batch_events: 3,
                ..AppenderSettings::default()
            },
            vec![1, 3, 2],
        ),
        (
            AppenderSettings {
                batch_bytes: 1,
                ..AppenderSettings::default()
            },
            vec![1, 1, 1, 1, 1, 1],
        ),
        (
            AppenderSettings {
                batch_events: 0,
                ..AppenderSettings::default()
            },
            vec![1, 1, 1, 1, 1, 1],
        ),
    ];
    for (settings, expected) in tight {
        let log = Log::new().await;
        let appender = Appender::start(&log.store, settings);
        let commands = (0..5)
            .map(|order| first(&format!("o-{order}"), 1))
            .collect();
        as_one_batch(&log, &appender, commands).await;
        assert_eq!(batches(&log).await, expected, "{settings:?}");
    }
}

#[tokio::test]
async fn a_full_queue_refuses_and_takes_again_when_there_is_room() {
    let log = Log::new().await;
    let small = [
        AppenderSettings {
            queue_commands: 2,
            ..AppenderSettings::default()
        },
        AppenderSettings {
            queue_bytes: 300,
            ..AppenderSettings::default()
        },
    ];
    for (round, settings) in small.into_iter().enumerate() {
        let appender = Appender::start(&log.store, settings);
        let lock = log.hold_lock().await;
        let ahead = spawn(&appender, first(&format!("ahead-{round}"), 1));
        log.waiting_for_lock(1).await;
        let commands = (0..2)
            .map(|order| first(&format!("o-{round}-{order}"), 1))
            .collect();
        let answers = queue(&appender, commands).await;
        let refused = appender.append(first("too many", 1)).await;
        assert!(
            matches!(refused, Err(AppendError::QueueFull)),
            "{refused:?}"
        );
        lock.rollback().await.unwrap();
        ahead.await.unwrap().unwrap();
        for answer in join_all(answers).await {
            answer.unwrap().unwrap();
        }
        appender
            .append(first(&format!("later-{round}"), 1))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_command_whose_deadline_passes_in_the_queue_is_never_sent() {
    let log = Log::new().await;
    let appender = log.appender();
    let lock = log.hold_lock().await;
    let ahead = spawn(&appender, first("ahead", 1));
    log.waiting_for_lock(1).await;
    let deadline = Instant::now() + Duration::from_millis(100);
    let expired = appender
        .append(Append {
            deadline,
            ..first("late", 1)
        })
        .await;
    assert!(matches!(expired, Err(AppendError::Expired)), "{expired:?}");
    lock.rollback().await.unwrap();
    ahead.await.unwrap().unwrap();
    appender.close().await;
    assert_eq!(log.all().await.len(), 1);
}

#[tokio::test]
async fn a_caller_who_goes_away_cancels_nothing() {
    let log = Log::new().await;
    let appender = log.appender();
    let lock = log.hold_lock().await;
    let ahead = spawn(&appender, first("ahead", 1));
    log.waiting_for_lock(1).await;
    let gone = queue(&appender, vec![first("gone", 1)]).await;
    gone[0].abort();
    ahead.abort();
    lock.rollback().await.unwrap();
    appender.close().await;
    assert_eq!(log.assert_continuous().await.len(), 2);
}

#[tokio::test]
async fn closing_writes_what_was_accepted_and_refuses_the_rest() {
    let log = Log::new().await;
    let appender = log.appender();
    let lock = log.hold_lock().await;
    let ahead = spawn(&appender, first("ahead", 1));
    log.waiting_for_lock(1).await;
    let accepted = queue(
        &appender,
        (0..5)
            .map(|order| first(&format!("o-{order}"), 1))
            .collect(),
    )
    .await;
    let closing = appender.clone();
    let closed = tokio::spawn(async move { closing.close().await });
    let refused = eventually("the closed door", PATIENCE, async || {
        let deadline = Instant::now();
        appender
            .append(Append {
                deadline,
                ..first("no", 1)
            })
            .await
            .err()
            .filter(|error| matches!(error, AppendError::Closed))
    })
    .await;
    assert!(matches!(refused, AppendError::Closed));
    lock.rollback().await.unwrap();
    closed.await.unwrap();
    ahead.await.unwrap().unwrap();
    for answer in join_all(accepted).await {
        answer.unwrap().unwrap();
    }
    assert!(!appender.is_running());
    assert_eq!(log.all().await.len(), 6);
}

#[tokio::test]
async fn a_command_without_events_is_refused() {
    let log = Log::new().await;
    let refused = log.appender().append(first("o", 0)).await;
    assert!(matches!(refused, Err(AppendError::NoEvent)), "{refused:?}");
}
