//! A gateway's request, checked.

use crate::{api::ApiError, gateways::model::check_name};
use contract::{
    AppId,
    lease::{LeaseAsk, LeaseRequest},
};
use std::collections::HashSet;

/// One process of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub gateway: String,
    pub boot: String,
}

impl Holder {
    /// Errors: names that no gateway has.
    pub fn parse(gateway: String, boot: String) -> Result<Self, ApiError> {
        check_name(&gateway)?;
        if check_name(&boot).is_err() {
            return Err(ApiError::field("boot", "must be 1 to 64 bytes of [A-Za-z0-9_.:-]"));
        }
        Ok(Self { gateway, boot })
    }
}

/// What is asked for one app. Numbers fit Postgres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub app: AppId,
    pub used: i64,
    pub wanted: i64,
    pub open: i32,
    pub wanted_connections: i32,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub holder: Holder,
    pub asks: Vec<Ask>,
}

/// A grant beyond this is as good as this; and sums of many stay far from overflowing.
const MOST_UNITS: i64 = 1 << 50;
const MOST_CONNECTIONS: i32 = 1 << 24;

impl Request {
    /// Errors: a name that no gateway has, too many asks, two for one app, more units used than
    /// anybody can use.
    pub fn parse(request: LeaseRequest) -> Result<Self, ApiError> {
        let holder = Holder::parse(request.gateway, request.boot)?;
        if request.asks.len() > LeaseRequest::MAX_ASKS {
            let max = LeaseRequest::MAX_ASKS;
            return Err(ApiError::field("asks", format!("has more than {max} entries")));
        }
        let mut seen = HashSet::with_capacity(request.asks.len());
        let mut asks = Vec::with_capacity(request.asks.len());
        for (n, ask) in request.asks.into_iter().enumerate() {
            if !seen.insert(ask.app.clone()) {
                return Err(ApiError::field(format!("asks[{n}].app"), "is asked for twice"));
            }
            asks.push(Ask::parse(ask, n)?);
        }
        Ok(Self { holder, asks })
    }
}

impl Ask {
    fn parse(ask: LeaseAsk, n: usize) -> Result<Self, ApiError> {
        let used = i64::try_from(ask.used).ok().filter(|used| *used <= 1 << 60);
        let used =
            used.ok_or_else(|| ApiError::field(format!("asks[{n}].used"), "is too large"))?;
        let connections = |n: u32| i32::try_from(n).unwrap_or(i32::MAX).min(MOST_CONNECTIONS);
        Ok(Self {
            app: ask.app,
            used,
            wanted: i64::try_from(ask.wanted).unwrap_or(i64::MAX).min(MOST_UNITS),
            open: connections(ask.open),
            wanted_connections: connections(ask.wanted_connections),
        })
    }
}
