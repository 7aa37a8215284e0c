//! What every service shares: configuration, authentication, telemetry, problem+json, health, kept connections, shutdown.
//!
//! A service reads its configuration from [`config::Vars`], builds a router, lets [`edge::wrap`] put around it what
//! every request passes through, and hands it to [`serve::serve`]. It knows nothing of orders, logs or views.

pub mod auth;
pub mod config;
pub mod correlation;
pub mod database;
pub mod edge;
pub mod health;
pub mod kept;
pub mod metrics;
pub mod openapi;
pub mod problem;
pub mod rate_limit;
pub mod serve;
pub mod shutdown;
pub mod telemetry;

pub use auth::{Actor, AuthSettings, Authenticator, Scope};
pub use config::{ConfigError, Reader, Secret, Vars};
pub use correlation::Correlation;
pub use kept::Kept;
pub use problem::{Problem, ProblemType};
pub use rate_limit::{RateLimit, RateLimiter};
