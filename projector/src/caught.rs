//! Panics in what is done with the content of an event: they are that event's failure, not the worker's.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::FutureExt as _;

/// Does it; says what a panic said. Whatever it was changing then is not to be used any more.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(&*panic))
}

/// [`caught`] for what takes its time.
pub(crate) async fn caught_while<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.map_err(|panic| message(&*panic))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a word"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_panic_said_is_told() {
        assert_eq!(caught(|| 7), Ok(7));
        let number = 7;
        let error = caught(|| panic!("number {number}")).unwrap_err();
        assert_eq!(error, "panicked: number 7");
        let error = caught_while(async { panic!("later") }).await.unwrap_err();
        assert_eq!(error, "panicked: later");
    }
}
