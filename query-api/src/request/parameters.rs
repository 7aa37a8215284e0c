//! Query parameters, read strictly: a typo is never silently dropped.

use service_kit::{Problem, ProblemType};

/// How many items a page has unless told otherwise.
pub(crate) const DEFAULT_LIMIT: u16 = 50;
/// How many it has at most.
pub(crate) const MAX_LIMIT: u16 = 200;
/// How many values one filter takes.
pub(crate) const MAX_VALUES: usize = 200;

const LIMIT: &str = "limit";
const CURSOR: &str = "cursor";

/// The parameters of a query, each there once.
#[derive(Debug)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
}

/// Which page of a list is wanted.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// How many items.
    pub(crate) limit: u16,
    /// Behind which item.
    pub(crate) cursor: Option<&'a str>,
}

impl Parameters {
    /// The parameters that every list has.
    pub(crate) const OF_LISTS: [&'static str; 2] = [LIMIT, CURSOR];

    /// Takes the query apart; a parameter that is not `known`, or there twice, is refused.
    pub(crate) fn parse(query: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if !known.contains(&name.as_str()) {
                return Err(bad_parameter(&name, "is not known here"));
            }
            if pairs.iter().any(|(there, _)| *there == name) {
                return Err(bad_parameter(&name, "is there twice"));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// These and one more, which the path has.
    pub(crate) fn and(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.pairs.clone();
        pairs.push((name.to_owned(), value.to_owned()));
        Self { pairs }
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(there, _)| there == name);
        pair.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter as `parse` understands it; its error becomes the problem's detail.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        self.get(name)
            .map(|value| parse(value).map_err(|error| bad_parameter(name, error)))
            .transpose()
    }

    /// The values of a parameter that takes several with commas.
    pub(crate) fn several<T, E: std::fmt::Display>(
        &self,
        name: &str,
        mut parse: impl FnMut(&str) -> Result<T, E>,
    ) -> Result<Option<Vec<T>>, Problem> {
        self.parsed(name, |values| {
            if values.split(',').count() > MAX_VALUES {
                return Err(format!("takes at most {MAX_VALUES} values"));
            }
            values
                .split(',')
                .map(|value| parse(value).map_err(|error| error.to_string()))
                .collect()
        })
    }

    /// Two parameters that limit a range; the first must not be beyond the second.
    pub(crate) fn range<T: PartialOrd, E: std::fmt::Display>(
        &self,
        [from, to]: [&'static str; 2],
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<(Option<T>, Option<T>), Problem> {
        let begin = self.parsed(from, &parse)?;
        let end = self.parsed(to, &parse)?;
        match (&begin, &end) {
            (Some(begin), Some(end)) if begin > end => {
                Err(bad_parameter(from, format!("is beyond `{to}`")))
            }
            _ => Ok((begin, end)),
        }
    }

    /// Which page is wanted.
    pub(crate) fn page(&self) -> Result<Page<'_>, Problem> {
        let limit = self.parsed(LIMIT, |text| {
            text.parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))
        })?;
        Ok(Page {
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            cursor: self.get(CURSOR),
        })
    }

    /// The same query with this cursor.
    pub(crate) fn with_cursor(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs.iter().filter(|(name, _)| name != CURSOR));
        query.append_pair(CURSOR, cursor);
        query.finish()
    }
}

/// The problem `bad-parameter`: this parameter, and what is wrong with it.
pub(crate) fn bad_parameter(name: &str, what: impl std::fmt::Display) -> Problem {
    // The name is the caller's own text: enough of it to recognise.
    let name: String = name.chars().take(64).collect();
    Problem::new(ProblemType::BadParameter).detail(format!("`{name}` {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["status", "limit", "cursor"];

    fn refused(query: &str) -> String {
        let problem = Parameters::parse(query, KNOWN)
            .and_then(|parameters| parameters.page().map(|_| ()))
            .unwrap_err();
        assert_eq!(problem.problem_type(), ProblemType::BadParameter);
        let body = problem.to_body("/", "c");
        body["detail"].as_str().unwrap().to_owned()
    }

    #[test]
    fn unknown_and_doubled_parameters_are_refused_by_name() {
        assert_eq!(refused("stauts=placed"), "`stauts` is not known here");
        assert_eq!(refused("status=a&%73tatus=b"), "`status` is there twice");
        assert_eq!(refused("Limit=1"), "`Limit` is not known here");
    }

    #[test]
    fn a_limit_is_a_number_in_its_range() {
        for limit in ["", "0", "201", "-1", "ten", "70000", "1.0"] {
            assert_eq!(
                refused(&format!("limit={limit}")),
                "`limit` must be a number from 1 to 200"
            );
        }
        let parameters = Parameters::parse("", KNOWN).unwrap();
        assert_eq!(parameters.page().unwrap().limit, 50);
    }

    #[test]
    fn the_next_page_has_the_same_filters() {
        let parameters = Parameters::parse("status=a%2Cb&cursor=old&limit=2", KNOWN).unwrap();
        assert_eq!(
            parameters.with_cursor("new"),
            "status=a%2Cb&limit=2&cursor=new"
        );
    }
}
