//! What a process costs, read from `/proc`: CPU time, memory and context switches, with all its
//! threads and the processes it started.

use std::{collections::HashMap, fs, io, path::Path};

/// `/proc` counts CPU time in these, on every Linux.
const TICKS_PER_S: f64 = 100.0;
/// How far the two clocks may differ by rounding alone.
const TICK_TOLERANCE_S: f64 = 0.04;

/// One look at the counters; the difference of two is a `Cost`.
#[derive(Clone, Default)]
pub struct Reading {
    user_s: f64,
    system_s: f64,
    /// Nanoseconds on a CPU, by thread.
    on_cpu_ns: HashMap<u32, u64>,
    switches: u64,
    pub resident_bytes: u64,
}

/// CPU time and context switches between two readings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub user_s: f64,
    pub system_s: f64,
    /// User and system together, to the nanosecond where the kernel tells.
    pub cpu_s: f64,
    pub switches: u64,
}

/// Reads the counters of a process. Errors: it does not exist.
pub fn read(pid: u32) -> io::Result<Reading> {
    let mut reading = Reading::default();
    let mut children = Vec::new();
    reading.add_process(pid, &mut children)?;
    while let Some(child) = children.pop() {
        match reading.add_process(child, &mut children) {
            // A child may end between being named and being read.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    Ok(reading)
}

/// CPU seconds this process has used.
pub fn own_cpu_s() -> f64 {
    read(std::process::id()).map_or(0.0, |now| now.since(&Reading::default()).cpu_s)
}

impl Reading {
    fn add_process(&mut self, pid: u32, children: &mut Vec<u32>) -> io::Result<()> {
        let process = format!("/proc/{pid}");
        let (user, system) = cpu_ticks(&fs::read_to_string(format!("{process}/stat"))?);
        self.user_s += user as f64 / TICKS_PER_S;
        self.system_s += system as f64 / TICKS_PER_S;
        let status = fs::read_to_string(format!("{process}/status"))?;
        self.resident_bytes += number_after(&status, "VmRSS:") * 1024;
        for thread in fs::read_dir(format!("{process}/task"))?.flatten() {
            self.add_thread(&thread.path(), children);
        }
        Ok(())
    }

    fn add_thread(&mut self, path: &Path, children: &mut Vec<u32>) {
        let text = |name| fs::read_to_string(path.join(name)).unwrap_or_default();
        if let Some(id) = path.file_name().and_then(|n| n.to_str()?.parse().ok()) {
            let on_cpu = text("schedstat").split_whitespace().next().and_then(|n| n.parse().ok());
            self.on_cpu_ns.insert(id, on_cpu.unwrap_or(0));
        }
        let status = text("status");
        self.switches += number_after(&status, "\nvoluntary_ctxt_switches:")
            + number_after(&status, "nonvoluntary_ctxt_switches:");
        children.extend(text("children").split_whitespace().filter_map(|n| n.parse::<u32>().ok()));
    }

    pub fn since(&self, before: &Self) -> Cost {
        let user_s = self.user_s - before.user_s;
        let system_s = self.system_s - before.system_s;
        let by_tick = user_s + system_s;
        let ns: u64 = self
            .on_cpu_ns
            .iter()
            .map(|(id, now)| now.saturating_sub(before.on_cpu_ns.get(id).copied().unwrap_or(0)))
            .sum();
        let by_thread = ns as f64 / 1e9;
        // A thread that ended in between is missing from the finer count.
        let fine = (by_thread - by_tick).abs() <= TICK_TOLERANCE_S.max(by_tick * 0.02);
        Cost {
            user_s,
            system_s,
            cpu_s: if fine { by_thread } else { by_tick },
            switches: self.switches.saturating_sub(before.switches),
        }
    }
}

/// User and system ticks of a `stat` line; the command name before them may hold anything.
fn cpu_ticks(stat: &str) -> (u64, u64) {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let mut fields = after_name.split_whitespace().skip(11).map(|f| f.parse().unwrap_or(0));
    (fields.next().unwrap_or(0), fields.next().unwrap_or(0))
}

fn number_after(text: &str, label: &str) -> u64 {
    text.split_once(label)
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_may_hold_brackets() {
        let stat = "7 (a) b) R 1 7 7 0 -1 4194304 100 0 0 0 31 12 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_ticks(stat), (31, 12));
    }

    #[test]
    fn work_shows_in_the_next_reading() {
        let before = read(std::process::id()).unwrap();
        let mut sum = 0u64;
        while read(std::process::id()).unwrap().since(&before).cpu_s < 0.05 {
            sum = std::hint::black_box(sum + 1);
        }
        let after = read(std::process::id()).unwrap();
        assert!(after.since(&before).cpu_s >= 0.05);
        assert!(after.resident_bytes > 0);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(read(u32::MAX).is_err());
    }
}
