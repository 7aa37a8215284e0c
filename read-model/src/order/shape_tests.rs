//! The shape of a folded state, which snapshots hold: it does not change without its version being raised.

use std::path::PathBuf;

use domain::order::OrderEvent;

use super::OrderFold;
use super::tests::folded;

/// States that between them have something in every place where something can be.
fn states() -> [(&'static str, OrderFold); 2] {
    let everything: Vec<&str> = OrderEvent::TYPES
        .iter()
        .copied()
        .chain(["HoldPlaced"])
        .collect();
    let draft = [
        "OrderDrafted",
        "LineAdded",
        "LineRemoved",
        "DiscountApplied",
        "ShippingSet",
    ];
    [
        ("everything", folded(&everything)),
        ("draft", folded(&draft)),
    ]
}

fn golden(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/order/golden");
    folder.join(format!("state-{name}.v{}.json", OrderFold::SHAPE_VERSION))
}

#[test]
fn a_state_is_what_its_version_says() {
    for (name, state) in states() {
        let path = golden(name);
        let json = serde_json::to_string_pretty(&state).unwrap() + "\n";
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            json == expected,
            "a folded state is not what {} says. Snapshots of the old shape must not be read as the new one: raise \
             OrderFold::SHAPE_VERSION and store the new golden files beside the old ones. The state now:\n{json}",
            path.display()
        );
    }
}

#[test]
fn a_state_is_read_as_it_was_written() {
    for (name, state) in states() {
        let json = serde_json::to_string(&state).unwrap();
        let read: OrderFold = serde_json::from_str(&json).unwrap();
        assert_eq!(read, state, "{name}");
        assert_eq!(serde_json::to_string(&read).unwrap(), json, "{name}");
    }
}

#[test]
fn the_golden_states_leave_no_list_empty_in_both() {
    let json = states().map(|(_, state)| serde_json::to_value(&state).unwrap());
    let facts = json.each_ref().map(|state| &state["order"]["facts"]);
    let members = facts[0].as_object().unwrap();
    assert!(members.len() > 20, "{members:?}");
    for name in members.keys() {
        let empty = |value: &serde_json::Value| value.as_array().is_some_and(Vec::is_empty);
        assert!(
            !(empty(&facts[0][name]) && empty(&facts[1][name])),
            "{name} is empty: a change of what it holds would not be seen"
        );
    }
}
