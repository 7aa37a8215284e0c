//! Programs in another language than ours, where the machine has it.

use std::io::Write as _;
use std::path::PathBuf;

/// The interpreter that `make test` prepared, with the packages that its tests need.
///
/// Without one, `what` cannot be tested. `make test` says why it made none; under CI that is a failure.
pub(crate) fn python(what: &str) -> Option<PathBuf> {
    let python = std::env::var_os("TEST_PYTHON").filter(|path| !path.is_empty());
    if python.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "TEST_PYTHON is not set: there is no python3 with venv on this machine"
        );
        // Past the test harness, which shows nothing of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "NOT TESTED: {what}. TEST_PYTHON is not set; `make test` sets it on a machine that has python3 with venv"
        );
    }
    python.map(PathBuf::from)
}
