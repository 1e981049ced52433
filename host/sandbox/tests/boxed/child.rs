//! The boxed side: one process that goes into the box as told, does one thing there, and says what happened on
//! standard output. Its only arguments are on its command line.

#![expect(unsafe_code, reason = "loading a library and calling it")]

use std::{
    ffi::{CStr, c_char, c_int},
    fs,
    io::Write,
    os::fd::IntoRawFd,
    path::Path,
    process::ExitCode,
    sync::mpsc,
    thread,
};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use marquee_sandbox::{BoxError, Layer, Options, Report, Required, enter_early};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use crate::inside;

/// The number under which the library lies in the child; the library is compiled with it.
pub(crate) const LIBRARY: i32 = 9;

/// What the harness asks of a child. Everything is text, since it crosses a command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    /// What to do once inside: a name of [`inside::act`], or `probe`.
    pub(crate) action: String,
    /// Layers to leave off, separated by commas.
    pub(crate) disable: String,
    /// Layers to insist on, separated by commas.
    pub(crate) require: String,
    /// The process that must be the parent; empty: not checked.
    pub(crate) parent: String,
    /// The library to load, if any.
    pub(crate) library: String,
}

impl Order {
    pub(crate) fn to_arguments(&self) -> [String; 6] {
        let Self { action, disable, require, parent, library } = self.clone();
        ["child".to_owned(), action, disable, require, parent, library]
    }

    fn from_arguments(arguments: &[String]) -> Self {
        let [action, disable, require, parent, library] = arguments else { panic!("five arguments") };
        let [action, disable, require, parent, library] =
            [action, disable, require, parent, library].map(String::clone);
        Self { action, disable, require, parent, library }
    }

    /// Whether this is a run without a box, to see that the attempts are real.
    pub(crate) fn is_control(&self) -> bool {
        ["seccomp", "landlock", "namespaces"].iter().all(|layer| self.disable.contains(layer))
    }

    fn options(&self) -> Options {
        let layers = |text: &str| -> Vec<Layer> {
            text.split(',')
                .filter(|name| !name.is_empty())
                .map(|name| name.parse().expect("a layer"))
                .collect()
        };
        Options {
            expected_parent: self.parent.parse().ok(),
            keep_fds: vec![LIBRARY],
            required: Required(layers(&self.require)),
            disable: layers(&self.disable),
            ..Options::default()
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let order = Order::from_arguments(arguments);
    if order.action == "probe" {
        let report = marquee_sandbox::probe_here().expect("a probe demands nothing");
        say_report(&report);
        return ExitCode::SUCCESS;
    }
    match boxed(&order) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

fn boxed(order: &Order) -> Result<(), BoxError> {
    // Inherited by oversight, as it were: the box closes what it was not told to keep.
    let _ = fs::File::open("/dev/null").expect("a device").into_raw_fd();
    let hostile = !order.library.is_empty();
    if hostile {
        place_library(&order.library, !order.is_control());
    }

    let confined = enter_early(&order.options())?.landlock()?;
    // A thread from before the filters: what it may do shows whether they reach every thread.
    let (to_worker, jobs) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
    let worker = thread::Builder::new()
        .name("callbacks".to_owned())
        .spawn(move || jobs.into_iter().for_each(|job| job()))
        .expect("a thread before the filters");
    let loading = confined.coarse()?;
    let hostile = hostile.then(|| Hostile::load(&loading.library_path(LIBRARY)));
    let report = loading.tight()?;

    say_report(&report);
    let action = order.action.clone();
    to_worker.send(Box::new(move || inside::act(&action, hostile.as_ref()))).expect("the thread is there");
    drop(to_worker);
    worker.join().expect("the action does not panic");
    Ok(())
}

fn say_report(report: &Report) {
    say(&format!("report {}", serde_json::to_string(report).expect("plain data")));
}

pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the harness listens");
}

/// Puts the library under its number, as a memfd: sealed, but for a run without a box.
fn place_library(path: &str, sealed: bool) {
    let bytes = fs::read(path).expect("the compiled library");
    let memfd = memfd_create("library", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).expect("a memfd");
    let mut memfd = fs::File::from(memfd);
    memfd.write_all(&bytes).expect("memory");
    if sealed {
        let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
        fcntl_add_seals(&memfd, seals).expect("seals");
    }
    let number = rustix::io::fcntl_dupfd_cloexec(&memfd, LIBRARY).expect("a number");
    assert_eq!(number.into_raw_fd(), LIBRARY);
    // Closed by the box.
    let _ = memfd.into_raw_fd();
}

/// The loaded library.
pub(crate) struct Hostile {
    library: Library,
}

impl Hostile {
    fn load(path: &Path) -> Self {
        // SAFETY: the library is `hostile.c`; its constructor calls the kernel and writes to its own memory.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
        Self { library: library.unwrap_or_else(|error| panic!("{}: {error}", path.display())) }
    }

    /// Every attempt: its name, and the answers of the constructor and of now.
    pub(crate) fn attempts(&self) -> Vec<(String, c_int, c_int)> {
        // SAFETY: the three functions are declared so in `hostile.c`, and only numbers below the first one that has no
        // name are passed on; names are constants that end with a zero.
        unsafe {
            let name =
                self.library.get::<extern "C" fn(c_int) -> *const c_char>("hostile_name").expect("a name");
            let before =
                self.library.get::<extern "C" fn(c_int) -> c_int>("hostile_while_loading").expect("a name");
            let now = self.library.get::<extern "C" fn(c_int) -> c_int>("hostile_now").expect("a name");
            (0..)
                .map_while(|i| {
                    let text = name(i);
                    let text =
                        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())?;
                    Some((text, before(i), now(i)))
                })
                .collect()
        }
    }
}
