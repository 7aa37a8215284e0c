//! From the bytes of a body to typed values: everything that is wrong with a body is found in one
//! reading and told with a JSON pointer (RFC 6901), and nothing in it is ever silently dropped.
//!
//! - [`json`] turns bytes into a JSON value and refuses what JSON readers disagree about.
//! - [`node`] walks that value: members by name, list elements, numbers and texts. What it does not
//!   ask for is an unknown member and refused by name.
//! - [`values`] makes texts, numbers and truth values the domain's.
//! - [`findings`] collects what was wrong, [`mod@pointer`] says where.
//! - [`lists`] holds the rules of lists: their size, and what may not be in them twice.

pub(crate) mod findings;
pub(crate) mod json;
pub(crate) mod lists;
pub(crate) mod node;
pub(crate) mod pointer;
pub(crate) mod values;

pub(crate) use findings::{Finding, Findings};
pub(crate) use node::{Members, Node};
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
