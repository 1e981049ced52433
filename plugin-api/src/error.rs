//! The one error type that a callback answers with.
//!
//! Invariant: it holds one sentence for the operator. Like `anyhow::Error` it does not implement
//! `std::error::Error`, so that `?` turns any error into it.

use std::fmt;

/// Why a callback failed, as the operator will read it.
///
/// Any error converts with `?`; use [`PluginError::new`] for a sentence of your own. A plugin whose callback fails is
/// shown as `failing` with this sentence; it is asked again later.
#[derive(Clone, PartialEq, Eq)]
pub struct PluginError {
    message: String,
}

impl PluginError {
    /// An error with a sentence of its own: what is wrong and what the operator can do.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Debug for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: std::error::Error> From<E> for PluginError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { message }
    }
}
