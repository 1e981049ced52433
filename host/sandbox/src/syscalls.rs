//! Which system calls a plugin may make: while its library is loaded, and after.
//!
//! Invariant: lists of what is allowed; a call that nobody thought of is refused. Nothing here makes a socket, a
//! process, a thread or a file, changes a file, or reaches another process. Numbers only: nothing here is installed.
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{BackendError, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

/// Rules by number of the system call; no rule at all means "with any arguments".
pub(crate) type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// With any arguments: what threads do that only compute, wait, and talk over descriptors that are open already.
const RUNNING: &[c_long] = &[
    // memory
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // locks and time
    libc::SYS_futex,
    libc::SYS_membarrier,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_getrandom,
    libc::SYS_restart_syscall,
    // open descriptors; no `ioctl`, no `setsockopt`
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_getsockopt,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    // signals of its own; the beginning and the end of a thread
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // who am I
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_sysinfo,
    // Answered with ENOSYS by the filter below, which the C library understands as "use `clone`", which is refused.
    libc::SYS_clone3,
];

/// The same, under the names that only x86-64 has.
#[cfg(target_arch = "x86_64")]
const RUNNING_OLD: &[c_long] = &[libc::SYS_poll, libc::SYS_select, libc::SYS_epoll_wait, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const RUNNING_OLD: &[c_long] = &[];

/// With any arguments, while the library is loaded: looking for files, and setting the tight filter.
const LOADING: &[c_long] = &[
    libc::SYS_mprotect,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_chdir,
];
#[cfg(target_arch = "x86_64")]
const LOADING_OLD: &[c_long] = &[libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink];
#[cfg(not(target_arch = "x86_64"))]
const LOADING_OLD: &[c_long] = &[];

/// What is allowed while the library is loaded and its static constructors run, in the process `pid`.
pub(crate) fn coarse(pid: u32) -> Result<Rules, BackendError> {
    let mut rules = common(pid)?;
    rules.extend(LOADING.iter().chain(LOADING_OLD).map(|number| (*number, Vec::new())));
    // Reading only. `O_TMPFILE` cannot be had without asking to write.
    let writes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;
    rules.insert(libc::SYS_openat, vec![all([without(2, writes)?])?]);
    rules.insert(libc::SYS_mmap, no_shared_scratch(None)?);
    rules.insert(
        libc::SYS_seccomp,
        vec![all([
            equals(0, u64::from(libc::SECCOMP_SET_MODE_FILTER))?,
            equals(1, u64::from(SECCOMP_FILTER_FLAG_TSYNC))?,
        ])?],
    );
    rules.entry(libc::SYS_prctl).or_default().push(all([equals(0, PR_SET_NO_NEW_PRIVS)?])?);
    Ok(rules)
}

/// What is allowed from then on: no file is opened and no memory becomes executable.
pub(crate) fn tight(pid: u32) -> Result<Rules, BackendError> {
    let mut rules = common(pid)?;
    rules.insert(libc::SYS_mprotect, vec![all([without(2, libc::PROT_EXEC)?])?]);
    rules.insert(libc::SYS_mmap, no_shared_scratch(Some(without(2, libc::PROT_EXEC)?))?);
    // The size of an open descriptor; the C library asks for it in these words.
    let of_descriptor = |argument| with(argument, libc::AT_EMPTY_PATH);
    rules.insert(libc::SYS_newfstatat, vec![all([of_descriptor(3)?])?]);
    rules.insert(libc::SYS_statx, vec![all([of_descriptor(2)?])?]);
    Ok(rules)
}

/// Calls answered with ENOSYS, so that the C library falls back to a call whose arguments a filter can see.
pub(crate) fn unknown_to_the_kernel() -> Rules {
    Rules::from([(libc::SYS_clone3, Vec::new())])
}

const PR_SET_NAME: u64 = libc::PR_SET_NAME as u64;
const PR_SET_NO_NEW_PRIVS: u64 = libc::PR_SET_NO_NEW_PRIVS as u64;
const SECCOMP_FILTER_FLAG_TSYNC: u32 = libc::SECCOMP_FILTER_FLAG_TSYNC as u32;

fn common(pid: u32) -> Result<Rules, BackendError> {
    let mut rules: Rules = RUNNING.iter().chain(RUNNING_OLD).map(|number| (*number, Vec::new())).collect();
    // To itself only: `abort` and `raise` need it.
    let own = || all([equals(0, u64::from(pid))?]);
    rules.insert(libc::SYS_tgkill, vec![own()?]);
    rules.insert(libc::SYS_kill, vec![own()?]);
    rules.insert(libc::SYS_prctl, vec![all([equals(0, PR_SET_NAME)?])?]);
    // Reading its own limits, which the C library does when a thread starts; setting none.
    rules.insert(libc::SYS_prlimit64, vec![all([equals(0, 0)?, null_pointer(2)?])?]);
    // Not `F_SETFL`: descriptors shared with the host share their flags, and a plugin could make the host block.
    let commands = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_DUPFD_CLOEXEC, libc::F_GET_SEALS];
    let commands = commands.into_iter().map(|command| all([with_value(1, command)?]));
    rules.insert(libc::SYS_fcntl, commands.collect::<Result<_, _>>()?);
    Ok(rules)
}

/// `mmap` but for shared memory without a file behind it, which `RLIMIT_DATA` does not count: either private, or of a
/// descriptor.
fn no_shared_scratch(also: Option<SeccompCondition>) -> Result<Vec<SeccompRule>, BackendError> {
    let private = without(3, libc::MAP_SHARED)?;
    let of_file = without(3, libc::MAP_ANONYMOUS)?;
    [private, of_file].into_iter().map(|kind| all(also.iter().cloned().chain([kind]))).collect()
}

fn all(conditions: impl IntoIterator<Item = SeccompCondition>) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into_iter().collect())
}

fn equals(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn with_value(argument: u8, value: i32) -> Result<SeccompCondition, BackendError> {
    equals(argument, u64::from(value.cast_unsigned()))
}

fn null_pointer(argument: u8) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)
}

/// None of these flags is set.
fn without(argument: u8, flags: i32) -> Result<SeccompCondition, BackendError> {
    masked(argument, flags, 0)
}

/// All of these flags are set.
fn with(argument: u8, flags: i32) -> Result<SeccompCondition, BackendError> {
    masked(argument, flags, flags)
}

fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompCondition, BackendError> {
    let mask = u64::from(mask.cast_unsigned());
    let value = u64::from(value.cast_unsigned());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_reaches_outside_is_on_either_list() {
        let never = [
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_clone,
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_pidfd_send_signal,
            libc::SYS_pidfd_getfd,
            libc::SYS_tkill,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_memfd_create,
            libc::SYS_ioctl,
            libc::SYS_io_uring_setup,
            libc::SYS_bpf,
            libc::SYS_userfaultfd,
            libc::SYS_personality,
            libc::SYS_pkey_mprotect,
            libc::SYS_capset,
            libc::SYS_setuid,
            libc::SYS_ftruncate,
        ];
        for rules in [coarse(1).unwrap(), tight(1).unwrap()] {
            for number in never {
                assert!(!rules.contains_key(&number), "system call {number}");
            }
        }
    }

    #[test]
    fn the_tight_list_allows_no_call_that_the_coarse_one_refuses() {
        let coarse = coarse(1).unwrap();
        let tight = tight(1).unwrap();
        assert!(tight.keys().all(|number| coarse.contains_key(number)));
        for gone in [libc::SYS_openat, libc::SYS_chdir, libc::SYS_seccomp] {
            assert!(coarse.contains_key(&gone) && !tight.contains_key(&gone));
        }
    }
}
