//! Telling the control plane what was counted.

use super::{
    ledger::{Due, Ledger},
    spool::{SpoolError, Waiting},
};
use crate::{
    config::Config,
    control_plane,
    directory::{Alarm, Directory},
    hub::clock,
};
use contract::{GatewayToken, usage::UsageBatch};
use reqwest::StatusCode;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// How often counts are reported.
pub const EVERY: Duration = Duration::from_secs(5);
/// How often the ledger does what is due by time.
pub const TICK: Duration = Duration::from_secs(1);
/// The control plane answers within this, or the report counts as not sent.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A batch that is refused is divided to find what is wrong with it, down to so many rows.
const SET_ASIDE_TOGETHER: usize = 16;

/// Why counts are still to be reported; the next round tries again.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the control plane answered {0}")]
    Status(StatusCode),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("the ledger could not be looked through: {0}")]
    Task(#[from] tokio::task::JoinError),
}

pub struct Shipper {
    ledger: Arc<Ledger>,
    directory: Directory,
    http: reqwest::Client,
    url: String,
    token: GatewayToken,
    health: Arc<Health>,
    took_over: AtomicBool,
}

/// How reporting is going, for `/metrics`.
#[derive(Debug, Default)]
pub struct Health {
    /// Rounds that did not get through.
    pub failures: AtomicU64,
    /// Rows the control plane has committed.
    pub rows_reported: AtomicU64,
    is_failing: AtomicBool,
}

/// What became of a batch.
enum Taken {
    All,
    /// These rows are wrong, the others were taken.
    But(Vec<usize>),
}

impl Shipper {
    /// Errors: the HTTP client could not be made.
    pub fn new(directory: Directory, config: &Config) -> reqwest::Result<Self> {
        Ok(Self {
            ledger: directory.ledger().clone(),
            http: control_plane::http_client()?,
            url: format!("{}/internal/v1/usage", config.control_plane_url),
            token: config.gateway_token.clone(),
            health: directory.ledger().health().clone(),
            directory,
            took_over: AtomicBool::new(false),
        })
    }

    /// Reports for as long as it is polled.
    pub async fn run(&self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            self.round().await;
        }
    }

    /// One report, and what is said about it.
    pub async fn round(&self) {
        let outcome = self.report().await;
        let was_failing = self.health.is_failing.swap(outcome.is_err(), Relaxed);
        match &outcome {
            Ok(()) if was_failing => tracing::info!("usage is reported again"),
            Ok(()) => {}
            Err(e) => {
                self.health.failures.fetch_add(1, Relaxed);
                match was_failing {
                    true => tracing::debug!(error = %e, "usage not reported"),
                    false => tracing::warn!(error = %e, "usage waits to be reported"),
                }
            }
        }
        self.watch_the_spool();
    }

    /// Reports everything that is due: the minute that is going on, then what waits, oldest first.
    /// While the control plane is away one batch is tried and no more.
    pub async fn report(&self) -> Result<(), ReportError> {
        self.take_over().await?;
        let ledger = self.ledger.clone();
        // Every meter is looked at, which is no work for a thread that serves.
        let due = tokio::task::spawn_blocking(move || ledger.due()).await?;
        for part in due.chunks(UsageBatch::MAX_ROWS) {
            self.report_due(part).await?;
        }
        let Some(spool) = self.ledger.spool() else { return Ok(()) };
        while let Some(waiting) = spool.oldest() {
            self.report_waiting(waiting).await?;
        }
        Ok(())
    }

    async fn report_due(&self, due: &[Due]) -> Result<(), ReportError> {
        let batch = UsageBatch {
            gateway: self.ledger.gateway().into(),
            boot: self.ledger.boot().into(),
            rows: due.iter().map(|due| due.row.clone()).collect(),
        };
        let wrong = match self.send(&batch).await? {
            Taken::All => Vec::new(),
            Taken::But(wrong) => wrong,
        };
        for (at, due) in due.iter().enumerate() {
            match wrong.contains(&at) {
                true => due.refused(),
                false => due.reported(),
            }
        }
        Ok(())
    }

    async fn report_waiting(&self, waiting: Waiting) -> Result<(), ReportError> {
        let read = {
            let (ledger, waiting) = (self.ledger.clone(), waiting.clone());
            move || ledger.spool().map(|spool| spool.read(&waiting)).transpose()
        };
        let Some(spool) = self.ledger.spool() else { return Ok(()) };
        let batch = match tokio::task::spawn_blocking(read).await? {
            Ok(batch) => batch,
            Err(SpoolError::Damaged { path, why }) => {
                tracing::error!(path = %path.display(), why, "a minute is set aside");
                self.directory.status().raise(Alarm::UsageRefused);
                return Ok(spool.set_file_aside(&path)?);
            }
            Err(other) => return Err(other.into()),
        };
        let Some(UsageBatch { gateway, boot, mut rows }) = batch else { return Ok(()) };
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(UsageBatch::MAX_ROWS));
            let part = UsageBatch { gateway: gateway.clone(), boot: boot.clone(), rows };
            if let Taken::But(wrong) = self.send(&part).await? {
                let rows = wrong.into_iter().map(|at| part.rows[at].clone()).collect::<Vec<_>>();
                tracing::error!(boot, rows = rows.len(), "usage is refused and set aside");
                self.directory.status().raise(Alarm::UsageRefused);
                spool.set_aside(&UsageBatch { rows, ..part })?;
            }
            rows = rest;
        }
        Ok(spool.done(&waiting)?)
    }

    /// Sends a batch, and parts of it where the whole is refused.
    async fn send(&self, batch: &UsageBatch) -> Result<Taken, ReportError> {
        let mut parts: Vec<_> = std::iter::once(0..batch.rows.len()).collect();
        let mut wrong = Vec::new();
        while let Some(part) = parts.pop() {
            if self.post(batch, part.clone()).await? {
                self.health.rows_reported.fetch_add(part.len() as u64, Relaxed);
            } else if part.len() <= SET_ASIDE_TOGETHER {
                wrong.extend(part);
            } else {
                let middle = part.start + part.len() / 2;
                parts.extend([part.start..middle, middle..part.end]);
            }
        }
        Ok(if wrong.is_empty() { Taken::All } else { Taken::But(wrong) })
    }

    /// Whether the rows were committed; if not, something is wrong with them.
    async fn post(
        &self,
        batch: &UsageBatch,
        part: std::ops::Range<usize>,
    ) -> Result<bool, ReportError> {
        let part = UsageBatch {
            gateway: batch.gateway.clone(),
            boot: batch.boot.clone(),
            rows: batch.rows[part].to_vec(),
        };
        let request =
            self.http.post(&self.url).bearer_auth(self.token.expose()).timeout(TIMEOUT).json(&part);
        let status = request.send().await.map_err(reqwest::Error::without_url)?.status();
        match status {
            status if status.is_success() => Ok(true),
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY => Ok(false),
            // A control plane of another version, or another's token: neither is the rows' fault.
            status => Err(ReportError::Status(status)),
        }
    }

    /// Once: what earlier starts left.
    async fn take_over(&self) -> Result<(), ReportError> {
        if self.took_over.load(Relaxed) {
            return Ok(());
        }
        let ledger = self.ledger.clone();
        let take_over = move || match ledger.spool() {
            Some(spool) => spool.take_over(ledger.boot()),
            None => Ok(()),
        };
        tokio::task::spawn_blocking(take_over).await??;
        self.took_over.store(true, Relaxed);
        Ok(())
    }

    fn watch_the_spool(&self) {
        let Some(spool) = self.ledger.spool() else { return };
        if spool.bytes() > spool.limit() / 10 * 8 {
            tracing::error!(bytes = spool.bytes(), limit = spool.limit(), "the spool fills up");
            self.directory.status().raise(Alarm::UsageSpool);
        }
    }

    /// Does what the ledger has due by time, for as long as it is polled.
    pub async fn tick(&self, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let ledger = self.ledger.clone();
            let ticked = tokio::task::spawn_blocking(move || {
                ledger.tick(clock::unix_ms());
                ledger.is_failing()
            });
            match ticked.await {
                Ok(false) => {}
                Ok(true) => self.directory.status().raise(Alarm::UsageDisk),
                Err(e) => tracing::error!(error = %e, "the ledger stopped for a moment"),
            }
        }
    }
}
