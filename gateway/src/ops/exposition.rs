//! What `/metrics` says. Names: spec/pusher.md §18.3; our own begin with `signalbox_`.

use crate::{
    directory::Alarm,
    hub::clock,
    metering::{BOUNDS_MS, SUBSCRIPTION_LABELS, Totals, Traffic},
    ops::usage,
    state::Gateway,
};
use contract::{
    ChannelKind, RefusalCode,
    exposition::{Kind, Samples, Text},
    webhooks::HookKind,
};
use std::sync::atomic::Ordering::Relaxed;

/// Apps with labels of their own; the others are shown together as `_other`.
const LABELLED_APPS: usize = 50;
const OTHER: &str = "_other";

/// One app's numbers, or those of several.
#[derive(Debug, Default)]
struct Row {
    app: String,
    connections: u64,
    totals: Totals,
}

impl Row {
    fn weight(&self) -> u64 {
        self.connections * 1_000 + self.totals.delivered + self.totals.published
    }
}

pub fn render(gateway: &Gateway) -> String {
    let rows = rows(gateway);
    let port = gateway.config.listen.port().to_string();
    let mut text = Text::new();
    text.prefixed(&gateway.config.metrics_prefix);
    per_app(&mut text, &rows, &port);
    channels(&mut text, gateway, &port);
    traffic(&mut text, &gateway.traffic, &port);
    text.prefixed("signalbox_");
    own(&mut text, gateway, &rows);
    ledger(&mut text, gateway);
    webhooks(&mut text, gateway);
    text.prefixed("");
    process(&mut text, gateway);
    text.finish()
}

/// The busiest apps, then all others in one row.
fn rows(gateway: &Gateway) -> Vec<Row> {
    let used = gateway.directory.apps().into_iter().filter_map(|app| {
        let connections = u64::from(app.connections.open());
        Some(Row { app: app.id.to_string(), connections, totals: app.counters.totals()? })
    });
    let mut rows: Vec<Row> = used.collect();
    if rows.len() > LABELLED_APPS {
        rows.select_nth_unstable_by_key(LABELLED_APPS, |row| std::cmp::Reverse(row.weight()));
    }
    let mut other = Row { app: OTHER.into(), ..Row::default() };
    other.totals.add(&gateway.directory.retired());
    for row in rows.drain(rows.len().min(LABELLED_APPS)..) {
        other.connections += row.connections;
        other.totals.add(&row.totals);
    }
    rows.sort_by(|a, b| a.app.cmp(&b.app));
    rows.push(other);
    rows
}

fn per_app(text: &mut Text, rows: &[Row], port: &str) {
    type Column = (&'static str, Kind, &'static str, fn(&Row) -> u64);
    let columns: [Column; 12] = [
        ("connected", Kind::Gauge, "Open connections.", |row| row.connections),
        ("new_connections_total", Kind::Counter, "Connections opened.", |row| {
            row.totals.connections_opened
        }),
        ("new_disconnections_total", Kind::Counter, "Connections closed.", |row| {
            row.totals.connections_closed
        }),
        ("socket_received_bytes", Kind::Counter, "Bytes received over WebSocket.", |row| {
            row.totals.socket_bytes_in
        }),
        ("socket_transmitted_bytes", Kind::Counter, "Bytes sent over WebSocket.", |row| {
            row.totals.socket_bytes_out
        }),
        ("ws_messages_received_total", Kind::Counter, "WebSocket messages received.", |row| {
            row.totals.socket_messages_in
        }),
        ("ws_messages_sent_total", Kind::Counter, "Events written to WebSockets.", |row| {
            row.totals.delivered
        }),
        ("http_received_bytes", Kind::Counter, "Bytes of request bodies.", |row| {
            row.totals.http_bytes_in
        }),
        ("http_transmitted_bytes", Kind::Counter, "Bytes of answers' bodies.", |row| {
            row.totals.http_bytes_out
        }),
        ("http_calls_received_total", Kind::Counter, "API requests.", |row| {
            row.totals.all_requests()
        }),
        ("events_published_total", Kind::Counter, "Events accepted.", |row| row.totals.published),
        ("rate_limit_triggered_total", Kind::Counter, "Requests over a rate limit.", |row| {
            row.totals.refusals[RefusalCode::RateLimited.index()]
        }),
    ];
    for (name, kind, help, value) in columns {
        text.family(name, kind, help, |samples| {
            for row in rows {
                samples.add(&[("app_id", &row.app), ("port", port)], value(row));
            }
        });
    }
    text.family("connection_errors_total", Kind::Counter, "Connections refused.", |samples| {
        for row in rows {
            by_code(samples, row, &CONNECTION_CODES, "error_type", port);
        }
    });
}

/// Refusals that only connections meet.
const CONNECTION_CODES: [RefusalCode; 3] =
    [RefusalCode::ConnectionLimit, RefusalCode::OriginRefused, RefusalCode::TlsRequired];

fn by_code(samples: &mut Samples<'_>, row: &Row, codes: &[RefusalCode], label: &str, port: &str) {
    for code in codes {
        let count = row.totals.refusals[code.index()];
        if count > 0 {
            let labels = [("app_id", row.app.as_str()), ("port", port), (label, code.as_str())];
            samples.add(&labels, count);
        }
    }
}

fn channels(text: &mut Text, gateway: &Gateway, port: &str) {
    let stats = gateway.router.stats();
    const SHOWN: [(&str, &[ChannelKind]); 5] = [
        ("public", &[ChannelKind::Public]),
        ("private", &[ChannelKind::Private, ChannelKind::PrivateCache]),
        ("presence", &[ChannelKind::Presence, ChannelKind::PresenceCache]),
        ("private_encrypted", &[ChannelKind::Encrypted, ChannelKind::EncryptedCache]),
        ("cache", &[ChannelKind::PublicCache]),
    ];
    text.family("active_channels", Kind::Gauge, "Channels with a subscription.", |samples| {
        for (label, kinds) in SHOWN {
            let count: u64 = kinds.iter().map(|kind| stats.occupied_of(*kind)).sum();
            samples.add(&[("port", port), ("channel_type", label)], count);
        }
    });
}

fn traffic(text: &mut Text, traffic: &Traffic, port: &str) {
    let subscriptions = traffic.subscriptions();
    let by_kind = |samples: &mut Samples<'_>, count: fn(&(u64, u64)) -> u64| {
        for (label, both) in SUBSCRIPTION_LABELS.iter().zip(&subscriptions) {
            samples.add(&[("port", port), ("channel_type", label)], count(both));
        }
    };
    let counter = Kind::Counter;
    text.family("channel_subscriptions_total", counter, "Subscriptions made.", |samples| {
        by_kind(samples, |both| both.0);
    });
    text.family("channel_unsubscriptions_total", counter, "Subscriptions ended.", |samples| {
        by_kind(samples, |both| both.1);
    });
    let (keyed, duplicates) = traffic.keyed_publishes();
    text.single("idempotency_publish_total", counter, "Publishes with a key.", keyed);
    text.single("idempotency_duplicates_total", counter, "Of them, repeated.", duplicates);
    let help = "Milliseconds from acceptance to the sockets of one worker.";
    text.family("broadcast_latency_ms", Kind::Histogram, help, |samples| {
        for (kind, recipients, histogram) in traffic.latencies() {
            let labels = [
                ("port", port),
                ("channel_type", kind),
                ("recipient_count_bucket", recipients),
                ("le", "+Inf"),
            ];
            let cumulative = histogram.cumulative();
            for (bound, count) in BOUNDS_MS.iter().zip(cumulative) {
                let [a, b, c, _] = labels;
                samples.add_part("_bucket", &[a, b, c, ("le", &bound.to_string())], count);
            }
            samples.add_part("_bucket", &labels, histogram.count());
            samples.add_part("_sum", &labels[..3], histogram.sum_ms());
            samples.add_part("_count", &labels[..3], histogram.count());
        }
    });
}

fn own(text: &mut Text, gateway: &Gateway, rows: &[Row]) {
    let (status, stats) = (gateway.directory.status(), gateway.router.stats());
    let now_ms = clock::unix_ms();
    let gauge = Kind::Gauge;
    text.single("directory_revision", gauge, "Revision in force here.", status.applied());
    text.single("directory_apps", gauge, "Apps known.", gateway.directory.len());
    let age = status.feed_age_ms(now_ms).map_or(-1.0, |ms| ms as f64 / 1_000.0);
    text.single("directory_feed_age_seconds", gauge, "Since the feed spoke; -1 is never.", age);
    let connected = u8::from(status.is_connected());
    text.single("directory_connected", gauge, "Whether the feed is followed.", connected);
    let failing = u8::from(status.is_disk_failing());
    text.single("directory_disk_failing", gauge, "Whether the disk copy is behind.", failing);
    text.family("alarms_total", Kind::Counter, "Things to look at.", |samples| {
        for alarm in Alarm::ALL {
            samples.add(&[("alarm", alarm.as_str())], status.raised(alarm));
        }
    });
    text.family("refusals_total", Kind::Counter, "Refusals by machine code.", |samples| {
        for code in RefusalCode::ALL {
            let count: u64 = rows.iter().map(|row| row.totals.refusals[code.index()]).sum();
            samples.add(&[("code", code.as_str())], count);
        }
    });
    text.family("api_requests_total", Kind::Counter, "API requests by status class.", |samples| {
        for class in 0..Totals::STATUS_CLASSES {
            let count: u64 = rows.iter().map(|row| row.totals.requests[class]).sum();
            samples.add(&[("class", &format!("{}xx", class + 1))], count);
        }
    });
    let leases = &gateway.leases;
    let is_away = u8::from(leases.is_away());
    text.single("quota_control_plane_away", gauge, "Whether no leases are answered.", is_away);
    text.single("quota_apps_leased", gauge, "Apps that leases are asked for.", leases.apps());
    let failures = leases.failures();
    text.single("quota_lease_failures_total", Kind::Counter, "Leases not answered.", failures);
    let refused = &gateway.refused;
    text.single("refusals_waiting", gauge, "Refusals to be reported.", refused.waiting());
    let left_out = refused.left_out();
    text.single("refusals_left_out_total", Kind::Counter, "Refusals not reported.", left_out);
    let ring = &gateway.live.ring;
    text.single("live_events_waiting", gauge, "Live events to be reported.", ring.waiting());
    text.single("live_events_kept_total", Kind::Counter, "Live events kept.", ring.kept());
    let left_out = ring.left_out();
    text.single("live_events_left_out_total", Kind::Counter, "Kept and not reported.", left_out);
    text.single("subscriptions", gauge, "Subscriptions held.", stats.subscriptions);
    text.single("users_online", gauge, "Users signed in.", stats.occupied_of(ChannelKind::User));
    text.single("idle_channels", gauge, "Channels held for history only.", stats.idle);
    text.single("retained_bytes", gauge, "Bytes of history and cache.", stats.retained_bytes);
    text.single("channels_evicted_total", Kind::Counter, "Channels forgotten.", stats.evicted);
    let uptime = gateway.started.elapsed().as_secs();
    text.single("uptime_seconds", gauge, "Since the process started.", uptime);
}

/// Usage on its way to the control plane.
fn ledger(text: &mut Text, gateway: &Gateway) {
    let (counter, gauge) = (Kind::Counter, Kind::Gauge);
    let ledger = gateway.directory.ledger();
    let health = ledger.health();
    let failures = health.failures.load(Relaxed);
    text.single(
        "usage_reports_failed_total",
        counter,
        "Rounds that did not get through.",
        failures,
    );
    let reported = health.rows_reported.load(Relaxed);
    text.single("usage_rows_reported_total", counter, "Rows that are committed.", reported);
    let homeless = ledger.homeless();
    text.single("usage_meters_in_memory", gauge, "Counters without room on disk.", homeless);
    let Some(spool) = ledger.spool() else { return };
    text.single("usage_rows_waiting", gauge, "Rows of minutes that are over.", spool.rows());
    let oldest = spool.oldest().map(|waiting| waiting.minute * 60);
    let age = oldest.map_or(0, |at_s| (clock::unix_ms() / 1_000).saturating_sub(at_s));
    text.single("usage_oldest_unsent_seconds", gauge, "Age of the oldest of them.", age);
    text.single("usage_spool_bytes", gauge, "What they take on disk.", spool.bytes());
    text.single("usage_spool_limit_bytes", gauge, "What they may take.", spool.limit());
    let refused = spool.set_aside_count();
    text.single("usage_rows_refused_total", counter, "Rows and files set aside.", refused);
}

/// Channel events on their way to the control plane.
fn webhooks(text: &mut Text, gateway: &Gateway) {
    let Some(webhooks) = &gateway.webhooks else { return };
    let (counter, gauge) = (Kind::Counter, Kind::Gauge);
    let (spool, health) = (&webhooks.spool, &webhooks.health);
    text.family("webhook_events_kept_total", counter, "Channel events written.", |samples| {
        for kind in HookKind::ALL {
            samples.add(&[("kind", kind.as_str())], health.kept(kind));
        }
    });
    text.family("webhook_events_dropped_total", counter, "Without room for them.", |samples| {
        for kind in HookKind::ALL {
            samples.add(&[("kind", kind.as_str())], health.dropped(kind));
        }
    });
    let shipped = health.shipped.load(Relaxed);
    text.single("webhook_events_shipped_total", counter, "Stored by the control plane.", shipped);
    let set_aside = health.set_aside.load(Relaxed);
    text.single("webhook_events_refused_total", counter, "Set aside or damaged.", set_aside);
    let failures = health.failures.load(Relaxed);
    text.single("webhook_reports_failed_total", counter, "Tries that got nowhere.", failures);
    text.single("webhook_events_queued", gauge, "Not written yet.", webhooks.queued());
    text.single("webhook_spool_bytes", gauge, "What waits, on disk.", spool.bytes());
    text.single("webhook_spool_limit_bytes", gauge, "What may wait.", spool.limit());
    let age_ms = spool.oldest_ms().map_or(0, |at_ms| clock::unix_ms().saturating_sub(at_ms));
    text.single("webhook_oldest_unsent_seconds", gauge, "How long it waits.", age_ms / 1_000);
    let standing = health.standing.load(Relaxed);
    text.single("webhook_standing", gauge, "Told to have begun, and not ended.", standing);
}

fn process(text: &mut Text, gateway: &Gateway) {
    match usage::process() {
        Ok(process) => {
            let (counter, gauge) = (Kind::Counter, Kind::Gauge);
            text.single("process_cpu_seconds_total", counter, "Processor time.", process.cpu_s);
            text.single("process_resident_memory_bytes", gauge, "Memory.", process.resident);
            text.single("process_virtual_memory_bytes", gauge, "Address space.", process.virtual_);
            text.single("process_threads", gauge, "Threads.", process.threads);
            text.single("process_open_fds", gauge, "Open files and sockets.", process.open_fds);
            text.single("process_max_fds", gauge, "Limit of open files.", process.max_fds);
            let started = clock::unix_ms() / 1_000 - gateway.started.elapsed().as_secs();
            text.single("process_start_time_seconds", gauge, "Unix time of the start.", started);
        }
        Err(e) => tracing::warn!(error = %e, "process metrics could not be read"),
    }
}
