//! From the trait to the ABI: `extern "C"` functions, generic over the plugin, that catch every panic.
//!
//! Invariant: no function here unwinds, and none trusts a length or a pointer that it has not checked as far as a
//! process can check its own host.

#![expect(unsafe_code, reason = "implements the function tables of `abi`")]

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use abi_stable::library::RootModuleResult;
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::{RNone, ROption, RResult, RSlice, RSome, RStr, RString, Tuple2};
use serde_json::Value;

use crate::abi::{
    Canvas, CreateArgs, Created, Drawer, Extension, FAULT_ERROR, FAULT_PANIC, FAULT_SETTINGS, Fault,
    FetchedTable, Fetcher, HostFault, HostTable, HttpCall, NextTable, Root, RootRef, TickTable,
};
use crate::host::Services;
use crate::{
    Again, Event, Frame, Handled, Host, HostError, HostErrorKind, HttpRequest, HttpResponse, Location, Next,
    PanelInfo, Plugin, PluginError, Show, Tick, Wake,
};

/// Makes a type that implements [`Plugin`] the plugin of this `cdylib`, and compiles its
/// [`Manifest`](crate::Manifest) into the file.
///
/// What is not said comes from `Cargo.toml`. Each word is a method of [`Manifest`](crate::Manifest):
/// `export_plugin!(Feed, name: "Headlines", http: &["feeds.example.org"], min_size: (32, 16));`
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty $(, $word:ident : $value:expr)* $(,)?) => {
        const _: () = {
            const MANIFEST: $crate::Manifest = $crate::Manifest::from_package(
                env!("CARGO_PKG_NAME"),
                env!("CARGO_PKG_VERSION"),
                env!("CARGO_PKG_DESCRIPTION"),
                env!("CARGO_PKG_LICENSE"),
                env!("CARGO_PKG_AUTHORS"),
                env!("CARGO_PKG_REPOSITORY"),
            )$(.$word($value))*;
            const LENGTH: usize = $crate::__private::encoded_len(&MANIFEST);

            // The exported name keeps the linker from dropping a section that nothing refers to.
            #[unsafe(export_name = "marquee_manifest")]
            #[unsafe(link_section = ".marquee.manifest")]
            #[used]
            static SECTION: [u8; LENGTH] = $crate::__private::encode(&MANIFEST);

            // What `abi_stable::export_root_module` would write; that macro does not know edition 2024.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static ROOT: $crate::__private::LibHeader = $crate::__root_header!($plugin);
        };
    };
}

/// The header that a loader looks for.
#[doc(hidden)]
#[macro_export]
macro_rules! __root_header {
    ($plugin:ty) => {
        // SAFETY: the constructor's root module is a `RootRef`.
        unsafe {
            $crate::__private::LibHeader::from_constructor::<$crate::__private::RootRef>(
                $crate::__private::constructor::<$plugin>,
                $crate::__private::CheckTypeLayout::Yes,
            )
        }
    };
}

/// The root module of a plugin.
pub fn root<P: Plugin>() -> RootRef {
    Root { describe: describe::<P>, create: create::<P>, extension: extension::<P> }.leak_into_prefix()
}

/// What the loader calls to get the root module.
pub extern "C" fn constructor<P: Plugin>() -> RootModuleResult {
    abi_stable::library::__call_root_module_loader(root::<P>)
}

/// What both halves of a plugin know.
struct Shared<P: Plugin> {
    settings: Mutex<Arc<P::Settings>>,
    data: Mutex<Option<Arc<P::Data>>>,
    panel: PanelInfo,
    host: HostTable,
}

struct Drawing<P: Plugin> {
    plugin: P,
    shared: Arc<Shared<P>>,
}

extern "C" fn describe<P: Plugin>() -> RResult<RString, Fault> {
    guarded(|| {
        let schema = schemars::schema_for!(P::Settings);
        let defaults = defaults::<P>()?;
        Ok(serde_json::json!({ "schema": schema, "defaults": defaults }).to_string().into())
    })
}

extern "C" fn create<P: Plugin>(args: CreateArgs) -> RResult<Created, Fault> {
    let _ = HOST.set(args.host);
    watch_panics();
    let _ = log::set_logger(&HostLog).map(|()| log::set_max_level(log::LevelFilter::Debug));
    guarded(|| {
        let panel = PanelInfo {
            width: args.panel.width,
            height: args.panel.height,
            fps: args.panel.fps,
            instance: args.panel.instance.into(),
            time_zone: args.panel.time_zone.into(),
            location: args
                .panel
                .location
                .map(|Tuple2(latitude, longitude)| Location { latitude, longitude })
                .into_option(),
        };
        let settings = Arc::new(settings::<P>(&args.settings)?);
        let plugin = P::new(&settings, &panel).map_err(fault)?;
        let shared = Arc::new(Shared::<P> {
            settings: Mutex::new(settings),
            data: Mutex::new(None),
            panel,
            host: args.host,
        });
        let drawing = Box::new(Drawing { plugin, shared: Arc::clone(&shared) });
        Ok(Created {
            drawer: Drawer {
                state: Box::into_raw(drawing).cast(),
                draw: draw::<P>,
                event: event::<P>,
                end: end_drawing::<P>,
            },
            fetcher: Fetcher {
                state: Arc::into_raw(shared).cast_mut().cast(),
                fetch: fetch::<P>,
                end: end_fetching::<P>,
            },
        })
    })
}

extern "C" fn extension<P: Plugin>(id: RStr<'_>) -> ROption<Extension> {
    match guarded(|| Ok(P::extension(id.as_str()))) {
        RResult::ROk(Some(table)) => RSome(table.into_abi()),
        _ => RNone,
    }
}

unsafe extern "C" fn draw<P: Plugin>(
    state: *mut (),
    canvas: Canvas,
    tick: &TickTable,
) -> RResult<NextTable, Fault> {
    guarded(|| {
        // SAFETY: `state` is the box that `create` made; the draw thread is its only user (contract of `Drawer`).
        let drawing = unsafe { &mut *state.cast::<Drawing<P>>() };
        let bytes = (canvas.width as usize).saturating_mul(canvas.height as usize).saturating_mul(3);
        if canvas.pixels.is_null() || bytes > isize::MAX as usize {
            return Err(fault(PluginError::new("the host gave no canvas")));
        }
        // SAFETY: the host lends that many bytes exclusively for this call (contract of `Canvas`).
        let pixels = unsafe { std::slice::from_raw_parts_mut(canvas.pixels, bytes) };
        let Some(mut frame) = Frame::over(pixels, canvas.width, canvas.height) else {
            return Err(fault(PluginError::new("the host gave an empty canvas")));
        };
        let data = drawing.shared.data.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let next = drawing.plugin.draw(&mut frame, data.as_deref(), &tick_from(tick)).map_err(fault)?;
        Ok(table_from(next))
    })
}

unsafe extern "C" fn event<P: Plugin>(
    state: *mut (),
    kind: RStr<'_>,
    data: RStr<'_>,
) -> RResult<bool, Fault> {
    guarded(|| {
        // SAFETY: as in `draw`.
        let drawing = unsafe { &mut *state.cast::<Drawing<P>>() };
        if kind.as_str() == "settings" {
            let settings = Arc::new(settings::<P>(data.as_str())?);
            let handled = drawing.plugin.event(&Event::Settings(&settings)).map_err(fault)? == Handled::Yes;
            if handled {
                let mut kept = drawing.shared.settings.lock().unwrap_or_else(PoisonError::into_inner);
                let old = std::mem::replace(&mut *kept, settings);
                drop(kept);
                drop(old);
            }
            return Ok(handled);
        }
        let data: Value = serde_json::from_str(data.as_str()).unwrap_or(Value::Null);
        let event = Event::Message { kind: kind.as_str(), data: &data };
        Ok(drawing.plugin.event(&event).map_err(fault)? == Handled::Yes)
    })
}

unsafe extern "C" fn end_drawing<P: Plugin>(state: *mut ()) -> RResult<(), Fault> {
    guarded(|| {
        // SAFETY: `state` is the box that `create` made and nobody uses it after this call (contract of `Drawer`).
        drop(unsafe { Box::from_raw(state.cast::<Drawing<P>>()) });
        Ok(())
    })
}

unsafe extern "C" fn fetch<P: Plugin>(state: *mut ()) -> RResult<FetchedTable, Fault> {
    guarded(|| {
        // SAFETY: `state` is the reference count that `create` gave to the fetching half; it lives until `end`.
        let shared = unsafe { &*state.cast_const().cast::<Shared<P>>() };
        let settings = Arc::clone(&shared.settings.lock().unwrap_or_else(PoisonError::into_inner));
        let last = shared.data.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let services = TableServices(shared.host);
        let host = Host::new(&services, &shared.panel);
        let fetched = P::fetch(&settings, &host, last.as_deref()).map_err(fault)?;
        let new_data = fetched.data.is_some();
        if let Some(data) = fetched.data {
            let old = shared.data.lock().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(data));
            // Outside the lock: dropping it may take long, and drawing must not wait for that.
            drop(old);
        }
        Ok(match fetched.again {
            Again::Never => FetchedTable { new_data, again: false, again_ns: 0 },
            Again::After(time) => FetchedTable { new_data, again: true, again_ns: nanos(time) },
        })
    })
}

unsafe extern "C" fn end_fetching<P: Plugin>(state: *mut ()) {
    let _ = guarded(|| {
        // SAFETY: gives back the reference count that `create` gave to the fetching half, once (contract of `Fetcher`).
        drop(unsafe { Arc::from_raw(state.cast_const().cast::<Shared<P>>()) });
        Ok(())
    });
}

/// The settings' defaults as JSON.
fn defaults<P: Plugin>() -> Result<Value, Fault> {
    serde_json::to_value(P::Settings::default()).map_err(|error| settings_fault(&error))
}

/// The operator's settings laid over the defaults.
pub(crate) fn settings<P: Plugin>(text: &str) -> Result<P::Settings, Fault> {
    let given: Value = serde_json::from_str(text).map_err(|error| settings_fault(&error))?;
    let mut whole = defaults::<P>()?;
    lay_over(&mut whole, given);
    serde_json::from_value(whole).map_err(|error| settings_fault(&error))
}

/// Objects are merged key by key, everything else is replaced. An object of no keys changes nothing.
fn lay_over(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(old @ Value::Object(_)) if value.is_object() => lay_over(old, value),
                    _ => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (_, Value::Object(over)) if over.is_empty() => {}
        (base, over) => *base = over,
    }
}

fn settings_fault(error: &serde_json::Error) -> Fault {
    let message = format!("the settings do not fit this plugin: {error}");
    Fault { kind: FAULT_SETTINGS, message: message.into(), place: RString::new() }
}

fn fault(error: PluginError) -> Fault {
    Fault { kind: FAULT_ERROR, message: error.message().into(), place: RString::new() }
}

fn tick_from(t: &TickTable) -> Tick {
    Tick {
        elapsed: Duration::from_nanos(t.elapsed_ns),
        delta: Duration::from_nanos(t.delta_ns),
        shown: Duration::from_nanos(t.shown_ns),
        unix_ns: t.unix_ns,
        utc_offset_s: t.utc_offset_s,
        count: t.count,
        visible: t.visible,
        new_data: t.new_data,
    }
}

fn table_from(next: Next) -> NextTable {
    let (wake, wake_ns) = match next.wake {
        Wake::NextFrame => (0, 0),
        Wake::After(time) => (1, nanos(time)),
        Wake::News => (2, 0),
    };
    let show = match next.show {
        Show::Yes => 0,
        Show::Nothing => 1,
        Show::Over => 2,
        Show::Live => 3,
    };
    NextTable { wake, wake_ns, show }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

thread_local! {
    /// Message and place of this thread's last panic, between the hook and `guarded`.
    static PANIC: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Makes panics of this library leave their message and place behind, and a line on the standard error.
fn watch_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = payload_text(info.payload());
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        eprintln!("panicked at {place}: {message}");
        PANIC.with(|slot| {
            if let Ok(mut slot) = slot.try_borrow_mut() {
                *slot = Some((message, place));
            }
        });
    }));
}

fn payload_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().map(str::to_owned);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

/// Runs a callback; a panic becomes a [`Fault`] with its message and place.
fn guarded<T>(callback: impl FnOnce() -> Result<T, Fault>) -> RResult<T, Fault> {
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(result) => result.into(),
        Err(payload) => {
            let noted = PANIC.with(|slot| slot.try_borrow_mut().ok().and_then(|mut slot| slot.take()));
            let (message, place) = noted.unwrap_or_else(|| (payload_text(&*payload), String::new()));
            // Dropping a payload may panic again, with nobody left to catch it.
            std::mem::forget(payload);
            RResult::RErr(Fault { kind: FAULT_PANIC, message: message.into(), place: place.into() })
        }
    }
}

/// The host of this process: there is one plugin in it, and one host.
static HOST: OnceLock<HostTable> = OnceLock::new();

/// An extension of the host.
pub(crate) fn host_extension(id: &str) -> Option<Extension> {
    let host = HOST.get()?;
    // SAFETY: the host's functions may be called from any thread for the life of the process.
    unsafe { (host.extension)(host.context, RStr::from_str(id)) }.into_option()
}

/// Sends what a plugin logs to the host.
struct HostLog;

impl log::Log for HostLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Debug
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(host) = HOST.get().filter(|_| self.enabled(record.metadata())) {
            let line = record.args().to_string();
            // SAFETY: as in `host_extension`.
            unsafe {
                (host.log)(
                    host.context,
                    record.level() as u32,
                    RStr::from_str(record.target()),
                    RStr::from_str(&line),
                );
            }
        }
    }

    fn flush(&self) {}
}

/// The real services, behind the host's table.
struct TableServices(HostTable);

impl Services for TableServices {
    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        let headers =
            request.headers.iter().map(|(k, v)| Tuple2(k.as_str().into(), v.as_str().into())).collect();
        let call = HttpCall {
            method: request.method.as_str().into(),
            url: request.url.as_str().into(),
            headers,
            body: request.body.as_slice().into(),
            time_limit_ns: request.time_limit.map_or(0, nanos),
        };
        // SAFETY: as in `host_extension`.
        let answer = unsafe { (self.0.http)(self.0.context, &call) }.into_result().map_err(host_error)?;
        Ok(HttpResponse {
            status: answer.status,
            headers: answer.headers.into_iter().map(|Tuple2(k, v)| (k.into(), v.into())).collect(),
            body: answer.body.into(),
            stale: answer.stale,
            age: Duration::from_nanos(answer.age_ns),
        })
    }

    fn value(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        // SAFETY: as in `host_extension`.
        let value =
            unsafe { (self.0.value)(self.0.context, key.into()) }.into_result().map_err(host_error)?;
        Ok(value.into_option().map(Into::into))
    }

    fn set_value(&self, key: &str, value: Option<&[u8]>) -> Result<(), HostError> {
        let value = value.map(RSlice::from_slice).into();
        // SAFETY: as in `host_extension`.
        unsafe { (self.0.set_value)(self.0.context, key.into(), value) }.into_result().map_err(host_error)
    }

    fn asset(&self, path: &str) -> Result<Vec<u8>, HostError> {
        // SAFETY: as in `host_extension`.
        let bytes =
            unsafe { (self.0.asset)(self.0.context, path.into()) }.into_result().map_err(host_error)?;
        Ok(bytes.into())
    }
}

fn host_error(fault: HostFault) -> HostError {
    HostError { kind: HostErrorKind::from_code(fault.kind), message: fault.message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exported_name_is_the_one_that_abi_stable_looks_for() {
        assert_eq!(abi_stable::library::ROOT_MODULE_LOADER_NAME, "_1as_0lib_1header_0root_bmodule_bloader");
        assert!(
            include_str!("export.rs").contains("export_name = \"_1as_0lib_1header_0root_bmodule_bloader\"")
        );
    }

    #[test]
    fn settings_are_laid_over_the_defaults_key_by_key() {
        let mut base = serde_json::json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]});
        lay_over(&mut base, serde_json::json!({"b": {"d": 4}, "e": [], "f": null}));
        assert_eq!(base, serde_json::json!({"a": 1, "b": {"c": 2, "d": 4}, "e": [], "f": null}));
        let mut unit = Value::Null;
        lay_over(&mut unit, serde_json::json!({}));
        assert_eq!(unit, Value::Null);
    }

    #[test]
    fn a_panic_becomes_a_fault_with_its_message_and_place() {
        watch_panics();
        let fault = guarded::<()>(|| panic!("no {}", 7)).into_result().unwrap_err();
        assert_eq!((fault.kind, fault.message.as_str()), (FAULT_PANIC, "no 7"));
        assert!(fault.place.contains("export.rs:"), "{}", fault.place);
    }
}
