//! Configuration from documented variables: every mistake is reported, and all of them at once.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The variables that a service may read: the process's environment, or what a test gives it.
#[derive(Clone, Default)]
pub struct Vars {
    values: BTreeMap<String, String>,
}

impl Vars {
    /// The environment of this process. A value that is not UTF-8 counts as absent.
    pub fn from_env() -> Self {
        let values = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { values }
    }

    /// The variables given, and no others.
    pub fn from_map<N: Into<String>, V: Into<String>>(
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let values = values
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self { values }
    }

    /// These variables with one more, or with another value for it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// The value of a variable; one that is empty counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Begins to read a configuration from these variables.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            vars: self,
            mistakes: Vec::new(),
        }
    }
}

impl fmt::Debug for Vars {
    /// Shows the names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// Reads variables one by one and remembers each mistake; [`Reader::finish`] tells them all.
///
/// After a mistake a reading returns a stand-in, which never leaves: `finish` keeps the configuration back.
#[derive(Debug)]
#[must_use = "mistakes are only told by `finish`"]
pub struct Reader<'a> {
    vars: &'a Vars,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    /// The variable's value, or `default` where it is absent.
    pub fn or<T: FromStr>(&mut self, name: &str, default: T) -> T
    where
        T::Err: fmt::Display,
    {
        self.optional(name).unwrap_or(default)
    }

    /// The variable's value, or none where it is absent.
    pub fn optional<T: FromStr>(&mut self, name: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        match self.vars.get(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.reject(name, error);
                None
            }
        }
    }

    /// The variable's value as a secret, or none where it is absent.
    pub fn optional_secret(&self, name: &str) -> Option<Secret<String>> {
        self.vars
            .get(name)
            .map(|value| Secret::new(value.to_owned()))
    }

    /// The variable's value as a secret; `meaning` says in the message what to set it to.
    pub fn secret(&mut self, name: &str, meaning: &str) -> Secret<String> {
        self.optional_secret(name).unwrap_or_else(|| {
            self.reject(name, format_args!("is not set; it is {meaning}"));
            Secret::new(String::new())
        })
    }

    /// Remembers a mistake in a variable. The value itself is not shown: it may be a secret.
    pub fn reject(&mut self, name: &str, mistake: impl fmt::Display) {
        self.mistakes.push(format!("{name}: {mistake}"));
    }

    /// Takes over the mistakes of a part that was read on its own.
    pub fn part<T>(&mut self, part: Result<T, ConfigError>) -> Option<T> {
        match part {
            Ok(part) => Some(part),
            Err(error) => {
                self.mistakes.extend(error.mistakes);
                None
            }
        }
    }

    /// The configuration, if there was no mistake.
    pub fn finish<T>(self, configuration: T) -> Result<T, ConfigError> {
        self.finish_with(Some(configuration))
    }

    /// As [`Reader::finish`], for a configuration that misses a part exactly when that part had mistakes.
    pub fn finish_with<T>(self, configuration: Option<T>) -> Result<T, ConfigError> {
        match configuration {
            Some(configuration) if self.mistakes.is_empty() => Ok(configuration),
            _ => Err(ConfigError {
                mistakes: self.mistakes,
            }),
        }
    }
}

/// The configuration cannot be used; each mistake names its variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid configuration: {}", mistakes.join("; "))]
pub struct ConfigError {
    mistakes: Vec<String>,
}

impl ConfigError {
    /// One text a mistake, each beginning with its variable's name.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

/// A value that no log and no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one who needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn absent_and_empty_variables_take_the_default() {
        let vars = Vars::from_map([("A", ""), ("B", " 7 ")]);
        let mut reader = vars.reader();
        let read = (reader.or("A", 1), reader.or("B", 2), reader.or("C", 3));
        assert_eq!(reader.finish(read), Ok((1, 7, 3)));
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_no_value_is_shown() {
        let vars = Vars::from_map([("ADDR", "hunter2"), ("COUNT", "hunter3")]);
        let mut reader = vars.reader();
        let _: SocketAddr = reader.or("ADDR", SocketAddr::from(([127, 0, 0, 1], 1)));
        let _: u16 = reader.or("COUNT", 1);
        let _ = reader.secret("URL", "the URL of the database");
        let error = reader.finish(()).unwrap_err();
        assert_eq!(error.mistakes().len(), 3);
        let text = error.to_string();
        for name in [
            "ADDR",
            "COUNT",
            "URL: is not set; it is the URL of the database",
        ] {
            assert!(text.contains(name), "{text}");
        }
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn secrets_and_variables_do_not_show_their_values() {
        let vars = Vars::default().with("TOKEN", "hunter2");
        let secret = vars.reader().optional_secret("TOKEN").unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert!(!format!("{secret:?}{vars:?}").contains("hunter2"));
    }
}
