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

/// The numbers that every Prometheus client library shows of its process.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pub cpu_s: f64,
    pub resident: u64,
    pub virtual_: u64,
    pub threads: u64,
    pub open_fds: u64,
    pub max_fds: u64,
}

pub fn process() -> io::Result<Process> {
    let status = fs::read_to_string("/proc/self/status")?;
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name, in brackets, may hold anything; user and system ticks are 12th and 13th after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>).sum::<u64>();
    let limits = fs::read_to_string("/proc/self/limits")?;
    let max_fds = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let max_fds = max_fds.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    Ok(Process {
        cpu_s: ticks as f64 / TICKS_PER_S,
        resident: field_kib(&status, "VmRSS:")?,
        virtual_: field_kib(&status, "VmSize:")?,
        threads: threads.and_then(|n| n.trim().parse().ok()).unwrap_or(0),
        open_fds: fs::read_dir("/proc/self/fd")?.count() as u64,
        max_fds: max_fds.unwrap_or(0),
    })
}

/// USER_HZ, which Linux fixes at 100 towards programs.
const TICKS_PER_S: f64 = 100.0;

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
