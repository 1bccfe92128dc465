//! Names to addresses that may be asked. The client connects to what this answers and nothing else.

use super::address::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

pub(super) struct Judging(pub(super) Reach);

#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the host was not found")]
    NotFound(#[source] std::io::Error),
    #[error("the host has no address on the public internet")]
    NotPublic,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(Unresolved::NotFound)?;
            let allowed: Vec<SocketAddr> = found.filter(|a| reach.allows(a.ip())).collect();
            if allowed.is_empty() {
                return Err(Unresolved::NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(reach: Reach) -> Result<Vec<SocketAddr>, String> {
        let found = Judging(reach).resolve("localhost".parse().unwrap()).await;
        found.map(Iterator::collect).map_err(|e| e.to_string())
    }

    #[tokio::test]
    async fn a_name_that_leads_here_is_resolved_in_development_only() {
        assert!(resolve(Reach::PublicAndLoopback).await.is_ok_and(|found| !found.is_empty()));
        assert_eq!(
            resolve(Reach::Public).await,
            Err("the host has no address on the public internet".to_owned())
        );
    }
}
