//! Limits on what a runner may use up.
//!
//! Invariant: both the soft and the hard limit are set, so that a plugin cannot raise them, and never above what the
//! host has itself.

use rustix::process::{Resource, Rlimit, getrlimit, getuid, setrlimit};

use crate::{Layer, LayerReport, Limits};

/// Sets all limits. `own_users`: whether the process is in a user namespace of its own.
pub(crate) fn apply(limits: &Limits, own_users: bool) -> LayerReport {
    let wanted = [
        (Resource::Data, "memory", limits.memory_bytes),
        (Resource::As, "address space", limits.address_space_bytes),
        (Resource::Nofile, "open files", limits.open_files),
        (Resource::Fsize, "file size", limits.file_size_bytes),
        (Resource::Stack, "stack", limits.stack_bytes),
        (Resource::Core, "core dumps", limits.core_bytes),
        // Never needed by a plugin, each a way to press the rest of the machine.
        (Resource::Memlock, "locked memory", 0),
        (Resource::Msgqueue, "message queues", 0),
        (Resource::Rtprio, "real-time priority", 0),
    ];
    let mut complaints = Vec::new();
    let mut set = 0_usize;
    for (resource, what, value) in wanted {
        match lower(resource, value) {
            Ok(()) => set += 1,
            Err(errno) => complaints.push(format!("no limit of {what}: {errno}")),
        }
    }
    if own_users {
        match lower(Resource::Nproc, limits.processes) {
            Ok(()) if getuid().is_root() => {
                complaints.push("the limit of processes does not bind root".to_owned());
            }
            Ok(()) => set += 1,
            Err(errno) => complaints.push(format!("no limit of processes: {errno}")),
        }
    } else {
        complaints.push(
            "no limit of processes, since without a user namespace it would count all processes of the user together"
                .to_owned(),
        );
    }
    if set == 0 {
        LayerReport::missing(Layer::Rlimits, complaints.join("; "))
    } else {
        LayerReport::from_complaints(Layer::Rlimits, &complaints)
    }
}

fn lower(resource: Resource, value: u64) -> rustix::io::Result<()> {
    let value = getrlimit(resource).maximum.map_or(value, |most| most.min(value));
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
}
