//! The one text that upstream writes for an amount, a time or bytes, whatever was sent.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;
use tollgate_api::{Quantity, Timestamp};

/// Go's time that is not set.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// What Go's decoder takes: bits beyond the last byte do not matter.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// An amount as upstream prints it; what is no amount stays as it is.
pub(crate) fn quantity(text: &str) -> Cow<'_, str> {
    if is_plain_quantity(text) {
        return text.into();
    }
    match Quantity::parse(text) {
        Ok(quantity) => quantity.to_string().into(),
        Err(_) => text.into(),
    }
}

/// Whether the text is canonical at a glance: few digits, no leading zero, and no bigger suffix would do.
pub(crate) fn is_plain_quantity(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at(digits);
    if text == "0" {
        return true;
    }
    if digits == 0 || digits > 15 || number.starts_with('0') {
        return false;
    }
    match suffix {
        "" | "m" | "k" | "M" | "G" | "T" => !number.ends_with("000"),
        "Ki" | "Mi" | "Gi" | "Ti" | "Pi" => digits < 4,
        _ => false,
    }
}

/// A time as upstream prints it: in UTC, to the second or the microsecond; none if it is not set or no time.
pub(crate) fn time(text: &str, micro: bool) -> Option<Cow<'_, str>> {
    let (length, dot) = if micro { (27, Some(&b'.')) } else { (20, None) };
    let plain = text.len() == length
        && text.ends_with('Z')
        && text.as_bytes().get(19) == dot.or(Some(&b'Z'));
    if plain && !text.starts_with("0001-01-01T") {
        return Some(text.into());
    }
    print_time(Timestamp::parse(text)?, micro).map(Cow::Owned)
}

/// The text of a point in time; none of the point at which Go's zero time lies.
pub(crate) fn print_time(time: Timestamp, micro: bool) -> Option<String> {
    let text = time.to_string();
    let micros = time.subsecond_nanos() / 1_000;
    if text == ZERO_TIME && (!micro || micros == 0) {
        return None;
    }
    Some(if micro { time.to_micro_time() } else { text })
}

/// Base64 as Go's encoder writes it.
pub(crate) fn base64(text: &str) -> Cow<'_, str> {
    if is_plain_base64(text) {
        return text.into();
    }
    match bytes(text) {
        Some(bytes) => BASE64.encode(bytes).into(),
        None => text.into(),
    }
}

fn is_plain_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let tails = match text.len().saturating_sub(body.len()) {
        0 => return !text.contains(['\r', '\n']),
        1 => "AEIMQUYcgkosw048",
        _ => "AQgw",
    };
    body.ends_with(|last| tails.contains(last)) && !text.contains(['\r', '\n'])
}

/// The bytes that a base64 text stands for; line breaks are skipped.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.contains(['\r', '\n']) {
        return BASE64.decode(text.replace(['\r', '\n'], "")).ok();
    }
    BASE64.decode(text).ok()
}

/// The base64 text of bytes.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_printed_in_one_way() {
        for (text, canonical) in [
            ("1000m", "1"),
            ("100m", "100m"),
            ("1024Mi", "1Gi"),
            ("1000", "1k"),
            ("0.5", "500m"),
            ("1e3", "1e3"),
            ("0m", "0"),
        ] {
            assert_eq!(quantity(text), canonical, "{text}");
        }
    }

    #[test]
    fn times_are_in_utc_and_cut() {
        let printed = |text, micro| time(text, micro).map(Cow::into_owned);
        assert_eq!(
            printed("2026-11-20T10:11:12.9+01:00", false).as_deref(),
            Some("2026-11-20T09:11:12Z")
        );
        assert_eq!(
            printed("2026-11-20T10:11:12.123456+01:00", true).as_deref(),
            Some("2026-11-20T09:11:12.123456Z")
        );
        assert_eq!(printed("0001-01-01T00:00:00Z", false), None);
        assert_eq!(printed("0001-01-01T00:00:00.000000Z", true), None);
    }

    #[test]
    fn base64_is_printed_in_one_way() {
        for (text, canonical) in [
            ("YR==", "YQ=="),
            ("YW\nJj", "YWJj"),
            ("YWI=", "YWI="),
            ("", ""),
        ] {
            assert_eq!(base64(text), canonical, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_looks_canonical_is(number in 0_u64..2_000_000, suffix in "(|m|k|M|G|T|Ki|Mi|Gi|Ti|Pi)") {
            let text = format!("{number}{suffix}");
            if is_plain_quantity(&text) {
                prop_assert_eq!(Quantity::parse(&text).unwrap().to_string(), text);
            }
        }
    }
}
