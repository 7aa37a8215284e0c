//! The query API over real connections, on views in a real PostgreSQL that the tests write as a projector would.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why by ending"
)]

mod audit;
mod every_view;
mod faults;
mod freshness;
mod large;
mod list;
mod one;
mod openapi;
mod paging;
mod past;
mod projections;
mod rate_limit;
mod revenue;
mod rows;
mod shipping_and_back;
mod stage;
mod stream;
mod sums;
mod timeline;
