//! Waiting for something to become so.
//!
//! Invariant: the only place where a test lets time go by; it ends as soon as what is waited for is there.

use std::time::{Duration, Instant};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(5);

/// Looks until `look` finds something, and answers that.
///
/// # Panics
/// When nothing was found in `most`: the test fails with what it waited for.
#[track_caller]
pub fn wait_for<T>(what: &str, most: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < most, "waited {most:?} in vain for {what}");
        std::thread::sleep(LOOK);
    }
}

/// Looks until something is so.
///
/// # Panics
/// When it was not in `most`.
#[track_caller]
pub fn wait_until(what: &str, most: Duration, mut look: impl FnMut() -> bool) {
    wait_for(what, most, || look().then_some(()));
}
