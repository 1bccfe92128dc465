//! Kills on their way to the workers, and the proof that every worker has dealt with them.

use contract::{
    AppId,
    directory::{Kill, Revision},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;

/// Hands every kill to every subscriber.
#[derive(Debug, Default)]
pub struct Kills {
    subscribers: Mutex<Vec<mpsc::UnboundedSender<KillNotice>>>,
}

impl Kills {
    pub fn subscribe(&self) -> KillSubscription {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        KillSubscription(receiver)
    }

    /// Sends `news` to all; the receipt is complete once each subscriber has let go of each.
    pub fn publish(&self, news: &[News], revision: Revision) -> KillReceipts {
        let (held, done) = mpsc::channel(1);
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| {
            news.iter().all(|news| {
                let notice = KillNotice { news: news.clone(), revision, _held: held.clone() };
                subscriber.send(notice).is_ok()
            })
        });
        KillReceipts { done }
    }
}

/// A subscriber's end. Kills wait here, unbounded: they are few, and none may be lost.
#[derive(Debug)]
pub struct KillSubscription(mpsc::UnboundedReceiver<KillNotice>);

impl KillSubscription {
    /// The next kill; `None` when the directory is gone.
    pub async fn recv(&mut self) -> Option<KillNotice> {
        self.0.recv().await
    }

    /// The next kill if one is waiting.
    pub fn try_recv(&mut self) -> Option<KillNotice> {
        self.0.try_recv().ok()
    }
}

/// What sockets may have to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Something ended for good.
    Ended(Kill),
    /// A key or the settings of the app allow less than before.
    Narrowed(AppId),
}

/// One piece of news for one worker. Dropping it says that the sockets concerned are closed.
#[derive(Debug)]
#[must_use]
pub struct KillNotice {
    pub news: News,
    pub revision: Revision,
    _held: mpsc::Sender<()>,
}

impl KillNotice {
    /// Says that the sockets concerned are closed.
    pub fn acknowledge(self) {}
}

/// What is waited for before a revision with kills is confirmed.
#[derive(Debug)]
#[must_use]
pub struct KillReceipts {
    done: mpsc::Receiver<()>,
}

impl KillReceipts {
    /// How long a worker may take before the confirmation goes out without it.
    pub const PATIENCE: Duration = Duration::from_secs(1);

    /// Whether all workers acknowledged within `patience`.
    pub async fn wait(mut self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.done.recv()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kill() -> News {
        News::Ended(Kill::DisableApp { app: "1".parse().unwrap() })
    }

    #[tokio::test]
    async fn a_receipt_waits_for_every_worker() {
        let kills = Kills::default();
        let (mut first, mut second) = (kills.subscribe(), kills.subscribe());
        let receipts = kills.publish(&[kill()], 7);
        let waiting = tokio::spawn(receipts.wait(KillReceipts::PATIENCE));
        let notice = first.recv().await.expect("a kill");
        assert_eq!((notice.revision, &notice.news), (7, &kill()));
        notice.acknowledge();
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        second.recv().await.expect("a kill").acknowledge();
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn a_silent_worker_is_given_up_after_the_patience() {
        let kills = Kills::default();
        let _silent = kills.subscribe();
        assert!(!kills.publish(&[kill()], 7).wait(Duration::from_millis(5)).await);
    }

    #[tokio::test]
    async fn a_worker_that_is_gone_is_not_waited_for() {
        let kills = Kills::default();
        drop(kills.subscribe());
        assert!(kills.publish(&[kill()], 7).wait(KillReceipts::PATIENCE).await);
    }
}
