//! One run, from the first connection to the report.

use super::{
    Io, Troubles,
    fleet::Fleet,
    histogram::Histogram,
    options::{Options, Scenario},
    pace::Pace,
    publishers::{Publishers, TOKEN},
    report::{Measured, Opened, Report},
};
use crate::{
    dialect::Posts,
    sys::{
        Clock, Epoll,
        clock::ns,
        process::{self, Reading},
    },
};
use std::{io, time::Duration};

const SCRATCH_BYTES: usize = 256 * 1024;
/// How long nothing may happen where something should.
const PATIENCE: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the server's process {pid} cannot be read: {source}")]
    Process { pid: u32, source: io::Error },
    #[error("{live} of {wanted} connections came up; {trouble}")]
    NotOpened { live: u32, wanted: u32, trouble: String },
    #[error("publishers could not connect")]
    NoPublishers,
    #[error("stalled: neither a delivery nor an answer for {} s; {trouble}", PATIENCE.as_secs())]
    Stalled { trouble: String },
    #[error("the run took longer than its limit")]
    OutOfTime,
}

pub fn run(options: &Options) -> Result<Report, LoadError> {
    let mut generator = Generator::new(options)?;
    let opened = generator.open_connections()?;
    let measured = match options.scenario {
        Scenario::Connect => None,
        Scenario::Fanout | Scenario::Publish => {
            generator.open_publishers()?;
            Some(generator.load()?)
        }
    };
    Ok(generator.report(opened, measured))
}

struct Generator<'a> {
    options: &'a Options,
    io: Io,
    fleet: Fleet,
    publishers: Publishers,
    /// Deliveries that are due of everything published so far.
    expected: u64,
    ends_at_ns: u64,
}

/// Counters at one moment; the difference of two is what was measured.
struct Mark {
    at_ns: u64,
    server: Reading,
    own_cpu_s: f64,
    delivered: u64,
    answered: u64,
    reads: u64,
}

impl<'a> Generator<'a> {
    fn new(options: &'a Options) -> Result<Self, LoadError> {
        let clock = Clock::new();
        let host = options.server.to_string();
        let subscribe = options.scenario != Scenario::Connect || options.subscribe;
        Ok(Self {
            options,
            io: Io {
                clock,
                epoll: Epoll::new(1024)?,
                dialect: options.dialect.dialect(options.apps()),
                posts: Posts::new(&options.apps(), &host),
                scratch: vec![0; SCRATCH_BYTES],
                troubles: Troubles::default(),
            },
            fleet: Fleet::new(options, subscribe),
            publishers: Publishers::new(options),
            expected: 0,
            ends_at_ns: clock.now_ns() + ns(options.time_limit()),
        })
    }

    fn open_connections(&mut self) -> Result<Opened, LoadError> {
        let wanted = self.options.connections();
        let before = self.read_server()?;
        let started = self.io.clock.now_ns();
        let mut progress = (0, started);
        while self.fleet.live < wanted {
            while self.fleet.opening < self.options.handshakes && self.fleet.opened() < wanted {
                self.fleet.open(self.options, &self.io)?;
            }
            self.step(STEP)?;
            let now = self.io.clock.now_ns();
            if self.fleet.live > progress.0 {
                progress = (self.fleet.live, now);
            }
            if self.fleet.closed > 0 || now - progress.1 > ns(PATIENCE) {
                let (live, trouble) = (self.fleet.live, self.first_trouble());
                return Err(LoadError::NotOpened { live, wanted, trouble });
            }
        }
        let seconds = (self.io.clock.now_ns() - started) as f64 / 1e9;
        let after = self.read_server()?;
        let hold = match self.options.scenario {
            Scenario::Connect => self.options.hold,
            _ => Duration::from_millis(200),
        };
        self.idle(hold)?;
        Ok(Opened { seconds, cost: after.since(&before), before, idle: self.read_server()? })
    }

    fn open_publishers(&mut self) -> Result<(), LoadError> {
        self.publishers.open_all(self.options, &self.io)?;
        let give_up_at = self.io.clock.now_ns() + ns(PATIENCE);
        while !self.publishers.are_ready() {
            self.step(STEP)?;
            if self.io.clock.now_ns() > give_up_at {
                return Err(LoadError::NoPublishers);
            }
        }
        Ok(())
    }

    fn load(&mut self) -> Result<Measured, LoadError> {
        let started = self.io.clock.now_ns();
        let mut pace = Pace::new(self.options, started);
        let warm_at = started + ns(self.options.warm_up);
        while self.io.clock.now_ns() < warm_at || !self.all_channels_touched() {
            self.round(&mut pace)?;
        }
        self.fleet.latency = Histogram::new();
        self.publishers.answer_time = Histogram::new();
        let before = self.mark()?;
        while self.io.clock.now_ns() < before.at_ns + ns(self.options.duration) {
            self.round(&mut pace)?;
        }
        let after = self.mark()?;
        let measured = Measured {
            seconds: (after.at_ns - before.at_ns) as f64 / 1e9,
            cost: after.server.since(&before.server),
            resident_bytes: after.server.resident_bytes,
            own_cpu_s: after.own_cpu_s - before.own_cpu_s,
            deliveries: after.delivered - before.delivered,
            publishes: after.answered - before.answered,
            reads: after.reads - before.reads,
            delivery_us: self.fleet.latency.quantiles(),
            answer_us: self.publishers.answer_time.quantiles(),
        };
        self.drain()?;
        Ok(measured)
    }

    /// Publishes what is due and takes in what has come.
    fn round(&mut self, pace: &mut Pace) -> Result<(), LoadError> {
        loop {
            let outstanding = self.expected.saturating_sub(self.fleet.delivered);
            let Some(stamp) = pace.due(self.io.clock.now_ns(), outstanding) else { break };
            match self.publishers.publish(stamp, self.options, &mut self.io)? {
                Some(channel) => self.expected += self.subscribers_of(channel),
                None => break,
            }
            pace.published();
        }
        let (delivered, answered) = (self.fleet.delivered, self.publishers.answered);
        let waits_since = self.io.clock.now_ns();
        loop {
            let rest = pace.rest(self.io.clock.now_ns());
            self.step(rest)?;
            let came = self.fleet.delivered > delivered || self.publishers.answered > answered;
            if came || self.options.rate.is_some() {
                return Ok(());
            }
            if self.io.clock.now_ns() - waits_since > ns(PATIENCE) {
                return Err(LoadError::Stalled { trouble: self.first_trouble() });
            }
        }
    }

    /// What is still under way counts for losses, not for rates.
    fn drain(&mut self) -> Result<(), LoadError> {
        let mut progress = (self.fleet.delivered, self.io.clock.now_ns());
        while self.is_under_way() && self.io.clock.now_ns() - progress.1 < ns(PATIENCE) {
            self.step(STEP)?;
            if self.fleet.delivered > progress.0 {
                progress = (self.fleet.delivered, self.io.clock.now_ns());
            }
        }
        Ok(())
    }

    fn is_under_way(&self) -> bool {
        self.fleet.delivered < self.expected || self.publishers.answered < self.publishers.published
    }

    fn idle(&mut self, time: Duration) -> Result<(), LoadError> {
        let end = self.io.clock.now_ns() + ns(time);
        while self.io.clock.now_ns() < end {
            self.step(STEP)?;
        }
        Ok(())
    }

    /// Takes events in, waiting for them at most this long.
    fn step(&mut self, longest: Duration) -> Result<(), LoadError> {
        let longest = if self.options.spin { Duration::ZERO } else { longest };
        for at in 0..self.io.epoll.wait(longest)? {
            let ready = self.io.epoll.ready(at);
            let index = (ready.token & !TOKEN) as usize;
            if ready.token & TOKEN == 0 {
                self.fleet.on_ready(index, ready, self.options, &mut self.io);
                continue;
            }
            let refused = self.publishers.on_ready(index, ready, self.options, &mut self.io)?;
            if let Some(channel) = refused {
                self.expected -= self.subscribers_of(channel);
            }
        }
        match self.io.clock.now_ns() > self.ends_at_ns {
            true => Err(LoadError::OutOfTime),
            false => Ok(()),
        }
    }

    fn subscribers_of(&self, channel: u32) -> u64 {
        let (receivers, channels) = (self.options.receivers(), self.options.channels);
        u64::from(receivers / channels + u32::from(channel < receivers % channels))
    }

    fn all_channels_touched(&self) -> bool {
        !self.options.touch || self.publishers.published >= u64::from(self.options.channels)
    }

    fn first_trouble(&self) -> String {
        self.io.troubles.texts.first().cloned().unwrap_or_else(|| "no reason was given".to_owned())
    }

    fn read_server(&self) -> Result<Reading, LoadError> {
        match self.options.pid {
            Some(pid) => process::read(pid).map_err(|source| LoadError::Process { pid, source }),
            None => Ok(Reading::default()),
        }
    }

    fn mark(&self) -> Result<Mark, LoadError> {
        Ok(Mark {
            server: self.read_server()?,
            own_cpu_s: process::own_cpu_s(),
            delivered: self.fleet.delivered,
            answered: self.publishers.answered,
            reads: self.fleet.reads,
            at_ns: self.io.clock.now_ns(),
        })
    }

    fn report(self, opened: Opened, measured: Option<Measured>) -> Report {
        Report::new(self.options, &self.fleet, &self.publishers, self.expected, opened, measured)
            .with_troubles(self.io.troubles)
    }
}
