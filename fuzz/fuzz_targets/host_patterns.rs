//! Any text as a pattern for hosts: what is accepted is written as it is read, and `*` is never an approval.
#![no_main]

use libfuzzer_sys::fuzz_target;
use marquee_fetch::HostPattern;

fuzz_target!(|text: &str| {
    if let Ok(pattern) = text.parse::<HostPattern>() {
        let written = pattern.to_string();
        assert_eq!(written.parse::<HostPattern>().as_ref(), Ok(&pattern), "{text:?} became {written:?}");
    }
    if let Ok(pattern) = HostPattern::approval(text) {
        assert!(!pattern.is_any(), "{text:?}");
    }
});
