//! What amounts are, tested by example and by law.

use super::{Format, ParseQuantityError, Quantity};
use crate::value::{Number, Value};
use proptest::prelude::*;
use std::cmp::Ordering;

#[track_caller]
fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn prints(text: &str, canonical: &str) {
    assert_eq!(quantity(text).to_string(), canonical, "{text}");
}

#[test]
fn moves_zeros_into_the_suffix() {
    prints("1000m", "1");
    prints("1024Mi", "1Gi");
    prints("1.5Gi", "1536Mi");
    prints("0.1", "100m");
    prints("100000e-2", "1e3");
    prints("-1500m", "-1500m");
}

#[test]
fn keeps_the_text_where_it_is_nearly_canonical() {
    prints("+1", "+1");
    prints("1.", "1.");
    prints("1.500m", "1.500m");
    prints("007", "007");
}

#[test]
fn reads_a_lone_sign_or_point_as_zero() {
    for text in ["+", "-", ".", "-.", "Ki", "E"] {
        prints(text, "0");
    }
}

#[test]
fn refuses_in_three_ways() {
    for (text, error) in [
        ("", ParseQuantityError::FormatWrong),
        (" 1", ParseQuantityError::FormatWrong),
        ("1.2.3", ParseQuantityError::FormatWrong),
        ("1\u{e9}", ParseQuantityError::FormatWrong),
        ("1e", ParseQuantityError::Suffix),
        ("1E+", ParseQuantityError::Suffix),
        ("1mi", ParseQuantityError::Suffix),
        ("1e9223372036854775808", ParseQuantityError::Suffix),
        ("Ei", ParseQuantityError::Numeric),
        (".Pi", ParseQuantityError::Numeric),
    ] {
        assert_eq!(Quantity::parse(text), Err(error), "{text}");
    }
}

#[test]
fn rounds_what_is_finer_than_nano_away_from_zero() {
    prints("0.1n", "1n");
    prints("-0.0000000001", "-1n");
    prints("1e-2000000000", "1e-9");
}

#[test]
fn caps_binary_amounts_only() {
    prints("16Ei", "9223372036854775807");
    prints("-16Ei", "-9223372036854775807");
    prints("100000000000000000000", "100E");
}

#[test]
fn cuts_exponents_to_32_bits() {
    prints("1e4294967297", "10");
    prints("1.5e-2147483648", "150e2147483646");
}

#[test]
fn drops_the_suffix_where_suffixes_end() {
    prints("1000E", "1");
    let mut sum = quantity("1Ki");
    for _ in 0..1024 {
        sum.add(&quantity("1Ei"));
    }
    sum.sub(&quantity("1Ki"));
    assert_eq!(sum.to_string(), "1");
}

#[test]
fn survives_astronomical_exponents() {
    let large = quantity("1e2147483646");
    let mut sum = quantity("12345678901234567890");
    assert_eq!(large.compare(&sum), Ordering::Greater);
    sum.add(&large);
    assert_eq!(sum, large);
    sum.sub(&large);
    assert!(sum.is_zero());
    sum.add(&quantity("1Ki"));
    sum.add(&large);
    assert_eq!(sum.to_string(), "1");
    assert_eq!(sum.value(), 0);
}

#[test]
fn reads_long_texts_in_linear_time() {
    let digits = "9".repeat(3_000_000);
    let amount = quantity(&digits);
    assert_eq!(amount.to_string(), digits);
    let mut twice = amount.clone();
    twice.add(&amount);
    assert_eq!(twice.compare(&amount), Ordering::Greater);
    prints(&format!("0.{digits}"), "1");
}

#[test]
fn reads_what_stands_in_objects() {
    let read = |value: Value| Quantity::from_value(&value).map(|amount| amount.to_string());
    assert_eq!(read(Value::Null).as_deref(), Ok("0"));
    assert_eq!(read(Value::string(" 1Gi ")).as_deref(), Ok("1Gi"));
    assert_eq!(read(Value::from(3_i64)).as_deref(), Ok("3"));
    assert_eq!(
        read(Value::Number(Number::Float(0.5))).as_deref(),
        Ok("500m")
    );
    assert_eq!(read(Value::object()), Err(ParseQuantityError::FormatWrong));
}

#[test]
fn takes_the_format_of_the_first_amount_that_is_not_zero() {
    let mut sum = Quantity::default();
    assert_eq!(sum.format(), Format::Unset);
    sum.add(&quantity("1Gi"));
    sum.add(&quantity("1G"));
    assert_eq!(sum.format(), Format::BinarySi);
    assert_eq!(sum.to_string(), "2073741824");
}

/// Well-formed texts of all kinds, short and long.
fn amounts() -> impl Strategy<Value = String> {
    "[+-]?([0-9]{1,22}(\\.[0-9]{0,14})?|\\.[0-9]{1,12})(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e[+-]?[0-9]{1,2})?"
}

/// Whole amounts whose suffix survives in print: what round trips.
fn printable(amount: &Quantity) -> bool {
    let limit = quantity("1000E");
    let mut negative = limit.clone();
    negative.neg();
    *amount < limit && *amount > negative
}

proptest! {
    #[test]
    fn never_panics_on_any_text(text in "\\PC*") {
        let _ = Quantity::parse(&text).map(|amount| amount.to_string());
    }

    #[test]
    fn never_panics_on_nearly_well_formed_text(text in "[-+0-9.eEinumkKMGTP]{0,24}") {
        if let Ok(mut amount) = Quantity::parse(&text) {
            let copy = amount.clone();
            let _ = (amount.to_string(), amount.value(), amount.milli_value(), amount.approximate());
            amount.add(&copy);
            amount.sub(&Quantity::from_int(1));
            let _ = amount.to_string();
        }
    }

    #[test]
    fn prints_what_reads_back_as_the_same_amount(text in amounts()) {
        let amount = quantity(&text);
        prop_assume!(printable(&amount));
        let canonical = amount.to_string();
        let back = quantity(&canonical);
        prop_assert_eq!(&back, &amount, "{} prints as {}", text, canonical);
        prop_assert_eq!(back.to_string(), canonical);
    }

    #[test]
    fn adding_and_subtracting_cancel_out(a in amounts(), b in amounts()) {
        let (a, b) = (quantity(&a), quantity(&b));
        let mut sum = a.clone();
        sum.add(&b);
        let mut other = b.clone();
        other.add(&a);
        prop_assert_eq!(&sum, &other);
        sum.sub(&b);
        prop_assert_eq!(&sum, &a);
        let mut difference = a.clone();
        difference.sub(&b);
        prop_assert_eq!(difference.sign(), a.compare(&b) as i32);
    }

    #[test]
    fn turning_the_sign_twice_changes_nothing(a in amounts()) {
        let amount = quantity(&a);
        let mut turned = amount.clone();
        turned.neg();
        prop_assert_eq!(turned.sign(), -amount.sign());
        turned.neg();
        prop_assert_eq!(turned, amount);
    }

    #[test]
    fn order_is_total(a in amounts(), b in amounts(), c in amounts()) {
        let (a, b, c) = (quantity(&a), quantity(&b), quantity(&c));
        prop_assert_eq!(a.compare(&b), b.compare(&a).reverse());
        prop_assert_eq!(a.compare(&a), Ordering::Equal);
        let mut sorted = [&a, &b, &c];
        sorted.sort();
        prop_assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
    }

    /// 128 bits hold all these amounts in nano: a slow reference for the fast forms.
    #[test]
    fn agrees_with_plain_integers(a in -1_000_000_000_000_i64..1_000_000_000_000, b in any::<i32>(), exponent in 0_i32..9) {
        let mut sum = quantity(&format!("{a}e-{exponent}"));
        let nano = i128::from(a) * 10_i128.pow(u32::try_from(9 - exponent).unwrap());
        sum.add(&Quantity::from_int(b.into()));
        let total = nano + i128::from(b) * 1_000_000_000;
        let magnitude = (total.abs() + 999_999_999) / 1_000_000_000;
        prop_assert_eq!(i128::from(sum.value()), magnitude * total.signum());
        prop_assert_eq!(sum, quantity(&format!("{total}n")));
    }
}
