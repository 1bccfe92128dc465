//! What is counted, and where it stands in a record.

use contract::{
    RefusalCode,
    usage::{Metric, Totals as Usage},
};

/// A counter of its own. Places stand in files that outlive the process, so none is ever given to
/// another; refusals follow from [`Cell::REFUSALS`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Cell {
    Published = 0,
    PublishedUnits = 1,
    Delivered = 2,
    DeliveredUnits = 3,
    SocketBytesOut = 4,
    SocketBytesIn = 5,
    SocketMessagesIn = 6,
    HttpBytesIn = 7,
    HttpBytesOut = 8,
    /// The first of five, by the class of the status.
    Requests = 9,
    ConnectionsOpened = 14,
    ConnectionsClosed = 15,
    /// The most at once within the minute: the one that is no sum and starts anew.
    ConnectionsPeak = 16,
}

impl Cell {
    pub const REFUSALS: usize = 20;
    pub const COUNT: usize = Self::REFUSALS + RefusalCode::COUNT;

    pub fn refusal(code: RefusalCode) -> usize {
        Self::REFUSALS + code.index()
    }
}

/// The values of a record's cells.
pub type Values = [u64; Cell::COUNT];

/// Totals of one or several counters, as operators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    pub published: u64,
    pub delivered: u64,
    pub socket_messages_in: u64,
    pub socket_bytes_in: u64,
    pub socket_bytes_out: u64,
    pub http_bytes_in: u64,
    pub http_bytes_out: u64,
    pub connections_opened: u64,
    pub connections_closed: u64,
    /// API requests answered with 1xx to 5xx.
    pub requests: [u64; Totals::STATUS_CLASSES],
    /// By [`RefusalCode::index`].
    pub refusals: [u64; RefusalCode::COUNT],
}

impl Default for Totals {
    fn default() -> Self {
        Self::of(&[0; Cell::COUNT])
    }
}

impl Totals {
    pub const STATUS_CLASSES: usize = 5;

    pub fn of(values: &Values) -> Self {
        let get = |cell: Cell| values[cell as usize];
        Self {
            published: get(Cell::Published),
            delivered: get(Cell::Delivered),
            socket_messages_in: get(Cell::SocketMessagesIn),
            socket_bytes_in: get(Cell::SocketBytesIn),
            socket_bytes_out: get(Cell::SocketBytesOut),
            http_bytes_in: get(Cell::HttpBytesIn),
            http_bytes_out: get(Cell::HttpBytesOut),
            connections_opened: get(Cell::ConnectionsOpened),
            connections_closed: get(Cell::ConnectionsClosed),
            requests: std::array::from_fn(|class| values[Cell::Requests as usize + class]),
            refusals: std::array::from_fn(|code| values[Cell::REFUSALS + code]),
        }
    }

    /// Every pair of this and another set of totals, summed: for apps shown together.
    pub fn add(&mut self, other: &Totals) {
        self.published += other.published;
        self.delivered += other.delivered;
        self.socket_messages_in += other.socket_messages_in;
        self.socket_bytes_in += other.socket_bytes_in;
        self.socket_bytes_out += other.socket_bytes_out;
        self.http_bytes_in += other.http_bytes_in;
        self.http_bytes_out += other.http_bytes_out;
        self.connections_opened += other.connections_opened;
        self.connections_closed += other.connections_closed;
        for (sum, n) in self.requests.iter_mut().zip(other.requests) {
            *sum += n;
        }
        for (sum, n) in self.refusals.iter_mut().zip(other.refusals) {
            *sum += n;
        }
    }

    pub fn all_requests(&self) -> u64 {
        self.requests.iter().sum()
    }
}

/// What a record's values are in the words of the ledger.
pub fn usage(values: &Values) -> Usage {
    const CLASSES: [Metric; Totals::STATUS_CLASSES] = [
        Metric::Requests1xx,
        Metric::Requests2xx,
        Metric::Requests3xx,
        Metric::Requests4xx,
        Metric::Requests5xx,
    ];
    let get = |cell: Cell| values[cell as usize];
    let mut usage = Usage::default();
    for (metric, value) in [
        (Metric::Published, get(Cell::Published)),
        (Metric::PublishedUnits, get(Cell::PublishedUnits)),
        (Metric::Delivered, get(Cell::Delivered)),
        (Metric::DeliveredUnits, get(Cell::DeliveredUnits)),
        (Metric::BytesIn, get(Cell::SocketBytesIn) + get(Cell::HttpBytesIn)),
        (Metric::BytesOut, get(Cell::SocketBytesOut) + get(Cell::HttpBytesOut)),
        (Metric::ConnectionsOpened, get(Cell::ConnectionsOpened)),
        (Metric::ConnectionsPeak, get(Cell::ConnectionsPeak)),
    ] {
        usage.set(metric, value);
    }
    for (class, metric) in CLASSES.into_iter().enumerate() {
        usage.set(metric, values[Cell::Requests as usize + class]);
    }
    for code in RefusalCode::ALL {
        usage.set(Metric::Refused(code), values[Cell::refusal(code)]);
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_comes_from_cells_of_its_own() {
        let values: Values = std::array::from_fn(|place| 1 << place);
        let usage = usage(&values);
        let mut seen = 0;
        for metric in Metric::all() {
            let value = usage.get(metric);
            assert!(value > 0 && value & seen == 0, "{metric}");
            seen |= value;
        }
        assert_eq!(usage.get(Metric::BytesIn), 1 << 5 | 1 << 7);
        assert_eq!(usage.get(Metric::Requests5xx), 1 << 13);
        assert_eq!(usage.get(Metric::Refused(RefusalCode::RouteUnknown)), 1 << 20);
    }

    #[test]
    fn totals_add_up() {
        let values: Values = std::array::from_fn(|place| place as u64);
        let mut sum = Totals::of(&values);
        sum.add(&Totals::of(&values));
        assert_eq!((sum.delivered, sum.connections_closed), (4, 30));
        assert_eq!((sum.requests, sum.all_requests()), ([18, 20, 22, 24, 26], 110));
        assert_eq!(sum.refusals[2], 44);
    }
}
