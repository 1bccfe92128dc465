//! The ledger against disks that fill up, control planes that fail as told, and `kill -9`.

mod counting;
mod keeping;
mod killed;
mod shipping;

use std::{fs, path::PathBuf};

/// An empty folder of the test's own.
pub fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("signalbox-usage-{}-{name}", std::process::id()));
    // Only there if a process with the same number died before.
    let _was_there = fs::remove_dir_all(&path).is_ok();
    fs::create_dir_all(&path).unwrap();
    path
}
