//! What was told and is not over: channels that are occupied, and their members.
//!
//! It is kept beside the spool as events, `webhooks/{boot}/standing.log`, for the start after this:
//! an engine that was killed cannot say that its channels are vacated, and nobody is to believe for
//! ever that they are occupied.

use super::{
    line,
    spool::{folders, segment_paths},
};
use contract::{
    AppId, UserId,
    webhooks::{ChannelEvent, Happening},
};
use realtime::Topic;
use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

const NAME: &str = "standing.log";
/// Channels and members that are remembered, at most.
pub const MAX_ENTRIES: usize = 500_000;
/// The file is written anew when it is larger than this, and than twice what it has to say.
const WORTH_RENEWING: u64 = 1 << 20;

/// What stands told of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stands {
    pub is_occupied: bool,
    pub users: HashSet<UserId>,
}

#[derive(Debug)]
pub struct Standing {
    path: PathBuf,
    /// Nothing while the file does not say what is so.
    file: Option<File>,
    bytes: u64,
    renewed_bytes: u64,
    of: HashMap<Topic, Stands>,
    entries: usize,
    max_entries: usize,
    is_failing: bool,
}

impl Standing {
    /// With what the start before left standing below `folder`, which is this start's from here on.
    pub fn take_over(folder: &Path, boot: &str) -> Self {
        let mut standing = Self::empty(folder.join(boot).join(NAME), MAX_ENTRIES);
        let others = folders(folder).unwrap_or_default();
        let others: Vec<PathBuf> =
            others.into_iter().filter(|path| !path.ends_with(boot)).collect();
        let left = |folder: &PathBuf| -> Option<(SystemTime, PathBuf)> {
            let modified = fs::metadata(folder.join(NAME)).and_then(|file| file.modified());
            Some((modified.ok()?, folder.clone()))
        };
        // Each start takes over from the one before, so the last one knows everything.
        if let Some((_, last)) = others.iter().filter_map(left).max()
            && let Err(e) = standing.read(&last)
        {
            tracing::error!(error = %e, "not all that stood told is known");
        }
        // There before anything is told, so that it is found even if nothing comes to be noted.
        standing.renew(0);
        if standing.of.is_empty() || standing.file.is_some() {
            others.iter().for_each(|folder| forget(folder));
        }
        standing
    }

    fn empty(path: PathBuf, max_entries: usize) -> Self {
        Self {
            path,
            file: None,
            bytes: 0,
            renewed_bytes: 0,
            of: HashMap::new(),
            entries: 0,
            max_entries,
            is_failing: false,
        }
    }

    /// The file of another process, and the events that it wrote and did not come to note.
    fn read(&mut self, folder: &Path) -> io::Result<()> {
        let mut last_seq = 0;
        for event in events(&folder.join(NAME))? {
            last_seq = event.seq;
            self.apply(event);
        }
        for path in segment_paths(folder)? {
            events(&path)?.into_iter().filter(|event| event.seq > last_seq).for_each(|event| {
                self.apply(event);
            });
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.entries
    }

    pub fn copy(&self) -> HashMap<Topic, Stands> {
        self.of.clone()
    }

    pub fn of(&self, topic: &Topic) -> Option<&Stands> {
        self.of.get(topic)
    }

    pub fn all(&self) -> impl Iterator<Item = (&Topic, &Stands)> {
        self.of.iter()
    }

    /// Notes events that are written to the spool.
    pub fn note(&mut self, events: &[ChannelEvent]) {
        let Some(last) = events.last() else { return };
        let mut lines = Vec::new();
        for event in events {
            // A line that cannot be made leaves the file wrong, so it is written anew.
            if line::put(&mut lines, event).is_err() {
                self.file = None;
            }
            self.apply(event.clone());
        }
        let Some(file) = &mut self.file else { return self.renew(last.seq) };
        if let Err(e) = file.write_all(&lines) {
            self.file = None;
            return self.failed(&e);
        }
        self.bytes += lines.len() as u64;
        if self.bytes > WORTH_RENEWING.max(2 * self.renewed_bytes) {
            self.renew(last.seq);
        }
    }

    /// Forgets what stands of other apps. The event `seq` was the last to be noted.
    pub fn keep_apps(&mut self, seq: u64, exists: impl Fn(&AppId) -> bool) {
        let before = self.of.len();
        self.of.retain(|topic, _| exists(&topic.app));
        if self.of.len() < before {
            let entries = |stands: &Stands| usize::from(stands.is_occupied) + stands.users.len();
            self.entries = self.of.values().map(entries).sum();
            self.renew(seq);
        }
    }

    fn apply(&mut self, event: ChannelEvent) {
        let ChannelEvent { app, channel, what, .. } = event;
        let topic = Topic { app, channel };
        let is_full = self.entries >= self.max_entries;
        match what {
            Happening::ChannelOccupied | Happening::MemberAdded { .. } if is_full => {}
            Happening::ChannelOccupied => {
                let stands = self.of.entry(topic).or_default();
                self.entries += usize::from(!std::mem::replace(&mut stands.is_occupied, true));
            }
            Happening::MemberAdded { user_id } => {
                let is_new = self.of.entry(topic).or_default().users.insert(user_id);
                self.entries += usize::from(is_new);
            }
            Happening::ChannelVacated => {
                self.end(&topic, |stands| std::mem::replace(&mut stands.is_occupied, false))
            }
            Happening::MemberRemoved { user_id } => {
                self.end(&topic, |stands| stands.users.remove(&user_id));
            }
            Happening::ClientEvent { .. }
            | Happening::CacheMiss
            | Happening::SubscriptionCount { .. } => {}
        }
    }

    fn end(&mut self, topic: &Topic, was_there: impl FnOnce(&mut Stands) -> bool) {
        let Some(stands) = self.of.get_mut(topic) else { return };
        self.entries -= usize::from(was_there(stands));
        if *stands == Stands::default() {
            self.of.remove(topic);
        }
    }

    /// Writes the whole file anew; it says what is so after the event `seq`.
    fn renew(&mut self, seq: u64) {
        match self.try_renew(seq) {
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                tracing::info!("what stands told is on disk again");
            }
            Ok(()) => {}
            Err(e) => self.failed(&e),
        }
    }

    fn failed(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(path = %self.path.display(), %error, "what stands told is not kept");
        }
    }

    fn try_renew(&mut self, seq: u64) -> io::Result<()> {
        self.file = None;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let temporary = self.path.with_extension("new");
        let mut file = File::create(&temporary)?;
        let mut lines = Vec::new();
        for (topic, stands) in &self.of {
            let occupied = stands.is_occupied.then_some(Happening::ChannelOccupied);
            let added = stands.users.iter().cloned();
            let added = added.map(|user_id| Happening::MemberAdded { user_id });
            for what in occupied.into_iter().chain(added) {
                let (app, channel) = (topic.app.clone(), topic.channel.clone());
                line::put(&mut lines, &ChannelEvent { seq, app, channel, at_ms: 0, what })?;
            }
        }
        file.write_all(&lines)?;
        fs::rename(&temporary, &self.path)?;
        self.bytes = lines.len() as u64;
        self.renewed_bytes = self.bytes;
        self.file = Some(file);
        Ok(())
    }
}

/// The events of a file up to the first that is not whole.
fn events(path: &Path) -> io::Result<Vec<ChannelEvent>> {
    let bytes = match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other?,
    };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    Ok(lines.map_while(|line| line::event(line.strip_suffix(b"\n")?)).collect())
}

/// What stood there is taken over.
fn forget(folder: &Path) {
    let removed = fs::remove_file(folder.join(NAME));
    if let Err(e) = removed
        && e.kind() != io::ErrorKind::NotFound
    {
        tracing::error!(path = %folder.display(), error = %e, "what stood told is not removed");
    }
    // Only what is empty is removed: events may still wait.
    let _is_empty = fs::remove_dir(folder).is_ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metering::tests::folder;

    fn event(seq: u64, channel: &str, what: Happening) -> ChannelEvent {
        let (app, channel) = ("41".parse().unwrap(), channel.parse().unwrap());
        ChannelEvent { seq, app, channel, at_ms: 7, what }
    }

    fn added(seq: u64, user: &str) -> ChannelEvent {
        event(seq, "presence-a", Happening::MemberAdded { user_id: user.parse().unwrap() })
    }

    fn removed(seq: u64, user: &str) -> ChannelEvent {
        event(seq, "presence-a", Happening::MemberRemoved { user_id: user.parse().unwrap() })
    }

    fn words(standing: &Standing) -> Vec<String> {
        let mut words: Vec<String> = standing
            .all()
            .map(|(topic, stands)| {
                let mut users: Vec<&str> = stands.users.iter().map(UserId::as_str).collect();
                users.sort();
                format!("{} {} {}", topic.channel.as_str(), stands.is_occupied, users.join(" "))
            })
            .collect();
        words.sort();
        words
    }

    #[test]
    fn the_next_start_knows_what_stood_and_the_one_after_it_too() {
        let folder = folder("standing");
        let mut first = Standing::take_over(&folder, "one");
        first.note(&[
            event(1, "presence-a", Happening::ChannelOccupied),
            added(2, "ann"),
            added(3, "bob"),
            event(4, "news", Happening::ChannelOccupied),
        ]);
        first.note(&[removed(5, "ann"), event(6, "news", Happening::ChannelVacated)]);
        first.note(&[event(7, "news", Happening::CacheMiss)]);
        let expected = ["presence-a true bob"];
        assert_eq!((words(&first), first.len()), (expected.map(String::from).into(), 2));
        drop(first);
        let second = Standing::take_over(&folder, "two");
        assert_eq!(words(&second), expected);
        assert!(!folder.join("one").exists(), "nothing is left of it");
        drop(second);
        let mut third = Standing::take_over(&folder, "three");
        assert_eq!(words(&third), expected);
        third.note(&[removed(1, "bob"), event(2, "presence-a", Happening::ChannelVacated)]);
        assert_eq!(third.len(), 0);
        drop(third);
        assert_eq!(Standing::take_over(&folder, "four").len(), 0);
    }

    #[test]
    fn what_was_written_to_the_spool_and_not_noted_counts_and_half_a_line_does_not() {
        let folder = folder("standing-tail");
        let mut first = Standing::take_over(&folder, "one");
        first.note(&[event(1, "presence-a", Happening::ChannelOccupied), added(2, "ann")]);
        drop(first);
        let mut lines = Vec::new();
        for event in [added(2, "ann"), removed(3, "ann"), added(4, "bob")] {
            line::put(&mut lines, &event).unwrap();
        }
        fs::write(folder.join("one/0000000000007-00000000000000000002.log"), &lines).unwrap();
        let mut half = fs::read(folder.join("one").join(NAME)).unwrap();
        half.extend_from_slice(b"0011223");
        fs::write(folder.join("one").join(NAME), half).unwrap();
        let second = Standing::take_over(&folder, "two");
        assert_eq!(words(&second), ["presence-a true bob"]);
        assert!(folder.join("one").exists(), "its events wait");
    }

    #[test]
    fn what_stands_of_an_app_that_is_gone_is_forgotten() {
        let folder = folder("standing-apps");
        let mut first = Standing::take_over(&folder, "one");
        let gone = ChannelEvent { app: "42".parse().unwrap(), ..added(1, "ann") };
        first.note(&[gone, added(2, "bob"), added(3, "cyd")]);
        first.keep_apps(3, |app| app.as_str() == "41");
        assert_eq!((words(&first), first.len()), (vec!["presence-a false bob cyd".into()], 2));
        first.note(&[removed(4, "cyd")]);
        drop(first);
        assert_eq!(words(&Standing::take_over(&folder, "two")), ["presence-a false bob"]);
    }

    #[test]
    fn the_file_and_what_it_holds_are_bounded() {
        let folder = folder("standing-bounds");
        let mut standing = Standing::empty(folder.join("one").join(NAME), 10);
        for n in 0..20_000 {
            let user = format!("user-{}", n % 50);
            standing.note(&[added(2 * n, &user), removed(2 * n + 1, &user)]);
        }
        let bytes = fs::metadata(folder.join("one").join(NAME)).unwrap().len();
        assert!(bytes <= WORTH_RENEWING + 1_000, "{bytes}");
        (0..20).for_each(|n| standing.note(&[added(50_000 + n, &format!("user-{n}"))]));
        assert_eq!(standing.len(), 10);
        (0..20).for_each(|n| standing.note(&[removed(60_000 + n, &format!("user-{n}"))]));
        assert_eq!(standing.len(), 0);
    }
}
