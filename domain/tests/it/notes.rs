//! `add-note` and the note at placement.

use domain::NoteText;
use domain::order::{NewOrder, Visibility};

use crate::sample::{add_note, given, line, order_of, place};

#[test]
fn the_first_note_is_internal_and_later_ones_are_as_they_say() {
    let note = Some(NoteText::parse("at placement").unwrap());
    let order = NewOrder {
        note,
        ..order_of(vec![line("1", 1, 1)])
    };
    let order = given([place(order), add_note("later")]);
    let notes: Vec<_> = order
        .facts()
        .unwrap()
        .notes
        .iter()
        .map(|n| (n.text.as_str(), n.visibility))
        .collect();
    let expected = [
        ("at placement", Visibility::Internal),
        ("later", Visibility::Customer),
    ];
    assert_eq!(notes, expected);
}
