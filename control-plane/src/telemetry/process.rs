//! What this process uses of the machine.

use std::{fs, io};

/// The numbers that every Prometheus client library shows of its process.
pub struct Process {
    pub cpu_s: f64,
    pub resident: u64,
    pub threads: u64,
    pub open_fds: u64,
}

/// USER_HZ, which Linux fixes at 100 towards programs.
const TICKS_PER_S: f64 = 100.0;

pub fn read() -> io::Result<Process> {
    let status = fs::read_to_string("/proc/self/status")?;
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name, in brackets, may hold anything; user and system ticks are 12th and 13th after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>).sum::<u64>();
    Ok(Process {
        cpu_s: ticks as f64 / TICKS_PER_S,
        resident: number(&status, "VmRSS:")? * 1024,
        threads: number(&status, "Threads:")?,
        open_fds: fs::read_dir("/proc/self/fd")?.count() as u64,
    })
}

fn number(text: &str, name: &str) -> io::Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("no {name} in /proc")))
}
