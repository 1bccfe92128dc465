//! One run of the gateway, from start to drained stop.

use crate::{
    boot,
    config::{BadConfig, Config},
    directory::{self, Directory},
    hub::clock,
    live,
    metering::{self, Ledger, Shipper, Spool, SpoolError},
    ops,
    quota::Asker,
    refusals, server,
    state::Gateway,
    telemetry,
    uses::{self, Reporter},
    webhooks::{self, Webhooks},
};
use realtime::{EngineConfig, Router};
use std::{io, rc::Rc, sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// How often the engine does what is due by time.
const TICK: Duration = Duration::from_millis(100);
/// How long the last reports may hold up a stop.
const LAST_REPORT: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Config(#[from] BadConfig),
    #[error(transparent)]
    Serve(#[from] server::ServeError),
    #[error("directory: {0}")]
    Directory(#[from] directory::DiskError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("usage: {0}")]
    Usage(#[from] SpoolError),
    #[error("HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    #[error("telemetry: {0}")]
    Telemetry(#[from] telemetry::TelemetryError),
}

/// Serves until SIGTERM or SIGINT, then drains.
pub fn run(config: Config) -> Result<(), RunError> {
    actix_rt::System::new().block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), RunError> {
    // Whoever comes second finds it installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _telemetry = telemetry::init(&config)?;
    let spool = Spool::open(&config.state_dir, config.usage_spool_bytes)?;
    let ledger = Ledger::open(&config.gateway_id, &boot::name()?, spool, clock::unix_ms());
    let directory = Directory::counting(config.master_key.clone(), ledger.clone());
    let store = directory::open(&directory, &config.state_dir)?;
    let webhooks = Webhooks::open(&config, ledger.boot(), &directory)?;
    let router = Router::seen_by(webhooks.clone(), EngineConfig::default());
    let gateway = Gateway::telling(config, directory, router, Some(webhooks.clone()));
    webhooks.begin(&gateway.router);
    let public = server::public(&gateway)?;
    let internal = ops::internal(&gateway)?;
    let (public_handle, internal_handle) = (public.handle(), internal.handle());
    let reporter = Rc::new(Reporter::new(gateway.directory.clone(), &gateway.config)?);
    let shipper = Rc::new(Shipper::new(gateway.directory.clone(), &gateway.config)?);
    actix_rt::spawn(tick(gateway.clone()));
    actix_rt::spawn(directory::follow(gateway.clone(), store));
    let reporting = actix_rt::spawn({
        let reporter = reporter.clone();
        async move { reporter.run(uses::EVERY).await }
    });
    let asker = Asker::new(&gateway.config, ledger.boot())?;
    let asking = actix_rt::spawn({
        let gateway = gateway.clone();
        async move { asker.run(&gateway).await }
    });
    let refusals = Rc::new(refusals::Reporter::new(&gateway.config)?);
    let telling = actix_rt::spawn({
        let (refusals, gateway) = (refusals.clone(), gateway.clone());
        async move { refusals.run(&gateway, refusals::EVERY).await }
    });
    let live_reporter = Rc::new(live::Reporter::new(&gateway.config, ledger.boot())?);
    let live_reporting = actix_rt::spawn({
        let (live_reporter, gateway) = (live_reporter.clone(), gateway.clone());
        async move { live_reporter.run(&gateway, live::EVERY).await }
    });
    let shipping = actix_rt::spawn({
        let shipper = shipper.clone();
        async move { shipper.run(metering::EVERY).await }
    });
    let teller = Rc::new(webhooks::Shipper::new(webhooks.clone(), &gateway.config)?);
    let hooking = actix_rt::spawn({
        let teller = teller.clone();
        async move { teller.run().await }
    });
    let turning = actix_rt::spawn({
        let shipper = shipper.clone();
        async move { shipper.tick(metering::TICK).await }
    });
    let internal = actix_rt::spawn(internal);
    let public = actix_rt::spawn(public);
    tracing::info!(
        listen = %gateway.config.listen,
        metrics = %gateway.config.metrics_listen,
        gateway = %gateway.config.gateway_id,
        tls = gateway.config.tls.is_some(),
        "gateway is serving"
    );
    asked_to_stop().await?;
    let drain = gateway.config.drain;
    tracing::info!(seconds = drain.as_secs(), "draining");
    gateway.drain(drain.as_millis() as u64);
    drained(&gateway, drain).await;
    public_handle.stop(true).await;
    internal_handle.stop(false).await;
    for server in [public, internal] {
        match server.await {
            Ok(result) => result?,
            Err(e) => tracing::error!(error = %e, "a server task ended badly"),
        }
    }
    for task in [reporting, shipping, turning, asking, telling, live_reporting, hooking] {
        task.abort();
    }
    report_last_uses(&reporter).await;
    report_last_refusals(&refusals, &gateway).await;
    report_last_live_events(&live_reporter, &gateway).await;
    tell_last_events(&teller, webhooks).await;
    report_last_usage(&shipper, &ledger).await;
    tracing::info!("gateway has stopped");
    Ok(())
}

async fn tick(gateway: Arc<Gateway>) {
    let mut every = tokio::time::interval(TICK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        gateway.router.tick(clock::unix_ms());
    }
}

async fn asked_to_stop() -> io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    Ok(())
}

/// What was used since the last round.
async fn report_last_uses(reporter: &Reporter) {
    match tokio::time::timeout(LAST_REPORT, reporter.report()).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::warn!(error = %e, "the last uses of credentials are not reported"),
        Err(_) => tracing::warn!("the last uses of credentials could not be reported in time"),
    }
}

/// What was refused since the last round.
async fn report_last_refusals(reporter: &refusals::Reporter, gateway: &Gateway) {
    match tokio::time::timeout(LAST_REPORT, reporter.report(gateway)).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::warn!(error = %e, "the last refusals are not reported"),
        Err(_) => tracing::warn!("the last refusals could not be reported in time"),
    }
}

/// What happened in apps since the last round.
async fn report_last_live_events(reporter: &live::Reporter, gateway: &Gateway) {
    match tokio::time::timeout(LAST_REPORT, reporter.report(gateway)).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::warn!(error = %e, "the last live events are not told"),
        Err(_) => tracing::warn!("the last live events could not be told in time"),
    }
}

/// What happened on channels and is not told yet. What cannot be told now is told by the next start.
async fn tell_last_events(teller: &webhooks::Shipper, webhooks: Arc<Webhooks>) {
    let told = async {
        tokio::task::spawn_blocking(move || webhooks.close()).await?;
        teller.ship().await
    };
    match tokio::time::timeout(LAST_REPORT, told).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::warn!(error = %e, "the last channel events are not told"),
        Err(_) => tracing::warn!("the last channel events could not be told in time"),
    }
}

/// What was counted since the last round. What cannot be told now is told by the next start.
async fn report_last_usage(shipper: &Shipper, ledger: &Ledger) {
    match tokio::time::timeout(LAST_REPORT, shipper.round()).await {
        Ok(()) => ledger.close(),
        Err(_) => tracing::warn!("the last usage could not be reported in time"),
    }
}

/// Until the last client has gone, but no longer than `most` and a moment.
async fn drained(gateway: &Gateway, most: Duration) {
    let until = tokio::time::Instant::now() + most + Duration::from_secs(1);
    let open = || gateway.directory.apps().iter().any(|app| app.connections.open() > 0);
    while open() && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
