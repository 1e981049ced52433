//! A plugin that attacks from a static constructor, before the host has called anything in it.
//!
//! At that time there are no settings, no arguments and no environment; so what it does, and to whom, lies in a static
//! that tests fill in copies of the file: `ORDERS` holds `MARQUEE-TEST-ORDERS:` and then the words `probe`, `loop`,
//! `segv`, `refuse` (in `new`) or `panic` (in `draw`), a secret file, its own file and a process id, each with a line's end
//! after it.
//!
//! Invariant: with no orders it is a plugin like any other.

#![expect(unsafe_code, reason = "a static constructor has no safe form")]

use std::hint::black_box;
use std::sync::OnceLock;

use marquee_hostile_probes::{Targets, attempt_all, line};
use marquee_plugin_api::log;
use marquee_plugin_api::prelude::*;

const MARK: &[u8; 20] = b"MARQUEE-TEST-ORDERS:";

#[used]
static ORDERS: [u8; 2048] = {
    let mut orders = [0; 2048];
    let mut at = 0;
    while at < MARK.len() {
        orders[at] = MARK[at];
        at += 1;
    }
    orders
};

static FOUND: OnceLock<String> = OnceLock::new();

#[used]
// SAFETY: the loader calls what lies in this section, as functions of this type.
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = {
    extern "C" fn constructor() {
        let text = orders();
        let mut words = text.lines();
        match words.next() {
            Some("loop") => loop {
                std::hint::spin_loop();
            },
            // SAFETY: none; the page at address 0 is never mapped, which is the point.
            Some("segv") => unsafe { std::ptr::without_provenance_mut::<u64>(16).write_volatile(1) },
            Some("probe") => {
                let mut next = || words.next().unwrap_or_default().to_owned();
                let (secret, own, victim) = (next(), next(), next());
                let targets = Targets { secret, own, victim: victim.parse().unwrap_or(0) };
                let _ = FOUND.set(line("constructor", &attempt_all(&targets)));
            }
            _ => {}
        }
    }
    constructor
};

/// What the tests wrote.
fn orders() -> String {
    let orders = black_box(&ORDERS);
    let end = orders.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    String::from_utf8_lossy(&orders[MARK.len().min(end)..end]).into_owned()
}

struct Constructor {
    panics: bool,
}

impl Plugin for Constructor {
    type Settings = NoSettings;
    type Data = ();

    fn new(_: &NoSettings, _: &PanelInfo) -> Result<Self, PluginError> {
        if let Some(found) = FOUND.get() {
            log::info!("{found}");
        }
        let orders = orders();
        if orders.starts_with("refuse") {
            return Err(PluginError::new("this version was told to refuse"));
        }
        Ok(Self { panics: orders.starts_with("panic") })
    }

    fn draw(&mut self, frame: &mut Frame<'_>, _: Option<&()>, tick: &Tick) -> Result<Next, PluginError> {
        assert!(!self.panics, "this version was told to panic");
        frame.fill(Rgb888::new(40, tick.count as u8, 40));
        Ok(Next::frame())
    }
}

export_plugin!(Constructor, id: "constructor", name: "Constructor");
