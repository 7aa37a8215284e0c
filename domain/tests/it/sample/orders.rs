//! Orders to begin with, and what they are made of.

use domain::order::{Customer, NewOrder};
use domain::pricing::{Discount, DiscountValue, NewLine, OrderDiscount, Shipping};
use domain::{
    Address, Amount, AppliesTo, CountryCode, Currency, CustomerId, DiscountCode, LineId, OrderId,
    Percentage, PositiveAmount, Quantity, Rounding, Sku, TaxRate, TaxRules, Text,
};

pub(crate) fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub(crate) fn amount(minor_units: i64) -> Amount {
    Amount::parse(minor_units).unwrap()
}

pub(crate) fn line(line_id: &str, quantity: i64, unit_price: i64) -> NewLine {
    NewLine {
        line_id: LineId::parse(line_id).unwrap(),
        sku: Sku::parse(format!("SKU-{line_id}")).unwrap(),
        name: text("A thing"),
        quantity: Quantity::parse(quantity).unwrap(),
        unit_price: amount(unit_price),
        tax_rate: TaxRate::ZERO,
        discounts: Vec::new(),
    }
}

pub(crate) fn taxed(rate: &str, line: NewLine) -> NewLine {
    NewLine {
        tax_rate: TaxRate::parse(rate).unwrap(),
        ..line
    }
}

pub(crate) fn percent(value: &str) -> DiscountValue {
    DiscountValue::Percentage(Percentage::parse(value).unwrap())
}

pub(crate) fn fixed(minor_units: i64) -> DiscountValue {
    DiscountValue::Fixed(PositiveAmount::parse(minor_units).unwrap())
}

pub(crate) fn discount(code: &str, value: DiscountValue) -> Discount {
    Discount {
        code: DiscountCode::parse(code).unwrap(),
        value,
    }
}

pub(crate) fn order_discount(code: &str, value: DiscountValue) -> OrderDiscount {
    let code = DiscountCode::parse(code).unwrap();
    OrderDiscount {
        code,
        value,
        applies_to: AppliesTo::Order,
    }
}

pub(crate) fn shipping_discount(code: &str, value: DiscountValue) -> OrderDiscount {
    OrderDiscount {
        applies_to: AppliesTo::Shipping,
        ..order_discount(code, value)
    }
}

pub(crate) fn shipping(minor_units: i64, rate: &str) -> Shipping {
    let tax_rate = TaxRate::parse(rate).unwrap();
    Shipping {
        method: text("standard"),
        amount: amount(minor_units),
        tax_rate,
    }
}

pub(crate) fn address() -> Address {
    Address {
        name: text("Ada Lovelace"),
        line1: text("Zeughausstraße 1"),
        line2: None,
        city: text("Köln"),
        region: None,
        postal_code: Some(text("50667")),
        country: CountryCode::parse("DE").unwrap(),
    }
}

/// An order of these lines, in EUR, with an address and nothing else.
pub(crate) fn order_of(lines: Vec<NewLine>) -> NewOrder {
    NewOrder {
        order_id: OrderId::parse("o-1").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        rounding: Rounding::default(),
        tax: TaxRules::default(),
        customer: Customer {
            customer_id: CustomerId::parse("c-42").unwrap(),
            name: None,
            email: None,
        },
        lines,
        discounts: Vec::new(),
        shipping: None,
        shipping_address: Some(address()),
        billing_address: None,
        tags: Vec::new(),
        note: None,
        expected_total: None,
    }
}
