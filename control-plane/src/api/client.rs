//! Who is calling, by address.

use crate::state::State;
use actix_web::HttpRequest;
use std::net::IpAddr;

/// Behind proxies that append to `X-Forwarded-For` it is the entry that the outermost of ours
/// wrote; anything left of it is the caller's own invention.
pub fn address_of(request: &HttpRequest, state: &State) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |a| a.ip());
    if state.trusted_proxies == 0 {
        return peer;
    }
    let header = request.headers().get_all("x-forwarded-for");
    let entries: Vec<&str> =
        header.filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).map(str::trim).collect();
    let theirs = entries.len().checked_sub(state.trusted_proxies).and_then(|at| entries.get(at));
    theirs.and_then(|entry| entry.parse().ok()).unwrap_or(peer)
}
