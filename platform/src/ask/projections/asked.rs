//! An operation that was asked for, and how far it is.

use anyhow::{Context as _, Result};
use read_model::View;
use serde_json::Value;

use super::{path, show};
use crate::ask::client::Client;
use crate::terminal;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rebuild,
    Verify { fix: bool },
    Revert,
}

impl Kind {
    /// What is posted, behind the view's path.
    fn demand(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify { fix: false } => "verify",
            Self::Verify { fix: true } => "verify?fix=true",
            Self::Revert => "revert",
        }
    }

    /// What it is called in a sentence.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify { .. } => "verification",
            Self::Revert => "way back",
        }
    }
}

/// An operation that is under way, or that has ended.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) view: View,
    location: String,
    /// How far it was when it was last looked at, as the API says it.
    pub(super) progress: Value,
}

impl Asked {
    /// Asks for it; of one view only one is under way at a time, and whoever asks again is told of that one.
    pub(super) async fn new(client: &Client, kind: Kind, view: View) -> Result<Self> {
        let demand = format!("{}/{}", path(view), kind.demand());
        let (location, progress) = client.demand(&demand).await?;
        Ok(Self {
            kind,
            view,
            location: location.context("an answer in an unknown form: no location")?,
            progress,
        })
    }

    /// Looks how far it is now; whether that is something new.
    pub(super) async fn look(&mut self, client: &Client) -> Result<bool> {
        let now = client.read(&self.location).await?;
        let moved = now != self.progress;
        self.progress = now;
        Ok(moved)
    }

    /// Whether nothing more will happen.
    pub(super) fn has_ended(&self) -> bool {
        self.has_failed() || self.phase() == "done"
    }

    /// Whether it has ended in a way that somebody has to look at.
    pub(super) fn is_not_well(&self) -> bool {
        self.has_failed() || !self.differences().is_empty()
    }

    fn has_failed(&self) -> bool {
        self.phase() == "failed"
    }

    /// Whether nobody has begun with it, as far as one can see.
    pub(super) fn has_not_begun(&self) -> bool {
        let none = |member: &str| self.progress[member].as_u64() == Some(0);
        !self.has_ended() && none("done") && none("total")
    }

    pub(super) fn phase(&self) -> &str {
        self.progress["phase"].as_str().unwrap_or_default()
    }

    /// The rows that a verification has found to differ.
    pub(super) fn differences(&self) -> &[Value] {
        let found = self.progress["differences"].as_array();
        found.map_or(&[], Vec::as_slice)
    }

    /// If a verification was under way that does not do what this one was to do: that.
    pub(super) fn is_not_what_was_wanted(&self) -> Option<String> {
        let replaces = self.progress["fix"].as_bool()?;
        match self.kind {
            Kind::Verify { fix } if fix != replaces => Some(format!(
                "{}: a verification is under way that {}: this is that one. Ask again when it has ended.",
                self.view,
                if replaces {
                    "replaces rows"
                } else {
                    "changes nothing"
                },
            )),
            _ => None,
        }
    }

    /// Prints how far it is.
    pub(super) fn print(&self, json: bool) {
        if json {
            terminal::answer(&self.json());
        } else {
            terminal::answer(&show::progress(self));
        }
    }

    /// How far it is, as the API says it, and of which view.
    pub(super) fn json(&self) -> String {
        let mut document = serde_json::Map::new();
        document.insert("projection".to_owned(), self.view.as_str().into());
        if let Value::Object(members) = &self.progress {
            document.extend(members.clone());
        }
        Value::Object(document).to_string()
    }

    /// One that the API speaks of so.
    #[cfg(test)]
    pub(super) fn at(kind: Kind, view: View, progress: Value) -> Self {
        Self {
            kind,
            view,
            location: String::new(),
            progress,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verification(fix: bool, progress: Value) -> Asked {
        Asked::at(Kind::Verify { fix }, View::Orders, progress)
    }

    #[test]
    fn what_failed_or_found_differences_is_not_well() {
        for (progress, ended, not_well) in [
            (json!({ "phase": "building" }), false, false),
            (json!({ "phase": "done" }), true, false),
            (json!({ "phase": "failed", "error": "no" }), true, true),
            (json!({ "phase": "done", "differences": [] }), true, false),
            (
                json!({ "phase": "done", "differences": [{ "fixed": true }] }),
                true,
                true,
            ),
        ] {
            let asked = verification(false, progress);
            let found = (asked.has_ended(), asked.is_not_well());
            assert_eq!(found, (ended, not_well), "{}", asked.progress);
        }
    }

    #[test]
    fn a_verification_of_the_other_kind_is_told() {
        let note = verification(true, json!({ "fix": false })).is_not_what_was_wanted();
        assert!(note.is_some_and(|note| note.contains("changes nothing")));
        let note = verification(false, json!({ "fix": true })).is_not_what_was_wanted();
        assert!(note.is_some_and(|note| note.contains("replaces rows")));
        for fix in [true, false] {
            let asked = verification(fix, json!({ "fix": fix }));
            assert_eq!(asked.is_not_what_was_wanted(), None);
        }
    }

    #[test]
    fn json_says_of_which_view_it_is() {
        let asked = verification(false, json!({ "verification_id": "v", "phase": "done" }));
        assert_eq!(
            asked.json(),
            r#"{"projection":"orders","verification_id":"v","phase":"done"}"#
        );
    }
}
