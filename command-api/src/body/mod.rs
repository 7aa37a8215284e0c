//! From the bytes of a body to typed values: everything that is wrong with a body is found in one
//! reading and told with a JSON pointer (RFC 6901), and nothing in it is ever silently dropped.
//!
//! - [`json`] turns bytes into a JSON value and refuses what JSON readers disagree about.
//! - [`node`] walks that value: list elements, numbers and texts; [`members`] asks for members by
//!   name, and refuses those that it was not asked for.
//! - [`outline`] notes what is asked for, for the API's document.
//! - [`values`] makes texts, numbers and truth values the domain's.
//! - [`findings`] collects what was wrong, [`mod@pointer`] says where.
//! - [`lists`] holds the rules of lists: their size, and what may not be in them twice.

pub(crate) mod findings;
pub(crate) mod json;
pub(crate) mod lists;
pub(crate) mod members;
pub(crate) mod node;
pub(crate) mod outline;
pub(crate) mod pointer;
pub(crate) mod values;

pub(crate) use findings::{Finding, Findings};
pub(crate) use members::Members;
pub(crate) use node::Node;
pub(crate) use outline::describe;
pub(crate) use pointer::Step;

use serde_json::Value;

/// Reads a whole body with `shape`, which asks for every member that it knows.
///
/// `Err` holds all findings, in the order in which they were met; it is never empty.
pub(crate) fn read<T>(
    body: &Value,
    shape: impl FnOnce(Node<'_>) -> Option<T>,
) -> Result<T, Vec<Finding>> {
    let findings = Findings::default();
    let read = shape(Node::root(body, &findings));
    match (read, findings.into_vec()) {
        (Some(value), findings) if findings.is_empty() => Ok(value),
        (_, findings) => Err(findings),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of the shapes say about a body.

    use super::{Node, read};
    use serde_json::Value;

    /// The pointers of all findings of `shape` over `body`.
    pub(crate) fn pointers<T>(
        body: &Value,
        shape: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Vec<String> {
        match read(body, shape) {
            Ok(_) => Vec::new(),
            Err(findings) => findings.into_iter().map(|f| f.pointer).collect(),
        }
    }
}
