//! The query parameters of the command API: `dry_run` on every command, and nothing else.

use percent_encoding::percent_decode_str;

use crate::refusal::Refusal;

/// Whether the query asks for a dry run.
pub(crate) fn dry_run(query: Option<&str>) -> Result<bool, Refusal> {
    let mut dry_run = None;
    for pair in pairs(query) {
        let (name, value) = pair?;
        match (name.as_str(), value.as_str()) {
            ("dry_run", _) if dry_run.is_some() => return Err(bad("dry_run is given twice")),
            ("dry_run", "true") => dry_run = Some(true),
            ("dry_run", "false") => dry_run = Some(false),
            ("dry_run", _) => return Err(bad("dry_run must be true or false")),
            (name, _) => return Err(bad(&format!("there is no parameter {name:?} here"))),
        }
    }
    Ok(dry_run.unwrap_or(false))
}

/// Refuses any parameter, where there are none.
pub(crate) fn none(query: Option<&str>) -> Result<(), Refusal> {
    match pairs(query).next() {
        None => Ok(()),
        Some(pair) => Err(bad(&format!("there is no parameter {:?} here", pair?.0))),
    }
}

fn pairs(query: Option<&str>) -> impl Iterator<Item = Result<(String, String), Refusal>> {
    query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
}

fn decode(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    match percent_decode_str(&spaced).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(bad("the query is not UTF-8")),
    }
}

fn bad(detail: &str) -> Refusal {
    Refusal::BadParameter {
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dry_run_is_true_false_or_not_there() {
        assert!(!dry_run(None).unwrap());
        assert!(!dry_run(Some("")).unwrap());
        assert!(dry_run(Some("dry_run=true")).unwrap());
        assert!(dry_run(Some("dry%5Frun=tru%65")).unwrap());
        assert!(!dry_run(Some("dry_run=false")).unwrap());
    }

    #[test]
    fn unknown_names_and_values_and_repetitions_are_refused() {
        for wrong in [
            "dry_run",
            "dry_run=",
            "dry_run=1",
            "dry_run=TRUE",
            "dryrun=true",
            "dry_run=true&x=1",
            "dry_run=true&dry_run=true",
            "dry_run=%ff",
            "x",
        ] {
            assert!(
                matches!(dry_run(Some(wrong)), Err(Refusal::BadParameter { .. })),
                "{wrong}"
            );
        }
        assert!(none(Some("dry_run=true")).is_err());
        assert!(none(Some("")).is_ok());
    }
}
