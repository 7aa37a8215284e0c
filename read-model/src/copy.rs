//! Rows on their way into a table by `COPY`, which takes them at several times the rate of `INSERT`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::Timestamp;
use sqlx::PgConnection;

/// Rows in `COPY`'s text format: fields between tabs, a row a line, a backslash before whatever would be taken for one of these.
#[derive(Debug, Default)]
pub(crate) struct CopyRows {
    text: String,
}

impl CopyRows {
    /// A text.
    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.push(value);
        self.end()
    }

    /// A text, or null.
    pub(crate) fn text_or_null(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A number, a flag, an id: whatever is written without anything that needs a backslash.
    pub(crate) fn plain(&mut self, value: impl std::fmt::Display) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{value}");
        self.end()
    }

    /// A time, to the microsecond.
    pub(crate) fn time(&mut self, value: Timestamp) -> &mut Self {
        self.plain(value.as_datetime().format("%Y-%m-%d %H:%M:%S%.6f+00"))
    }

    /// A time, or null.
    pub(crate) fn time_or_null(&mut self, value: Option<Timestamp>) -> &mut Self {
        match value {
            Some(value) => self.time(value),
            None => self.null(),
        }
    }

    /// An array of texts.
    pub(crate) fn array(&mut self, values: &BTreeSet<String>) -> &mut Self {
        self.list("{", ",", "}", '"', values)
    }

    /// A `tsvector` of words without positions.
    pub(crate) fn words(&mut self, words: &BTreeSet<String>) -> &mut Self {
        self.list("", " ", "", '\'', words)
    }

    /// The row is complete.
    pub(crate) fn end_row(&mut self) {
        // In place of the tab behind the last field.
        self.text.pop();
        self.text.push('\n');
    }

    /// Sends the rows into these columns of a table.
    pub(crate) async fn send(
        self,
        connection: &mut PgConnection,
        table: &str,
        columns: &str,
    ) -> Result<(), sqlx::Error> {
        let statement = format!("copy {table} ({columns}) from stdin");
        let mut copying = connection.copy_in_raw(&statement).await?;
        copying.send(self.text.into_bytes()).await?;
        copying.finish().await?;
        Ok(())
    }

    fn null(&mut self) -> &mut Self {
        self.text.push_str("\\N");
        self.end()
    }

    /// Values in quotes. Within these, both the quote and the backslash have a backslash before them.
    fn list(
        &mut self,
        open: &str,
        between: &str,
        close: &str,
        quote: char,
        values: &BTreeSet<String>,
    ) -> &mut Self {
        self.text.push_str(open);
        let mut quoted = String::new();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.text.push_str(between);
            }
            quoted.clear();
            quoted.push(quote);
            for character in value.chars() {
                if character == quote || character == '\\' {
                    quoted.push('\\');
                }
                quoted.push(character);
            }
            quoted.push(quote);
            self.push(&quoted);
        }
        self.text.push_str(close);
        self.end()
    }

    fn push(&mut self, value: &str) {
        let mut rest = value;
        while let Some(at) = rest.find(['\\', '\t', '\n', '\r']) {
            let (plain, special) = rest.split_at(at);
            self.text.push_str(plain);
            self.text.push_str(match special.as_bytes().first() {
                Some(b'\t') => "\\t",
                Some(b'\n') => "\\n",
                Some(b'\r') => "\\r",
                _ => "\\\\",
            });
            rest = &special[1..];
        }
        self.text.push_str(rest);
    }

    fn end(&mut self) -> &mut Self {
        self.text.push('\t');
        self
    }
}
