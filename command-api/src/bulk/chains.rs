//! The order within an upload: commands of one order, and lines with one key, run in the order of
//! their lines; all others at once.

use std::collections::HashMap;

use tokio_util::sync::{CancellationToken, DropGuard};

/// What a line must not overtake another line with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Link {
    /// The same order.
    Order(String),
    /// The same key.
    Key(String),
}

/// The last line of each order and key so far.
#[derive(Default)]
pub(super) struct Chains {
    last: HashMap<Link, CancellationToken>,
}

/// A line's place behind those that it must not overtake.
pub(super) struct Turn {
    before: Vec<CancellationToken>,
    done: DropGuard,
}

impl Chains {
    /// The place of the next line of the upload, which has these links.
    pub(super) fn join(&mut self, links: impl IntoIterator<Item = Link>) -> Turn {
        let done = CancellationToken::new();
        let before = links
            .into_iter()
            .filter_map(|link| self.last.insert(link, done.clone()))
            .collect();
        Turn {
            before,
            done: done.drop_guard(),
        }
    }
}

impl Turn {
    /// Waits until all lines before it are done. Those behind it may run when the guard is dropped.
    pub(super) async fn wait(self) -> DropGuard {
        for line in &self.before {
            line.cancelled().await;
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    fn order(id: &str) -> Link {
        Link::Order(id.to_owned())
    }

    #[tokio::test]
    async fn a_line_waits_for_those_of_its_order_and_its_key() {
        let mut chains = Chains::default();
        let first = chains.join([order("a"), Link::Key("k".to_owned())]);
        let other = chains.join([order("b")]);
        let mut same_order = Box::pin(chains.join([order("a")]).wait());
        let mut same_key = Box::pin(chains.join([order("c"), Link::Key("k".to_owned())]).wait());
        assert!(other.wait().now_or_never().is_some());
        assert!(same_order.as_mut().now_or_never().is_none());
        assert!(same_key.as_mut().now_or_never().is_none());
        drop(first.wait().await);
        assert!(same_order.now_or_never().is_some());
        assert!(same_key.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_line_that_is_given_up_does_not_hold_up_the_next() {
        let mut chains = Chains::default();
        drop(chains.join([order("a")]));
        assert!(chains.join([order("a")]).wait().now_or_never().is_some());
    }
}
