//! How often someone may try to sign in or have mail sent. Memory is bounded whatever is thrown at it.

use super::model::EmailAddress;
use crate::api::ApiError;
pub use crate::api::client::address_of;
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Mutex,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Per address: sign-ups and sign-ins together.
const PER_ADDRESS: Rate = Rate { burst: 60, interval: Duration::from_secs(1) };
/// Failures for one account from one address.
const PER_ACCOUNT_AND_ADDRESS: Rate = Rate { burst: 10, interval: Duration::from_secs(30) };
/// Failures for one account from anywhere. Generous, or anyone could lock anyone out.
const PER_ACCOUNT: Rate = Rate { burst: 100, interval: Duration::from_secs(10) };
/// Wrong second factors of one person. Whoever gets here knows the password.
const WRONG_CODES: Rate = Rate { burst: 10, interval: Duration::from_secs(120) };
/// Mails to one address that anybody may ask for.
const MAILS: Rate = Rate { burst: 3, interval: Duration::from_secs(600) };
/// Keys a limiter remembers per generation.
const CAPACITY: usize = 50_000;

#[derive(Clone, Copy)]
pub struct Rate {
    pub burst: u32,
    pub interval: Duration,
}

pub struct LoginLimits {
    addresses: Limiter,
    accounts_at_address: Limiter,
    accounts: Limiter,
    codes: Limiter,
    mails: Limiter,
}

impl Default for LoginLimits {
    fn default() -> Self {
        Self {
            addresses: Limiter::new(PER_ADDRESS, CAPACITY),
            accounts_at_address: Limiter::new(PER_ACCOUNT_AND_ADDRESS, CAPACITY),
            accounts: Limiter::new(PER_ACCOUNT, CAPACITY),
            codes: Limiter::new(WRONG_CODES, CAPACITY),
            mails: Limiter::new(MAILS, CAPACITY),
        }
    }
}

impl LoginLimits {
    /// Counts one sign-up or sign-in from an address.
    pub fn charge_address(&self, address: IpAddr) -> Result<(), ApiError> {
        self.addresses.charge(network(address), Instant::now()).map_err(limited)
    }

    /// Whether another password may be tried for this account.
    pub fn check_account(&self, email: &str, address: IpAddr) -> Result<(), ApiError> {
        let (now, email) = (Instant::now(), email.to_lowercase());
        self.accounts_at_address.check((&email, network(address)), now).map_err(limited)?;
        self.accounts.check(&email, now).map_err(limited)
    }

    /// Counts a wrong password. Right ones are free.
    pub fn charge_failure(&self, email: &str, address: IpAddr) {
        let (now, email) = (Instant::now(), email.to_lowercase());
        // The charge is what matters here; the next check is where it is answered.
        let _ = self.accounts_at_address.charge((&email, network(address)), now);
        let _ = self.accounts.charge(&email, now);
    }

    /// Whether another code may be tried for this person.
    pub fn check_code(&self, person: Uuid) -> Result<(), ApiError> {
        self.codes.check(person, Instant::now()).map_err(limited)
    }

    /// Counts a wrong code. Right ones are free.
    pub fn charge_wrong_code(&self, person: Uuid) {
        // As above: the next check answers.
        let _ = self.codes.charge(person, Instant::now());
    }

    /// Counts one mail to an address, whether or not it has an account.
    pub fn charge_mail(&self, email: &str) -> Result<(), ApiError> {
        self.mails.charge(email.to_lowercase(), Instant::now()).map_err(limited)
    }
}

pub fn limited(wait: Duration) -> ApiError {
    ApiError::RateLimited { retry_after_s: wait.as_secs() + 1 }
}

/// One household or office: an IPv4 address, or an IPv6 /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// Where one moves about without having gone anywhere: an IPv4 /24, or an IPv6 /48.
pub fn wide_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from(u32::from(v4) & !0xff)),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 80 << 80)),
    }
}

/// Takes the address of one account as it was typed, or as much of it as is one.
pub fn account_name(email: &str) -> Option<EmailAddress> {
    EmailAddress::try_from(email.to_owned()).ok()
}

/// A token bucket per key (GCRA: one instant each), in two generations: when the younger is full
/// the older is forgotten. A forgotten key starts with a full bucket.
pub struct Limiter {
    rate: Rate,
    capacity: usize,
    hasher: RandomState,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<u64, Instant>,
    old: HashMap<u64, Instant>,
}

impl Limiter {
    pub fn new(rate: Rate, capacity: usize) -> Self {
        let generations = Mutex::default();
        Self { rate, capacity, hasher: RandomState::new(), generations }
    }

    /// Errors: how long until it would pass.
    pub fn check(&self, key: impl Hash, now: Instant) -> Result<(), Duration> {
        let key = self.hasher.hash_one(key);
        let generations = self.generations.lock().unwrap_or_else(|e| e.into_inner());
        self.next(generations.get(key), now).map(|_| ())
    }

    pub fn charge(&self, key: impl Hash, now: Instant) -> Result<(), Duration> {
        let key = self.hasher.hash_one(key);
        let mut generations = self.generations.lock().unwrap_or_else(|e| e.into_inner());
        let full_again = self.next(generations.get(key), now)?;
        generations.put(key, full_again, self.capacity);
        Ok(())
    }

    /// When the bucket will be full again after one more.
    fn next(&self, full_again: Option<Instant>, now: Instant) -> Result<Instant, Duration> {
        let from = full_again.map_or(now, |at| at.max(now));
        let next = from + self.rate.interval;
        let ahead = next.duration_since(now);
        let bucket = self.rate.interval * self.rate.burst;
        if ahead > bucket { Err(ahead - bucket) } else { Ok(next) }
    }
}

impl Generations {
    fn get(&self, key: u64) -> Option<Instant> {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    fn put(&mut self, key: u64, at: Instant, capacity: usize) {
        if self.young.len() >= capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, interval: Duration::from_secs(10) };

    #[test]
    fn a_burst_passes_then_one_per_interval() {
        let (limiter, start) = (Limiter::new(RATE, 10), Instant::now());
        for _ in 0..3 {
            assert_eq!(limiter.charge("a", start), Ok(()));
        }
        assert_eq!(limiter.charge("a", start), Err(Duration::from_secs(10)));
        assert_eq!(limiter.check("a", start), Err(Duration::from_secs(10)));
        assert_eq!(limiter.charge("b", start), Ok(()), "others are not affected");
        assert_eq!(limiter.charge("a", start + Duration::from_secs(10)), Ok(()));
        assert!(limiter.charge("a", start + Duration::from_secs(10)).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let (limiter, now) = (Limiter::new(RATE, 100), Instant::now());
        for key in 0..10_000 {
            assert_eq!(limiter.charge(key, now), Ok(()));
        }
        let generations = limiter.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 200);
    }

    #[test]
    fn an_ipv6_household_is_one_address() {
        let parse = |raw: &str| network(raw.parse().unwrap());
        assert_eq!(parse("2001:db8:1:2::1"), parse("2001:db8:1:2:ffff::9"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
        assert_eq!(parse("::ffff:10.0.0.1"), parse("10.0.0.1"));
        assert_ne!(parse("10.0.0.1"), parse("10.0.0.2"));
    }
}
