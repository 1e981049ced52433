//! Landlock: nothing on any file system may be opened or run, no TCP, no signals or abstract sockets to the outside.
//!
//! Invariant: everything that the running kernel can restrict is restricted and no exception is made. Sealed memfds and
//! descriptors that are open already are outside Landlock's reach, so the library can still be loaded.

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetError, RulesetStatus,
    Scope,
};

use crate::{Layer, LayerReport};

/// The first version that also restricts signals and abstract sockets; with it the layer counts as whole.
const WHOLE: ABI = ABI::V6;
/// The newest version that this code asks for.
const NEWEST: ABI = ABI::V9;

/// Restricts the calling thread and every thread that it makes from now on.
pub(crate) fn restrict() -> LayerReport {
    match restrict_self() {
        Ok((RulesetStatus::NotEnforced, status)) => LayerReport::missing(Layer::Landlock, why_absent(status)),
        Ok((_, LandlockStatus::Available { effective_abi, .. })) if effective_abi < WHOLE => {
            LayerReport::partial(Layer::Landlock, what_lacks(effective_abi as i32))
        }
        Ok(_) => LayerReport::enforced(Layer::Landlock),
        Err(error) => LayerReport::missing(Layer::Landlock, format!("the kernel refused it: {error}")),
    }
}

/// What the kernel says about its Landlock; restricts nothing.
#[expect(unsafe_code, reason = "the library tells the version only to those who restrict themselves")]
pub(crate) fn available() -> LayerReport {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    // SAFETY: with this flag the call takes no memory and makes nothing; it answers with a number.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<libc::c_void>(),
            0_usize,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    let disabled = std::io::Error::last_os_error().raw_os_error() == Some(libc::EOPNOTSUPP);
    match i32::try_from(version).unwrap_or(0) {
        ..=0 if disabled => LayerReport::missing(Layer::Landlock, SWITCHED_OFF),
        ..=0 => LayerReport::missing(Layer::Landlock, ABSENT),
        version if version >= WHOLE as i32 => LayerReport::enforced(Layer::Landlock),
        version => LayerReport::partial(Layer::Landlock, what_lacks(version)),
    }
}

fn restrict_self() -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let restriction = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()?;
    Ok((restriction.ruleset, restriction.landlock))
}

const SWITCHED_OFF: &str =
    "built into the kernel but switched off: add `landlock` to `lsm=` on the kernel's command line";
const ABSENT: &str = "the kernel has none: it takes Linux 5.13 with CONFIG_SECURITY_LANDLOCK";

fn why_absent(status: LandlockStatus) -> &'static str {
    if status == LandlockStatus::NotEnabled { SWITCHED_OFF } else { ABSENT }
}

fn what_lacks(version: i32) -> String {
    let lacks = if version < ABI::V4 as i32 {
        "TCP, signals and abstract sockets"
    } else {
        "signals and abstract sockets"
    };
    format!("version {version} of the kernel's Landlock does not restrict {lacks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_kernel_is_told_what_it_does_not_restrict() {
        assert_eq!(
            what_lacks(3),
            "version 3 of the kernel's Landlock does not restrict TCP, signals and abstract sockets"
        );
        assert_eq!(
            what_lacks(5),
            "version 5 of the kernel's Landlock does not restrict signals and abstract sockets"
        );
    }
}
