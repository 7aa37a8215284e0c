//! The keys that are being executed in this process.
//!
//! What holds across processes, and is the guarantee, is the key that the append records; this table
//! only tells a caller who asks again too soon (`key-in-use`), without a word to the database.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::refusal::Refusal;

/// The keys that are being executed.
#[derive(Clone, Default)]
pub(crate) struct Executing {
    keys: Arc<Mutex<HashSet<Uuid>>>,
}

/// A key that is being executed until this is dropped.
#[must_use]
pub(crate) struct Execution {
    executing: Executing,
    key: Uuid,
}

impl Executing {
    /// Begins to execute a key, unless that is being done.
    pub(crate) fn begin(&self, key: Uuid) -> Result<Execution, Refusal> {
        if self.keys().insert(key) {
            Ok(Execution {
                executing: self.clone(),
                key,
            })
        } else {
            Err(Refusal::KeyInUse)
        }
    }

    fn keys(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        // A set is whole after each of its operations, whatever panicked elsewhere.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        self.executing.keys().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_executed_once_at_a_time() {
        let executing = Executing::default();
        let first = executing.begin(Uuid::from_u128(1)).unwrap();
        assert!(matches!(
            executing.begin(Uuid::from_u128(1)),
            Err(Refusal::KeyInUse)
        ));
        assert!(executing.begin(Uuid::from_u128(2)).is_ok());
        drop(first);
        assert!(executing.begin(Uuid::from_u128(1)).is_ok());
    }
}
