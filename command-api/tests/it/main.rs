//! The command API as its callers see it: over HTTP, against a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod api;
mod bad_input;
mod bulk;
mod bulk_bad_days;
mod bulk_lines;
mod bulk_uploads;
mod commands_page;
mod conditional;
mod database_away;
mod database_crash;
mod dry_run;
mod first_order;
mod fitness;
mod hostile_values;
mod idempotency;
mod kept_orders;
mod new_order_rules;
mod order_of_errors;
mod order_of_rules;
mod overload;
mod page;
mod problems_page;
mod races;
mod rate_limit;
mod relay;
mod retention;
mod rounds;
mod shutdown;
mod snapshots;
mod tokens;
