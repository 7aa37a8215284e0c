//! `{ "mode": "exclusive", "level": "line" }`

use domain::pricing::TaxRules;

use crate::body::Node;
use crate::body::values::word;

/// How an order is taxed.
pub(crate) fn tax(node: Node<'_>) -> Option<TaxRules> {
    let mut body = node.object("Tax")?;
    let mode = body.optional("mode", word).unwrap_or_default();
    let level = body.optional("level", word).unwrap_or_default();
    body.end();
    Some(TaxRules { mode, level })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use domain::pricing::{TaxLevel, TaxMode};
    use serde_json::json;

    #[test]
    fn mode_and_level_have_defaults() {
        assert_eq!(read(&json!({}), tax), Ok(TaxRules::default()));
        let given = json!({"mode": "inclusive", "level": "unit"});
        let rules = TaxRules {
            mode: TaxMode::Inclusive,
            level: TaxLevel::Unit,
        };
        assert_eq!(read(&given, tax), Ok(rules));
    }

    #[test]
    fn other_words_are_refused() {
        let wrong = json!({"mode": "Inclusive", "level": 1, "rate": "0.19"});
        assert_eq!(pointers(&wrong, tax), ["/mode", "/level", "/rate"]);
    }
}
