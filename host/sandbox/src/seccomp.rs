//! Setting the two system call filters, on all threads of the process at once.
//!
//! Invariant: a call that is not on the list answers EPERM, `clone3` answers ENOSYS, and a call made through another
//! processor mode's table (32-bit calls on a 64-bit kernel) ends the process. The lists are in `syscalls`.

/// Sets the filter for the time of loading.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) fn set_coarse() -> Result<(), String> {
    use seccompiler::SeccompAction::{Allow, Errno};
    // First, so that there is no moment in which `clone3` would be allowed. Of two answers the kernel takes the
    // stricter, and an error is stricter than leave.
    install(crate::syscalls::unknown_to_the_kernel(), Allow, Errno(libc::ENOSYS.cast_unsigned()))?;
    install(
        crate::syscalls::coarse(std::process::id()).map_err(text)?,
        Errno(libc::EPERM.cast_unsigned()),
        Allow,
    )
}

/// Sets the filter for the rest of the life of the process.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) fn set_tight() -> Result<(), String> {
    use seccompiler::SeccompAction::{Allow, Errno};
    install(
        crate::syscalls::tight(std::process::id()).map_err(text)?,
        Errno(libc::EPERM.cast_unsigned()),
        Allow,
    )
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn install(
    rules: crate::syscalls::Rules,
    otherwise: seccompiler::SeccompAction,
    listed: seccompiler::SeccompAction,
) -> Result<(), String> {
    use seccompiler::{BpfProgram, SeccompFilter, TargetArch};
    let arch = if cfg!(target_arch = "x86_64") { TargetArch::x86_64 } else { TargetArch::aarch64 };
    let filter = SeccompFilter::new(rules, otherwise, listed, arch).map_err(text)?;
    let program = BpfProgram::try_from(filter).map_err(text)?;
    seccompiler::apply_filter_all_threads(&program).map_err(text)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn text(error: impl std::fmt::Display) -> String {
    format!("the kernel or an emulator refused the filter: {error}")
}

/// No filter is written for this processor: a list that was never tried on the machine it is for would either break
/// plugins or promise too much.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn set_coarse() -> Result<(), String> {
    Err(NO_FILTER.to_owned())
}

/// As [`set_coarse`].
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn set_tight() -> Result<(), String> {
    Err(NO_FILTER.to_owned())
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const NO_FILTER: &str = "there is no filter for this processor: use a 64-bit system";
