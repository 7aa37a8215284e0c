//! Partitions write together, round by round.
//!
//! A transaction with few events costs nearly as much as one with many, and a worker has many partitions. So one transaction is under
//! way at a time, and whoever gets something meanwhile waits for its end. Then the next round begins with all who wait: each has its
//! seat, takes what has arrived by now, and gives what it made of that, or leaves. What was given is written when the last of them has
//! done either. It is a group commit whose members do not come with finished work: what arrives while they wait goes in, too.

use std::fmt::{self, Debug, Formatter};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Writing<R> = Pin<Box<dyn Future<Output = Vec<Option<R>>> + Send>>;

/// Where members wait for the next round. `B` is what each gives, `R` what it is told of it.
pub(crate) struct Rounds<B: Send + 'static, R: Send + 'static> {
    hall: Arc<Hall<B, R>>,
}

struct Hall<B: Send + 'static, R: Send + 'static> {
    state: Mutex<State<B, R>>,
    write: Box<dyn Fn(Vec<B>) -> Writing<R> + Send + Sync>,
    runtime: Handle,
}

struct State<B: Send + 'static, R: Send + 'static> {
    is_under_way: bool,
    waiting: Vec<oneshot::Sender<Seat<B, R>>>,
}

/// A member's part in a round, which waits for it. Who drops it has nothing to give.
pub(crate) struct Seat<B: Send + 'static, R: Send + 'static>(Option<Arc<Round<B, R>>>);

/// It ends when the last that holds it lets go, however that comes about.
struct Round<B: Send + 'static, R: Send + 'static> {
    hall: Arc<Hall<B, R>>,
    table: Mutex<Table<B, R>>,
}

struct Table<B, R> {
    seated: usize,
    given: Vec<(B, oneshot::Sender<R>)>,
}

impl<B: Send + 'static, R: Send + 'static> Rounds<B, R> {
    /// Rounds of which `write` writes what was given, and says what came of each; `None`: it is not written.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, which does the writing.
    pub(crate) fn new<W>(write: impl Fn(Vec<B>) -> W + Send + Sync + 'static) -> Self
    where
        W: Future<Output = Vec<Option<R>>> + Send + 'static,
    {
        let state = State {
            is_under_way: false,
            waiting: Vec::new(),
        };
        Self {
            hall: Arc::new(Hall {
                state: Mutex::new(state),
                write: Box::new(move |given| Box::pin(write(given))),
                runtime: Handle::current(),
            }),
        }
    }

    /// A seat in the next round; at once, if none is under way.
    pub(crate) async fn join(&self) -> Seat<B, R> {
        let (seat, seated) = oneshot::channel();
        lock(&self.hall.state).waiting.push(seat);
        self.hall.begin();
        match seated.await {
            Ok(seat) => seat,
            // Whoever waits gets a seat, as long as there is a hall.
            Err(_) => std::future::pending().await,
        }
    }
}

impl<B: Send + 'static, R: Send + 'static> Hall<B, R> {
    /// Begins a round, if none is under way and somebody waits.
    fn begin(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if state.is_under_way || state.waiting.is_empty() {
            return;
        }
        state.is_under_way = true;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        let round = Arc::new(Round {
            hall: self.clone(),
            table: Mutex::new(Table {
                seated: waiting.len(),
                given: Vec::new(),
            }),
        });
        for member in waiting {
            // Who has gone away since has nothing to give.
            drop(member.send(Seat(Some(round.clone()))));
        }
    }
}

impl<B: Send + 'static, R: Send + 'static> Seat<B, R> {
    /// Gives this to the round, and says what came of it; `None`: it is not written, which may be the fault of others.
    ///
    /// Who stops waiting does not stop the writing.
    pub(crate) async fn write(mut self, given: B) -> Option<R> {
        let (told, outcome) = oneshot::channel();
        if let Some(round) = self.0.take() {
            round.leave(Some((given, told)));
        }
        outcome.await.ok()
    }
}

impl<B: Send + 'static, R: Send + 'static> Drop for Seat<B, R> {
    fn drop(&mut self) {
        if let Some(round) = self.0.take() {
            round.leave(None);
        }
    }
}

impl<B: Send + 'static, R: Send + 'static> Round<B, R> {
    /// One seat is empty from now on.
    fn leave(self: Arc<Self>, given: Option<(B, oneshot::Sender<R>)>) {
        let mut table = lock(&self.table);
        table.given.extend(given);
        table.seated -= 1;
        if table.seated > 0 || table.given.is_empty() {
            return;
        }
        let (given, members): (Vec<B>, Vec<_>) = mem::take(&mut table.given).into_iter().unzip();
        drop(table);
        let runtime = self.hall.runtime.clone();
        runtime.spawn(async move {
            let outcomes = (self.hall.write)(given).await;
            for (member, outcome) in members.into_iter().zip(outcomes) {
                if let Some(outcome) = outcome {
                    // Whoever has gone away reads it from the database.
                    drop(member.send(outcome));
                }
            }
        });
    }
}

impl<B: Send + 'static, R: Send + 'static> Drop for Round<B, R> {
    fn drop(&mut self) {
        lock(&self.hall.state).is_under_way = false;
        self.hall.begin();
    }
}

impl<B: Send + 'static, R: Send + 'static> Clone for Rounds<B, R> {
    fn clone(&self) -> Self {
        Self {
            hall: self.hall.clone(),
        }
    }
}

impl<B: Send + 'static, R: Send + 'static> Debug for Rounds<B, R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds").finish_non_exhaustive()
    }
}

impl<B: Send + 'static, R: Send + 'static> Debug for Seat<B, R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::sync::Semaphore;

    use super::*;

    /// Rounds that write when they are let, and what was written, round by round.
    struct Stage {
        rounds: Rounds<u32, u32>,
        let_write: Arc<Semaphore>,
        written: Arc<Mutex<Vec<Vec<u32>>>>,
    }

    impl Stage {
        /// Who gives 0 makes the writing panic, and who gives 13 is not written.
        fn new() -> Self {
            let let_write = Arc::new(Semaphore::new(0));
            let written: Arc<Mutex<Vec<Vec<u32>>>> = Arc::default();
            let (may, seen) = (let_write.clone(), written.clone());
            let rounds = Rounds::new(move |given: Vec<u32>| {
                let (may, seen) = (may.clone(), seen.clone());
                async move {
                    may.acquire().await.unwrap().forget();
                    assert!(!given.contains(&0), "as told");
                    lock(&seen).push(given.clone());
                    let outcomes = given.iter().map(|n| (*n != 13).then_some(n * 10));
                    outcomes.collect()
                }
            });
            Self {
                rounds,
                let_write,
                written,
            }
        }

        fn written(&self) -> Vec<Vec<u32>> {
            let mut written = lock(&self.written).clone();
            for round in &mut written {
                round.sort_unstable();
            }
            written
        }
    }

    #[tokio::test]
    async fn who_waits_while_others_write_is_written_together() {
        let stage = Stage::new();
        let first = stage.rounds.join().await;
        let mut first = tokio::spawn(first.write(1));
        let mut waiting = [2, 3, 13].map(|number| {
            let rounds = stage.rounds.clone();
            Box::pin(async move { rounds.join().await.write(number).await })
        });
        for member in &mut waiting {
            assert!(member.now_or_never().is_none());
        }
        assert!((&mut first).now_or_never().is_none());
        stage.let_write.add_permits(2);
        assert_eq!(first.await.unwrap(), Some(10));
        let outcomes = futures::future::join_all(waiting).await;
        assert_eq!(outcomes, [Some(20), Some(30), None]);
        assert_eq!(stage.written(), [vec![1], vec![2, 3, 13]]);
    }

    #[tokio::test]
    async fn who_leaves_keeps_nobody_waiting() {
        let stage = Stage::new();
        stage.let_write.add_permits(2);
        // One leaves a round of its own, and the next begins.
        let alone = stage.rounds.join().await;
        let mut gone = Box::pin(stage.rounds.join());
        let mut leaves = Box::pin(stage.rounds.join());
        let mut stays = Box::pin(stage.rounds.join());
        for member in [&mut gone, &mut leaves, &mut stays] {
            assert!(member.now_or_never().is_none());
        }
        drop(gone);
        drop(alone);
        let stays = stays.await.write(7);
        let mut stays = Box::pin(stays);
        assert!((&mut stays).now_or_never().is_none());
        drop(leaves.await);
        assert_eq!(stays.await, Some(70));
        // Who stops waiting for what it gave does not stop the writing.
        let given = stage.rounds.join().await.write(8);
        assert!(given.now_or_never().is_none());
        drop(stage.rounds.join().await);
        assert_eq!(stage.written(), [[7], [8]]);
    }

    #[tokio::test]
    async fn a_panic_ends_the_round_and_no_other() {
        let stage = Stage::new();
        stage.let_write.add_permits(2);
        assert_eq!(stage.rounds.join().await.write(0).await, None);
        assert_eq!(stage.rounds.join().await.write(4).await, Some(40));
    }
}
