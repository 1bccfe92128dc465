//! What a run prints: one JSON object, its names with their units.

use super::{
    Troubles,
    fleet::Fleet,
    histogram::Quantiles,
    ledger::Findings,
    options::{Options, Scenario},
    publishers::Publishers,
};
use crate::sys::process::{Cost, Reading};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Report {
    pub label: String,
    pub scenario: String,
    pub dialect: String,
    pub subscribers: u32,
    pub bystanders: u32,
    pub channels: u32,
    pub apps: u32,
    pub publishers: u32,
    /// Whether nothing was lost, doubled, reordered, refused or closed.
    pub sound: bool,
    pub totals: Totals,
    pub findings: Findings,
    pub opening: Opening,
    /// Absent where nothing was published.
    pub load: Option<Load>,
    pub troubles: Vec<String>,
    pub trouble_count: u64,
}

/// Of the whole run, warm-up and draining included.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Totals {
    pub published: u64,
    pub expected: u64,
    pub delivered: u64,
    pub lost: u64,
    pub closed: u64,
    pub refused: u64,
    pub unanswered: u64,
    pub reconnects: u64,
    pub other_frames: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Opening {
    pub connections: u32,
    pub seconds: f64,
    pub per_s: f64,
    pub per_cpu_s: f64,
    pub resident_bytes_before: u64,
    pub resident_bytes_idle: u64,
    pub resident_bytes_per_connection: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Load {
    pub seconds: f64,
    pub deliveries: u64,
    pub publishes: u64,
    pub deliveries_per_s: f64,
    pub publishes_per_s: f64,
    pub deliveries_per_cpu_s: f64,
    pub publishes_per_cpu_s: f64,
    pub frames_per_read: f64,
    pub delivery_us: Quantiles,
    pub answer_us: Quantiles,
    pub server_user_s: f64,
    pub server_system_s: f64,
    pub server_cpu_s: f64,
    pub server_core_share: f64,
    pub server_switches_per_s: f64,
    pub server_resident_bytes: u64,
    pub generator_core_share: f64,
}

/// How the connections came up.
pub(super) struct Opened {
    pub seconds: f64,
    pub cost: Cost,
    pub before: Reading,
    pub idle: Reading,
}

/// What went on between the end of the warm-up and the end of the load.
pub(super) struct Measured {
    pub seconds: f64,
    pub cost: Cost,
    pub resident_bytes: u64,
    pub own_cpu_s: f64,
    pub deliveries: u64,
    pub publishes: u64,
    pub reads: u64,
    pub delivery_us: Quantiles,
    pub answer_us: Quantiles,
}

impl Report {
    pub(super) fn new(
        options: &Options,
        fleet: &Fleet,
        publishers: &Publishers,
        expected: u64,
        opened: Opened,
        measured: Option<Measured>,
    ) -> Self {
        let totals = Totals {
            published: publishers.published,
            expected,
            delivered: fleet.delivered,
            lost: expected.saturating_sub(fleet.delivered),
            closed: fleet.closed,
            refused: publishers.refused,
            unanswered: publishers.published - publishers.answered,
            reconnects: publishers.reconnects,
            other_frames: fleet.other_frames,
        };
        Self {
            label: options.label.clone(),
            scenario: format!("{:?}", options.scenario).to_lowercase(),
            dialect: format!("{:?}", options.dialect).to_lowercase(),
            subscribers: options.receivers(),
            bystanders: options.bystanders,
            channels: options.channels,
            apps: options.apps,
            publishers: if options.scenario == Scenario::Connect { 0 } else { options.publishers },
            sound: false,
            totals,
            findings: fleet.ledger.findings,
            opening: opened.report(options.connections()),
            load: measured.map(|measured| measured.report()),
            troubles: Vec::new(),
            trouble_count: 0,
        }
    }

    pub(super) fn with_troubles(mut self, troubles: Troubles) -> Self {
        let Totals { expected, delivered, closed, refused, unanswered, .. } = self.totals;
        self.trouble_count = troubles.count;
        self.troubles = troubles.texts;
        self.sound = delivered == expected
            && closed + refused + unanswered + self.trouble_count == 0
            && self.findings == Findings::default();
        self
    }
}

impl Opened {
    fn report(&self, connections: u32) -> Opening {
        let (before, idle) = (self.before.resident_bytes, self.idle.resident_bytes);
        Opening {
            connections,
            seconds: self.seconds,
            per_s: per(connections.into(), self.seconds),
            per_cpu_s: per(connections.into(), self.cost.cpu_s),
            resident_bytes_before: before,
            resident_bytes_idle: idle,
            resident_bytes_per_connection: per(idle as f64 - before as f64, connections.into()),
        }
    }
}

impl Measured {
    fn report(&self) -> Load {
        let (deliveries, publishes) = (self.deliveries as f64, self.publishes as f64);
        Load {
            seconds: self.seconds,
            deliveries: self.deliveries,
            publishes: self.publishes,
            deliveries_per_s: per(deliveries, self.seconds),
            publishes_per_s: per(publishes, self.seconds),
            deliveries_per_cpu_s: per(deliveries, self.cost.cpu_s),
            publishes_per_cpu_s: per(publishes, self.cost.cpu_s),
            frames_per_read: per(deliveries, self.reads as f64),
            delivery_us: self.delivery_us,
            answer_us: self.answer_us,
            server_user_s: self.cost.user_s,
            server_system_s: self.cost.system_s,
            server_cpu_s: self.cost.cpu_s,
            server_core_share: per(self.cost.cpu_s, self.seconds),
            server_switches_per_s: per(self.cost.switches as f64, self.seconds),
            server_resident_bytes: self.resident_bytes,
            generator_core_share: per(self.own_cpu_s, self.seconds),
        }
    }
}

fn per(amount: f64, by: f64) -> f64 {
    if by > 0.0 { amount / by } else { 0.0 }
}
