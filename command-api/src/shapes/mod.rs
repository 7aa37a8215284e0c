//! The parts that bodies are made of (http-api.md, "Body of `POST /v1/orders`"), each read from its
//! place in a body.

pub(crate) mod address;
pub(crate) mod customer;
pub(crate) mod discount;
pub(crate) mod line;
pub(crate) mod shipping;
pub(crate) mod tax;
pub(crate) mod units;

use uuid::Uuid;

/// An id for a thing that the caller did not name.
///
/// A UUID's text keeps the rules of every kind of id; `None` cannot happen and is refused, not
/// unwrapped.
pub(crate) fn new_id<T: TryFrom<Box<str>>>() -> Option<T> {
    T::try_from(Uuid::now_v7().to_string().into()).ok()
}
