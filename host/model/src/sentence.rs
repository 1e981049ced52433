//! An error and its causes as one sentence, for people.
//!
//! Invariant: causes stand behind the error in order, each once; no error's `Display` repeats its source.

use std::error::Error;

/// `error: cause: cause of the cause`.
#[must_use]
pub fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
