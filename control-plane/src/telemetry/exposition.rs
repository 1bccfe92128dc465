//! What `/metrics` says. docs/operations.md names what to watch.

use super::{
    AttemptOutcome, JobOutcome, Telemetry,
    facts::{self, Facts},
    process,
};
use crate::{jobs::JobKind, state::State};
use contract::exposition::{Kind, Text};
use time::OffsetDateTime;

pub async fn render(state: &State) -> String {
    let facts = facts::read(&state.db).await;
    let mut text = Text::new();
    text.prefixed("signalbox_console_");
    state.telemetry.requests.write(&mut text);
    database(&mut text, state, facts.is_ok());
    let viewers = state.viewers.open();
    text.single("live_viewers", Kind::Gauge, "Live views open here.", viewers);
    counted(&mut text, &state.telemetry);
    match facts {
        Ok(facts) => found(&mut text, &facts),
        Err(error) => tracing::warn!(%error, "metrics say nothing of what is in the database"),
    }
    text.prefixed("");
    of_process(&mut text, &state.telemetry);
    text.finish()
}

fn database(text: &mut Text, state: &State, is_up: bool) {
    let gauge = Kind::Gauge;
    text.single("database_up", gauge, "Whether Postgres answers.", u8::from(is_up));
    let pool = state.db.pool();
    let idle = u64::try_from(pool.num_idle()).unwrap_or(u64::MAX);
    let used = u64::from(pool.size()).saturating_sub(idle);
    text.family("database_connections", gauge, "Connections to Postgres.", |samples| {
        samples.add(&[("state", "used")], used);
        samples.add(&[("state", "idle")], idle);
    });
    let most = pool.options().get_max_connections();
    text.single("database_connections_max", gauge, "As many as there may be.", most);
    let waits = state.db.waits();
    text.single("database_waiting", gauge, "Who waits for one.", waits.waiting());
    let help = "How long a transaction waited to begin.";
    text.family("database_wait_seconds", Kind::Histogram, help, |samples| {
        waits.waited.write(samples, &[]);
    });
    let failed = waits.failed.get();
    text.single("database_wait_failures_total", Kind::Counter, "Waited in vain.", failed);
}

/// What this process did.
fn counted(text: &mut Text, telemetry: &Telemetry) {
    let counter = Kind::Counter;
    text.family("jobs_total", counter, "Jobs that ended here, by outcome.", |samples| {
        for kind in JobKind::ALL {
            for outcome in JobOutcome::ALL {
                let labels = [("kind", kind.as_str()), ("outcome", outcome.as_str())];
                samples.add(&labels, telemetry.jobs.get(kind, outcome));
            }
        }
    });
    let mails = JobOutcome::ALL.map(|outcome| telemetry.jobs.get(JobKind::Mail, outcome));
    let [_, again, given_up] = mails;
    text.single("mail_failures_total", counter, "Mails that were not taken.", again + given_up);
    let webhooks = &telemetry.webhooks;
    text.family("webhook_attempts_total", counter, "Requests to endpoints.", |samples| {
        for outcome in AttemptOutcome::ALL {
            let count = webhooks.attempts[outcome as usize].get();
            samples.add(&[("outcome", outcome.as_str())], count);
        }
    });
    text.family("webhook_attempt_seconds", Kind::Histogram, "Until the answer.", |samples| {
        webhooks.duration.write(samples, &[]);
    });
    let help = "From when a delivery was due until it was taken.";
    text.family("webhook_delivery_seconds", Kind::Histogram, help, |samples| {
        webhooks.lateness.write(samples, &[]);
    });
    let intake = &telemetry.intake;
    text.family("intake_rows_total", counter, "What gateways sent that is stored.", |samples| {
        for (what, rows) in [
            ("usage", &intake.usage),
            ("refusals", &intake.refusals),
            ("uses", &intake.uses),
            ("channel_events", &intake.channel_events),
        ] {
            samples.add(&[("what", what)], rows.get());
        }
    });
}

/// What stands in the database: the same at every control plane.
fn found(text: &mut Text, facts: &Facts) {
    let gauge = Kind::Gauge;
    text.single("feed_revision", gauge, "Newest change of the directory.", facts.revision);
    let now = OffsetDateTime::now_utc();
    let live = || facts.gateways.iter().filter(|gateway| gateway.live);
    text.single("gateways_live", gauge, "Gateways heard of lately.", live().count());
    text.family("gateway_feed_lag", gauge, "Changes not confirmed by a gateway.", |samples| {
        for gateway in live() {
            let lag = facts.revision.saturating_sub(gateway.confirmed_revision);
            samples.add(&[("gateway", gateway.id.as_str())], lag);
        }
    });
    let help = "Since a gateway was heard of.";
    text.family("gateway_silent_seconds", gauge, help, |samples| {
        for gateway in live() {
            let silent = (now - gateway.last_seen).as_seconds_f64().max(0.0);
            samples.add(&[("gateway", gateway.id.as_str())], silent);
        }
    });
    let pending = facts.webhooks_pending;
    text.single("webhooks_pending", gauge, "Deliveries not made yet.", pending);
    text.single("webhooks_dead", gauge, "Deliveries given up.", facts.webhooks_dead);
    let late = facts.webhooks_late_s;
    text.single("webhooks_late_seconds", gauge, "How long the oldest has been due.", late);
    let resting = facts.endpoints_resting;
    text.single("webhook_endpoints_resting", gauge, "Left alone for a while.", resting);
    let disabled = facts.endpoints_disabled;
    text.single("webhook_endpoints_disabled", gauge, "Given up on.", disabled);
    text.family("jobs_due", gauge, "Jobs whose time has come.", |samples| {
        for jobs in &facts.jobs {
            samples.add(&[("kind", jobs.kind.as_str())], jobs.due);
        }
    });
    text.family("jobs_failed", gauge, "Jobs given up on.", |samples| {
        for jobs in &facts.jobs {
            samples.add(&[("kind", jobs.kind.as_str())], jobs.failed);
        }
    });
    let hours = facts.stale_hours;
    text.single("usage_stale_hours", gauge, "Hours to be added up.", hours);
    text.single("usage_stale_seconds", gauge, "Since the oldest was over.", facts.stale_s);
}

fn of_process(text: &mut Text, telemetry: &Telemetry) {
    let (counter, gauge) = (Kind::Counter, Kind::Gauge);
    match process::read() {
        Ok(process) => {
            text.single("process_cpu_seconds_total", counter, "Processor time.", process.cpu_s);
            text.single("process_resident_memory_bytes", gauge, "Memory.", process.resident);
            text.single("process_threads", gauge, "Threads.", process.threads);
            text.single("process_open_fds", gauge, "Open files and sockets.", process.open_fds);
        }
        Err(error) => tracing::warn!(%error, "process metrics could not be read"),
    }
    let started = telemetry.started.unix_timestamp();
    text.single("process_start_time_seconds", gauge, "Unix time of the start.", started);
}
