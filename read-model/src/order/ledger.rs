//! On which day an order's money moved. Pure: amounts and times in, days out.

use chrono::NaiveDate;
use domain::Timestamp;
use domain::order::{Amounts, Facts};
use serde::{Deserialize, Serialize};

/// The days (UTC) on which an order moved anything, each with what it moved, from its placement on. What a draft is worth
/// moves nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Where the order stands: the sum of all days.
    standing: Movements,
    days: Vec<(NaiveDate, Movements)>,
}

/// Signed changes of an order's amounts, in minor units of its currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movements {
    /// How many orders were placed: 1 on the day of its placement.
    pub orders: i64,
    /// What orders came to when they were placed, and what revisions changed about it.
    pub gross: i64,
    /// The discounts in it.
    pub discount: i64,
    /// The shipping charges in it, before discounts.
    pub shipping: i64,
    /// The tax in it.
    pub tax: i64,
    /// Value of cancelled units.
    pub cancelled: i64,
    /// Value of units received back.
    pub returned: i64,
    /// Credits of refunds; negative when a refund that was to bring one failed.
    pub credited: i64,
    /// What was captured.
    pub captured: i64,
    /// What has gone back.
    pub refunded: i64,
}

impl Ledger {
    /// Takes in what the order's facts are after an event of this time.
    pub(super) fn take(&mut self, facts: &Facts, at: Timestamp) {
        if !facts.ever_placed {
            return;
        }
        let standing = Movements::of_a_placed_order(&facts.amounts());
        if standing == self.standing {
            return;
        }
        let moved = standing.combine(self.standing, |now, before| now - before);
        self.standing = standing;
        let day = at.as_datetime().date_naive();
        match self.days.last_mut() {
            // The log's time never falls, so an order's last day is the only one that can come again.
            Some((last, movements)) if *last == day => {
                *movements = movements.combine(moved, |before, more| before + more);
            }
            _ => self.days.push((day, moved)),
        }
    }

    /// The days in their order. A day whose movements took each other back is all zeros.
    pub fn days(&self) -> &[(NaiveDate, Movements)] {
        &self.days
    }
}

impl Movements {
    fn of_a_placed_order(amounts: &Amounts) -> Self {
        Self {
            orders: 1,
            gross: amounts.total,
            discount: amounts.discount_total,
            shipping: amounts.shipping_total,
            tax: amounts.tax_total,
            cancelled: amounts.cancelled_total,
            returned: amounts.returned_total,
            credited: amounts.credited_total,
            captured: amounts.captured,
            refunded: amounts.refunded,
        }
    }

    fn combine(self, other: Self, with: fn(i64, i64) -> i64) -> Self {
        Self {
            orders: with(self.orders, other.orders),
            gross: with(self.gross, other.gross),
            discount: with(self.discount, other.discount),
            shipping: with(self.shipping, other.shipping),
            tax: with(self.tax, other.tax),
            cancelled: with(self.cancelled, other.cancelled),
            returned: with(self.returned, other.returned),
            credited: with(self.credited, other.credited),
            captured: with(self.captured, other.captured),
            refunded: with(self.refunded, other.refunded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{folded, folded_at};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_draft_moves_nothing_until_it_is_placed() {
        assert_eq!(folded(&["OrderDrafted", "LineAdded"]).ledger().days(), []);
        assert_eq!(
            folded(&["OrderDrafted", "OrderDiscarded"]).ledger().days(),
            []
        );
        let placed = folded(&["OrderDrafted", "OrderPlaced"]);
        let [(_, moved)] = placed.ledger().days() else {
            panic!("one day: {:?}", placed.ledger());
        };
        let amounts = placed.order().amounts();
        assert_eq!((moved.orders, moved.gross), (1, amounts.total));
        assert_eq!(moved.tax, amounts.tax_total);
    }

    #[test]
    fn each_movement_belongs_to_the_day_on_which_it_happened() {
        let fold = folded_at(&[
            ("OrderPlaced", "2026-11-20T23:59:59.999999Z"),
            ("PaymentAuthorized", "2026-11-21T00:00:00Z"),
            ("PaymentCaptured", "2026-11-22T00:00:00Z"),
            ("NoteAdded", "2026-11-23T00:00:00Z"),
            ("OrderCancelled", "2026-11-24T00:00:00Z"),
        ]);
        let amounts = fold.order().amounts();
        let days = fold.ledger().days();
        let dates: Vec<NaiveDate> = days.iter().map(|(day, _)| *day).collect();
        assert_eq!(
            dates,
            [day("2026-11-20"), day("2026-11-22"), day("2026-11-24")]
        );
        assert_eq!(days[0].1.gross, amounts.total);
        assert_eq!(
            days[1].1,
            Movements {
                captured: amounts.captured,
                ..Movements::default()
            }
        );
        assert_eq!(
            days[2].1,
            Movements {
                cancelled: amounts.total,
                ..Movements::default()
            }
        );
    }

    #[test]
    fn what_happens_on_one_day_is_one_day() {
        let fold = folded(&[
            "OrderPlaced",
            "PaymentAuthorized",
            "PaymentCaptured",
            "OrderCancelled",
        ]);
        let [(_, moved)] = fold.ledger().days() else {
            panic!("one day: {:?}", fold.ledger());
        };
        assert_eq!(*moved, fold.ledger().standing);
        assert_eq!(moved.orders, 1);
        assert_eq!(moved.cancelled, moved.gross);
    }
}
