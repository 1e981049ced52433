//! The acts by name, and who performs them.
//!
//! Invariant: every act is one name here, the same that tests write into the settings.

use marquee_hostile_probes as probes;
use marquee_plugin_api::log;
use marquee_plugin_api::prelude::*;

use crate::{Callback, Settings, faults, greed, lies};

/// What the plugin does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "marquee_plugin_api::serde", rename_all = "kebab-case")]
#[schemars(crate = "marquee_plugin_api::schemars")]
pub(crate) enum Act {
    /// Nothing: a good plugin.
    #[default]
    None,
    // Dies of a signal.
    Segv,
    Bus,
    Ill,
    Fpe,
    Abort,
    DoublePanic,
    StackOverflow,
    // Fails and lives.
    Panic,
    Error,
    // Takes its time.
    Loop,
    Slow,
    // Ends by itself.
    Exit,
    ExitNow,
    Stop,
    Kill,
    // Takes more than its share.
    Leak,
    Allocate,
    Fork,
    Threads,
    Files,
    Shout,
    Keep,
    // Lies to the host.
    Scribble,
    Truncate,
    Garbage,
    Huge,
    OutOfOrder,
    Unordered,
    Parts,
    Chatter,
    Ring,
    Descriptors,
    // Tries to get out.
    Probe,
    // Fetches a URL and says what came of it.
    Get,
}

/// Performs the act; answers if the act is one that lets it.
pub(crate) fn perform(
    settings: &Settings,
    at: Callback,
    frame: Option<&mut [u8]>,
) -> Result<(), PluginError> {
    match settings.act {
        Act::None | Act::Keep | Act::Get => {}
        Act::Segv => faults::segmentation_fault(),
        Act::Bus => faults::bus_error(),
        Act::Ill => faults::illegal_instruction(),
        Act::Fpe => faults::division_by_zero(),
        Act::Abort => std::process::abort(),
        Act::DoublePanic => faults::panic_twice(),
        Act::StackOverflow => faults::overflow_the_stack(),
        Act::Panic => panic!("hostile panic"),
        Act::Error => return Err(PluginError::new("hostile error: nothing to be done")),
        Act::Loop => faults::compute_for_ever(),
        Act::Slow => faults::compute_for(20),
        Act::Exit => std::process::exit(3),
        Act::ExitNow => faults::end_without_goodbye(),
        Act::Stop => faults::signal_self(libc::SIGSTOP),
        Act::Kill => faults::signal_self(libc::SIGKILL),
        Act::Leak => greed::leak(1024 * 1024),
        Act::Allocate => greed::allocate_for_ever(),
        Act::Fork => greed::make_processes(),
        Act::Threads => greed::make_threads(),
        Act::Files => greed::make_files(),
        Act::Shout => greed::shout(),
        Act::Scribble => lies::scribble(at == Callback::Fetch, frame),
        Act::Truncate => lies::truncate_everything(),
        Act::Garbage => lies::send_garbage(),
        Act::Huge => lies::send_huge(),
        Act::OutOfOrder => lies::send(br#"{"type":"created"}"#),
        Act::Unordered => {
            lies::send(br#"{"type":"fetched","seq":7777,"result":{"Ok":{"new_data":true,"again_ns":0}}}"#)
        }
        Act::Parts => lies::send_parts_for_ever(),
        Act::Chatter => lies::chatter(),
        Act::Ring => lies::ring_for_ever(),
        Act::Descriptors => lies::send_descriptors(),
        Act::Probe => {
            let place = format!("{at:?}").to_lowercase();
            log::info!("{}", probes::line(&place, &probes::attempt_all(&settings.targets())));
        }
    }
    Ok(())
}
