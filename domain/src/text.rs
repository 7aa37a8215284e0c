//! Texts with the limits of an order: how long they may be and which characters they may hold.

use thiserror::Error;

/// Why a text is not what it should be. The message is fit for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidText {
    /// Nothing where at least one character is needed.
    #[error("must have at least 1 character")]
    Empty,
    /// Longer than the limit, counted in characters.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most characters there may be.
        max: usize,
    },
    /// U+0000, which no store of text takes.
    #[error("must not contain U+0000")]
    Nul,
    /// A control character in an id, code or tag.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// A comma in an id, code or tag: filters separate values with commas.
    #[error("must not contain a comma")]
    Comma,
    /// An id, code or tag that begins or ends with a space.
    #[error("must not begin or end with a space")]
    OuterSpace,
    /// An order id with a character that a path would have to escape.
    #[error("must have only ASCII letters, digits and . _ ~ : -")]
    NotOrderId,
    /// A word that names something else in a path.
    #[error("is a reserved word")]
    Reserved,
    /// Not of the form `local@domain`.
    #[error("must be an e-mail address")]
    NotEmail,
}

/// Texts without rules on characters, but for U+0000.
pub(crate) fn check_text(text: &str, max: usize) -> Result<(), InvalidText> {
    check_length(text, max)?;
    if text.contains('\0') {
        Err(InvalidText::Nul)
    } else {
        Ok(())
    }
}

pub(crate) fn check_length(text: &str, max: usize) -> Result<(), InvalidText> {
    // Bytes are at least as many as characters: the count is needed only by what may be too long.
    if text.len() > max && text.chars().count() > max {
        return Err(InvalidText::TooLong { max });
    }
    Ok(())
}

fn check_email(text: &str, max: usize) -> Result<(), InvalidText> {
    check_text(text, max)?;
    let well_formed = text
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !well_formed || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(InvalidText::NotEmail);
    }
    Ok(())
}

/// Makes a newtype over text of at most so many characters, with `parse`, and serde that parses again.
macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $max:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "Box<str>")]
        pub struct $name(Box<str>);

        impl $name {
            /// The most characters that it may have.
            pub const MAX_CHARS: usize = $max;

            /// Takes the text if it keeps the rules of this type.
            pub fn parse(text: impl Into<Box<str>>) -> Result<Self, $crate::text::InvalidText> {
                let text = text.into();
                let check: fn(&str, usize) -> Result<(), $crate::text::InvalidText> = $check;
                check(&text, Self::MAX_CHARS)?;
                Ok(Self(text))
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<Box<str>> for $name {
            type Error = $crate::text::InvalidText;

            fn try_from(text: Box<str>) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::InvalidText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    };
}
pub(crate) use text_newtype;

text_newtype! {
    /// Any text of at most 255 characters without U+0000.
    Text, 255, check_text
}
text_newtype! {
    /// The text of a note: at most 4,000 characters without U+0000.
    NoteText, 4_000, check_text
}
text_newtype! {
    /// An e-mail address of at most 320 characters. Only its form is checked.
    Email, 320, check_email
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_at_most_255_characters_not_bytes() {
        assert!(Text::parse("é".repeat(255)).is_ok());
        assert_eq!(
            Text::parse("é".repeat(256)),
            Err(InvalidText::TooLong { max: 255 })
        );
    }

    #[test]
    fn a_text_may_be_empty_but_never_holds_nul() {
        assert!(Text::parse("").is_ok());
        assert_eq!(Text::parse("a\0b"), Err(InvalidText::Nul));
    }

    #[test]
    fn a_note_has_at_most_4000_characters() {
        assert!(NoteText::parse("x".repeat(4_000)).is_ok());
        assert_eq!(
            NoteText::parse("x".repeat(4_001)),
            Err(InvalidText::TooLong { max: 4_000 })
        );
    }

    #[test]
    fn an_email_has_something_on_both_sides_of_its_at() {
        assert!(Email::parse("ada@example.org").is_ok());
        for wrong in [
            "ada",
            "@example.org",
            "ada@",
            "a da@example.org",
            "ada@exa\nmple.org",
        ] {
            assert_eq!(Email::parse(wrong), Err(InvalidText::NotEmail), "{wrong:?}");
        }
        let long = format!("{}@example.org", "a".repeat(309));
        assert_eq!(Email::parse(long), Err(InvalidText::TooLong { max: 320 }));
    }

    #[test]
    fn what_is_read_is_checked_again() {
        assert!(serde_json::from_str::<Text>("\"fine\"").is_ok());
        assert!(serde_json::from_str::<Text>("\"a\\u0000\"").is_err());
    }
}
