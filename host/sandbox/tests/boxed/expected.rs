//! What each attempt of `hostile.c` must answer, in every kind of box. 0 is success.

use libc::{EACCES, EAGAIN, ECONNREFUSED, EFBIG, ENETUNREACH, ENOENT, EPERM};

/// Answers of one attempt: of the static constructor, and of a callback after the load. More than one may be right.
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    pub(crate) loading: &'static [i32],
    pub(crate) running: &'static [i32],
}

const fn both(name: &'static str, answers: &'static [i32]) -> Expected {
    Expected { name, loading: answers, running: answers }
}

const fn each(name: &'static str, loading: &'static [i32], running: &'static [i32]) -> Expected {
    Expected { name, loading, running }
}

/// The box with everything, and without Landlock: the empty root answers "no such file", then the filters answer.
pub(crate) const FULL: &[Expected] = &[
    each("read_shadow", &[ENOENT], &[EPERM]),
    each("read_secret", &[ENOENT], &[EPERM]),
    each("list_folder", &[ENOENT], &[EPERM]),
    both("make_file", &[EPERM]),
    both("make_file_at_root", &[EPERM]),
    each("open_memory_device", &[ENOENT], &[EPERM]),
    both("open_device", &[EPERM]),
    each("read_host_memory", &[ENOENT], &[EPERM]),
    // Above the folder of descriptors there is nothing.
    each("climb_out", &[ENOENT], &[EPERM]),
    both("write_own_library", &[EPERM]),
    both("socket_inet", &[EPERM]),
    both("socket_unix", &[EPERM]),
    both("socket_netlink", &[EPERM]),
    both("connect_tcp", &[EPERM]),
    both("connect_abstract", &[EPERM]),
    both("connect_path", &[EPERM]),
    both("make_process", &[EPERM]),
    both("start_program", &[EPERM]),
    both("make_thread", &[EPERM]),
    both("trace_host", &[EPERM]),
    both("signal_host", &[EPERM]),
    both("signal_host_thread", &[EPERM]),
    both("change_namespace", &[EPERM]),
    both("mount_something", &[EPERM]),
    both("change_user", &[EPERM]),
    both("outlive_host", &[EPERM]),
    both("block_host", &[EPERM]),
    both("hold_capability", &[EPERM]),
    both("raise_limit", &[EPERM]),
    both("map_uncounted_memory", &[EPERM]),
    each("map_code", &[0], &[EPERM]),
    both("map_data", &[0]),
    both("make_memory_file", &[EPERM]),
];

/// What is different without namespaces: the host's files are there, and Landlock refuses them.
pub(crate) const WITHOUT_NAMESPACES: &[Expected] = &[
    each("read_shadow", &[EACCES], &[EPERM]),
    each("read_secret", &[EACCES], &[EPERM]),
    each("list_folder", &[EACCES], &[EPERM]),
    each("open_memory_device", &[EACCES, ENOENT], &[EPERM]),
    each("read_host_memory", &[EACCES], &[EPERM]),
    each("climb_out", &[EACCES], &[EPERM]),
];

/// What is different without system call filters: what the other layers answer. Processes, threads, sockets that reach
/// nobody and memory that nobody counts are what only a filter forbids.
pub(crate) const WITHOUT_SECCOMP: &[Expected] = &[
    both("read_shadow", &[ENOENT]),
    both("read_secret", &[ENOENT]),
    both("list_folder", &[ENOENT]),
    both("make_file", &[ENOENT]),
    both("make_file_at_root", &[libc::EROFS, EACCES]),
    both("open_memory_device", &[ENOENT]),
    both("open_device", &[ENOENT]),
    both("read_host_memory", &[ENOENT]),
    both("climb_out", &[ENOENT]),
    // The limit or the seal answers while there is a way to the file; then there is none.
    each("write_own_library", &[EFBIG, EPERM], &[ENOENT]),
    both("socket_inet", &[0]),
    both("socket_unix", &[0]),
    both("socket_netlink", &[0]),
    // Landlock answers if it knows about them, otherwise the empty network.
    both("connect_tcp", &[EACCES, ENETUNREACH]),
    both("connect_abstract", &[ECONNREFUSED, EPERM]),
    both("connect_path", &[ENOENT]),
    both("make_process", &[0]),
    both("start_program", &[ENOENT]),
    both("make_thread", &[0]),
    both("trace_host", &[EPERM]),
    both("signal_host", &[EPERM]),
    both("signal_host_thread", &[EPERM]),
    both("change_namespace", &[EPERM]),
    both("mount_something", &[EPERM, ENOENT]),
    both("change_user", &[0]),
    both("outlive_host", &[0]),
    both("block_host", &[0]),
    both("hold_capability", &[EPERM]),
    both("raise_limit", &[0]),
    both("map_uncounted_memory", &[0]),
    both("map_code", &[0]),
    both("map_data", &[0]),
    both("make_memory_file", &[0]),
];

/// What is different, too, when Landlock is older than its say about signals.
pub(crate) const WITHOUT_SCOPES: &[Expected] = &[both("signal_host", &[0]), both("signal_host_thread", &[0])];

/// Without any box: all succeed. What an ordinary user may not do anyway is in [`CONTROL_ORDINARY`].
pub(crate) const CONTROL: &[Expected] = &[
    both("read_shadow", &[0]),
    both("read_secret", &[0]),
    both("list_folder", &[0]),
    both("make_file", &[0]),
    both("make_file_at_root", &[0]),
    // A kernel may have been built without it, or forbid it to root.
    both("open_memory_device", &[0, ENOENT, EPERM]),
    both("open_device", &[0]),
    both("read_host_memory", &[0]),
    both("climb_out", &[0]),
    both("write_own_library", &[0]),
    both("socket_inet", &[0]),
    both("socket_unix", &[0]),
    both("socket_netlink", &[0]),
    both("connect_tcp", &[0]),
    both("connect_abstract", &[0]),
    both("connect_path", &[0]),
    both("make_process", &[0]),
    both("start_program", &[0]),
    both("make_thread", &[0, EAGAIN]),
    each("trace_host", &[0], &[0, EPERM]),
    both("signal_host", &[0]),
    both("signal_host_thread", &[0]),
    both("change_namespace", &[0]),
    both("mount_something", &[0]),
    both("change_user", &[0]),
    both("outlive_host", &[0]),
    both("block_host", &[0]),
    both("hold_capability", &[0]),
    both("raise_limit", &[0]),
    both("map_uncounted_memory", &[0]),
    both("map_code", &[0]),
    both("map_data", &[0]),
    both("make_memory_file", &[0]),
];

/// What the kernel refuses an ordinary user even without a box.
pub(crate) const CONTROL_ORDINARY: &[Expected] = &[
    both("read_shadow", &[EACCES, ENOENT]),
    both("make_file_at_root", &[EACCES]),
    both("open_memory_device", &[EACCES, ENOENT]),
    both("change_namespace", &[EPERM]),
    both("mount_something", &[EPERM]),
    both("hold_capability", &[EPERM]),
];
