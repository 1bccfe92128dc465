//! The ledger against disks that fill up, control planes that fail as told, and `kill -9`.

mod counting;
mod keeping;
mod killed;
pub mod mortal;
mod shipping;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::Once,
};

const PREFIX: &str = "signalbox-usage-";

/// An empty folder of the test's own. It stays until the tests are run again: ledgers that are
/// still counting when their test ends write to it.
pub fn folder(name: &str) -> PathBuf {
    static ONCE: Once = Once::new();
    ONCE.call_once(remove_those_of_earlier_runs);
    let path = env::temp_dir().join(format!("{PREFIX}{}", process::id())).join(name);
    // There if an earlier run had the same number.
    let _was_there = fs::remove_dir_all(&path).is_ok();
    fs::create_dir_all(&path).unwrap();
    path
}

fn remove_those_of_earlier_runs() {
    for entry in fs::read_dir(env::temp_dir()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of = name.strip_prefix(PREFIX).and_then(|id| id.parse::<u32>().ok());
        if of.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            // Another run may be at it as well.
            let _is_gone = fs::remove_dir_all(&path).is_ok();
        }
    }
}
