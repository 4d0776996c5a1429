//! A network of addresses, such as `10.0.0.0/8`; one address where no length is given.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    /// IPv4 as it is mapped into IPv6.
    first: Ipv6Addr,
    /// Bits of `first` that count, of 128.
    length: u32,
}

/// The text is no network; it is quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network, such as 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32")]
pub struct NetworkError(String);

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

impl Network {
    /// Whether the address is in it. An IPv4 address is also found as it is mapped into IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = self.first.to_bits() ^ mapped(address).to_bits();
        // A shift by all the bits is none.
        128_u32.checked_sub(self.length).and_then(|rest| differing.checked_shr(rest)).unwrap_or(0) == 0
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let error = || NetworkError(text.to_owned());
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().map_err(|_| error())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let (bits, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let length = length.unwrap_or(bits);
        if length > bits {
            return Err(error());
        }
        Ok(Self { first: mapped(address), length: before + length })
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first.to_canonical();
        let length = if first.is_ipv4() { self.length.saturating_sub(96) } else { self.length };
        write!(f, "{first}/{length}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_a_network_that_begins_alike() {
        assert!(contains("192.0.2.1", "192.0.2.1") && !contains("192.0.2.1", "192.0.2.2"));
        assert!(contains("10.0.0.0/8", "10.200.3.4") && !contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"), "IPv4 over a socket of IPv6");
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("0.0.0.0/0", "203.0.113.9") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "203.0.113.9"));
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        for text in ["", "proxy", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "::/129"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError(text.to_owned())));
        }
    }
}
