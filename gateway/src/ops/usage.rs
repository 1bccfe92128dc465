//! What the process uses of the machine: its own share, never the host's.

use serde::Serialize;
use std::{fs, io};

/// Bytes; `free` is what is left below the limit of the control group, or else of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Memory {
    pub free: u64,
    pub used: u64,
    pub total: u64,
    pub percent: f64,
}

/// Source: spec/pusher.md §18.2.
pub fn memory() -> io::Result<Memory> {
    let used = resident_bytes()?;
    let machine = field_kib(&fs::read_to_string("/proc/meminfo")?, "MemTotal:")?;
    let total = cgroup_limit().map_or(machine, |limit| limit.min(machine)).max(used);
    Ok(Memory::new(used, total))
}

impl Memory {
    fn new(used: u64, total: u64) -> Self {
        let percent = used as f64 / total.max(1) as f64 * 100.0;
        Self { free: total - used, used, total, percent: (percent * 100.0).round() / 100.0 }
    }
}

pub fn resident_bytes() -> io::Result<u64> {
    field_kib(&fs::read_to_string("/proc/self/status")?, "VmRSS:")
}

fn field_kib(text: &str, name: &str) -> io::Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("no {name} in /proc")))
}

/// The limit of the control group this process is in; `None` when there is none.
fn cgroup_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let paths = [format!("/sys/fs/cgroup{group}/memory.max"), "/sys/fs/cgroup/memory.max".into()];
    paths.iter().find_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_and_used_make_the_total() {
        let memory = Memory::new(1_234_567_890, 9_358_024_679);
        assert_eq!(memory.free + memory.used, memory.total);
        assert_eq!(memory.percent, 13.19);
    }

    #[test]
    fn the_process_has_some_memory_and_not_all() {
        let memory = memory().expect("readable");
        assert!(memory.used > 1 << 20 && memory.used < memory.total, "{memory:?}");
    }
}
