//! CPU time and memory of a process group, read from /proc.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::measure::{Cpu, Memory};

/// Every process of one process group: a proxy with its workers.
pub(crate) struct Group {
    pids: Vec<u32>,
    tick_ns: u64,
}

/// CPU time used so far, counted twice.
pub(crate) struct CpuSample {
    /// Sum of the threads' run times, in nanoseconds.
    schedstat_ns: u64,
    /// User and system time of the processes, ended threads included, in clock ticks.
    stat_ns: u64,
    threads: BTreeSet<u32>,
}

impl Group {
    /// Finds the members; call it when the proxy has started its workers.
    pub(crate) fn find(group: u32) -> anyhow::Result<Self> {
        let mut pids = Vec::new();
        for entry in fs::read_dir("/proc").context("cannot read /proc")? {
            let Some(pid) = entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<u32>().ok())
            else {
                continue;
            };
            // A process that ends while we look is no member.
            let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
                continue;
            };
            if stat_field(&stat, 5) == Some(u64::from(group)) {
                pids.push(pid);
            }
        }
        if pids.is_empty() {
            bail!("process group {group} has no members: the proxy has ended");
        }
        Ok(Self {
            pids,
            tick_ns: 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1),
        })
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<CpuSample> {
        let mut sample = CpuSample {
            schedstat_ns: 0,
            stat_ns: 0,
            threads: BTreeSet::new(),
        };
        for pid in &self.pids {
            let stat = read(&format!("/proc/{pid}/stat"))?;
            let ticks = stat_field(&stat, 14)
                .zip(stat_field(&stat, 15))
                .map(|(user, system)| user + system);
            sample.stat_ns +=
                ticks.with_context(|| format!("/proc/{pid}/stat has no times"))? * self.tick_ns;
            for task in fs::read_dir(format!("/proc/{pid}/task")).context("the proxy has ended")? {
                let path: PathBuf = task?.path();
                let Ok(schedstat) = fs::read_to_string(path.join("schedstat")) else {
                    continue;
                };
                let ran = schedstat
                    .split(' ')
                    .next()
                    .and_then(|field| field.parse::<u64>().ok());
                sample.schedstat_ns += ran.unwrap_or(0);
                sample.threads.extend(
                    path.file_name()
                        .and_then(|name| name.to_str()?.parse::<u32>().ok()),
                );
            }
        }
        Ok(sample)
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let mut total = Memory::default();
        for pid in &self.pids {
            let rollup = read(&format!("/proc/{pid}/smaps_rollup"))?;
            total.rss_kib += rollup_field(&rollup, "Rss:").context("no Rss in smaps_rollup")?;
            total.pss_kib += rollup_field(&rollup, "Pss:").context("no Pss in smaps_rollup")?;
        }
        Ok(total)
    }
}

impl CpuSample {
    /// The time used between `earlier` and this sample.
    ///
    /// Threads' own run times are nanoseconds, so they are preferred; when a thread has ended in between
    /// its time is gone from there, and the processes' ticks are used.
    pub(crate) fn since(&self, earlier: &Self) -> Cpu {
        let stat_ns = self.stat_ns.saturating_sub(earlier.stat_ns);
        let schedstat_ns = self.schedstat_ns.saturating_sub(earlier.schedstat_ns);
        let thread_ended = !earlier.threads.is_subset(&self.threads);
        Cpu {
            used_ns: if thread_ended { stat_ns } else { schedstat_ns },
            stat_ns,
            thread_ended,
        }
    }
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}: the proxy has ended"))
}

/// A numbered field of /proc/PID/stat, counted from 1 as in proc(5); the name in brackets may hold spaces.
fn stat_field(stat: &str, number: usize) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name
        .split(' ')
        .nth(number.checked_sub(3)?)?
        .parse()
        .ok()
}

fn rollup_field(rollup: &str, name: &str) -> Option<u64> {
    rollup
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .trim()
        .strip_suffix(" kB")?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_past_a_name_with_brackets() {
        let stat = "42 (a) (b c)) S 1 77 77 0 -1 4194304 1 2 3 4 500 60 0 0 20";
        assert_eq!(stat_field(stat, 5), Some(77));
        assert_eq!(stat_field(stat, 14), Some(500));
        assert_eq!(stat_field(stat, 15), Some(60));
        assert_eq!(
            rollup_field("x\nRss:     1234 kB\nPss: 7 kB\n", "Pss:"),
            Some(7)
        );
    }

    #[test]
    fn an_ended_thread_turns_to_ticks() {
        let early = CpuSample {
            schedstat_ns: 50,
            stat_ns: 100,
            threads: BTreeSet::from([1, 2]),
        };
        let late = CpuSample {
            schedstat_ns: 45,
            stat_ns: 130,
            threads: BTreeSet::from([1, 3]),
        };
        assert_eq!(late.since(&early).used_ns, 30);
        let late = CpuSample {
            schedstat_ns: 79,
            stat_ns: 130,
            threads: BTreeSet::from([1, 2, 3]),
        };
        assert_eq!(late.since(&early).used_ns, 29);
    }
}
