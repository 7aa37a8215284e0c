//! Questions that are asked at the same time are read by one statement.
//!
//! What a row costs is little beside what a statement costs: the way to the server and back, the beginning and the end of a
//! snapshot, the setting up of a plan. So a few may read at a time, and whoever's turn it is reads whatever waits by then, for
//! everybody. Nobody waits for a batch to fill; a batch is what came while others were reading. Alone, a question is read at once, by
//! the one who asks it, as it would be without all this.
//!
//! It is the reading half of what a group commit is for writing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, oneshot};

/// Where questions `Q` wait to be read together; each has an answer `A`.
#[derive(Debug)]
pub struct SharedReads<Q, A> {
    waiting: Mutex<VecDeque<Waiting<Q, A>>>,
    turns: Semaphore,
    most: usize,
    asked: AtomicU64,
}

#[derive(Debug)]
struct Waiting<Q, A> {
    number: u64,
    question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q: Clone, A> SharedReads<Q, A> {
    /// So many reads `at_a_time`, of `most` questions each. More reads at a time share less.
    ///
    /// # Panics
    ///
    /// If either is 0, which would answer nothing.
    pub fn new(at_a_time: usize, most: usize) -> Self {
        assert!(at_a_time > 0 && most > 0, "nothing would be answered");
        Self {
            waiting: Mutex::default(),
            turns: Semaphore::new(at_a_time),
            most,
            asked: AtomicU64::new(0),
        }
    }

    /// The answer to a question, which `read` finds: for each of the questions that it is given, in their order.
    ///
    /// All callers must give a `read` that does the same, since any of them may be the one that is used. It begins after the
    /// question was asked. Does it fail, or does the caller in whose turn it runs go away, then the questions of the others are
    /// read by themselves: nobody gets an error that is another's.
    ///
    /// # Panics
    ///
    /// If `read` succeeds without an answer to a question that it was given alone.
    pub async fn ask<E, F>(&self, question: Q, read: impl Fn(Vec<Q>) -> F) -> Result<A, E>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let (answer, mut answered) = oneshot::channel();
        self.lock().push_back(Waiting {
            number,
            question: question.clone(),
            answer,
        });
        loop {
            let turn = tokio::select! {
                biased;
                answer = &mut answered => match answer {
                    Ok(answer) => return Ok(answer),
                    Err(_) => return alone(question, read).await,
                },
                turn = self.turns.acquire() => turn,
            };
            let taken = self.take();
            let is_mine_alone =
                taken.len() == 1 && taken.iter().any(|taken| taken.number == number);
            let (questions, answers): (Vec<Q>, Vec<_>) = taken
                .into_iter()
                .map(|taken| (taken.question, taken.answer))
                .unzip();
            if questions.is_empty() {
                continue;
            }
            let found = read(questions).await;
            drop(turn);
            match found {
                Ok(found) => {
                    for (answer, found) in answers.into_iter().zip(found) {
                        // Whoever has gone does not need it.
                        let _ = answer.send(found);
                    }
                }
                Err(error) if is_mine_alone => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// The first that wait, but for those who have gone.
    fn take(&self) -> Vec<Waiting<Q, A>> {
        let mut waiting = self.lock();
        let mut taken = Vec::new();
        while taken.len() < self.most
            && let Some(next) = waiting.pop_front()
        {
            if !next.answer.is_closed() {
                taken.push(next);
            }
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting<Q, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one question by itself.
async fn alone<Q, A, E, F>(question: Q, read: impl Fn(Vec<Q>) -> F) -> Result<A, E>
where
    F: Future<Output = Result<Vec<A>, E>>,
{
    let mut answers = read(vec![question]).await?;
    assert!(!answers.is_empty(), "a question was left without an answer");
    Ok(answers.swap_remove(0))
}
