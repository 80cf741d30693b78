//! Addresses and networks: `ip('10.0.0.1')`, `cidr('10.0.0.0/8').containsIP('10.1.2.3')`.

use super::adapt::{failed, function, member, opaque, own, said, text, wrap, yes};
use ::cel::common::types::{STRING_TYPE, Type};
use ::cel::objects::Opaque;
use ::cel::{Env, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tollgate_api::go_format::quote;

const ADDRESS: &str = "net.IP";
const NETWORK: &str = "net.CIDR";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Address(IpAddr);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Opaque for Address {
    fn runtime_type_name(&self) -> &'static str {
        ADDRESS
    }
}

impl Opaque for Network {
    fn runtime_type_name(&self) -> &'static str {
        NETWORK
    }
}

fn address() -> Type {
    opaque(ADDRESS)
}

fn network() -> Type {
    opaque(NETWORK)
}

pub(super) fn add(environment: &mut Env) {
    add_addresses(environment);
    add_kinds(environment);
    add_networks(environment);
    add_contents(environment);
}

fn add_addresses(environment: &mut Env) {
    function!(environment, "ip", [STRING_TYPE], |given| {
        let address = read(text(given, 0)?).map_err(failed)?;
        Ok(wrap(Address(address)))
    });
    function!(environment, "isIP", [STRING_TYPE], |given| {
        yes(read(text(given, 0)?).is_ok())
    });
    function!(environment, "ip.isCanonical", [STRING_TYPE], |given| {
        let text = text(given, 0)?;
        let address = read(text).map_err(failed)?;
        yes(address.to_string() == text)
    });
    function!(environment, "string", [address()], |given| {
        said(own::<Address>(given, 0)?.0.to_string())
    });
    member!(environment, "family", address(), [], |given| {
        Ok(Value::Int(match own::<Address>(given, 0)?.0 {
            IpAddr::V4(_) => 4,
            IpAddr::V6(_) => 6,
        }))
    });
}

fn add_kinds(environment: &mut Env) {
    member!(environment, "isUnspecified", address(), [], |given| {
        yes(own::<Address>(given, 0)?.0.is_unspecified())
    });
    member!(environment, "isLoopback", address(), [], |given| {
        yes(own::<Address>(given, 0)?.0.is_loopback())
    });
    member!(
        environment,
        "isLinkLocalMulticast",
        address(),
        [],
        |given| {
            yes(match own::<Address>(given, 0)?.0 {
                IpAddr::V4(address) => address.octets().starts_with(&[224, 0, 0]),
                IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
            })
        }
    );
    member!(environment, "isLinkLocalUnicast", address(), [], |given| {
        yes(is_link_local(own::<Address>(given, 0)?.0))
    });
    member!(environment, "isGlobalUnicast", address(), [], |given| {
        let address = own::<Address>(given, 0)?.0;
        yes(!address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !is_link_local(address)
            && address != IpAddr::V4(Ipv4Addr::BROADCAST))
    });
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn add_networks(environment: &mut Env) {
    function!(environment, "cidr", [STRING_TYPE], |given| {
        Ok(wrap(read_network(text(given, 0)?).map_err(failed)?))
    });
    function!(environment, "isCIDR", [STRING_TYPE], |given| {
        yes(read_network(text(given, 0)?).is_ok())
    });
    function!(environment, "string", [network()], |given| {
        said(own::<Network>(given, 0)?.to_string())
    });
    member!(environment, "ip", network(), [], |given| {
        Ok(wrap(Address(own::<Network>(given, 0)?.address)))
    });
    member!(environment, "masked", network(), [], |given| {
        Ok(wrap(own::<Network>(given, 0)?.masked()))
    });
    member!(environment, "prefixLength", network(), [], |given| {
        Ok(Value::Int(own::<Network>(given, 0)?.bits.into()))
    });
}

fn add_contents(environment: &mut Env) {
    member!(environment, "containsIP", network(), [address()], |given| {
        yes(own::<Network>(given, 0)?.contains(own::<Address>(given, 1)?.0))
    });
    member!(
        environment,
        "containsIP",
        network(),
        [STRING_TYPE],
        |given| {
            let address = read(text(given, 1)?).map_err(failed)?;
            yes(own::<Network>(given, 0)?.contains(address))
        }
    );
    member!(
        environment,
        "containsCIDR",
        network(),
        [network()],
        |given| { yes(own::<Network>(given, 0)?.holds(*own::<Network>(given, 1)?)) }
    );
    member!(
        environment,
        "containsCIDR",
        network(),
        [STRING_TYPE],
        |given| {
            let other = read_network(text(given, 1)?).map_err(failed)?;
            yes(own::<Network>(given, 0)?.holds(other))
        }
    );
}

impl Network {
    fn masked(self) -> Self {
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX
                    .checked_shl(32_u32.saturating_sub(self.bits.into()))
                    .unwrap_or_default();
                Ipv4Addr::from(u32::from(address) & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX
                    .checked_shl(128_u32.saturating_sub(self.bits.into()))
                    .unwrap_or_default();
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
        };
        Self { address, ..self }
    }

    fn contains(self, address: IpAddr) -> bool {
        let of_address = Self { address, ..self };
        self.address.is_ipv4() == address.is_ipv4() && self.masked() == of_address.masked()
    }

    fn holds(self, other: Self) -> bool {
        other.bits >= self.bits && self.contains(other.masked().address)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Reads an address; the error is upstream's.
fn read(text: &str) -> Result<IpAddr, String> {
    let shown = quote(text);
    if let Some((address, zone)) = text.split_once('%')
        && !zone.is_empty()
        && address.parse::<Ipv6Addr>().is_ok()
    {
        return Err(format!("IP address {shown} with zone value is not allowed"));
    }
    let parsed: Result<IpAddr, _> = text.parse();
    let address = parsed.map_err(|_| {
        format!(
            "IP Address {shown} parse error during conversion from string: ParseAddr({shown}): unable to parse IP"
        )
    })?;
    match address {
        IpAddr::V6(mapped) if mapped.to_ipv4_mapped().is_some() => {
            Err(format!("IPv4-mapped IPv6 address {shown} is not allowed"))
        }
        address => Ok(address),
    }
}

/// Reads a network; the error is upstream's.
fn read_network(text: &str) -> Result<Network, String> {
    let shown = quote(text);
    let why = |what: &str| {
        format!(
            "network address parse error during conversion from string: netip.ParsePrefix({shown}): {what}"
        )
    };
    let (address, bits) = text.rsplit_once('/').ok_or_else(|| why("no '/'"))?;
    let address: IpAddr = address.parse().map_err(|_| why("unable to parse IP"))?;
    let is_number =
        bits.bytes().all(|digit| digit.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits: u8 = bits
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(|| why(&format!("bad bits after slash: {}", quote(bits))))?;
    if bits > most {
        return Err(why("prefix length out of range"));
    }
    match address {
        IpAddr::V6(mapped) if mapped.to_ipv4_mapped().is_some() => {
            Err(format!("IPv4-mapped IPv6 address {shown} is not allowed"))
        }
        address => Ok(Network { address, bits }),
    }
}
