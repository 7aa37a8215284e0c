//! What was wrong with a body.

use std::cell::RefCell;

use serde::Serialize;

use super::pointer::Pointer;

/// A body of the largest size can be wrong in more places than anybody reads; a refusal must not be
/// many times as large as the request.
const MOST: usize = 1_000;

/// One thing that is wrong with a body, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// JSON pointer (RFC 6901) to the value, or to the member that is missing or unknown.
    pub(crate) pointer: String,
    /// What is wrong, for a person.
    pub(crate) detail: String,
}

/// The findings of one reading, in the order in which they were met. At most [`MOST`] are kept.
#[derive(Default)]
pub(crate) struct Findings {
    found: RefCell<Vec<Finding>>,
}

impl Findings {
    /// Notes that the value at `pointer` is wrong.
    pub(crate) fn add(&self, pointer: &Pointer<'_>, detail: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MOST {
            found.push(Finding {
                pointer: pointer.to_string(),
                detail: detail.into(),
            });
        }
    }

    /// All that was noted.
    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.found.into_inner()
    }
}
