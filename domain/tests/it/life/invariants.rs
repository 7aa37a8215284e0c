//! What must be true of every order after every command.

use domain::order::{Facts, FulfillmentStatus, Order, OrderStatus, RefundState};
use domain::{AppliesTo, MAX_AMOUNT, TaxMode};

/// What must be true of an order at any time.
pub(super) fn check(order: &Order) {
    let facts = order.facts().unwrap();
    check_units(facts);
    check_prices(facts);
    check_payments(facts);
    check_amounts(order, facts);
    check_end(order, facts);
}

fn check_units(facts: &Facts) {
    for line in &facts.lines {
        assert!(line.shipped + line.cancelled <= line.quantity());
        assert!(line.delivered <= line.shipped);
        assert!(line.returned <= line.delivered);
        let taken_back = line.cancelled_amount + line.returned_amount;
        assert!(0 <= line.cancelled_amount && 0 <= line.returned_amount);
        assert!(taken_back <= line.priced.total.get());
        if line.cancelled + line.returned == line.quantity() {
            assert_eq!(
                taken_back,
                line.priced.total.get(),
                "parts sum to the whole"
            );
        }
        let on_their_way: i64 = facts
            .returns
            .iter()
            .filter(|known| known.is_open())
            .flat_map(|known| &known.lines)
            .filter(|named| named.line_id == *line.line_id())
            .map(|named| named.quantity.get())
            .sum();
        assert!(line.returned + on_their_way <= line.delivered);
    }
    for known in &facts.returns {
        for line in &known.lines {
            let received = line.received.as_ref();
            assert!(received.is_none_or(|received| received.quantity <= line.quantity));
        }
    }
}

fn check_prices(facts: &Facts) {
    let exclusive = facts.tax.mode == TaxMode::Exclusive;
    let on_top = |tax: i64| if exclusive { tax } else { 0 };
    let (mut subtotal, mut discount, mut order_discount, mut tax, mut total) = (0, 0, 0, 0, 0);
    for line in facts.lines.iter().map(|line| &line.priced) {
        let own: i64 = line.discounts.iter().map(|own| own.applied.get()).sum();
        assert_eq!(line.discount_total.get(), own + line.order_discount.get());
        let left = line.subtotal.get() - line.discount_total.get();
        assert_eq!(line.total.get(), left + on_top(line.tax_total.get()));
        subtotal += line.subtotal.get();
        discount += line.discount_total.get();
        order_discount += line.order_discount.get();
        tax += line.tax_total.get();
        total += line.total.get();
    }
    let applied = |to: AppliesTo| -> i64 {
        let those = facts
            .discounts
            .iter()
            .filter(|known| known.applies_to == to);
        those.map(|known| known.applied.get()).sum()
    };
    let (mut charge, mut off) = (0, 0);
    if let Some(shipping) = &facts.shipping {
        charge = shipping.amount.get();
        off = shipping.discount_total.get();
        tax += shipping.tax_total.get();
        total += shipping.total.get();
    }
    assert_eq!(applied(AppliesTo::Order), order_discount);
    assert_eq!(applied(AppliesTo::Shipping), off);
    assert_eq!(facts.totals.subtotal.get(), subtotal);
    assert_eq!(facts.totals.discount_total.get(), discount + off);
    assert_eq!(facts.totals.shipping_total.get(), charge);
    assert_eq!(facts.totals.tax_total.get(), tax);
    assert_eq!(facts.totals.total.get(), total);
    assert_eq!(total, subtotal - discount - off + charge + on_top(tax));
}

fn check_payments(facts: &Facts) {
    for payment in &facts.payments {
        assert!(payment.captured <= payment.authorized);
        assert!(0 <= payment.refunding && 0 <= payment.refunded);
        assert!(payment.refunding + payment.refunded <= payment.captured);
        assert!(!payment.voided || payment.captured == 0);
        let parts = |state: RefundState| -> i64 {
            let parts = facts.refunds.iter().flat_map(|refund| &refund.parts);
            let those = parts.filter(|part| part.payment_id == payment.payment_id);
            those
                .filter(|part| part.state == state)
                .map(|part| part.amount.get())
                .sum()
        };
        assert_eq!(payment.refunding, parts(RefundState::Granted));
        assert_eq!(payment.refunded, parts(RefundState::Succeeded));
    }
    for refund in &facts.refunds {
        let parts: i64 = refund.parts.iter().map(|part| part.amount.get()).sum();
        assert_eq!(refund.amount.get(), parts);
        let alive = refund
            .parts
            .iter()
            .filter(|part| part.state != RefundState::Failed);
        let alive: i64 = alive.map(|part| part.amount.get()).sum();
        assert!(
            refund.credit.get() <= alive,
            "what did not go back is no credit"
        );
    }
}

fn check_amounts(order: &Order, facts: &Facts) {
    let amounts = order.amounts();
    let ended = [
        OrderStatus::Cancelled,
        OrderStatus::Rejected,
        OrderStatus::Discarded,
    ];
    if ended.contains(&facts.status) {
        assert_eq!(amounts.cancelled_total, amounts.total);
    }
    let taken_back = amounts.cancelled_total + amounts.returned_total;
    assert!(taken_back <= amounts.total);
    assert_eq!(
        amounts.due,
        (amounts.total - taken_back - amounts.credited_total).max(0)
    );
    assert_eq!(
        amounts.balance,
        amounts.due - (amounts.captured - amounts.refunded)
    );
    assert!(0 <= amounts.refunded && amounts.refunded <= amounts.captured);
    for amount in [
        amounts.total,
        amounts.due,
        amounts.authorized,
        amounts.captured,
    ] {
        assert!((0..=MAX_AMOUNT).contains(&amount), "{amounts:?}");
    }
}

/// What comes by itself has come exactly when it should.
fn check_end(order: &Order, facts: &Facts) {
    let gone = is_gone(facts);
    match facts.status {
        OrderStatus::Placed => assert!(!gone),
        OrderStatus::Confirmed => assert!(!gone && !is_complete(facts)),
        OrderStatus::Completed => assert_eq!(
            order.fulfillment_status(),
            Some(FulfillmentStatus::Delivered)
        ),
        OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Discarded => assert!(gone),
        OrderStatus::Draft => {}
    }
}

fn is_gone(facts: &Facts) -> bool {
    let mut lines = facts.lines.iter();
    lines.all(|line| line.cancelled == line.quantity())
}

/// domain.md, "Lifecycle": every unit delivered or cancelled, at least one delivered, no refund part
/// open, the money even.
fn is_complete(facts: &Facts) -> bool {
    let mut parts = facts.refunds.iter().flat_map(|refund| &refund.parts);
    facts
        .lines
        .iter()
        .all(|line| line.delivered + line.cancelled == line.quantity())
        && facts.lines.iter().any(|line| line.delivered > 0)
        && parts.all(|part| part.state != RefundState::Granted)
        && facts.amounts().balance == 0
}

/// What must be true from one moment to the next.
pub(super) fn check_step(before: &Order, after: &Order) {
    assert!(after.version() > before.version());
    let (Some(was), Some(is)) = (before.facts(), after.facts()) else {
        return;
    };
    if was.status != OrderStatus::Completed && is.status == OrderStatus::Completed {
        assert_eq!(was.status, OrderStatus::Confirmed);
        assert!(is_complete(is), "not before all of it is done");
    }
    if was.status == OrderStatus::Completed {
        assert_eq!(is.status, OrderStatus::Completed, "it never goes back");
    }
    if is.refunds != was.refunds {
        assert!(
            owes_in_the_end(is) <= owes_in_the_end(was),
            "no refund makes the customer owe more, whether its parts succeed or fail"
        );
    }
    for (was, is) in was.lines.iter().zip(&is.lines) {
        assert!(was.line_id() != is.line_id() || was.cancelled <= is.cancelled);
    }
}

/// What the customer owes once every part that is on its way has gone back.
fn owes_in_the_end(facts: &Facts) -> i64 {
    let refunding: i64 = facts.payments.iter().map(|payment| payment.refunding).sum();
    (facts.amounts().balance + refunding).max(0)
}
