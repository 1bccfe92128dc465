//! Where a request came from, as far as it can be told.

use super::limits;
use crate::state::State;
use actix_web::{HttpRequest, http::header};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// More of a browser's description of itself is cut off.
const AGENT_CHARS: usize = 200;
const WHEN: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day] [hour]:[minute] UTC");

pub struct Device {
    pub address: IpAddr,
    pub user_agent: Option<String>,
}

impl Device {
    pub fn of(request: &HttpRequest, state: &State) -> Self {
        let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok());
        let user_agent = agent.map(|a| a.chars().take(AGENT_CHARS).collect());
        Self { address: limits::address_of(request, state), user_agent }
    }

    /// Tells one device from another and stays the same when a browser is updated or a provider
    /// gives out another address of the same network.
    pub fn fingerprint(&self) -> [u8; 32] {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        let agent: String = agent.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect();
        let network = limits::wide_network(self.address);
        Sha256::digest(format!("{network} {agent}")).into()
    }

    pub fn facts(&self) -> [(&'static str, String); 3] {
        let when = OffsetDateTime::now_utc().format(WHEN).unwrap_or_default();
        let agent = self.user_agent.clone().unwrap_or_else(|| "unknown".into());
        [("When", when), ("Address", self.address.to_string()), ("Browser", agent)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_or_a_neighbouring_address_is_the_same_device() {
        let print = |address: &str, agent: &str| {
            let user_agent = Some(agent.to_owned());
            Device { address: address.parse().unwrap(), user_agent }.fingerprint()
        };
        let known = print("192.0.2.1", "Firefox/139.0");
        assert_eq!(known, print("192.0.2.77", "Firefox/140.2.1"));
        assert_ne!(known, print("192.0.3.1", "Firefox/139.0"));
        assert_ne!(known, print("192.0.2.1", "curl/8.0"));
        assert_eq!(print("2001:db8:1:2::1", "x"), print("2001:db8:1:2:3::1", "x"));
        assert_ne!(print("2001:db8:1:2::1", "x"), print("2001:db8:2:2::1", "x"));
    }
}
