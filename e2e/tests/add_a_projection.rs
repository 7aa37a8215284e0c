//! `docs/add-a-projection.md`, step by step, in a copy of the tree.
//!
//! A block of the page says in its first line whether it is a new file or lines that come after a line of one. The copy is built by
//! another cargo into a folder of its own, from the versions of our lock file and without the network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// Blocks of the page that change the tree.
const STEPS: usize = 14;

/// What a block of the page does.
enum Step<'a> {
    NewFile(&'a str),
    Insert { file: &'a str, after: String },
}

#[test]
fn the_page_leads_to_a_view_that_is_live() -> Result<()> {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(tree.join("docs/add-a-projection.md"))?;
    let copy = copy(&tree)?;
    let mut steps = 0;
    for block in page.split("\n```").skip(1).step_by(2) {
        let (header, content) = block.split_once('\n').context("a block without lines")?;
        let Some(step) = step(header)? else { continue };
        carry_out(&copy, &step, content).with_context(|| header.to_owned())?;
        steps += 1;
    }
    ensure!(steps == STEPS, "{steps} steps");

    for arguments in [
        &["test", "--package", "projector", "--test", "it", "holds::"][..],
        &["check", "--package", "query-api"],
    ] {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .args(["--offline", "--locked"])
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", copy.with_extension("target"))
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}\n{said}\n{errors}");
        let tested = arguments[0] == "check" || said.contains("1 passed; 0 failed");
        ensure!(tested, "nothing was tested: {said}");
    }
    Ok(())
}

/// What the first line of a block says; nothing, if the block is only to be read.
fn step(header: &str) -> Result<Option<Step<'_>>> {
    let value = |name: &str| {
        let (_, rest) = header.split_once(&format!("{name}=\""))?;
        // A quote within has a backslash before it.
        let end = rest
            .char_indices()
            .find(|(at, c)| *c == '"' && !rest[..*at].ends_with('\\'))?
            .0;
        Some(&rest[..end])
    };
    if let Some(file) = value("new") {
        return Ok(Some(Step::NewFile(file)));
    }
    match (value("in"), value("after")) {
        (Some(file), Some(after)) => Ok(Some(Step::Insert {
            file,
            after: after.replace("\\\"", "\""),
        })),
        (None, None) => Ok(None),
        _ => bail!("half of a place: {header}"),
    }
}

fn carry_out(copy: &Path, step: &Step<'_>, content: &str) -> Result<()> {
    match step {
        Step::NewFile(file) => {
            let path = copy.join(file);
            std::fs::create_dir_all(path.parent().context("a folder")?)?;
            ensure!(!path.exists(), "{file} is there already");
            std::fs::write(path, format!("{content}\n"))?;
        }
        Step::Insert { file, after } => {
            let path = copy.join(file);
            let text = std::fs::read_to_string(&path)?;
            let mut found = false;
            let mut changed = String::new();
            for line in text.lines() {
                changed.push_str(line);
                changed.push('\n');
                if line == after && !found {
                    found = true;
                    changed.push_str(content);
                    changed.push('\n');
                }
            }
            ensure!(found, "{file} has no line {after:?}");
            std::fs::write(path, changed)?;
        }
    }
    Ok(())
}

/// Copies what the workspace is made of, where it was copied the last time, so that little is built anew.
fn copy(tree: &Path) -> Result<PathBuf> {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("add-a-projection");
    let _ = std::fs::remove_dir_all(&copy);
    copy_folder(tree, &copy, true)?;
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path, top: bool) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = name.to_string_lossy().starts_with('.');
        if hidden || (top && name == "target") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_folder(&path, &to.join(name), false)?;
        } else {
            // Keeps the time of the last change: what has not changed is not built anew.
            let target = to.join(name);
            std::fs::copy(&path, &target)?;
            let changed = entry.metadata()?.modified()?;
            std::fs::File::options()
                .write(true)
                .open(&target)?
                .set_modified(changed)?;
        }
    }
    Ok(())
}
