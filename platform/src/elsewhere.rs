//! Where things lie that the account which runs PostgreSQL cannot reach in the data directory, e.g.
//! because that lies in a home of mode 0700.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

const BASE: &str = "/var/lib/order-platform";

/// The folder that belongs to the data directory `data_dir` (which exists), made if need be.
pub(crate) fn folder_for(data_dir: &Path) -> Result<PathBuf> {
    let data_dir = data_dir
        .canonicalize()
        .with_context(|| format!("cannot tell where {} is", data_dir.display()))?;
    let folder = Path::new(BASE).join(name_of(&data_dir));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    // So that whoever meets the folder knows whose it is.
    std::fs::write(
        folder.join("belongs-to"),
        format!("{}\n", data_dir.display()),
    )
    .with_context(|| format!("cannot write to {}", folder.display()))?;
    Ok(folder)
}

/// A readable name that no other data directory has: of the checkout, and of the whole path's hash.
fn name_of(data_dir: &Path) -> String {
    let named = data_dir.file_name().filter(|name| *name != ".local");
    let checkout = named.or_else(|| data_dir.parent().and_then(Path::file_name));
    let readable: String = checkout
        .unwrap_or_default()
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect();
    let hash = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let mut name = format!("{readable}-");
    for byte in hash.iter().take(6) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_after_its_checkout_and_two_checkouts_never_share_one() {
        let one = name_of(Path::new("/srv/order-platform/.local"));
        let other = name_of(Path::new("/home/a/order-platform/.local"));
        assert!(one.starts_with("order-platform-"), "{one}");
        assert!(name_of(Path::new("/srv/orders data")).starts_with("orders-data-"));
        assert_ne!(one, other);
    }
}
