//! Requests by what they are about, how they ended and how long they took.

use super::{Counter, Histogram, SHORT};
use crate::state::State;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use contract::exposition::{Kind, Text};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// By route class. There are as many as the routes make, whatever is asked for.
#[derive(Default)]
pub struct Requests(Mutex<BTreeMap<String, Arc<Route>>>);

struct Route {
    by_status: [Counter; STATUS_CLASSES.len()],
    duration: Histogram,
}

impl Requests {
    fn note(&self, class: &str, status: u16, took: Duration) {
        let route = self.route(class);
        let status_class = usize::from(status / 100).clamp(1, STATUS_CLASSES.len()) - 1;
        route.by_status[status_class].add(1);
        route.duration.note(took);
    }

    fn route(&self, class: &str) -> Arc<Route> {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = routes.get(class) {
            return route.clone();
        }
        let new = Route { by_status: Default::default(), duration: Histogram::new(SHORT) };
        routes.entry(class.to_owned()).or_insert(Arc::new(new)).clone()
    }

    pub(super) fn write(&self, text: &mut Text) {
        let routes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        text.family("http_requests_total", Kind::Counter, "Requests answered.", |samples| {
            for (class, route) in &routes {
                for (status, count) in STATUS_CLASSES.iter().zip(&route.by_status) {
                    if count.get() > 0 {
                        samples.add(&[("route", class.as_str()), ("status", *status)], count.get());
                    }
                }
            }
        });
        let help = "Until an answer began.";
        text.family("http_request_seconds", Kind::Histogram, help, |samples| {
            for (class, route) in &routes {
                route.duration.write(samples, &[("route", class.as_str())]);
            }
        });
    }
}

/// Counts every request, also those that are refused before they get anywhere.
pub async fn count<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let class = class_of(request.match_pattern().as_deref());
    let state = request.app_data::<Data<State>>().cloned();
    let started = Instant::now();
    let answer = next.call(request).await;
    let status = match &answer {
        Ok(response) => response.status().as_u16(),
        Err(error) => error.as_response_error().status_code().as_u16(),
    };
    if let Some(state) = state {
        state.telemetry.requests.note(&class, status, started.elapsed());
    }
    answer
}

/// What is fixed of a route's first parts: `/v1/apps/{app}/keys/{id}` is `apps/keys`. What no route
/// answers is the console's.
fn class_of(pattern: Option<&str>) -> String {
    let Some(pattern) = pattern else { return "console".into() };
    let fixed = |part: &&str| !part.is_empty() && !part.contains('{');
    let parts = pattern.split('/').filter(fixed).filter(|part| *part != "v1");
    parts.take(2).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_belongs_to_a_class() {
        for (pattern, class) in [
            (Some("/v1/apps/{app}/keys/{id}/rotate"), "apps/keys"),
            (Some("/v1/apps/{app}"), "apps"),
            (Some("/v1/organisations/{org}/billing/profile"), "organisations/billing"),
            (Some("/internal/v1/channel-events"), "internal/channel-events"),
            (Some("/v1/login/second-factor"), "login/second-factor"),
            (Some("/v1/organisations/{org}/invoices/{number}.pdf"), "organisations/invoices"),
            (Some("/health"), "health"),
            (None, "console"),
        ] {
            assert_eq!(class_of(pattern), class);
        }
    }
}
