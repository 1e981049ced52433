//! The host's services as the plugin's function table sees them: each call goes over the link.
//!
//! Invariant: no function here unwinds, and the context outlives the plugin (it is leaked: one a process).

#![expect(unsafe_code, reason = "implements the host's function table of the plugin contract")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use abi_stable::std_types::{RErr, RNone, ROk, ROption, RResult, RSlice, RSome, RStr, RVec, Tuple2};
use marquee_plugin_api::HostErrorKind;
use marquee_plugin_api::abi::{Extension, HostFault, HostTable, HttpAnswer, HttpCall};
use marquee_plugin_api::extension::Table;

use crate::calls::{Calls, failure};
use crate::protocol::{Answer, Call, Failure, FromRunner};

/// An extension of the contract that this host offers to plugins.
#[derive(Clone, Copy)]
pub struct HostExtension {
    /// Its id.
    pub id: &'static str,
    /// Its table.
    pub table: Table,
}

/// An extension of the contract that this host asks plugins for.
pub struct PluginExtension {
    /// Its id.
    pub id: &'static str,
    /// Checks the layout of what a plugin answered and says, for the log, what was found; none if it does not fit.
    pub found: fn(Extension) -> Option<String>,
}

/// What a runner knows beyond the frozen contract, in both directions.
#[derive(Default)]
pub struct Extensions {
    /// What it offers to plugins.
    pub offered: &'static [HostExtension],
    /// What it asks plugins for; a plugin that lacks one runs without.
    pub wanted: Vec<PluginExtension>,
}

struct Context {
    calls: Arc<Calls>,
    extensions: &'static [HostExtension],
}

/// The table that a plugin gets.
pub(crate) fn table(calls: Arc<Calls>, extensions: &'static [HostExtension]) -> HostTable {
    let context: &'static Context = Box::leak(Box::new(Context { calls, extensions }));
    HostTable { context: std::ptr::from_ref(context).cast(), log, http, value, set_value, asset, extension }
}

/// The context behind the pointer that [`table`] handed out.
///
/// # Safety
/// `context` must be the pointer from [`table`].
unsafe fn context(context: *const ()) -> &'static Context {
    // SAFETY: by the caller's promise this is the leaked box.
    unsafe { &*context.cast::<Context>() }
}

unsafe extern "C" fn log(pointer: *const (), level: u32, target: RStr<'_>, message: RStr<'_>) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the plugin hands back the pointer it was given.
        let context = unsafe { context(pointer) };
        let cut = |text: RStr<'_>, most| text.as_str().chars().take(most).collect();
        context.calls.tell(&FromRunner::Log {
            level: level.clamp(1, 5) as u8,
            target: cut(target, 100),
            message: cut(message, 2000),
        });
    }));
}

unsafe extern "C" fn http(pointer: *const (), call: &HttpCall<'_>) -> RResult<HttpAnswer, HostFault> {
    guarded(|| {
        // SAFETY: as in `log`.
        let context = unsafe { context(pointer) };
        let request = Call::Http {
            method: call.method.into(),
            url: call.url.into(),
            headers: call.headers.iter().map(|Tuple2(k, v)| (k.to_string(), v.to_string())).collect(),
            time_limit_ns: call.time_limit_ns,
        };
        match context.calls.call(request, call.body.as_slice())? {
            (Answer::Http { status, headers, stale, age_ns }, body) => Ok(HttpAnswer {
                status,
                headers: headers.into_iter().map(|(k, v)| Tuple2(k.into(), v.into())).collect(),
                body: body.into(),
                stale,
                age_ns,
            }),
            _ => Err(odd()),
        }
    })
}

unsafe extern "C" fn value(pointer: *const (), key: RStr<'_>) -> RResult<ROption<RVec<u8>>, HostFault> {
    guarded(|| {
        // SAFETY: as in `log`.
        let context = unsafe { context(pointer) };
        match context.calls.call(Call::Value { key: key.into() }, &[])? {
            (Answer::Bytes, bytes) => Ok(RSome(bytes.into())),
            (Answer::Nothing, _) => Ok(RNone),
            _ => Err(odd()),
        }
    })
}

unsafe extern "C" fn set_value(
    pointer: *const (),
    key: RStr<'_>,
    value: ROption<RSlice<'_, u8>>,
) -> RResult<(), HostFault> {
    guarded(|| {
        // SAFETY: as in `log`.
        let context = unsafe { context(pointer) };
        let key = key.into();
        match value {
            RSome(bytes) => context.calls.call(Call::SetValue { key }, bytes.as_slice())?,
            RNone => context.calls.call(Call::RemoveValue { key }, &[])?,
        };
        Ok(())
    })
}

unsafe extern "C" fn asset(pointer: *const (), path: RStr<'_>) -> RResult<RVec<u8>, HostFault> {
    guarded(|| {
        // SAFETY: as in `log`.
        let context = unsafe { context(pointer) };
        match context.calls.call(Call::Asset { path: path.into() }, &[])? {
            (Answer::Bytes, bytes) => Ok(bytes.into()),
            _ => Err(odd()),
        }
    })
}

unsafe extern "C" fn extension(pointer: *const (), id: RStr<'_>) -> ROption<Extension> {
    catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: as in `log`.
        let context = unsafe { context(pointer) };
        context
            .extensions
            .iter()
            .find(|known| known.id == id.as_str())
            .map(|known| known.table.into_abi())
            .into()
    }))
    .unwrap_or(RNone)
}

fn guarded<T>(call: impl FnOnce() -> Result<T, Failure>) -> RResult<T, HostFault> {
    match catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(odd())) {
        Ok(value) => ROk(value),
        Err(failure) => RErr(HostFault { kind: failure.kind, message: failure.message.into() }),
    }
}

/// The host answered something else than was asked: a bug of ours, told as "not now".
fn odd() -> Failure {
    failure(HostErrorKind::Unavailable, "the host answered something else")
}
