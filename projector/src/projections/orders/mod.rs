//! The projection `orders`: one row an order, with its document and the columns that lists are filtered by, and one of the
//! terms by which it is found.

use std::collections::{BTreeSet, HashSet};

use domain::order::{Facts, OrderEvent};
use read_model::order::OrderFold;
use read_model::orders::{self, OrderRow, TermsRow};
use read_model::words::words;
use sqlx::PgConnection;

use super::{Gathering, Writing, of_the_same_view};
use crate::folding::OrderEventAt;

/// The orders of a batch: every event changes its order's document, few its terms.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Orders whose terms may have changed.
    changed: HashSet<String>,
    rows: Vec<OrderRow>,
    terms: Vec<TermsRow>,
}

impl Gathering for Orders {
    fn event(&mut self, event: &OrderEventAt, _after: &OrderFold) -> Result<(), serde_json::Error> {
        if changes_terms(&event.recorded.event) {
            self.changed.insert(event.recorded.order_id.clone());
        }
        Ok(())
    }

    fn end(&mut self, order_id: &str, after: &OrderFold) -> Result<(), serde_json::Error> {
        self.rows.extend(row(after)?);
        if self.changed.contains(order_id) {
            self.terms.extend(terms(after));
        }
        Ok(())
    }

    fn absorb(&mut self, other: Box<dyn Gathering>) {
        let other: Self = of_the_same_view(other);
        self.rows.extend(other.rows);
        self.terms.extend(other.terms);
    }

    fn write<'a>(&'a self, connection: &'a mut PgConnection, generation: i32) -> Writing<'a> {
        Box::pin(
            async move { orders::write(connection, generation, &self.rows, &self.terms).await },
        )
    }

    fn fill<'a>(&'a self, connection: &'a mut PgConnection, generation: i32) -> Writing<'a> {
        Box::pin(async move { orders::fill(connection, generation, &self.rows, &self.terms).await })
    }
}

/// The row of an order; nothing before its first event.
fn row(fold: &OrderFold) -> Result<Option<OrderRow>, serde_json::Error> {
    let (Some(facts), Some(created_at), Some(updated_at)) =
        (fold.order().facts(), fold.created_at(), fold.updated_at())
    else {
        return Ok(None);
    };
    Ok(Some(OrderRow {
        order_id: facts.order_id.as_str().to_owned(),
        order_number: fold.order_number().map(str::to_owned),
        status: facts.status,
        payment_status: facts.payment_status(),
        fulfillment_status: facts.fulfillment_status(),
        return_status: facts.return_status(),
        on_hold: !facts.holds.is_empty(),
        customer_id: facts.customer.customer_id.as_str().to_owned(),
        currency: facts.currency,
        total: facts.amounts().total,
        placed_at: fold.placed_at(),
        created_at,
        updated_at,
        version: fold.version(),
        position: fold.position(),
        document: serde_json::to_string(&fold.document())?,
    }))
}

/// The terms of an order; nothing before its first event.
fn terms(fold: &OrderFold) -> Option<TermsRow> {
    let facts = fold.order().facts()?;
    let skus = facts.lines.iter().map(|line| line.priced.sku.as_str());
    Some(TermsRow {
        order_id: facts.order_id.as_str().to_owned(),
        skus: skus.map(str::to_owned).collect(),
        tags: facts
            .tags
            .iter()
            .map(|tag| tag.as_str().to_owned())
            .collect(),
        words: found_by(fold.order_number(), facts),
        sorted_at: fold.placed_at().or(fold.created_at())?,
    })
}

/// The words of all texts by which an order is found.
fn found_by(order_number: Option<&str>, facts: &Facts) -> BTreeSet<String> {
    let customer = &facts.customer;
    let mut found: BTreeSet<String> = BTreeSet::new();
    found.extend(order_number.into_iter().flat_map(words));
    found.extend(customer.name.iter().flat_map(|name| words(name.as_str())));
    found.extend(
        customer
            .email
            .iter()
            .flat_map(|email| words(email.as_str())),
    );
    for line in &facts.lines {
        found.extend(words(line.priced.name.as_str()));
        found.extend(words(line.priced.sku.as_str()));
    }
    found
}

/// Whether an event can change what [`terms`] says. Most cannot, and writing terms costs more than all else.
fn changes_terms(event: &OrderEvent) -> bool {
    match event {
        OrderEvent::OrderPlaced(_)
        | OrderEvent::OrderDrafted(_)
        | OrderEvent::LineAdded(_)
        | OrderEvent::LineRemoved(_)
        | OrderEvent::OrderRevised(_)
        | OrderEvent::OrderTagged(_)
        | OrderEvent::OrderUntagged(_) => true,
        OrderEvent::OrderDiscarded(_)
        | OrderEvent::LineQuantityChanged(_)
        | OrderEvent::DiscountApplied(_)
        | OrderEvent::DiscountRemoved(_)
        | OrderEvent::ShippingSet(_)
        | OrderEvent::ShippingAddressChanged(_)
        | OrderEvent::BillingAddressChanged(_)
        | OrderEvent::HoldPlaced(_)
        | OrderEvent::HoldReleased(_)
        | OrderEvent::OrderConfirmed(_)
        | OrderEvent::OrderRejected(_)
        | OrderEvent::PaymentAuthorized(_)
        | OrderEvent::PaymentCaptured(_)
        | OrderEvent::PaymentVoided(_)
        | OrderEvent::PaymentFailed(_)
        | OrderEvent::ShipmentCreated(_)
        | OrderEvent::ShipmentDelivered(_)
        | OrderEvent::LinesCancelled(_)
        | OrderEvent::OrderCancelled(_)
        | OrderEvent::ReturnRequested(_)
        | OrderEvent::ReturnApproved(_)
        | OrderEvent::ReturnDeclined(_)
        | OrderEvent::ReturnReceived(_)
        | OrderEvent::RefundGranted(_)
        | OrderEvent::RefundSucceeded(_)
        | OrderEvent::RefundFailed(_)
        | OrderEvent::OrderCompleted(_)
        | OrderEvent::NoteAdded(_) => false,
    }
}
