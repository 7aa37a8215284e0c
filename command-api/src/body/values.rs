//! Texts, numbers and truth values of a body, as the domain's values.

use std::fmt::Display;

use read_model::schema::Described;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde_json::{Value, json};

use super::node::Node;
use super::outline::Sketch;

/// The largest integer that every JSON reader keeps exactly: 2^53 − 1.
const LARGEST_INTEGER: i64 = (1 << 53) - 1;

fn schema_of<T: Described>(sketch: &Sketch<'_>) -> Value {
    sketch.of_value::<T>()
}

/// A text that `T` takes; the error of `T` is the finding.
pub(crate) fn text<T>(node: Node<'_>) -> Option<T>
where
    T: TryFrom<Box<str>, Error: Display> + Described,
{
    let Value::String(text) = node.value(schema_of::<T>)? else {
        node.wrong("must be a string");
        return None;
    };
    T::try_from(text.as_str().into())
        .map_err(|error| node.wrong(error.to_string()))
        .ok()
}

/// One of the words that `T` knows.
pub(crate) fn word<T: for<'de> Deserialize<'de> + Described>(node: Node<'_>) -> Option<T> {
    let Value::String(text) = node.value(schema_of::<T>)? else {
        node.wrong("must be a string");
        return None;
    };
    let word: StrDeserializer<'_, serde_json::Error> = text.as_str().into_deserializer();
    T::deserialize(word)
        .map_err(|error| node.wrong(error.to_string()))
        .ok()
}

/// An integer that `T` takes, written without fraction and exponent: `1.0` and `1e3` are floats,
/// and whoever sends floats for money will one day send `10.5`.
pub(crate) fn integer<T>(node: Node<'_>) -> Option<T>
where
    T: TryFrom<i64, Error: Display> + Described,
{
    let Value::Number(number) = node.value(schema_of::<T>)? else {
        node.wrong("must be an integer");
        return None;
    };
    if number.is_f64() {
        node.wrong("must be an integer, without fraction and exponent");
        return None;
    }
    let Some(integer) = number
        .as_i64()
        .filter(|n| n.unsigned_abs() <= LARGEST_INTEGER.unsigned_abs())
    else {
        node.wrong(format!("must be at most {LARGEST_INTEGER} (2^53 - 1)"));
        return None;
    };
    T::try_from(integer)
        .map_err(|error| node.wrong(error.to_string()))
        .ok()
}

/// `true` or `false`.
pub(crate) fn boolean(node: Node<'_>) -> Option<bool> {
    let boolean = node.value(|_| json!({ "type": "boolean" }))?.as_bool();
    if boolean.is_none() {
        node.wrong("must be true or false");
    }
    boolean
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::testing::pointers;
    use super::*;

    #[test]
    fn a_float_is_never_an_integer_whatever_its_value() {
        for text in ["10.5", "1.0", "1e3", "-0.0", "18446744073709551616"] {
            let value = super::super::json::parse(text.as_bytes()).unwrap();
            assert_eq!(pointers(&value, integer::<i64>), [""], "{text}");
        }
    }

    #[test]
    fn integers_end_at_two_to_the_53_minus_1() {
        let largest = json!(9_007_199_254_740_991_u64);
        assert_eq!(read(&largest, integer::<i64>), Ok(LARGEST_INTEGER));
        for beyond in [
            json!(9_007_199_254_740_992_u64),
            json!(-9_007_199_254_740_992_i64),
            json!(i64::MIN),
            json!(u64::MAX),
        ] {
            assert_eq!(pointers(&beyond, integer::<i64>), [""], "{beyond}");
        }
    }

    #[test]
    fn a_number_in_quotes_is_no_number_and_a_number_no_text() {
        assert_eq!(pointers(&json!("1"), integer::<i64>), [""]);
        assert_eq!(pointers(&json!(1), text::<String>), [""]);
        assert_eq!(pointers(&json!("true"), boolean), [""]);
        assert_eq!(pointers(&json!(1), boolean), [""]);
    }
}
