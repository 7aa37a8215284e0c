//! Tables of text, and how values stand in them.

use read_model::Currency;
use serde_json::Value;

/// The longest text of a column, in characters; the last column has what it needs.
const MAX_WIDTH: usize = 40;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Begins at its left edge.
    Left(&'static str),
    /// Ends at its right edge, as numbers do.
    Right(&'static str),
}

/// The lines of a table: its head, then its rows.
pub(super) fn lines(columns: &[Column], rows: &[Vec<String>]) -> Vec<String> {
    let head: Vec<String> = columns
        .iter()
        .map(|(Column::Left(name) | Column::Right(name))| (*name).to_owned())
        .collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let width = |index: usize| {
        let widths = all.iter().filter_map(|row| row.get(index));
        let widest = widths.map(|text| text.chars().count()).max().unwrap_or(0);
        widest.min(MAX_WIDTH)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    all.iter()
        .map(|row| {
            let cells = row.iter().zip(columns).zip(&widths).enumerate();
            let line: Vec<String> = cells
                .map(|(index, ((text, column), width))| {
                    let last = index + 1 == columns.len();
                    match column {
                        Column::Left(_) if last => text.clone(),
                        Column::Left(_) => format!("{:<width$}", shortened(text)),
                        Column::Right(_) => format!("{:>width$}", shortened(text)),
                    }
                })
                .collect();
            line.join("  ").trim_end().to_owned()
        })
        .collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_WIDTH {
        return text.to_owned();
    }
    let kept: String = text.chars().take(MAX_WIDTH - 1).collect();
    kept + "…"
}

/// A value in one line: null is a dash, and a text cannot move the terminal's cursor.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect(),
        other => other.to_string(),
    }
}

/// An amount in minor units as people write it: `19.99 EUR`.
pub(super) fn money(amount: &Value, currency: &Value) -> String {
    let known = currency
        .as_str()
        .and_then(|code| Currency::parse(code).ok());
    let (Some(amount), Some(currency)) = (amount.as_i64(), known) else {
        return plain(amount);
    };
    let decimals = usize::from(currency.exponent());
    let digits = format!("{:0>width$}", amount.unsigned_abs(), width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    let sign = if amount < 0 { "-" } else { "" };
    let point = if decimals == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{part} {}", currency.code())
}

/// A time to the second.
pub(super) fn time(value: &Value) -> String {
    let text = plain(value);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let columns = [
            Column::Left("NAME"),
            Column::Right("TOTAL"),
            Column::Left("END"),
        ];
        let row = |texts: [&str; 3]| texts.map(str::to_owned).to_vec();
        let rows = [
            row(["ä", "1", "x"]),
            row([&"y".repeat(50), "100000", &"z".repeat(50)]),
        ];
        let lines = lines(&columns, &rows);
        let name = 40;
        assert_eq!(lines[0], format!("{:<name$}   TOTAL  END", "NAME"));
        assert_eq!(lines[1], format!("{:<name$}       1  x", "ä"));
        assert_eq!(
            lines[2],
            format!("{}…  100000  {}", "y".repeat(39), "z".repeat(50))
        );
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (amount, currency, shown) in [
            (1_999, "EUR", "19.99 EUR"),
            (5, "EUR", "0.05 EUR"),
            (-105, "EUR", "-1.05 EUR"),
            (250, "KWD", "0.250 KWD"),
            (500, "JPY", "500 JPY"),
        ] {
            assert_eq!(money(&json!(amount), &json!(currency)), shown);
        }
        assert_eq!(money(&json!(1), &json!("???")), "1");
    }

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(plain(&json!("a\u{1b}[31mb\n")), "a\u{fffd}[31mb\u{fffd}");
        assert_eq!(plain(&json!(null)), "-");
        assert_eq!(
            time(&json!("2026-11-20T10:00:00.123456Z")),
            "2026-11-20T10:00:00Z"
        );
    }
}
