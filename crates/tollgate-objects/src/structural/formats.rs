//! The formats of texts that schemas may name; others say nothing.

use super::pattern::Pattern;
use std::net::{Ipv4Addr, Ipv6Addr};
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, names};

/// A known format.
#[derive(Debug, Clone)]
pub(super) struct Format {
    /// As the schema writes it.
    pub(super) name: CompactString,
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    Anything,
    Function(fn(&str) -> bool),
    Expression(Pattern),
}

const UUID: &str = "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$";
const UUID3: &str = "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$";
const UUID4: &str = "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$";
const UUID5: &str = "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$";
const MAC: &str = "^(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$|^(?:[0-9a-fA-F]{2}[:-]){7}[0-9a-fA-F]{2}$|^(?:[0-9a-fA-F]{4}[.]){2}[0-9a-fA-F]{4}$";
const HEX_COLOR: &str = "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$";
const RGB_COLOR: &str = "^rgb[(][ ]*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])[ ]*,[ ]*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])[ ]*,[ ]*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])[ ]*[)]$";
const SSN: &str = "^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$";
const CREDIT_CARD: &str = "^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})$";
const OBJECT_ID: &str = "^[0-9a-fA-F]{24}$";
const EMAIL: &str = "^[^@<>,; ]+@[^@<>,; ]+$|^[^<>]*<[^@<>,; ]+@[^@<>,; ]+>$";
const DURATION: &str = "^ *[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+) *(ns|nano|nanosecond|us|µs|micro|microsecond|ms|milli|millisecond|s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week)s?( *([0-9]+([.][0-9]*)?|[.][0-9]+) *(ns|us|µs|ms|s|m|h|d|w|nanosecond|microsecond|millisecond|second|minute|hour|day|week)s?)* *$|^0$";

/// Whether a text has a format; every text has one that is not known.
pub fn has_format(name: &str, text: &str) -> bool {
    Format::named(name).is_none_or(|format| format.holds(text))
}

impl Format {
    /// The format of that name, if it is one that is held against values.
    pub(super) fn named(name: &str) -> Option<Self> {
        let expression = |text: &str| Rule::Expression(Pattern::new(text));
        // Dashes do not count.
        let rule = match name.replace('-', "").as_str() {
            "datetime" => Rule::Function(is_date_time),
            "date" => Rule::Function(is_date),
            "ipv4" => Rule::Function(|text| text.parse::<Ipv4Addr>().is_ok()),
            "ipv6" => Rule::Function(|text| text.parse::<Ipv6Addr>().is_ok()),
            "cidr" => Rule::Function(is_cidr),
            "uri" => Rule::Function(is_uri),
            "hostname" => Rule::Function(is_hostname),
            "byte" => Rule::Function(is_base64),
            "isbn" => Rule::Function(|text| is_isbn(text, 10) || is_isbn(text, 13)),
            "isbn10" => Rule::Function(|text| is_isbn(text, 10)),
            "isbn13" => Rule::Function(|text| is_isbn(text, 13)),
            "k8sshortname" => Rule::Function(|text| names::dns1123_label(text).is_empty()),
            "k8slongname" => Rule::Function(|text| names::dns1123_subdomain(text).is_empty()),
            "password" => Rule::Anything,
            "mac" => expression(MAC),
            "uuid" => expression(UUID),
            "uuid3" => expression(UUID3),
            "uuid4" => expression(UUID4),
            "uuid5" => expression(UUID5),
            "creditcard" => expression(CREDIT_CARD),
            "ssn" => expression(SSN),
            "hexcolor" => expression(HEX_COLOR),
            "rgbcolor" => expression(RGB_COLOR),
            "bsonobjectid" => expression(OBJECT_ID),
            "email" => expression(EMAIL),
            "duration" => expression(DURATION),
            _ => return None,
        };
        Some(Self {
            name: name.into(),
            rule,
        })
    }

    /// Whether a text has the format.
    pub(super) fn holds(&self, text: &str) -> bool {
        match &self.rule {
            Rule::Anything => true,
            Rule::Function(rule) => rule(text),
            Rule::Expression(pattern) => pattern.matches(text),
        }
    }
}

/// A date as `2026-01-31`.
fn is_date(text: &str) -> bool {
    text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_some()
}

/// RFC 3339, with whatever fraction of a second.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else {
        return is_date(text);
    };
    let (time, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(place) => time.split_at(place),
        None => (time, ""),
    };
    let time = time.split_once('.').map_or(time, |(time, _)| time);
    let zone = if zone.eq_ignore_ascii_case("z") || zone.is_empty() {
        "Z".to_owned()
    } else if zone.len() == 5 {
        format!(
            "{}:{}",
            zone.get(..3).unwrap_or(zone),
            zone.get(3..).unwrap_or_default()
        )
    } else {
        zone.to_owned()
    };
    Timestamp::parse(&format!("{date}T{time}{zone}")).is_some()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = if address.parse::<Ipv4Addr>().is_ok() {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= most) && !bits.starts_with('+')
}

/// What Go takes as the target of a request: an absolute URI or an absolute path.
fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.chars().any(|c| c.is_ascii_control() || c == ' ') {
        return false;
    }
    if text.starts_with('/') {
        return true;
    }
    let Some((scheme, _)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii())
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 255 && text.split('.').all(label)
}

fn is_base64(text: &str) -> bool {
    let text: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .collect();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.len().saturating_sub(padding);
    text.len().is_multiple_of(4)
        && padding <= 2
        && text
            .iter()
            .take(digits)
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn is_isbn(text: &str, length: usize) -> bool {
    let text: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if text.len() != length {
        return false;
    }
    let mut sum = 0_u32;
    for (place, c) in text.iter().enumerate() {
        let value = match c.to_digit(10) {
            Some(value) => value,
            None if *c == 'X' && length == 10 && place == 9 => 10,
            None => return false,
        };
        let place = u32::try_from(place).unwrap_or_default();
        let weight = match length {
            10 => place.saturating_add(1),
            _ if place.is_multiple_of(2) => 1,
            _ => 3,
        };
        sum = sum.saturating_add(weight.saturating_mul(value));
    }
    sum.is_multiple_of(if length == 10 { 11 } else { 10 })
}
