//! How many calls a second one principal and one address may make.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::access::PrincipalName;
use crate::config::Limits;
use crate::report::Message;
use crate::service::{Problem, Reason};

pub(crate) struct Rates {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    principals: DefaultKeyedRateLimiter<PrincipalName>,
    clock: DefaultClock,
}

fn quota(calls_per_second: u32) -> Quota {
    let rate = NonZeroU32::new(calls_per_second).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(rate).allow_burst(rate.saturating_mul(BURST_SECONDS))
}

/// So many seconds' calls may come at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(2).unwrap();

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            addresses: RateLimiter::keyed(quota(limits.calls_per_second_per_address)),
            principals: RateLimiter::keyed(quota(limits.calls_per_second_per_principal)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a call of an address.
    ///
    /// # Errors
    /// RATE_EXCEEDED with the time to wait.
    pub(crate) fn check_address(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        let Some(address) = address else { return Ok(()) };
        let checked = self.addresses.check_key(&network(address));
        checked.map_err(|until| {
            let message = Message::new("该地址的调用过于频繁", "too many calls from this address");
            Problem::overload(Reason::RateExceeded, message, until.wait_time_from(self.clock.now()))
        })
    }

    /// Counts a call of a principal.
    ///
    /// # Errors
    /// RATE_EXCEEDED with the time to wait.
    pub(crate) fn check_principal(&self, name: &PrincipalName) -> Result<(), Problem> {
        self.principals.check_key(name).map_err(|until| {
            let message = Message::new(format!("{name} 的调用过于频繁"), format!("too many calls of {name}"));
            Problem::overload(Reason::RateExceeded, message, until.wait_time_from(self.clock.now()))
        })
    }

    /// Forgets who has not called of late.
    pub(crate) fn tidy(&self) {
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
        self.principals.retain_recent();
        self.principals.shrink_to_fit();
    }
}

/// One host of IPv6 has a network of addresses for itself.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(host) => match host.to_ipv4_mapped() {
            Some(mapped) => IpAddr::V4(mapped),
            None => IpAddr::V6(Ipv6Addr::from_bits(host.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_calls_too_often_is_told_how_long_to_wait() {
        let rates = Rates::new(&Limits { calls_per_second_per_address: 1, ..Limits::default() });
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let refused = (0..3).map(|_| rates.check_address(Some(one))).find_map(Result::err).unwrap();
        assert_eq!(refused.reason, Reason::RateExceeded);
        assert!(refused.retry_after.unwrap() <= std::time::Duration::from_secs(1));
        assert!(rates.check_address(Some(other)).is_ok());
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
