//! `marquee plugin schema`: what the settings of a plugin are, from its own mouth.
//!
//! Invariant: the plugin runs in the same box as ever, and only for the question.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::error::AppError;
use super::plugin_file::PluginFile;
use super::run::runtime_config;
use crate::config::Config;

/// `{"schema": JSON Schema of the settings, "defaults": their defaults}`.
///
/// # Errors
/// The file is no plugin, or the plugin does not answer: one sentence.
pub fn schema(config: &Config, plugin: &Path) -> Result<Value, AppError> {
    let PluginFile { inspected: _, library } = PluginFile::read(plugin)?;
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| AppError::Resources { what: "threads", source })?;
    tokio
        .block_on(marquee_runtime::describe(&runtime_config(config), Arc::new(library)))
        .map_err(|source| AppError::NotDescribed { path: plugin.to_owned(), source })
}
