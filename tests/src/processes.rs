//! What the system says about processes.
//!
//! Invariant: a process that is gone, or only waits to be buried, counts as gone.

use std::fs;

/// Whether a process lives.
#[must_use]
pub fn alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// The children of a process.
#[must_use]
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Memory of a process, in KiB: its own and its share of what it maps together with others. Pages of files do not
/// count, since the system takes them back when it likes.
#[must_use]
pub fn memory_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let kib = |line: &str| line.trim().strip_suffix(" kB")?.parse::<u64>().ok();
    let counted = |line: &str| {
        let line = line.strip_prefix("Pss_Anon:").or_else(|| line.strip_prefix("Pss_Shmem:"));
        line.and_then(kib)
    };
    text.lines().filter_map(counted).sum()
}

/// How many descriptors a process has open.
#[must_use]
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// How many threads a process has.
#[must_use]
pub fn threads(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}
