//! IP addresses and ranges in fields that are older than the strict rules: `IsValidIPForLegacyField`.
//!
//! Addresses need no canonical form, but leading zeros and IPv4 addresses in IPv6 clothes are refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tollgate_api::field::{Error, Errors, Path};

/// An address and what is wrong with the way in which it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address {
    /// The address; an IPv4 address in IPv6 clothes is IPv6 here.
    pub(crate) ip: IpAddr,
    /// Whether an octet of an IPv4 address has a leading zero.
    pub(crate) leading_zeros: bool,
}

impl Address {
    /// Reads an address as tolerantly as upstream does (`ParseIPSloppy`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            let (head, tail) = text.rsplit_once(':')?;
            if !tail.contains('.') {
                let ip = text.parse::<Ipv6Addr>().ok()?;
                return Some(Self {
                    ip: IpAddr::V6(ip),
                    leading_zeros: false,
                });
            }
            let (tail, leading_zeros) = parse_v4(tail)?;
            let ip = format!("{head}:{tail}").parse::<Ipv6Addr>().ok()?;
            return Some(Self {
                ip: IpAddr::V6(ip),
                leading_zeros,
            });
        }
        let (ip, leading_zeros) = parse_v4(text)?;
        Some(Self {
            ip: IpAddr::V4(ip),
            leading_zeros,
        })
    }

    /// The address with IPv4 in IPv6 clothes undressed: what Go's `net.IP` compares and prints.
    pub(crate) fn canonical(&self) -> IpAddr {
        self.ip.to_canonical()
    }

    /// Whether this is an IPv4 address in IPv6 clothes.
    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self.ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
    }
}

/// Four decimal octets; leading zeros are tolerated and reported.
fn parse_v4(text: &str) -> Option<(Ipv4Addr, bool)> {
    let mut octets = [0_u8; 4];
    let mut leading_zeros = false;
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        leading_zeros |= part.len() > 1 && part.starts_with('0');
        let digits = part.trim_start_matches('0');
        *octet = if digits.is_empty() {
            0
        } else {
            digits.parse().ok()?
        };
    }
    parts
        .next()
        .is_none()
        .then_some((octets.into(), leading_zeros))
}

/// Validates one address.
pub(super) fn validate(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let Some(address) = Address::parse(text) else {
        errors.push(Error::invalid(
            path,
            text,
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ));
        return;
    };
    if address.leading_zeros {
        errors.push(Error::invalid(path, text, "must not have leading 0s"));
    } else if address.is_mapped() {
        errors.push(Error::invalid(
            path,
            text,
            "must not be an IPv4-mapped IPv6 address",
        ));
    }
}

/// A range and what is wrong with the way in which it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The address in front of the slash.
    pub(crate) address: Address,
    /// The length of the prefix in bits.
    pub(crate) prefix: u32,
    /// Whether the prefix or the address has leading zeros.
    pub(crate) leading_zeros: bool,
}

impl Range {
    /// Reads `<address>/<prefix length>` as tolerantly as upstream does (`ParseCIDRSloppy`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address = Address::parse(address)?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let leading_zeros = address.leading_zeros || (prefix.len() > 1 && prefix.starts_with('0'));
        let prefix: u32 = prefix.parse().ok()?;
        let bits = if address.ip.is_ipv4() { 32 } else { 128 };
        (prefix <= bits).then_some(Self {
            address,
            prefix,
            leading_zeros,
        })
    }

    /// Whether the other range lies in this one and is smaller: a strict subset.
    pub(super) fn holds_strictly(&self, inner: &Self) -> bool {
        let (outer, inner_ip) = (self.address.canonical(), inner.address.canonical());
        let (outer, inner_bits, width) = match (outer, inner_ip) {
            (IpAddr::V4(outer), IpAddr::V4(inner)) => (
                u128::from(u32::from(outer)),
                u128::from(u32::from(inner)),
                32_u32,
            ),
            (IpAddr::V6(outer), IpAddr::V6(inner)) => (u128::from(outer), u128::from(inner), 128),
            _ => return false,
        };
        // A shift by the whole width leaves nothing.
        let head = |bits: u128| {
            bits.checked_shr(width.saturating_sub(self.prefix))
                .unwrap_or(0)
        };
        inner.prefix > self.prefix && head(outer) == head(inner_bits)
    }

    /// The range as Go writes it: without bits beyond the prefix, and IPv4 without IPv6 clothes.
    pub(crate) fn network(&self) -> String {
        let mask = |bits: u128, width: u32| {
            let below = width.saturating_sub(self.prefix);
            let bits = bits.checked_shr(below).unwrap_or(0);
            bits.checked_shl(below).unwrap_or(0)
        };
        match self.address.ip {
            IpAddr::V4(ip) => {
                let bits = mask(u128::from(u32::from(ip)), 32);
                let ip = Ipv4Addr::from(u32::try_from(bits).unwrap_or_default());
                format!("{ip}/{}", self.prefix)
            }
            IpAddr::V6(ip) => {
                let ip = Ipv6Addr::from(mask(u128::from(ip), 128));
                match ip.to_ipv4_mapped() {
                    Some(ip) => format!("{ip}/{}", self.prefix.saturating_sub(96)),
                    None => format!("{ip}/{}", self.prefix),
                }
            }
        }
    }

    /// The range of the address alone as Go writes it, if bits beyond the prefix are set.
    pub(crate) fn single_address(&self) -> Option<String> {
        let bits = if self.address.ip.is_ipv4() { 32 } else { 128 };
        self.has_bits_beyond()
            .then(|| format!("{}/{bits}", self.address.canonical()))
    }

    /// Whether bits beyond the prefix are set.
    fn has_bits_beyond(&self) -> bool {
        let (bits, width) = match self.address.ip {
            IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
            IpAddr::V6(ip) => (u128::from(ip), 128),
        };
        let beyond = 128_u32.saturating_sub(width - self.prefix.min(width));
        let mask = u128::MAX.checked_shr(beyond).unwrap_or(0);
        bits & mask != 0
    }
}

/// What is wrong with an address of a field that takes canonical addresses alone (`IsValidIP`).
pub(super) fn canonical_messages(text: &str) -> Vec<String> {
    let mut errors = Errors::new();
    validate(text, &Path::root(""), &mut errors);
    if errors.is_empty()
        && let Some(address) = Address::parse(text)
    {
        let canonical = address.ip.to_string();
        if canonical != text {
            return vec![format!("must be in canonical form (\"{canonical}\")")];
        }
    }
    errors.into_iter().map(|error| error.detail).collect()
}

/// Validates one range in a field that takes canonical ranges alone (`IsValidCIDR`).
pub(super) fn validate_canonical_range(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let before = errors.len();
    validate_range(text, path, errors);
    if let Some(range) = Range::parse(text).filter(|_| errors.len() == before) {
        let canonical = format!("{}/{}", range.address.ip, range.prefix);
        if canonical != text {
            let why = format!("must be in canonical form (\"{canonical}\")");
            errors.push(Error::invalid(path, text, why));
        }
    }
}

/// Validates one range.
pub(super) fn validate_range(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let Some(range) = Range::parse(text) else {
        errors.push(Error::invalid(
            path,
            text,
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ));
        return;
    };
    let why = if range.leading_zeros {
        "must not have leading 0s in IP or prefix length"
    } else if range.address.is_mapped() {
        "must not have an IPv4-mapped IPv6 address"
    } else if range.has_bits_beyond() {
        "must not have bits set beyond the prefix length"
    } else {
        return;
    };
    errors.push(Error::invalid(path, text, why));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(validate: fn(&str, &Path<'_>, &mut Errors), text: &str, expected: Option<&str>) {
        let mut errors = Errors::new();
        validate(text, &Path::root("ip"), &mut errors);
        assert!(errors.len() <= 1);
        let found = errors.first().map(|error| error.detail.as_str());
        match (found, expected) {
            (None, None) => {}
            (Some(found), Some(expected)) if found.contains(expected) => {}
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn addresses_are_read_as_upstream_reads_them() {
        check(validate, "10.9.8.7", None);
        check(validate, "FE80:0:0:0:0:0:0:0abc", None);
        check(validate, "010.0.0.1", Some("leading 0s"));
        check(validate, "::ffff:1.2.3.4", Some("IPv4-mapped"));
        check(validate, "1.2.3", Some("valid IP"));
        check(validate, "1.2.3.256", Some("valid IP"));
        check(validate, "fe80::1%eth0", Some("valid IP"));
        check(validate, "", Some("valid IP"));
    }

    #[test]
    fn ranges_have_no_bits_beyond_their_prefix() {
        check(validate_range, "10.0.0.0/8", None);
        check(validate_range, "0.0.0.0/0", None);
        check(validate_range, "::/0", None);
        check(validate_range, "1.2.3.4/32", None);
        check(validate_range, "10.0.0.1/8", Some("bits set beyond"));
        check(validate_range, "2001:db8::1/64", Some("bits set beyond"));
        check(validate_range, "10.0.0.0/08", Some("leading 0s"));
        check(validate_range, "10.0.0.0/33", Some("valid CIDR"));
        check(validate_range, "10.0.0.0", Some("valid CIDR"));
    }
}
