//! Questions that are asked at the same time are read by one statement.
//!
//! What a row costs is little beside what a statement costs: the way to the server and back, the beginning and the end of a
//! snapshot, the setting up of a plan. So a few may read at a time, and whoever's turn it is reads whatever waits by then, for
//! everybody. Nobody waits for a batch to fill; a batch is what came while others were reading. Alone, a question is read at once, by
//! the one who asks it, as it would be without all this.
//!
//! It is the reading half of what a group commit is for writing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Where questions `Q` wait to be read together; each has an answer `A`.
#[derive(Debug)]
pub struct SharedReads<Q, A> {
    queue: Arc<Queue<Q, A>>,
}

#[derive(Debug)]
struct Queue<Q, A> {
    state: Mutex<State<Q, A>>,
    most: usize,
}

#[derive(Debug)]
struct State<Q, A> {
    waiting: VecDeque<Waiting<Q, A>>,
    free_turns: usize,
}

#[derive(Debug)]
struct Waiting<Q, A> {
    question: Q,
    told: oneshot::Sender<Told<Q, A>>,
}

/// What somebody who waits is told.
#[derive(Debug)]
enum Told<Q, A> {
    /// The answer.
    Answer(A),
    /// To read now, for all who wait.
    Turn(Turn<Q, A>),
}

/// The right to read. Dropped, however that comes about, it is the next one's.
#[derive(Debug)]
struct Turn<Q, A> {
    queue: Option<Arc<Queue<Q, A>>>,
}

impl<Q: Clone, A> SharedReads<Q, A> {
    /// So many reads `at_a_time`, of `most` questions each. More reads at a time share less.
    ///
    /// # Panics
    ///
    /// If either is 0, which would answer nothing.
    pub fn new(at_a_time: usize, most: usize) -> Self {
        assert!(at_a_time > 0 && most > 0, "nothing would be answered");
        let state = State {
            waiting: VecDeque::new(),
            free_turns: at_a_time,
        };
        Self {
            queue: Arc::new(Queue {
                state: Mutex::new(state),
                most,
            }),
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
    /// If `read` succeeds without an answer to each question.
    pub async fn ask<E, F>(&self, question: Q, read: impl Fn(Vec<Q>) -> F) -> Result<A, E>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let mut turn = None;
        loop {
            let (told, is_told) = oneshot::channel();
            let waiting = Waiting {
                question: question.clone(),
                told,
            };
            if let Some(turn) = turn.take().or_else(|| self.queue.wait_or_begin(waiting)) {
                if let Some(answered) = self.read_for_all(turn, &question, &read).await {
                    return answered;
                }
                break;
            }
            match is_told.await {
                Ok(Told::Answer(answer)) => return Ok(answer),
                Ok(Told::Turn(mine)) => turn = Some(mine),
                Err(_) => break,
            }
        }
        read(vec![question]).await.map(only)
    }

    /// Reads this question and those that wait. `None`: it failed, and it is not known by whose fault.
    async fn read_for_all<E, F>(
        &self,
        turn: Turn<Q, A>,
        question: &Q,
        read: impl Fn(Vec<Q>) -> F,
    ) -> Option<Result<A, E>>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let others = self.queue.take();
        let questions = others.iter().map(|other| other.question.clone());
        let questions = std::iter::once(question.clone()).chain(questions);
        let found = read(questions.collect()).await;
        // Whoever is next may begin before the others are told.
        drop(turn);
        let mut found = match found {
            Ok(found) => found,
            Err(error) if others.is_empty() => return Some(Err(error)),
            Err(_) => return None,
        };
        let of_others = found.split_off(1.min(found.len()));
        for (other, answer) in others.into_iter().zip(of_others) {
            // Whoever has gone does not need it.
            let _ = other.told.send(Told::Answer(answer));
        }
        Some(Ok(only(found)))
    }
}

impl<Q, A> Queue<Q, A> {
    /// A turn, if one is free; else the question waits.
    fn wait_or_begin(self: &Arc<Self>, waiting: Waiting<Q, A>) -> Option<Turn<Q, A>> {
        let mut state = self.lock();
        if state.free_turns == 0 {
            state.waiting.push_back(waiting);
            return None;
        }
        state.free_turns -= 1;
        Some(Turn {
            queue: Some(Arc::clone(self)),
        })
    }

    /// Those that are read with the one whose turn it is: the first that wait, but for those who have gone.
    fn take(&self) -> Vec<Waiting<Q, A>> {
        let mut state = self.lock();
        let mut taken = Vec::new();
        while taken.len() + 1 < self.most
            && let Some(next) = state.waiting.pop_front()
        {
            if !next.told.is_closed() {
                taken.push(next);
            }
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, State<Q, A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Drop for Turn<Q, A> {
    fn drop(&mut self) {
        let Some(mut queue) = self.queue.take() else {
            return;
        };
        loop {
            let next = {
                let mut state = queue.lock();
                let Some(next) = state.waiting.pop_front() else {
                    state.free_turns += 1;
                    return;
                };
                next
            };
            let turn = Turn { queue: Some(queue) };
            // If they go away without having heard of it, it is dropped there; if they have gone, it is the next one's.
            let Err(Told::Turn(mut unheard)) = next.told.send(Told::Turn(turn)) else {
                return;
            };
            let Some(back) = unheard.queue.take() else {
                return;
            };
            queue = back;
        }
    }
}

fn only<A>(mut answers: Vec<A>) -> A {
    assert!(!answers.is_empty(), "a question was left without an answer");
    answers.swap_remove(0)
}
