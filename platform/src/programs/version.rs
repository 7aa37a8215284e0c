//! A program's version, out of what `--version` prints.

use std::fmt;

/// Major and minor number, e.g. of `postgres (PostgreSQL) 15.18 (Debian …)` or `nats-server: v2.9.10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Version {
    /// The first word of `text` that begins with a number, an initial `v` aside.
    ///
    /// A development version (`19beta1`) has the minor number 0.
    pub(crate) fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let word = word.strip_prefix('v').unwrap_or(word);
            let (major, rest) = leading_number(word)?;
            let minor = rest
                .strip_prefix('.')
                .and_then(leading_number)
                .map_or(0, |(minor, _)| minor);
            Some(Self { major, minor })
        })
    }
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_the_programs_print() {
        let of = |text| Version::find(text).map(|v| (v.major, v.minor));
        assert_eq!(
            of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some((15, 18))
        );
        assert_eq!(of("postgres (PostgreSQL) 19beta1"), Some((19, 0)));
        assert_eq!(of("nats-server: v2.9.10"), Some((2, 9)));
        assert_eq!(of("no number here"), None);
    }
}
