//! What the kernel knows of a process: its time, its memory.
//!
//! Invariant: a process that cannot be looked at is an error and never counts as nothing: a sum that lacks a process
//! looks like a good figure.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::error::BenchError;

/// The time that threads had on a processor until now.
///
/// From `schedstat`, which counts nanoseconds where `stat` counts hundredths of a second.
#[derive(Debug, Default)]
pub(crate) struct Cpu(BTreeMap<(u32, String), Thread>);

#[derive(Debug)]
struct Thread {
    name: String,
    ns: f64,
}

impl Cpu {
    /// Of all threads of some processes.
    pub(crate) fn of(pids: &[u32]) -> Result<Self, BenchError> {
        let mut threads = BTreeMap::new();
        for pid in pids {
            let folder = PathBuf::from(format!("/proc/{pid}/task"));
            let tasks = fs::read_dir(&folder).map_err(BenchError::file("list", &folder))?;
            let before = threads.len();
            for task in tasks.flatten() {
                let name =
                    fs::read_to_string(task.path().join("comm")).unwrap_or_default().trim_end().to_owned();
                let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
                if let Some(Ok(ns)) = stat.split_whitespace().next().map(str::parse) {
                    threads
                        .insert((*pid, task.file_name().to_string_lossy().into_owned()), Thread { name, ns });
                }
            }
            if threads.len() == before {
                return Err(BenchError::wrong(format!(
                    "the kernel tells no processor time of process {pid}"
                )));
            }
        }
        Ok(Self(threads))
    }

    /// Nanoseconds since an earlier look, in threads of this name, or in all. What a thread that ended meanwhile still
    /// did is not known; those that end here are idle ones.
    pub(crate) fn since(&self, before: &Self, name: Option<&str>) -> f64 {
        let mine = self.0.iter().filter(|(_, thread)| name.is_none_or(|name| thread.name == name));
        mine.map(|(id, thread)| thread.ns - before.0.get(id).map_or(0.0, |earlier| earlier.ns)).sum()
    }
}

/// Proportional set size in MiB: memory shared with others counts by its share.
pub(crate) fn pss_mib(pid: u32) -> Result<f64, BenchError> {
    let path = PathBuf::from(format!("/proc/{pid}/smaps_rollup"));
    let text = fs::read_to_string(&path).map_err(BenchError::file("read", path))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0)
        .ok_or_else(|| BenchError::wrong("the kernel does not say how large a process is"))
}

/// Memory in files that have no name, MiB: what `pss_mib` sees only where it is mapped.
pub(crate) fn memfd_mib(pid: u32) -> f64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else { return 0.0 };
    let mut seen = BTreeMap::new();
    for fd in fds.flatten() {
        let is_memfd = fs::read_link(fd.path()).is_ok_and(|to| to.to_string_lossy().starts_with("/memfd:"));
        if let (true, Ok(data)) = (is_memfd, fs::metadata(fd.path())) {
            seen.insert(data.ino(), data.blocks() as f64 * 512.0);
        }
    }
    seen.values().sum::<f64>() / (1024.0 * 1024.0)
}

/// Whether a process is there still and no zombie.
pub(crate) fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// How busy the machine is: its load averages.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
