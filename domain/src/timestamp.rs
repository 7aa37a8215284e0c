//! Points in time, to the microsecond.

use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

/// A point in time in UTC with the precision of the log, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "Box<str>")]
pub struct Timestamp(DateTime<Utc>);

/// Why a text is no point in time. The message is fit for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidTimestamp {
    /// Not RFC 3339, or without a zone.
    #[error("must be an RFC 3339 time with a zone, like \"2026-11-20T10:00:00Z\"")]
    Malformed,
    /// A year (in UTC) that RFC 3339 cannot write.
    #[error("must be in the years 0001 to 9999 (UTC)")]
    OutOfRange,
}

impl Timestamp {
    /// Before every time that can be recorded.
    pub const EARLIEST: Self = Self(DateTime::<Utc>::MIN_UTC);

    /// Takes an RFC 3339 time, in any zone; what is finer than a microsecond is cut off.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp::Malformed)?;
        let timestamp = Self::from_datetime(parsed.to_utc());
        match timestamp.0.year() {
            1..=9999 => Ok(timestamp),
            _ => Err(InvalidTimestamp::OutOfRange),
        }
    }

    /// Cuts off what is finer than a microsecond.
    pub fn from_datetime(time: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
    }

    /// The same point in time for libraries that speak `chrono`.
    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// The year in UTC.
    pub fn year(self) -> i32 {
        self.0.year()
    }
}

impl TryFrom<Box<str>> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(text: Box<str>) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

/// RFC 3339 in UTC with exactly six digits of a second: `2026-11-20T10:00:00.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_utc_with_six_digits() {
        let shown = |text| Timestamp::parse(text).unwrap().to_string();
        assert_eq!(shown("2026-11-20T10:00:00Z"), "2026-11-20T10:00:00.000000Z");
        assert_eq!(
            shown("2026-11-20T10:00:00.1234567+01:00"),
            "2026-11-20T09:00:00.123456Z"
        );
        assert_eq!(shown("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000000Z");
    }

    #[test]
    fn a_time_needs_a_zone_and_a_year_of_four_digits() {
        for wrong in ["2026-11-20T10:00:00", "2026-11-20", "", "now"] {
            assert_eq!(
                Timestamp::parse(wrong),
                Err(InvalidTimestamp::Malformed),
                "{wrong}"
            );
        }
        let beyond = Timestamp::parse("9999-12-31T23:59:59-12:00");
        assert_eq!(beyond, Err(InvalidTimestamp::OutOfRange));
    }

    #[test]
    fn what_is_shown_is_read_back_equal() {
        let time = Timestamp::parse("2026-11-20T10:00:00.000001Z").unwrap();
        let json = serde_json::to_string(&time).unwrap();
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }
}
