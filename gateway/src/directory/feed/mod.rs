//! Keeping up with the control plane: resume by revision, a snapshot when that is too far back,
//! and a confirmation for everything that is in force here.

mod confirm;
mod read;
mod session;

use crate::{
    config::Config,
    control_plane,
    directory::{
        Directory,
        disk::{DiskKeeper, Store},
    },
};
use confirm::Confirmer;
use session::{Session, SessionEnd};
use std::{io, time::Duration};

/// The longest wait before the control plane is tried again.
const MAX_BACKOFF: Duration = Duration::from_secs(2);
const MIN_BACKOFF: Duration = Duration::from_millis(50);
/// The feed speaks every 5 s at least; silence means that the connection is dead.
const MAX_SILENCE: Duration = Duration::from_secs(15);

/// Follows the feed for as long as the process lives.
pub async fn follow(directory: Directory, config: &Config, store: Option<Store>) {
    if let Err(e) = try_follow(directory, config, store).await {
        tracing::error!(error = %e, "the directory cannot be followed");
    }
}

async fn try_follow(directory: Directory, config: &Config, store: Option<Store>) -> io::Result<()> {
    let http = control_plane::http_client().map_err(io::Error::other)?;
    let folder = crate::directory::disk::folder(&config.state_dir);
    let disk = DiskKeeper::start(directory.clone(), folder, store)?;
    let boot = directory.ledger().boot().to_owned();
    let confirmer = Confirmer::start(directory.clone(), http.clone(), config, &boot);
    let session = Session { directory, http, disk, confirmer, config, boot };
    let mut backoff = MIN_BACKOFF;
    loop {
        let end = session.run().await;
        session.directory.status().set_connected(false);
        if end.was_useful() {
            backoff = MIN_BACKOFF;
        }
        match &end {
            SessionEnd::Resumed => {}
            end => tracing::warn!(reason = %end, "the directory's feed ended"),
        }
        tokio::time::sleep(jittered(backoff)).await;
        backoff = (backoff * 2).min(MAX_BACKOFF);
    }
}

/// Half of it and a random part of the other half, so that gateways do not come all at once.
fn jittered(backoff: Duration) -> Duration {
    let random = contract::credential::random_bytes::<1>().map_or(128, |[byte]| byte);
    backoff / 2 + backoff / 2 * u32::from(random) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_between_half_and_whole() {
        for _ in 0..100 {
            let wait = jittered(MAX_BACKOFF);
            assert!((MAX_BACKOFF / 2..=MAX_BACKOFF).contains(&wait), "{wait:?}");
        }
    }
}
