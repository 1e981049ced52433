//! What host and runner say to each other over their [`Link`](marquee_link::Link).
//!
//! A message is: the length of its head as a little-endian `u32`, the head (one JSON object), then bytes that belong to
//! it (a body, a value). What is too long for one message goes, from host to runner, as a sealed memfd; from runner to
//! host, as any number of [`FromRunner::Part`] before the message that it belongs to (a boxed runner makes no memfd).
//!
//! Order: runner `Hello`; host `Start` (with library, frame memory, tick event, frame event); runner `Boxed`, `Loaded`,
//! then `Created` or `Refused`; from there on orders and answers, each with its number; `Stop`, `Ended`.
//!
//! Invariant: [`decode`] never panics and never allocates more than the message's own length for its bytes. A message
//! that does not decode ends the conversation.

use marquee_link::MAX_MESSAGE;
use marquee_sandbox::{Layer, Limits, Report, Required};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The number of this protocol; raised with each change that the other side must know of.
pub const PROTOCOL: u32 = 1;

/// The most bytes beside the head of one message.
pub const MAX_INLINE: usize = MAX_MESSAGE - 16 * 1024;

/// The most bytes that a runner may send in parts: a kept value of 1 MiB, or a body.
pub const MAX_PARTS: usize = 1024 * 1024 + 64 * 1024;

/// Codes of the callbacks, as the runner notes them in the shared memory.
pub mod callback {
    /// Loading the library, static constructors among it.
    pub const LOAD: u32 = 1;
    /// `new`.
    pub const CREATE: u32 = 2;
    /// `draw`.
    pub const DRAW: u32 = 3;
    /// `event`.
    pub const EVENT: u32 = 4;
    /// `drop`.
    pub const DROP: u32 = 5;
    /// `fetch`.
    pub const FETCH: u32 = 6;

    /// The name of a code, as an operator reads it.
    #[must_use]
    pub fn name(code: u32) -> Option<&'static str> {
        Some(match code {
            LOAD => "load",
            CREATE => "create",
            DRAW => "draw",
            EVENT => "event",
            DROP => "drop",
            FETCH => "fetch",
            _ => return None,
        })
    }
}

/// What a runner is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// To run the plugin.
    Run,
    /// To say what its settings are, and end.
    Describe,
}

/// The host's orders at the start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Start {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// What for.
    pub purpose: Purpose,
    /// Process id of the host.
    pub host_pid: u32,
    /// Settings of the instance: a JSON object.
    pub settings: Value,
    /// Where it runs.
    pub panel: Panel,
    /// Limits of the box.
    pub limits: Limits,
    /// Layers without which the runner must not go on.
    pub required: Required,
    /// Layers that the operator switched off.
    pub disable: Vec<Layer>,
}

/// Where a plugin runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Panel {
    /// Frames a second.
    pub fps: u32,
    /// Name of the instance.
    pub instance: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Latitude and longitude in degrees.
    pub location: Option<(f64, f64)>,
}

/// From host to runner.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToRunner {
    /// Begin. Descriptors: library; for [`Purpose::Run`] also frame memory, tick event, frame event.
    Start(Box<Start>),
    /// Fetch once.
    Fetch {
        /// Number of the order.
        seq: u64,
    },
    /// An event for the plugin.
    Event {
        /// Number of the order.
        seq: u64,
        /// Kind; `settings` for new settings.
        kind: String,
        /// Content.
        data: Value,
    },
    /// Answer to a [`FromRunner::Call`]; bytes beside it, or a sealed memfd with them.
    Answer {
        /// Number of the call.
        id: u64,
        /// What came of it.
        result: Result<Answer, Failure>,
        /// Whether the bytes are in the memfd.
        sealed: bool,
    },
    /// End the plugin and the process.
    Stop,
}

/// From runner to host.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromRunner {
    /// The first message.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
    },
    /// The box is closed as far as it was before the library was loaded.
    Boxed {
        /// What is in force.
        report: Report,
    },
    /// The library is loaded, its layout fits, and the box is closed for good.
    Loaded {
        /// What is in force.
        report: Report,
    },
    /// The plugin is made.
    Created,
    /// What the settings are; for [`Purpose::Describe`]. Bytes: `{"schema", "defaults"}` as JSON (parts before it).
    Described,
    /// It cannot run; the process ends.
    Refused {
        /// Why.
        fault: Fault,
    },
    /// A fetch is over.
    Fetched {
        /// Number of the order.
        seq: u64,
        /// What came of it.
        result: Result<Fetched, Fault>,
    },
    /// An event was handed over.
    EventDone {
        /// Number of the order.
        seq: u64,
        /// Whether it was taken.
        result: Result<bool, Fault>,
    },
    /// Drawing failed; the frame says so too.
    DrawFailed {
        /// Why.
        fault: Fault,
    },
    /// The plugin wants something of the host. Bytes: body or value.
    Call {
        /// Number of the call.
        id: u64,
        /// What.
        call: Call,
    },
    /// Bytes that belong to the next message that is not a part.
    Part,
    /// A line for the log.
    Log {
        /// 1 (error) to 5 (trace).
        level: u8,
        /// Where from.
        target: String,
        /// What.
        message: String,
    },
    /// The plugin has ended; the process follows.
    Ended {
        /// If its `drop` failed, how.
        fault: Option<Fault>,
    },
}

/// Why a callback failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of failure.
    pub kind: FaultKind,
    /// One sentence, or the panic's message.
    pub message: String,
    /// `file:line` of a panic; empty otherwise.
    pub place: String,
}

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The callback answered with an error.
    Error,
    /// It panicked.
    Panic,
    /// The settings do not fit.
    Settings,
    /// The library cannot be loaded.
    Load,
    /// The box cannot be closed as the operator demands.
    Box,
}

/// What a fetch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// Whether there is new data.
    pub new_data: bool,
    /// After how many nanoseconds to fetch again; none for never.
    pub again_ns: Option<u64>,
}

/// What a plugin can ask of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Call {
    /// An HTTP request; the body is beside the head.
    Http {
        /// Method.
        method: String,
        /// URL.
        url: String,
        /// Headers.
        headers: Vec<(String, String)>,
        /// Nanoseconds; 0 for the host's limit.
        time_limit_ns: u64,
    },
    /// A kept value.
    Value {
        /// Its key.
        key: String,
    },
    /// Keep a value; it is beside the head.
    SetValue {
        /// Its key.
        key: String,
    },
    /// Forget a value.
    RemoveValue {
        /// Its key.
        key: String,
    },
    /// A file of the assets.
    Asset {
        /// Its path.
        path: String,
    },
}

/// What a call brought; bytes are beside the head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Answer {
    /// An HTTP answer; the body is beside the head.
    Http {
        /// Status code.
        status: u16,
        /// Headers.
        headers: Vec<(String, String)>,
        /// An old answer.
        stale: bool,
        /// Its age in nanoseconds.
        age_ns: u64,
    },
    /// A value or a file.
    Bytes,
    /// There is no such value.
    Nothing,
    /// It is done.
    Done,
}

/// Why the host did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Code of a `HostErrorKind`.
    pub kind: u32,
    /// One sentence.
    pub message: String,
}

/// Why a message is none.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// Too short, or the head's length is wrong.
    #[error("a message of {0} bytes has no whole head")]
    Head(usize),
    /// The head is not what it should be.
    #[error("a message's head cannot be read")]
    Json(#[source] serde_json::Error),
    /// The message would be too long to send.
    #[error("a message of {0} bytes is too long for one packet")]
    TooLong(usize),
}

/// A message as bytes for the link.
///
/// # Errors
/// It is longer than [`MAX_MESSAGE`].
pub fn encode<M: Serialize>(message: &M, bytes: &[u8]) -> Result<Vec<u8>, ProtocolError> {
    let head = serde_json::to_vec(message).map_err(ProtocolError::Json)?;
    let total = 4 + head.len() + bytes.len();
    if total > MAX_MESSAGE {
        return Err(ProtocolError::TooLong(total));
    }
    let mut packet = Vec::with_capacity(total);
    packet.extend_from_slice(&(head.len() as u32).to_le_bytes());
    packet.extend_from_slice(&head);
    packet.extend_from_slice(bytes);
    Ok(packet)
}

/// A message from the bytes of a packet, and the bytes beside its head.
///
/// # Errors
/// It is no message.
pub fn decode<M: DeserializeOwned>(packet: &[u8]) -> Result<(M, &[u8]), ProtocolError> {
    let bad = || ProtocolError::Head(packet.len());
    let (length, rest) = packet.split_first_chunk::<4>().ok_or_else(bad)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| bad())?;
    let (head, bytes) = rest.split_at_checked(length).ok_or_else(bad)?;
    Ok((serde_json::from_slice(head).map_err(ProtocolError::Json)?, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_with_its_bytes() {
        let call = FromRunner::Call { id: 7, call: Call::SetValue { key: "k".into() } };
        let packet = encode(&call, b"value").unwrap();
        let (back, bytes) = decode::<FromRunner>(&packet).unwrap();
        assert_eq!(format!("{back:?}"), format!("{call:?}"));
        assert_eq!(bytes, b"value");
    }

    /// P-PLUGIN-9: what is no message is an error, whatever its bytes.
    #[test]
    fn what_is_no_message_is_refused() {
        for bad in [&b""[..], b"abc", &[9, 0, 0, 0, b'{'], &[255; 64], &[2, 0, 0, 0, b'{', b'}']] {
            assert!(decode::<FromRunner>(bad).is_err(), "{bad:?}");
        }
    }
}
