//! The rules of lists in bodies: their size, and what may not be in them twice.

use std::collections::HashMap;
use std::hash::Hash;

use super::node::Node;
use super::pointer::Step;

/// A list of `least` to `most` elements, no two of which have the same `key`. The finding about a
/// second one points at what lies at `named` below the element.
///
/// An element without a key (`None`) is like no other.
pub(crate) fn distinct<T, K: Eq + Hash>(
    node: Node<'_>,
    (least, most): (usize, usize),
    element: impl Fn(Node<'_>) -> Option<T>,
    named: impl Fn(&T) -> &'static [Step<'static>],
    key: impl Fn(&T) -> Option<K>,
) -> Option<Vec<T>> {
    let read = node.list(least, most, element)?;
    let mut first = HashMap::with_capacity(read.len());
    let mut twice = false;
    for (index, element, key) in read.iter().enumerate().filter_map(|(index, element)| {
        let element = element.as_ref()?;
        Some((index, element, key(element)?))
    }) {
        if let Some(earlier) = first.get(&key) {
            twice = true;
            let steps = [&[Step::Element(index)], named(element)].concat();
            node.wrong_below(&steps, &format!("is the same as in element {earlier}"));
        } else {
            first.insert(key, index);
        }
    }
    if twice {
        None
    } else {
        read.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::testing::pointers;
    use super::super::values::text;
    use super::*;
    use serde_json::json;

    fn tags(node: Node<'_>) -> Option<Vec<String>> {
        distinct(
            node,
            (1, 3),
            text,
            |_| &[],
            |tag: &String| Some(tag.clone()),
        )
    }

    #[test]
    fn a_list_within_its_bounds_is_read() {
        assert_eq!(
            read(&json!(["a", "b"]), tags),
            Ok(vec!["a".to_owned(), "b".to_owned()])
        );
    }

    #[test]
    fn a_list_outside_its_bounds_is_one_finding() {
        assert_eq!(pointers(&json!([]), tags), [""]);
        assert_eq!(pointers(&json!([1, 2, 3, 4]), tags), [""]);
    }

    #[test]
    fn what_is_in_it_twice_is_found_though_another_element_is_wrong() {
        assert_eq!(pointers(&json!(["a", 7, "a"]), tags), ["/1", "/2"]);
    }
}
