//! The thread that numbers what was seen and writes it down.

use super::{
    Webhooks, is_chatter, line,
    queue::{Next, Noted},
    standing::Standing,
};
use crate::{directory::Alarm, hub::clock};
use contract::{
    AppId,
    webhooks::{ChannelEvent, Happening, HookKind},
};
use realtime::{Seen, Topic};
use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// So many bytes are written at once.
const WRITE_BYTES: usize = 1 << 20;
/// How soon a failing disk is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long it may take until it is seen that there is room again.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked for apps that are gone.
const LOOK_EVERY: Duration = Duration::from_secs(600);

pub struct Writer {
    webhooks: Arc<Webhooks>,
    standing: Standing,
    next_seq: u64,
    is_failing: bool,
    is_dropping: bool,
    /// Channels of which the engine is to say what is over.
    doubtful: Vec<Topic>,
    looked_at: Instant,
}

/// Events on their way to the disk together.
#[derive(Default)]
struct Page {
    first_seq: u64,
    lines: Vec<u8>,
    kinds: Vec<HookKind>,
    /// Those that begin or end something.
    standing: Vec<ChannelEvent>,
}

impl Writer {
    pub fn start(webhooks: Arc<Webhooks>, standing: Standing) -> io::Result<JoinHandle<()>> {
        let mut writer = Self {
            webhooks,
            standing,
            next_seq: 1,
            is_failing: false,
            is_dropping: false,
            doubtful: Vec::new(),
            looked_at: Instant::now(),
        };
        thread::Builder::new().name("webhooks".into()).spawn(move || writer.run())
    }

    fn run(&mut self) {
        loop {
            let standing = self.standing.len() as u64;
            self.webhooks.health.standing.store(standing, Relaxed);
            match self.webhooks.queue.next(PATIENCE) {
                Next::Write(noted) => self.write(noted),
                Next::Nothing => {}
                Next::End => return,
            }
            self.doubt();
            self.mend();
            self.forget_apps();
        }
    }

    /// What ended unseen ends after all: once there is room again, and once somebody wants to hear of
    /// an app again.
    fn doubt(&mut self) {
        let begun = self.webhooks.interest.take_begun();
        if !begun.is_empty() {
            self.doubt_of(|topic| begun.contains(&topic.app));
        }
        let spool = &self.webhooks.spool;
        if spool.bytes() < spool.limit() / 2 {
            if std::mem::take(&mut self.is_dropping) {
                tracing::info!("there is room for channel events again");
            }
            if self.webhooks.has_gaps.swap(false, Relaxed) {
                self.doubtful.clear();
                self.doubt_of(|_| true);
            }
        }
    }

    fn doubt_of(&mut self, which: impl Fn(&Topic) -> bool) {
        let topics = self.standing.all().map(|(topic, _)| topic);
        self.doubtful.extend(topics.filter(|topic| which(topic)).cloned());
    }

    /// Asks the engine about what is in doubt, as long as nothing is on its way from it.
    fn mend(&mut self) {
        let is_certain = || self.webhooks.queue.is_empty();
        while let Some(topic) = self.doubtful.last() {
            if let Some(stands) = self.standing.of(topic)
                && !self.webhooks.recall(topic, stands, is_certain)
            {
                return;
            }
            self.doubtful.pop();
        }
    }

    fn forget_apps(&mut self) {
        let directory = &self.webhooks.directory;
        if self.looked_at.elapsed() >= LOOK_EVERY && directory.status().is_loaded() {
            self.looked_at = Instant::now();
            let exists = |app: &AppId| directory.app_by_id(app.as_str()).is_some();
            self.standing.keep_apps(self.next_seq - 1, exists);
        }
    }

    fn write(&mut self, noted: Vec<Noted>) {
        let mut page = self.page();
        for Noted { topic, at_ms, what } in noted {
            let kind = what.kind();
            let event = ChannelEvent {
                seq: self.next_seq,
                app: topic.app,
                channel: topic.channel,
                at_ms,
                what: happening(what),
            };
            if !self.put(&mut page, event, kind) {
                self.dropped(kind);
            } else if page.lines.len() >= WRITE_BYTES {
                self.flush(page);
                page = self.page();
            }
        }
        self.flush(page);
    }

    fn page(&self) -> Page {
        Page { first_seq: self.next_seq, ..Page::default() }
    }

    /// Whether there was room for it.
    fn put(&mut self, page: &mut Page, event: ChannelEvent, kind: HookKind) -> bool {
        let before = page.lines.len();
        let is_made = line::put(&mut page.lines, &event).is_ok();
        if !is_made || !self.webhooks.spool.has_room(page.lines.len(), is_chatter(kind)) {
            page.lines.truncate(before);
            return false;
        }
        self.next_seq += 1;
        page.kinds.push(kind);
        if !is_chatter(kind) {
            page.standing.push(event);
        }
        true
    }

    /// Writes the page, however long that takes, unless the process is to end.
    fn flush(&mut self, page: Page) {
        if page.lines.is_empty() {
            return;
        }
        loop {
            let standing = &mut self.standing;
            let note = || standing.note(&page.standing);
            let now_ms = clock::unix_ms();
            match self.webhooks.spool.append(page.first_seq, now_ms, &page.lines, note) {
                Ok(()) => break,
                Err(e) => self.failed(&e),
            }
            if self.webhooks.queue.is_closed() {
                return page.kinds.into_iter().for_each(|kind| self.dropped(kind));
            }
            thread::sleep(RETRY);
        }
        if std::mem::take(&mut self.is_failing) {
            tracing::info!("channel events are written again");
        }
        page.kinds.into_iter().for_each(|kind| self.webhooks.health.count_kept(kind));
    }

    fn failed(&mut self, error: &io::Error) {
        self.webhooks.directory.status().raise(Alarm::WebhooksDisk);
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(%error, "channel events cannot be written");
        }
    }

    fn dropped(&mut self, kind: HookKind) {
        self.webhooks.dropped(kind);
        if !std::mem::replace(&mut self.is_dropping, true) {
            self.webhooks.directory.status().raise(Alarm::WebhooksDropped);
            let limit = self.webhooks.spool.limit();
            tracing::error!(limit, "no room for channel events: the newest are dropped");
        }
    }
}

fn happening(seen: Seen) -> Happening {
    match seen {
        Seen::Occupied => Happening::ChannelOccupied,
        Seen::Vacated => Happening::ChannelVacated,
        Seen::MemberAdded { user } => Happening::MemberAdded { user_id: user },
        Seen::MemberRemoved { user } => Happening::MemberRemoved { user_id: user },
        Seen::ClientEvent { name, data, socket, user } => Happening::ClientEvent {
            event: name,
            data: data.as_str().to_owned(),
            socket_id: socket,
            user_id: user,
        },
        Seen::CacheMiss => Happening::CacheMiss,
        Seen::Count { subscriptions } => {
            Happening::SubscriptionCount { subscription_count: subscriptions }
        }
    }
}
