//! Any bytes as a message between host and panel process, in both directions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use marquee_panel_link::{HostMessage, PanelMessage};

fuzz_target!(|bytes: &[u8]| {
    let _ = HostMessage::decode(bytes);
    let _ = PanelMessage::decode(bytes);
});
