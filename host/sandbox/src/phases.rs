//! The way of a runner into the box, one type per stage. Each stage is entered once, by value, in the order given by
//! the types.
//!
//! Invariant: [`Options::required`] is checked as soon as a layer was tried, so that nothing happens in a box that the
//! operator would not accept.

use std::{os::fd::RawFd, path::PathBuf};

use crate::{
    BoxError, Layer, LayerReport, Options, Report, landlock, limits,
    namespaces::{self, Obtained},
    privileges, process, root, seccomp,
};

/// Puts on every layer that has to come before threads and foreign code. Call it first thing in a fresh process, after
/// reading arguments and environment (which it empties) and after loading the libraries that plugins may link to (there
/// is no file system to find them on afterwards).
///
/// # Threads
///
/// The calling thread must be the only one of the process. With others, the namespaces are reported as missing, and
/// the privileges of those threads stay.
///
/// # Descriptors
///
/// Every descriptor above 2 that `options` does not name is closed, whoever owns it.
///
/// # Errors
///
/// A required layer is missing, the host is gone, or its descriptors cannot be closed. The process must end then.
pub fn enter_early(options: &Options) -> Result<Early, BoxError> {
    let mut state = State::new(options);
    state.add(process::separate(options)?)?;
    let forbidden = if state.wants(Layer::NoNewPrivs) { privileges::forbid_new() } else { Ok(()) };

    let obtained = if state.wants(Layer::Namespaces) {
        namespaces::unshare_all()
    } else {
        Obtained::nothing(SWITCHED_OFF)
    };
    let (own_users, own_mounts) = (obtained.users, obtained.mounts);
    state.add(obtained.report)?;

    state.private_root = false;
    let root = if !state.wants(Layer::PrivateRoot) {
        LayerReport::missing(Layer::PrivateRoot, SWITCHED_OFF)
    } else if !own_mounts {
        LayerReport::missing(Layer::PrivateRoot, "it takes a mount namespace of its own")
    } else {
        match root::enter_empty() {
            Ok(()) => {
                state.private_root = true;
                LayerReport::enforced(Layer::PrivateRoot)
            }
            Err(refusal) => LayerReport::missing(Layer::PrivateRoot, refusal),
        }
    };
    state.add(root)?;

    state.put_on(Layer::NoNewPrivs, || privileges::drop_all(forbidden))?;
    state.put_on(Layer::Rlimits, || limits::apply(&options.limits, own_users))?;
    if state.wants(Layer::Session)
        && let Err(errno) = process::die_with(options.expected_parent)?
    {
        // It worked at the start, so this is a kernel that forgot the wish and cannot be asked again.
        state.add(LayerReport::partial(Layer::Session, format!("may outlive the host: {errno}")))?;
    }
    Ok(Early(state))
}

/// Namespaces, root, limits and privileges are settled; there is one thread.
#[derive(Debug)]
pub struct Early(State);

impl Early {
    /// Puts on Landlock, which every thread made from now on inherits. Still on the only thread.
    ///
    /// # Errors
    ///
    /// Landlock is required and missing.
    pub fn landlock(mut self) -> Result<Confined, BoxError> {
        self.0.put_on(Layer::Landlock, landlock::restrict)?;
        Ok(Confined(self.0))
    }

    /// What is known so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }
}

/// Nothing new can be opened but what the process holds. The runner makes its threads in this stage.
#[derive(Debug)]
pub struct Confined(State);

impl Confined {
    /// Sets the first system call filter on every thread: from now on no new thread, process, socket or file.
    ///
    /// # Errors
    ///
    /// System call filters are required and missing.
    pub fn coarse(mut self) -> Result<Loading, BoxError> {
        self.0.put_on(Layer::Seccomp, || match seccomp::set_coarse() {
            Ok(()) => LayerReport::partial(Layer::Seccomp, "the filter for loading only"),
            Err(refusal) => LayerReport::missing(Layer::Seccomp, refusal),
        })?;
        self.0.add(LayerReport::missing(Layer::Cgroup, "not built yet"))?;
        Ok(Loading(self.0))
    }

    /// What is known so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }
}

/// Foreign code may be loaded.
#[derive(Debug)]
pub struct Loading(State);

impl Loading {
    /// The path under which `dlopen` finds the open descriptor `fd` (a sealed memfd) in this stage.
    #[must_use]
    pub fn library_path(&self, fd: RawFd) -> PathBuf {
        if self.0.private_root { format!("./{fd}") } else { format!("/proc/self/fd/{fd}") }.into()
    }

    /// Shuts the way to library files and sets the second system call filter on every thread, for good.
    ///
    /// # Errors
    ///
    /// The way to library files cannot be shut.
    pub fn tight(mut self) -> Result<Report, BoxError> {
        if self.0.private_root {
            root::leave_libraries().map_err(BoxError::LeaveLibraries)?;
        }
        if self.0.report.state(Layer::Seccomp) != crate::LayerState::Missing {
            let report = match seccomp::set_tight() {
                Ok(()) => LayerReport::enforced(Layer::Seccomp),
                Err(refusal) => {
                    LayerReport::partial(Layer::Seccomp, format!("the filter for loading only; {refusal}"))
                }
            };
            self.0.add(report)?;
        }
        Ok(self.0.report)
    }

    /// What is known so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }
}

const SWITCHED_OFF: &str = "switched off";

/// What the stages hand on.
#[derive(Debug)]
struct State {
    report: Report,
    required: crate::Required,
    disable: Vec<Layer>,
    private_root: bool,
}

impl State {
    fn new(options: &Options) -> Self {
        Self {
            report: Report::default(),
            required: options.required.clone(),
            disable: options.disable.clone(),
            private_root: false,
        }
    }

    fn wants(&self, layer: Layer) -> bool {
        !self.disable.contains(&layer)
    }

    fn add(&mut self, report: LayerReport) -> Result<(), BoxError> {
        self.required.check(&report)?;
        self.report.set(report);
        Ok(())
    }

    fn put_on(&mut self, layer: Layer, set: impl FnOnce() -> LayerReport) -> Result<(), BoxError> {
        let report = if self.wants(layer) { set() } else { LayerReport::missing(layer, SWITCHED_OFF) };
        self.add(report)
    }
}
