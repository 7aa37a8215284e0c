//! Whether the caller takes JSON (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};
use service_kit::{Problem, ProblemType};

/// Nothing if `application/json` is acceptable, else the problem `not-acceptable`.
pub(super) fn json(headers: &HeaderMap) -> Result<(), Problem> {
    let mut said_something = false;
    // The most specific range that fits decides.
    let mut best: Option<(u8, bool)> = None;
    let ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty());
    for range in ranges {
        said_something = true;
        let mut parts = range.split(';').map(str::trim);
        let specificity = match parts
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "application/json" => 2,
            "application/*" => 1,
            "*/*" => 0,
            _ => continue,
        };
        let acceptable = parts.find_map(quality).is_none_or(|quality| quality > 0.0);
        if best.is_none_or(|(known, _)| known < specificity) {
            best = Some((specificity, acceptable));
        }
    }
    let acceptable = best.map_or(!said_something, |(_, acceptable)| acceptable);
    if acceptable {
        Ok(())
    } else {
        Err(Problem::new(ProblemType::NotAcceptable).detail("this answer is `application/json`"))
    }
}

fn quality(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("q")
        .then(|| value.trim().parse().unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes_json(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        json(&headers).is_ok()
    }

    #[test]
    fn json_is_taken_unless_it_is_excluded() {
        assert!(json(&HeaderMap::new()).is_ok());
        for accept in [
            "",
            "*/*",
            "application/*",
            "Application/JSON;charset=utf-8",
            "text/csv, application/json;q=0.1",
            "text/html, */*;q=0.1",
            "*/*;q=0, application/json",
        ] {
            assert!(takes_json(accept), "{accept}");
        }
        for accept in [
            "text/csv",
            "application/json;q=0",
            "*/*;q=0",
            "*/*, application/json;q=0.0",
            "application/jsonl",
        ] {
            assert!(!takes_json(accept), "{accept}");
        }
    }
}
