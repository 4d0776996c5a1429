//! Where a request comes from, behind proxies too, and whether it is meant for this service.
//!
//! Only proxies that the settings name are believed: from anybody else the address is that of the connection.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;
use http::uri::{Authority, Uri};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::config::{Network, Server};

use super::TlsFiles;

/// The proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    trusted: Vec<Network>,
    /// They begin each connection with a header of the PROXY protocol.
    speaks_proxy_protocol: bool,
}

/// In this order from the caller to the last proxy.
const FORWARDED_FOR: &str = "x-forwarded-for";

impl Proxies {
    /// Those of [`Server::trusted_proxies`].
    pub fn new(settings: &Server) -> Self {
        Self { trusted: settings.trusted_proxies.clone(), speaks_proxy_protocol: settings.proxy_protocol }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Whether a connection from this address begins with a header of the PROXY protocol.
    pub fn announces(&self, address: IpAddr) -> bool {
        self.speaks_proxy_protocol && self.trusts(address)
    }

    /// Who calls through the proxies: the last address named by a proxy that is believed. What stands before it anybody
    /// may have written.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let values = headers.get_all(FORWARDED_FOR).into_iter().filter_map(|value| value.to_str().ok());
        let named: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut caller = peer;
        for name in named.into_iter().rev() {
            let Some(address) = name.parse::<IpAddr>().ok().filter(|_| self.trusts(caller)) else { break };
            caller = address.to_canonical();
        }
        caller
    }
}

/// Begins a header of version 2 of the PROXY protocol.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Longest rest of such a header that is read, in bytes; 36 are needed for two addresses of IPv6.
const REST_MAX_BYTES: usize = 4096;

/// Reads a header of the PROXY protocol, version 2: the address that the proxy was called from, none for the proxy's own
/// connections.
///
/// # Errors
/// Where the connection does not begin with such a header.
pub(crate) async fn proxied(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidData, format!("PROXY protocol: {text}"));
    let mut head = [0; 16];
    stream.read_exact(&mut head).await?;
    if head[..12] != SIGNATURE || head[12] >> 4 != 2 {
        return Err(invalid("the connection does not begin with a header of version 2"));
    }
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if length > REST_MAX_BYTES {
        return Err(invalid("the header is too long"));
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    const LOCAL: u8 = 0;
    let address = match (head[12] & 0xf, head[13] >> 4) {
        (LOCAL, _) => None,
        (_, 1) => rest.first_chunk::<4>().map(|bytes| IpAddr::V4(Ipv4Addr::from(*bytes))),
        (_, 2) => rest.first_chunk::<16>().map(|bytes| IpAddr::V6(Ipv6Addr::from(*bytes))),
        _ => None,
    };
    Ok(address.map(|address| address.to_canonical()))
}

/// The hosts that the service answers for.
///
/// A page of another site whose name is made to lead here would be answered in its own name otherwise, which is where a
/// browser's protection ends. No page can be made to ask in the name of an address.
#[derive(Clone, Default)]
pub struct Hosts {
    /// None for any.
    names: Option<Vec<String>>,
    /// Names of its certificate are the service's own.
    tls: Option<TlsFiles>,
}

impl Hosts {
    /// The names of the settings, where browsers reach it among them, and those of the certificate; any where `is_any` and neither names one.
    pub fn new(settings: &Server, tls: Option<&TlsFiles>, is_any: bool) -> Self {
        let public = settings.public_url.parse::<Uri>().ok();
        let public = public.as_ref().and_then(Uri::host);
        let names = settings.hosts.iter().map(String::as_str).chain(public);
        let names = names.map(str::to_ascii_lowercase).collect::<Vec<_>>();
        let nothing_known = names.is_empty() && tls.is_none();
        Self { names: (!(is_any && nothing_known)).then_some(names), tls: tls.cloned() }
    }

    /// The host of a request that is not the service's own.
    pub fn foreign(&self, request: &Parts) -> Option<String> {
        let names = self.names.as_ref()?;
        let of_header = || request.headers.get(HOST).and_then(|value| value.to_str().ok());
        // A request without one names nobody.
        let host = request.uri.authority().map(Authority::as_str).or_else(of_header)?;
        let parsed = host.parse::<Authority>().ok();
        let name = parsed.as_ref().map_or("", Authority::host).trim_end_matches('.').to_ascii_lowercase();
        let literal = name.trim_start_matches('[').trim_end_matches(']');
        let is_own = name == "localhost"
            || literal.parse::<IpAddr>().is_ok()
            || names.iter().any(|own| is_called(own, &name))
            || self.tls.as_ref().is_some_and(|tls| tls.names().iter().any(|own| is_called(own, &name)));
        (!is_own).then(|| host.to_owned())
    }
}

/// Whether a name is the one given, which may stand for one label by `*`.
fn is_called(own: &str, name: &str) -> bool {
    match own.strip_prefix("*.") {
        Some(domain) => name.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == domain),
        None => own == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(trusted: &[&str]) -> Proxies {
        let trusted_proxies = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Proxies::new(&Server { trusted_proxies, ..Server::default() })
    }

    fn caller(proxies: &Proxies, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        proxies.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_what_a_trusted_proxy_says_of_its_caller_is_believed() {
        let one = proxies(&["10.0.0.0/8"]);
        assert_eq!(caller(&one, "203.0.113.9", &["192.0.2.1"]), "203.0.113.9", "whoever calls directly says nothing");
        assert_eq!(caller(&one, "10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(caller(&one, "10.0.0.1", &["198.51.100.1, 192.0.2.1"]), "192.0.2.1", "what the caller wrote itself");
        assert_eq!(caller(&one, "10.0.0.1", &["198.51.100.1", "192.0.2.1, 10.0.0.2"]), "192.0.2.1", "two proxies");
        assert_eq!(caller(&one, "10.0.0.1", &["192.0.2.1, unknown"]), "10.0.0.1");
        assert_eq!(caller(&one, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(caller(&proxies(&[]), "10.0.0.1", &["192.0.2.1"]), "10.0.0.1");
    }

    #[tokio::test]
    async fn the_address_in_a_header_of_the_proxy_protocol_is_taken() {
        let header = |command: u8, family: u8, rest: &[u8]| {
            let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
            [&SIGNATURE[..], &[0x20 | command, family], &length, rest].concat()
        };
        let v4 = [192, 0, 2, 1, 10, 0, 0, 1, 0, 1, 0, 2];
        let read = async |bytes: Vec<u8>| proxied(&mut bytes.as_slice()).await;
        assert_eq!(read(header(1, 0x11, &v4)).await.unwrap(), Some("192.0.2.1".parse().unwrap()));
        let v6 = ["2001:db8::1".parse::<Ipv6Addr>().unwrap().octets(), [0; 16]].concat();
        let v6 = [&v6[..], &[0; 4]].concat();
        assert_eq!(read(header(1, 0x21, &v6)).await.unwrap(), Some("2001:db8::1".parse().unwrap()));
        assert_eq!(read(header(0, 0, &[])).await.unwrap(), None, "a health check of the proxy's own");
        for bad in [b"GET / HTTP/1.1\r\nhost: x".to_vec(), header(1, 0x11, &v4)[..20].to_vec(), vec![]] {
            assert!(read(bad).await.is_err());
        }
    }

    #[test]
    fn a_host_is_the_services_own_by_name_or_by_address() {
        let settings =
            Server { hosts: vec!["Huizong.example".to_owned(), "*.gov.example".to_owned()], ..Server::default() };
        let hosts = Hosts::new(&settings, None, false);
        let is_own = |host: &str| {
            let request = http::Request::builder().uri("/").header("host", host).body(()).unwrap();
            hosts.foreign(&request.into_parts().0).is_none()
        };
        for own in
            ["huizong.example", "HUIZONG.example:7411", "a.gov.example.", "localhost:7411", "127.0.0.1:1", "[::1]:7411"]
        {
            assert!(is_own(own), "{own}");
        }
        for foreign in
            ["evil.example", "gov.example", "a.b.gov.example", "huizong.example.evil.example", "localhost.evil.example"]
        {
            assert!(!is_own(foreign), "{foreign}");
        }
    }
}
