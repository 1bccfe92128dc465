//! The process: listens, works, and stops in an orderly way.

use crate::{
    api::{origin, request_id},
    config::Config,
    console, feed, housekeeping, jobs, live, routes,
    state::State,
    telemetry, usage, webhooks,
};
use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    middleware::from_fn,
    web::Data,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

/// A request's head must have arrived after this.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests in progress at shutdown get this long.
const DRAIN_S: u64 = 10;

/// Serves until SIGTERM or SIGINT.
pub async fn run(config: &Config, state: Arc<State>) -> io::Result<()> {
    let (server, listen) = bind(config, state.clone())?;
    tracing::info!(%listen, "the control plane is listening");
    state.mailer.announce();
    if state.webhooks.outgoing.allows_loopback() {
        tracing::warn!("webhooks may be sent to this machine: for development only");
    }
    let mut background = start_background(&state);
    if let Some(listen) = config.metrics_listen {
        let (metrics, listen) = telemetry::bind(listen, state.clone())?;
        tracing::info!(%listen, "metrics are at /metrics");
        background.push(tokio::spawn(async move {
            if let Err(error) = metrics.await {
                tracing::error!(%error, "the listener of metrics ended");
            }
        }));
    }
    background.push(tokio::spawn(usage::rollup::run(state.clone())));
    background.push(tokio::spawn(webhooks::pruning::run(state.clone())));
    background.push(tokio::spawn(live::history::pruning::run(state.clone())));
    let jobs = tokio::spawn(jobs::work(state.clone()));
    let deliveries = tokio::spawn(webhooks::deliverer::work(state.clone()));
    tokio::spawn(stop_on_signal(server.handle(), state));
    let served = server.await;
    background.iter().for_each(|task| task.abort());
    let finished = async { (jobs.await, deliveries.await) };
    if tokio::time::timeout(Duration::from_secs(DRAIN_S), finished).await.is_err() {
        tracing::warn!("jobs or webhooks were cut short; they are done again later");
    }
    served
}

/// The server and where it listens; it serves once it is awaited.
pub fn bind(config: &Config, state: Arc<State>) -> io::Result<(Server, SocketAddr)> {
    let data = Data::from(state);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .wrap(from_fn(origin::enforce))
            .wrap(from_fn(request_id::assign))
            .wrap(from_fn(console::headers::secure))
            .wrap(from_fn(telemetry::count_request))
            .configure(routes::all)
    })
    .workers(config.workers)
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(DRAIN_S)
    .disable_signals()
    .bind(config.listen)?;
    let listen = server.addrs().first().copied().unwrap_or(config.listen);
    Ok((server.run(), listen))
}

pub fn start_background(state: &Arc<State>) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(feed::listen(state.clone())),
        tokio::spawn(housekeeping::run(state.clone())),
        tokio::spawn(webhooks::listen::sweep::run(state.clone())),
    ]
}

/// Streams and live views never end by themselves, so they are told first.
async fn stop_on_signal(server: ServerHandle, state: Arc<State>) {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        tracing::error!("cannot listen for signals: stop with SIGKILL");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    state.closing.send_replace(true);
    server.stop(true).await;
}
