//! Asks a plugin for the schema of its settings, in a runner that is thrown away.
//!
//! Invariant: the answer is a JSON object of bounded size, or a sentence; the runner is gone either way.

use std::sync::Arc;
use std::time::Duration;

use marquee_frames::sealed::SealedBytes;
use marquee_link::Received;
use marquee_runner::protocol::{FromRunner, MAX_PARTS, Purpose, ToRunner, decode, encode};
use serde_json::Value;

use crate::config::RuntimeConfig;
use crate::process::{Orders, Process, SpawnError, start_message};
use crate::spawner::Spawner;

/// Why there is no description.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// No runner.
    #[error("no runner can be started to ask the plugin for its settings")]
    Spawn(#[from] SpawnError),
    /// The plugin refuses.
    #[error("the plugin does not describe its settings: {0}")]
    Refused(String),
    /// Too slow.
    #[error("the plugin did not describe its settings within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// `{"schema": …, "defaults": …}` of a plugin.
///
/// # Errors
/// See [`DescribeError`].
pub async fn describe(config: &RuntimeConfig, library: Arc<SealedBytes>) -> Result<Value, DescribeError> {
    let refused = |text: &str| DescribeError::Refused(text.to_owned());
    let spawner = Spawner::start().map_err(|source| SpawnError::Resource { what: "a thread", source })?;
    let process = Process::spawn(&spawner, &config.runner).await?;
    let start = start_message(config, Purpose::Describe, "describe", &Value::Object(serde_json::Map::new()))?;
    let orders = Orders { start, library, frames: None };
    let limit = config.deadlines.create;
    let talk = async {
        let mut parts = Vec::new();
        loop {
            let Ok(mut guard) = process.link.readable().await else { return Err(refused("the link broke")) };
            let packet = match guard.get_inner().try_recv() {
                Ok(Received::Packet(packet)) => packet,
                Ok(Received::Empty) => {
                    guard.clear_ready();
                    continue;
                }
                Ok(Received::Closed) => return Err(refused("its process died")),
                Err(error) => return Err(refused(&error.to_string())),
            };
            let (message, bytes) =
                decode::<FromRunner>(&packet.bytes).map_err(|error| refused(&error.to_string()))?;
            match message {
                FromRunner::Hello { .. } => {
                    let packet = encode(&ToRunner::Start(orders.start.clone()), &[])
                        .map_err(|e| refused(&e.to_string()))?;
                    let sent = process.link.get_ref().try_send(&packet, &orders.descriptors());
                    sent.map_err(|error| refused(&error.to_string()))?;
                }
                FromRunner::Part if parts.len() + bytes.len() <= MAX_PARTS => parts.extend_from_slice(bytes),
                FromRunner::Described => {
                    parts.extend_from_slice(bytes);
                    return serde_json::from_slice(&parts).map_err(|error| refused(&error.to_string()));
                }
                FromRunner::Refused { fault } => return Err(refused(&fault.message)),
                _ => return Err(refused("it says what nobody asked for")),
            }
        }
    };
    // What it prints, nobody reads; but it must not stop at a full pipe.
    let drain = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(mut guard) = process.log.readable().await {
            match rustix::io::read(guard.get_inner(), &mut buffer) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => guard.clear_ready(),
            }
        }
        std::future::pending::<()>().await;
    };
    let talk = async {
        tokio::select! {
            answer = talk => answer,
            () = drain => Err(refused("it ended")),
        }
    };
    tokio::time::timeout(limit, talk).await.unwrap_or(Err(DescribeError::TimedOut(limit)))
}
