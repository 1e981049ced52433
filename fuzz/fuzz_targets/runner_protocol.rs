//! Any bytes as a message of the protocol between host and runner, in both directions; what is understood and written
//! out is understood again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use marquee_runner::protocol::{FromRunner, ToRunner, decode, encode};

fuzz_target!(|packet: &[u8]| {
    if let Ok((message, bytes)) = decode::<FromRunner>(packet) {
        assert!(bytes.len() <= packet.len());
        // Written out it may be too long.
        if let Ok(again) = encode(&message, bytes) {
            decode::<FromRunner>(&again).expect("what was encoded is decoded");
        }
    }
    let _ = decode::<ToRunner>(packet);
});
