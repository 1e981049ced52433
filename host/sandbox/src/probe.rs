//! What this machine can enforce: asked politely, or tried out.
//!
//! Invariant: [`probe`] changes nothing and may be called from any thread; [`probe_here`] boxes the calling process for
//! good.

use std::{fs, path::Path};

use crate::{BoxError, Layer, LayerReport, Options, Report, enter_early, landlock};

/// Puts the whole box on this process and answers with what was really enforced. For a process that does nothing else:
/// afterwards it can write to the descriptors that it had, and end.
///
/// # Errors
///
/// As [`enter_early`], with nothing required.
pub fn probe_here() -> Result<Report, BoxError> {
    let mut options = Options::default();
    // Whoever asks may have sent standard output to a file.
    options.limits.file_size_bytes = u64::MAX;
    enter_early(&options)?.landlock()?.coarse()?.tight()
}

/// What the kernel says about itself, without trying anything. A layer shown as enforced here is one that nothing
/// speaks against; [`probe_here`] is the proof.
#[must_use]
pub fn probe() -> Report {
    let mut report = Report::default();
    report.set(LayerReport::enforced(Layer::Session));
    let namespaces = namespaces_as_told();
    let root = match &namespaces {
        None => LayerReport::enforced(Layer::PrivateRoot),
        Some(_) => LayerReport::missing(Layer::PrivateRoot, "it takes a mount namespace of its own"),
    };
    report.set(match namespaces {
        None => LayerReport::enforced(Layer::Namespaces),
        Some(why) => LayerReport::missing(Layer::Namespaces, why),
    });
    report.set(root);
    report.set(LayerReport::enforced(Layer::NoNewPrivs));
    report.set(LayerReport::enforced(Layer::Rlimits));
    report.set(landlock::available());
    report.set(seccomp_as_told());
    report.set(LayerReport::missing(Layer::Cgroup, "not built yet"));
    report
}

/// What speaks against namespaces here, if anything does.
fn namespaces_as_told() -> Option<String> {
    if !Path::new("/proc/self/ns/user").exists() {
        return Some("the kernel has no user namespaces, or /proc is not mounted".to_owned());
    }
    let setting = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let root = rustix::process::geteuid().is_root();
    if setting("/proc/sys/user/max_user_namespaces").as_deref() == Some("0") {
        return Some("user namespaces are switched off: set `user.max_user_namespaces` above 0".to_owned());
    }
    if !root && setting("/proc/sys/kernel/unprivileged_userns_clone").as_deref() == Some("0") {
        return Some(
            "only root may make user namespaces: set `kernel.unprivileged_userns_clone` to 1".to_owned(),
        );
    }
    if !root && setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").as_deref() == Some("1") {
        return Some(
            "AppArmor keeps ordinary users from using namespaces: give the runner a profile with `userns`"
                .to_owned(),
        );
    }
    None
}

fn seccomp_as_told() -> LayerReport {
    if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return LayerReport::missing(
            Layer::Seccomp,
            "there is no filter for this processor: use a 64-bit system",
        );
    }
    // Every kernel with filters lists what they can answer.
    match fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail") {
        Ok(actions) if actions.split_whitespace().any(|action| action == "errno") => {
            LayerReport::enforced(Layer::Seccomp)
        }
        _ => LayerReport::missing(Layer::Seccomp, "the kernel has none: it takes CONFIG_SECCOMP_FILTER"),
    }
}
