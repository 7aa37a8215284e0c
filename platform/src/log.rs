//! The log of this process.

use std::io::IsTerminal;

use anyhow::Result;
use service_kit::Vars;
use service_kit::telemetry::{self, LogSettings};

/// For a service alone: as its variables say.
pub(crate) fn for_service(vars: &Vars) -> Result<()> {
    Ok(telemetry::init(&LogSettings::from_vars(vars)?)?)
}

/// For the whole platform: a person at a terminal wants to see what goes wrong, not every step.
pub(crate) fn for_platform() -> Result<()> {
    let mut vars = Vars::from_env();
    if vars.get("LOG").is_none() && std::io::stderr().is_terminal() {
        vars = vars.with("LOG", "warn");
    }
    for_service(&vars)
}
