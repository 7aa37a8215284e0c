//! The documents in the repository, which are what the services serve, before a validator that is not ours: it
//! holds them against the OpenAPI Initiative's own schema, and every reference, parameter and example against each other.

use std::process::Stdio;

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::python::python;

#[tokio::test]
async fn the_documents_are_openapi_3_1() -> Result<()> {
    let Some(python) = python("that docs/openapi/*.json are valid OpenAPI 3.1") else {
        return Ok(());
    };
    for name in ["command-api.json", "query-api.json"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../docs/openapi")
            .join(name);
        let output = Command::new(&python)
            .args(["-m", "openapi_spec_validator", "--schema", "3.1"])
            .arg(&path)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        ensure!(
            output.status.success(),
            "{name}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
