//! IP addresses in fields that are older than the strict rules: `IsValidIPForLegacyField`.
//!
//! Addresses need no canonical form, but leading zeros and IPv4 addresses in IPv6 clothes are refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tollgate_api::field::{Error, Errors, Path};

/// An address and what is wrong with the way in which it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    /// The address; an IPv4 address in IPv6 clothes is IPv6 here.
    pub(super) ip: IpAddr,
    /// Whether an octet of an IPv4 address has a leading zero.
    pub(super) leading_zeros: bool,
}

impl Address {
    /// Reads an address as tolerantly as upstream does (`ParseIPSloppy`).
    pub(super) fn parse(text: &str) -> Option<Self> {
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
    pub(super) fn canonical(&self) -> IpAddr {
        self.ip.to_canonical()
    }

    /// Whether this is an IPv4 address in IPv6 clothes.
    pub(super) fn is_mapped(&self) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
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
        check("10.9.8.7", None);
        check("FE80:0:0:0:0:0:0:0abc", None);
        check("010.0.0.1", Some("leading 0s"));
        check("::ffff:1.2.3.4", Some("IPv4-mapped"));
        check("1.2.3", Some("valid IP"));
        check("1.2.3.256", Some("valid IP"));
        check("fe80::1%eth0", Some("valid IP"));
        check("", Some("valid IP"));
    }
}
