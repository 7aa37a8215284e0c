//! `docs/problems.md` lists what the code can answer: no more, no less, and with its status. What an
//! order's state forbids is named as the contract names it.

use std::collections::BTreeMap;

use service_kit::problem::ProblemType;

/// The status of the table in which the page lists what an order's state forbids.
const CONFLICT: u16 = 409;

/// http-api.md, 409.
const CONFLICTS: &str = "not-in-this-state, id-taken, unknown-line, unknown-discount, \
    unknown-hold, unknown-payment, unknown-shipment, unknown-return, unknown-refund, \
    nothing-changes, no-line, no-shipping-address, total-differs, code-used, \
    discount-exceeds-base, on-hold, quantity-exceeds-open, something-shipped, \
    already-delivered, amount-exceeds-authorized, payment-voided, payment-captured, \
    authorization-expired, return-not-requested, return-not-approved, return-not-received, \
    amount-exceeds-captured, payment-id-needed, part-settled, tag-present, tag-absent, \
    too-many-lines, too-many-discounts, too-many-tags, too-many-holds, amount-too-large, \
    key-in-use";

/// The names that a row of a table lists, with their status, if it is such a row.
fn names(row: &str) -> Vec<(String, u16)> {
    let Some(cells) = row.strip_prefix("| ") else {
        return Vec::new();
    };
    let mut cells = cells.split(" | ");
    let first = cells.next().unwrap_or_default();
    let (status, listed) = match first.parse() {
        Ok(status) => (status, cells.next().unwrap_or_default()),
        Err(_) => (CONFLICT, first),
    };
    let names = listed.split('`').skip(1).step_by(2);
    names.map(|name| (name.to_owned(), status)).collect()
}

#[test]
fn the_page_of_problems_lists_those_of_the_code() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/problems.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut listed = BTreeMap::new();
    for (name, status) in page.lines().flat_map(names) {
        assert_eq!(
            listed.insert(name.clone(), status),
            None,
            "{name} is listed twice"
        );
    }
    let in_code = ProblemType::ALL
        .iter()
        .map(|kind| (kind.name().to_owned(), kind.status().as_u16()));
    assert_eq!(listed, in_code.collect());
}

#[test]
fn the_conflicts_are_those_of_the_contract() {
    let conflicts = ProblemType::ALL
        .iter()
        .filter(|kind| kind.status().as_u16() == CONFLICT);
    let names: Vec<_> = conflicts.map(|kind| kind.name()).collect();
    assert_eq!(names, CONFLICTS.split(", ").collect::<Vec<_>>());
}
