//! The words by which an order is found: what `q` of the contract looks for.
//!
//! Writer and reader split and fold in the same way, here, so that PostgreSQL compares bytes and no configuration of a
//! server decides what is found.

use std::collections::BTreeSet;

/// The words of a text: split at all but letters and digits, without regard to case.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(folded)
        .filter(|word| !word.is_empty())
}

/// For each word of this text, once, a `tsquery` that is true of orders in which it begins a word.
pub fn prefixes(text: &str) -> Vec<String> {
    let words: BTreeSet<String> = words(text).collect();
    words
        .into_iter()
        // Letters and digits need no escape between the quotes.
        .map(|word| format!("'{word}':*"))
        .collect()
}

/// The word without its case, letter by letter, so that what begins a word also begins it when both are folded.
///
/// By way of the capitals, as `ß` and `SS`, or `ς` and `σ`, differ by nothing else. Marks that a capital is taken apart into
/// are left out.
fn folded(word: &str) -> String {
    word.chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_letters_and_digits() {
        assert_eq!(of("2026-000123"), ["2026", "000123"]);
        assert_eq!(
            of("Ada.Lovelace+x@example.org"),
            ["ada", "lovelace", "x", "example", "org"]
        );
        assert_eq!(of("Tee-Kanne №5, 'rot'"), ["tee", "kanne", "5", "rot"]);
        assert_eq!(of("Ελλάδα 東京 नमस्ते"), ["ελλάδα", "東京", "नमस", "ते"]);
        assert!(of(" -_'\\:*&|!() ").is_empty());
    }

    #[test]
    fn case_makes_no_difference_in_any_script() {
        for (one, other) in [
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("ÅNGSTRÖM", "ångström"),
            ("ЖУК", "жук"),
            ("İZMİR", "izmir"),
            ("ﬁn", "FIN"),
            ("ẞ", "ss"),
        ] {
            assert_eq!(of(one), of(other), "{one} {other}");
        }
    }

    #[test]
    fn the_beginning_of_a_word_stays_its_beginning() {
        for word in ["ΟΔΟΣΑΝ", "Straßen", "İzmir", "ﬃx", "Ǆab", "ŉa"] {
            let whole = of(word).concat();
            for (at, _) in word.char_indices().skip(1) {
                let beginning = of(&word[..at]).concat();
                assert!(whole.starts_with(&beginning), "{word} {beginning}");
            }
        }
    }

    #[test]
    fn a_query_asks_for_each_word_once() {
        assert_eq!(prefixes("Tea pot, TEA"), ["'pot':*", "'tea':*"]);
        assert_eq!(prefixes("'; drop -- 'x"), ["'drop':*", "'x':*"]);
        assert_eq!(prefixes(" - "), [""; 0]);
    }
}
