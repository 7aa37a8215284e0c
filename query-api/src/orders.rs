//! Queries about orders: one, a list, and what happened to one.

mod filter;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod timeline;
