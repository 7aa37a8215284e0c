//! What the program says: answers to stdout, everything else to stderr.

use std::io::{self, Write};

/// A line of the answer.
pub(crate) fn answer(line: &str) {
    // Whoever closed the pipe wants no more of it.
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// A line for the person at the terminal.
pub(crate) fn note(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// An error with its causes on one line. A cause that the error before it quotes is not said again.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.ends_with(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn causes_are_said_once_each() {
        let error = anyhow!("refused")
            .context("no connection: refused")
            .context("cannot reach it");
        assert_eq!(sentence(&error), "cannot reach it: no connection: refused");
    }
}
