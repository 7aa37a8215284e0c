//! Where programs come from.

use std::str::FromStr;

use anyhow::{Error, Result, bail};
use nix::unistd::geteuid;

/// Names the sources to try, in order, separated by commas.
const VARIABLE: &str = "ORDERS_PROGRAMS";

/// A place that programs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// They are on the machine.
    Installed,
    /// Debian's packages; root alone can install them.
    Debian,
    /// The npm package of PostgreSQL's programs and the Python wheel of NATS.
    Registries,
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "installed" => Self::Installed,
            "debian" => Self::Debian,
            "registries" => Self::Registries,
            other => bail!(
                "{VARIABLE} holds `{other}`, which is none of `installed`, `debian`, `registries`"
            ),
        })
    }
}

/// The sources to try, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    /// What the environment says.
    pub(crate) fn from_env() -> Result<Self> {
        let wish = std::env::var(VARIABLE).ok();
        Self::choose(wish.as_deref(), geteuid().is_root())
    }

    fn choose(wish: Option<&str>, root: bool) -> Result<Self> {
        let sources = match wish {
            Some(names) => names
                .split(',')
                .map(|name| name.trim().parse())
                .collect::<Result<_>>()?,
            None if root => vec![Source::Installed, Source::Debian, Source::Registries],
            None => vec![Source::Installed, Source::Registries],
        };
        Ok(Self(sources))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Source> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_is_offered_debians_packages() {
        let of = |root| Sources::choose(None, root).unwrap().0;
        assert_eq!(
            of(true),
            [Source::Installed, Source::Debian, Source::Registries]
        );
        assert_eq!(of(false), [Source::Installed, Source::Registries]);
    }

    #[test]
    fn the_variable_decides_and_a_typo_is_told() {
        let of = |names| Sources::choose(Some(names), true);
        assert_eq!(
            of("registries, debian").unwrap().0,
            [Source::Registries, Source::Debian]
        );
        let error = of("registry").unwrap_err().to_string();
        assert!(
            error.contains("`registry`") && error.contains("`registries`"),
            "{error}"
        );
    }
}
