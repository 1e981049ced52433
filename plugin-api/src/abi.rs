//! The ABI: what really crosses between a runner and a plugin. Not for authors.
//!
//! Invariant: [`Root`], and every type that it reaches, is frozen at 1.0: no field, variant or argument is ever added,
//! removed or changed, because `abi_stable` refuses an older plugin in a newer host as soon as one is. What comes later
//! is an extension, asked for by a string id in either direction and answered with a pointer and its type layout
//! ([`Extension`]), which the asker checks. All functions catch panics; none unwinds.
//!
//! Threads: [`Drawer`] is used by one thread from creation to its end; [`Fetcher`] by one other thread. [`HostTable`]
//! may be called from any thread of the process.

#![expect(unsafe_code, reason = "raw pointers with function tables are what an ABI is made of")]

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::package_version_strings;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{ROption, RResult, RSlice, RStr, RString, RVec, Tuple2};
use abi_stable::type_layout::TypeLayout;

pub use abi_stable;

/// The root module: all that a plugin's file exports besides its manifest.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = RootRef)))]
#[sabi(missing_field(panic))]
pub struct Root {
    /// One JSON object: `{"schema": JSON Schema of the settings, "defaults": the settings' defaults}`.
    pub describe: extern "C" fn() -> RResult<RString, Fault>,
    /// Makes the plugin. Called once in a process.
    pub create: extern "C" fn(CreateArgs) -> RResult<Created, Fault>,
    /// An extension of the plugin, by id.
    #[sabi(last_prefix_field)]
    pub extension: extern "C" fn(RStr<'_>) -> ROption<Extension>,
}

impl RootModule for RootRef {
    abi_stable::declare_root_module_statics! {RootRef}
    const BASE_NAME: &'static str = "marquee_plugin";
    const NAME: &'static str = "marquee_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// A table of functions that is not part of the frozen contract, with what it takes to check it.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Extension {
    /// Points to a `'static` value of the type that `layout` describes.
    pub pointer: *const (),
    /// The layout of what `pointer` points to.
    pub layout: &'static TypeLayout,
}

// SAFETY: an extension is a reference to a `'static` table of functions that may be called from any thread.
unsafe impl Send for Extension {}
// SAFETY: as above.
unsafe impl Sync for Extension {}

/// Why a callback failed.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Fault {
    /// 1: the plugin answered with an error. 2: it panicked. 3: the settings do not fit its type.
    pub kind: u32,
    /// One sentence, or the panic's message.
    pub message: RString,
    /// `file:line` of a panic, or empty.
    pub place: RString,
}

/// [`Fault::kind`]: the plugin answered with an error.
pub const FAULT_ERROR: u32 = 1;
/// [`Fault::kind`]: it panicked.
pub const FAULT_PANIC: u32 = 2;
/// [`Fault::kind`]: the settings do not fit.
pub const FAULT_SETTINGS: u32 = 3;

/// What a plugin is made from.
#[repr(C)]
#[derive(StableAbi)]
pub struct CreateArgs {
    /// The operator's settings: a JSON object.
    pub settings: RString,
    /// Where it runs.
    pub panel: Panel,
    /// What the host does for it.
    pub host: HostTable,
}

/// Where a plugin runs.
#[repr(C)]
#[derive(StableAbi, Clone)]
pub struct Panel {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames a second.
    pub fps: u32,
    /// Name of the instance.
    pub instance: RString,
    /// IANA time zone.
    pub time_zone: RString,
    /// Latitude and longitude in degrees.
    pub location: ROption<Tuple2<f64, f64>>,
}

/// A made plugin: one half for each of its threads.
#[repr(C)]
#[derive(StableAbi)]
pub struct Created {
    /// For the draw thread.
    pub drawer: Drawer,
    /// For the fetch thread.
    pub fetcher: Fetcher,
}

/// The half of a plugin that draws.
#[repr(C)]
#[derive(StableAbi)]
pub struct Drawer {
    /// The plugin's own.
    pub state: *mut (),
    /// Draws into a canvas.
    pub draw: unsafe extern "C" fn(*mut (), Canvas, &TickTable) -> RResult<NextTable, Fault>,
    /// Takes an event of a kind with a JSON content; answers whether it was taken. Kind `settings` is for new settings.
    pub event: unsafe extern "C" fn(*mut (), RStr<'_>, RStr<'_>) -> RResult<bool, Fault>,
    /// Ends the plugin; `state` is gone afterwards whatever the answer.
    pub end: unsafe extern "C" fn(*mut ()) -> RResult<(), Fault>,
}

// SAFETY: the owner moves the whole drawer to the draw thread before its first use and never shares it.
unsafe impl Send for Drawer {}

/// The half of a plugin that fetches.
#[repr(C)]
#[derive(StableAbi)]
pub struct Fetcher {
    /// The plugin's own.
    pub state: *mut (),
    /// Fetches once.
    pub fetch: unsafe extern "C" fn(*mut ()) -> RResult<FetchedTable, Fault>,
    /// Gives the half up; `state` is gone afterwards.
    pub end: unsafe extern "C" fn(*mut ()),
}

// SAFETY: as for `Drawer`, with the fetch thread.
unsafe impl Send for Fetcher {}

/// Pixels to draw into.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Canvas {
    /// `width * height * 3` bytes, exclusively the callee's during the call.
    pub pixels: *mut u8,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// A tick; the meaning of the fields is that of [`crate::Tick`].
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct TickTable {
    /// Nanoseconds since the first frame.
    pub elapsed_ns: u64,
    /// Nanoseconds since the frame before.
    pub delta_ns: u64,
    /// Nanoseconds on screen.
    pub shown_ns: u64,
    /// Nanoseconds since 1970, UTC.
    pub unix_ns: i64,
    /// Offset from UTC in seconds.
    pub utc_offset_s: i32,
    /// Frames drawn before.
    pub count: u64,
    /// On screen.
    pub visible: bool,
    /// New data since the last frame.
    pub new_data: bool,
}

/// The answer to a tick.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTable {
    /// 0: next frame. 1: after `wake_ns`. 2: on news.
    pub wake: u32,
    /// Nanoseconds, for `wake` 1.
    pub wake_ns: u64,
    /// 0: yes. 1: nothing to show. 2: over. 3: live.
    pub show: u32,
}

/// The answer to a fetch.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchedTable {
    /// Whether there is new data.
    pub new_data: bool,
    /// Whether to fetch again.
    pub again: bool,
    /// After how many nanoseconds.
    pub again_ns: u64,
}

/// The host's services. Copied into the plugin; `context` stays valid for the life of the process.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct HostTable {
    /// The host's own.
    pub context: *const (),
    /// Logs a line: level 1 (error) to 5 (trace), target, message.
    pub log: unsafe extern "C" fn(*const (), u32, RStr<'_>, RStr<'_>),
    /// Sends an HTTP request.
    pub http: unsafe extern "C" fn(*const (), &HttpCall<'_>) -> RResult<HttpAnswer, HostFault>,
    /// Reads a kept value.
    pub value: unsafe extern "C" fn(*const (), RStr<'_>) -> RResult<ROption<RVec<u8>>, HostFault>,
    /// Keeps (or, with none, forgets) a value.
    pub set_value:
        unsafe extern "C" fn(*const (), RStr<'_>, ROption<RSlice<'_, u8>>) -> RResult<(), HostFault>,
    /// Reads an asset.
    pub asset: unsafe extern "C" fn(*const (), RStr<'_>) -> RResult<RVec<u8>, HostFault>,
    /// An extension of the host, by id.
    pub extension: unsafe extern "C" fn(*const (), RStr<'_>) -> ROption<Extension>,
}

// SAFETY: `context` belongs to the runner, which guarantees that every function here may be called from any thread.
unsafe impl Send for HostTable {}
// SAFETY: as above.
unsafe impl Sync for HostTable {}

/// An HTTP request.
#[repr(C)]
#[derive(StableAbi, Clone)]
pub struct HttpCall<'a> {
    /// Method.
    pub method: RStr<'a>,
    /// URL.
    pub url: RStr<'a>,
    /// Headers.
    pub headers: RVec<Tuple2<RStr<'a>, RStr<'a>>>,
    /// Body; empty for none.
    pub body: RSlice<'a, u8>,
    /// Nanoseconds; 0 for the host's limit.
    pub time_limit_ns: u64,
}

/// An HTTP answer.
#[repr(C)]
#[derive(StableAbi, Clone)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: RVec<Tuple2<RString, RString>>,
    /// Body.
    pub body: RVec<u8>,
    /// An old answer.
    pub stale: bool,
    /// Its age in nanoseconds.
    pub age_ns: u64,
}

/// Why the host did not do it.
#[repr(C)]
#[derive(StableAbi, Clone)]
pub struct HostFault {
    /// The code of a [`crate::HostErrorKind`].
    pub kind: u32,
    /// One sentence.
    pub message: RString,
}
