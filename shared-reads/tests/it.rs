//! What callers may rely on, whoever of them reads.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper fails by panicking, as a test does"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{join_all, poll_immediate};
use shared_reads::SharedReads;
use tokio::sync::Semaphore;

/// Answers a number by its double, when it may, and remembers what was read together.
struct Source {
    may_read: Semaphore,
    reads: Mutex<Vec<Vec<u32>>>,
    fails: AtomicBool,
}

impl Source {
    fn new(may_read: usize) -> Self {
        Self {
            may_read: Semaphore::new(may_read),
            reads: Mutex::default(),
            fails: AtomicBool::new(false),
        }
    }

    async fn read(&self, questions: Vec<u32>) -> Result<Vec<u32>, String> {
        self.reads.lock().unwrap().push(questions.clone());
        self.may_read.acquire().await.unwrap().forget();
        if self.fails.load(Ordering::SeqCst) && questions.contains(&13) {
            return Err(format!("cannot read {questions:?}"));
        }
        Ok(questions.iter().map(|question| question * 2).collect())
    }

    fn reads(&self) -> Vec<Vec<u32>> {
        self.reads.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn what_comes_while_others_read_is_read_together() {
    let source = Source::new(0);
    let shared = SharedReads::new(1, 4);
    let ask = |question| shared.ask(question, |questions| source.read(questions));
    let mut first = Box::pin(ask(1));
    assert_eq!(poll_immediate(&mut first).await, None);
    let mut others: Vec<_> = (2..=8).map(|question| Box::pin(ask(question))).collect();
    for other in &mut others {
        assert_eq!(poll_immediate(other).await, None);
    }
    source.may_read.add_permits(100);
    assert_eq!(first.await, Ok(2));
    let answers: Vec<_> = join_all(others).await;
    assert_eq!(answers, [4, 6, 8, 10, 12, 14, 16].map(Ok));
    assert_eq!(source.reads(), [vec![1], vec![2, 3, 4, 5], vec![6, 7, 8]]);
}

#[tokio::test]
async fn an_error_is_told_to_who_asked_for_it() {
    let source = Source::new(0);
    source.fails.store(true, Ordering::SeqCst);
    let shared = SharedReads::new(1, 10);
    let ask = |question| shared.ask(question, |questions| source.read(questions));
    let mut first = Box::pin(ask(1));
    assert_eq!(poll_immediate(&mut first).await, None);
    let mut others = Box::pin(join_all([12, 13, 14].map(ask)));
    assert!(poll_immediate(&mut others).await.is_none());
    source.may_read.add_permits(100);
    let (first, others) = tokio::join!(first, others);
    assert_eq!(first, Ok(2));
    assert_eq!(others, [Ok(24), Err("cannot read [13]".to_owned()), Ok(28)]);
    assert_eq!(source.reads()[1], [12, 13, 14]);
}

#[tokio::test]
async fn alone_one_gets_the_error_at_once() {
    let source = Source::new(100);
    source.fails.store(true, Ordering::SeqCst);
    let shared = SharedReads::new(2, 10);
    let answer = shared.ask(13, |questions| source.read(questions)).await;
    assert_eq!(answer, Err("cannot read [13]".to_owned()));
    assert_eq!(source.reads(), [vec![13]]);
}

#[tokio::test]
async fn who_goes_away_in_the_middle_of_a_read_leaves_the_others_an_answer() {
    let source = Source::new(0);
    let shared = SharedReads::new(1, 10);
    let ask = |question| shared.ask(question, |questions| source.read(questions));
    let mut first = Box::pin(ask(1));
    assert_eq!(poll_immediate(&mut first).await, None);
    let mut second = Box::pin(ask(2));
    let mut third = Box::pin(ask(3));
    let mut gone = Box::pin(ask(4));
    for waiting in [&mut second, &mut third, &mut gone] {
        assert_eq!(poll_immediate(waiting).await, None);
    }
    drop(gone);
    drop(first);
    // Now it is the second's turn, who reads for the third and goes, too.
    assert_eq!(poll_immediate(&mut second).await, None);
    drop(second);
    source.may_read.add_permits(100);
    assert_eq!(third.await, Ok(6));
    assert_eq!(source.reads(), [vec![1], vec![2, 3], vec![3]]);
}
