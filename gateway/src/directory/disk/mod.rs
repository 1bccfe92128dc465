//! The directory on local disk, so that a gateway starts and serves without its control plane.
//!
//! `directory/snapshot-{revision}` holds everything at a revision, `log-{revision}` what came
//! after it. Two generations are kept: a damaged snapshot is made up for by the one before it and
//! both logs. A new generation is written under another name, synced and renamed, so a crash at
//! any moment leaves the last one whole.

mod format;
mod keeper;
mod load;
mod store;

pub use keeper::{DiskKeeper, Persisted};
pub use load::load;
pub use store::Store;

use std::path::{Path, PathBuf};

/// The folder below the state folder.
pub fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join("directory")
}
