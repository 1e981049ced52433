//! The scrolling text, drawn in this process: the baseline of everything that isolation adds.
//!
//! Invariant: the same source, settings and ticks as in the runner.

use std::time::Duration;

use marquee_plugin_api::testing::Stand;
use serde_json::Value;
use xtask_bench::bench::BenchError;
use xtask_text_in_process::Text;

/// Draws the next frame each time it is called, a sixtieth of a second later.
pub(crate) fn drawer(settings: &Value, width: u32, height: u32) -> Result<Box<dyn FnMut()>, BenchError> {
    let said = |error: marquee_plugin_api::PluginError| BenchError::wrong(error.message());
    let mut plugin = Stand::<Text>::new(width, height).settings(settings.clone()).start().map_err(said)?;
    plugin.draw().map_err(said)?;
    Ok(Box::new(move || {
        plugin.advance(Duration::from_nanos(16_666_667));
        // A frame that cannot be drawn shows up as one that costs nothing.
        let _ = std::hint::black_box(plugin.draw());
    }))
}
