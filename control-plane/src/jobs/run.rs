//! Doing jobs: what each kind means, and what becomes of one that fails.

use super::{
    JobError, JobKind,
    store::{self, Taken},
};
use crate::{
    alerts, billing, live::history::forget, mail, organisations, people::links, state::State,
    telemetry::JobOutcome,
};
use contract::credential::random_bytes;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};

/// Jobs of one process at once.
const AT_ONCE: u32 = 4;
/// How soon a job that is due is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long to leave a database alone that could not be asked.
const AWAY_FOR: Duration = Duration::from_secs(3);
const TEND_EVERY: Duration = Duration::from_secs(30);
/// A job may take this long, and is somebody else's after the lease.
const TIME_LIMIT: Duration = Duration::from_secs(120);
const LEASE: Duration = Duration::from_secs(150);
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LAST_RETRY: Duration = Duration::from_secs(3600);

/// One line per kind.
async fn perform(state: &State, kind: JobKind, payload: Value) -> Result<(), JobError> {
    match kind {
        JobKind::Mail => mail::jobs::run(state, payload).await,
        JobKind::Billing => Ok(billing::jobs::tick(state, OffsetDateTime::now_utc()).await?),
        JobKind::Alerts => Ok(alerts::jobs::check(state, OffsetDateTime::now_utc()).await?),
        JobKind::VerifyEmail => links::jobs::send_verification(state, payload).await,
        JobKind::ChangeEmail => links::jobs::send_change(state, payload).await,
        JobKind::ResetPassword => links::jobs::send_reset(state, payload).await,
        JobKind::EraseOrganisation => organisations::deletion::jobs::run(state, payload).await,
        JobKind::ForgetLive => forget::run(state, payload).await,
    }
}

/// Does what is due until the process stops, then finishes what was begun.
pub async fn work(state: Arc<State>) {
    let places = Arc::new(Semaphore::new(AT_ONCE as usize));
    let mut closing = state.closing.subscribe();
    let mut tended: Option<Instant> = None;
    while !*closing.borrow_and_update() {
        if tended.is_none_or(|at| at.elapsed() >= TEND_EVERY) {
            match store::tend(&state.db).await {
                Ok(()) => tended = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "cannot tend the jobs"),
            }
        }
        let pause = match begin(&state, &places).await {
            Ok(true) => continue,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "cannot take jobs");
                AWAY_FOR
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = closing.changed() => {}
        }
    }
    // Only an error when the semaphore is closed, and nobody does that.
    let _ = places.acquire_many(AT_ONCE).await;
}

/// Begins as much as there is room for. Whether there may be more to begin at once.
async fn begin(state: &Arc<State>, places: &Arc<Semaphore>) -> Result<bool, sqlx::Error> {
    let Ok(first) = places.clone().acquire_owned().await else { return Ok(false) };
    let mut held = vec![first];
    while let Ok(next) = places.clone().try_acquire_owned() {
        held.push(next);
    }
    let jobs = store::take(&state.db, held.len() as i64, LEASE).await?;
    let all = jobs.len() == held.len();
    for (job, place) in jobs.into_iter().zip(held) {
        tokio::spawn(run(state.clone(), job, Some(place)));
    }
    Ok(all)
}

async fn run(state: Arc<State>, job: Taken, _place: Option<OwnedSemaphorePermit>) {
    let Some(kind) = JobKind::from_text(&job.kind) else { return };
    let started = Instant::now();
    let outcome = timeout(TIME_LIMIT, perform(&state, kind, job.payload.clone())).await;
    let outcome = outcome.unwrap_or_else(|_| Err(JobError::Later("took too long".into())));
    let recorded = match &outcome {
        Ok(()) => {
            let duration_ms = started.elapsed().as_millis() as u64;
            tracing::info!(job.id, job.kind, job.attempts, duration_ms, "job done");
            store::done(&state.db, &job).await
        }
        Err(JobError::Later(error)) if job.attempts < job.max_attempts => {
            tracing::warn!(job.id, job.kind, job.attempts, error, "job failed; it is tried again");
            store::again(&state.db, &job, retry_after(job.attempts), error).await
        }
        Err(JobError::Later(error) | JobError::Never(error)) => {
            tracing::error!(job.id, job.kind, job.attempts, error, "job failed for good");
            store::give_up(&state.db, &job, error).await
        }
    };
    let outcome = match outcome {
        Ok(()) => JobOutcome::Done,
        Err(JobError::Later(_)) if job.attempts < job.max_attempts => JobOutcome::Failed,
        Err(JobError::Later(_) | JobError::Never(_)) => JobOutcome::GivenUp,
    };
    state.telemetry.jobs.count(kind, outcome);
    if let Err(error) = recorded {
        tracing::warn!(%error, job.id, "a job's outcome could not be recorded; it is done again");
    }
}

/// Twice as long each time, and up to a quarter more, so that what failed together does not come
/// back together.
pub(super) fn retry_after(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    let wait = FIRST_RETRY.saturating_mul(1 << doublings).min(LAST_RETRY);
    let random = random_bytes::<1>().map_or(0, |[byte]| byte);
    wait + wait.mul_f64(f64::from(random) / 1024.0)
}

/// Does everything that is due, and what becomes due by that.
#[cfg(test)]
pub async fn run_due(state: &Arc<State>) {
    loop {
        let jobs = store::take(&state.db, 16, LEASE).await.expect("the database");
        if jobs.is_empty() {
            return;
        }
        for job in jobs {
            run(state.clone(), job, None).await;
        }
    }
}
