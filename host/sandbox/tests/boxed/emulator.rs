//! A kernel that has none of the newer calls, as processor emulators and old kernels present it: a process that answers
//! them with "no such call" to itself and to the child that it starts.

use std::{collections::BTreeMap, process::ExitCode};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

use crate::harness::stand_between;

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let absent =
        [libc::SYS_seccomp, libc::SYS_landlock_create_ruleset, libc::SYS_unshare, libc::SYS_close_range];
    let rules: BTreeMap<_, _> = absent.into_iter().map(|number| (number, Vec::new())).collect();
    let answer = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let arch = TargetArch::try_from(std::env::consts::ARCH).expect("a processor with filters");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, arch).expect("a filter");
    apply_filter(&BpfProgram::try_from(filter).expect("a program")).expect("a kernel with filters");
    stand_between(arguments)
}
