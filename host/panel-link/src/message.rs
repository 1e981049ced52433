//! The messages, and the sentences for peers that are too old or too new.
//!
//! Invariant: a value that `decode` answers is within its ranges; nothing that a peer sends can make it panic.
//! Members that are not known are ignored, message types that are not known are errors.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The version of the protocol that this build speaks.
pub const PROTOCOL: u32 = 1;
/// The most frames a second that a host may ask for.
pub const MAX_FPS: u16 = 120;
/// The longest name or description that is accepted, in bytes.
const MAX_TEXT: usize = 256;

/// What the host says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HostMessage {
    /// The first message: who asks, and how many frames a second it will draw at most (1 to [`MAX_FPS`]), so that
    /// the panel ticks no faster than that.
    Hello {
        /// [`PROTOCOL`] of the host.
        protocol: u32,
        /// Name and version of the host, for logs.
        name: String,
        /// Frames a second.
        fps: u16,
    },
    /// Brightness of the panel in linear light, 0 (dark) to 100 per cent. Holds until the next one.
    Brightness {
        /// Per cent.
        percent: u8,
    },
    /// Dark, until the next frame.
    Blank,
    /// A test picture of the panel process's own, until the next frame.
    Test {
        /// Which one.
        picture: TestPicture,
    },
}

/// Pictures by which wiring and options are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestPicture {
    /// All red: shows swapped colours.
    Red,
    /// All green.
    Green,
    /// All blue.
    Blue,
    /// All white: shows what the power supply holds.
    White,
    /// Ramps of red, green, blue and white: shows missing bits.
    Ramps,
    /// A white frame around a red, a green, a blue and a yellow corner (top left, top right, bottom left, bottom
    /// right): shows size, order and direction of the panels.
    Corners,
}

/// What the panel process says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PanelMessage {
    /// The answer to a hello, with three descriptors: memory, tick event, frame event.
    Panel {
        /// [`PROTOCOL`] of the panel process.
        protocol: u32,
        /// Pixels across, 1 to 1024.
        width: u16,
        /// Pixels down, 1 to 1024.
        height: u16,
        /// Refreshes a second as measured at the start; 0 if not known.
        refresh_hz: f64,
        /// The panel in words, for people.
        description: String,
    },
    /// The other answer to a hello; the connection is closed after it.
    Refused {
        /// [`PROTOCOL`] of the panel process.
        protocol: u32,
        /// Why, in one sentence.
        reason: String,
    },
}

/// Why a message is not understood.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, not of a known type, or a member is missing or of the wrong kind.
    #[error("the peer sent a message that is not part of the protocol")]
    Malformed(#[source] serde_json::Error),
    /// A member is out of its range.
    #[error("the peer sent {what} out of range")]
    Range {
        /// Which member.
        what: &'static str,
    },
    /// The peer speaks an older version.
    #[error(
        "the {peer} is too old: it speaks version {theirs} of the protocol and this side {PROTOCOL}; update it"
    )]
    TooOld {
        /// `host` or `panel process`.
        peer: &'static str,
        /// Its version.
        theirs: u32,
    },
    /// The peer speaks a newer version.
    #[error(
        "the {peer} is too new: it speaks version {theirs} of the protocol and this side {PROTOCOL}; update this side"
    )]
    TooNew {
        /// `host` or `panel process`.
        peer: &'static str,
        /// Its version.
        theirs: u32,
    },
}

/// The members of a greeting that no version of the protocol changes.
#[derive(Deserialize)]
struct Greeting {
    protocol: Option<u32>,
}

impl HostMessage {
    /// The message as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Understands a message of the host. The version is looked at before anything else.
    ///
    /// # Errors
    /// See [`MessageError`]; after any of them the connection is best closed.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let message = decode(bytes, "host")?;
        match &message {
            Self::Hello { fps, .. } if !(1..=MAX_FPS).contains(fps) => {
                Err(MessageError::Range { what: "a frame rate" })
            }
            Self::Hello { name, .. } if !is_text(name) => Err(MessageError::Range { what: "a name" }),
            Self::Brightness { percent } if *percent > 100 => {
                Err(MessageError::Range { what: "a brightness" })
            }
            _ => Ok(message),
        }
    }
}

impl PanelMessage {
    /// The message as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Understands a message of the panel process. The version is looked at before anything else.
    ///
    /// # Errors
    /// See [`MessageError`]; after any of them the connection is best closed.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let message = decode(bytes, "panel process")?;
        match &message {
            Self::Panel { width, height, .. }
                if !(1..=1024).contains(width) || !(1..=1024).contains(height) =>
            {
                Err(MessageError::Range { what: "a size" })
            }
            Self::Panel { refresh_hz, .. } if !(0.0..=100_000.0).contains(refresh_hz) => {
                Err(MessageError::Range { what: "a refresh rate" })
            }
            Self::Panel { description: text, .. } | Self::Refused { reason: text, .. } if !is_text(text) => {
                Err(MessageError::Range { what: "a text" })
            }
            _ => Ok(message),
        }
    }
}

/// Texts go into logs and onto terminals.
fn is_text(text: &str) -> bool {
    text.len() <= MAX_TEXT && !text.chars().any(char::is_control)
}

fn encode(message: &impl Serialize) -> Vec<u8> {
    // These types hold only numbers and texts; the one float is finite or comes out as null, which the peer refuses.
    serde_json::to_vec(message).unwrap_or_default()
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8], peer: &'static str) -> Result<T, MessageError> {
    let greeting: Greeting = serde_json::from_slice(bytes).map_err(MessageError::Malformed)?;
    if let Some(theirs) = greeting.protocol {
        match theirs.cmp(&PROTOCOL) {
            Ordering::Less => return Err(MessageError::TooOld { peer, theirs }),
            Ordering::Greater => return Err(MessageError::TooNew { peer, theirs }),
            Ordering::Equal => {}
        }
    }
    serde_json::from_slice(bytes).map_err(MessageError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_survive_the_way() {
        let hello = HostMessage::Hello { protocol: PROTOCOL, name: "marquee 0.1.0".to_owned(), fps: 60 };
        assert_eq!(hello.encode(), br#"{"type":"hello","protocol":1,"name":"marquee 0.1.0","fps":60}"#);
        let test = HostMessage::Test { picture: TestPicture::Corners };
        for message in [hello, HostMessage::Brightness { percent: 0 }, HostMessage::Blank, test] {
            assert_eq!(HostMessage::decode(&message.encode()).unwrap(), message);
        }
        let panel = PanelMessage::Panel {
            protocol: PROTOCOL,
            width: 128,
            height: 64,
            refresh_hz: 119.8,
            description: "two chained 64x64 panels".to_owned(),
        };
        assert_eq!(PanelMessage::decode(&panel.encode()).unwrap(), panel);
    }

    #[test]
    fn another_version_is_told_which_side_to_update() {
        let message = |bytes: &str| HostMessage::decode(bytes.as_bytes()).unwrap_err().to_string();
        let newer = message(r#"{"type":"hello","protocol":9,"anything":["else"]}"#);
        assert_eq!(
            newer,
            "the host is too new: it speaks version 9 of the protocol and this side 1; update this side"
        );
        assert!(message(r#"{"type":"hello","protocol":0}"#).contains("too old"));
        let panel = PanelMessage::decode(br#"{"type":"welcome","protocol":2}"#).unwrap_err();
        assert!(panel.to_string().contains("panel process is too new"));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for bad in [
            r#"{"type":"hello","protocol":1,"name":"x","fps":0}"#,
            r#"{"type":"hello","protocol":1,"name":"x","fps":121}"#,
            r#"{"type":"hello","protocol":1,"name":"\u001b[2J","fps":60}"#,
            r#"{"type":"brightness","percent":101}"#,
            r#"{"type":"brightness","percent":-1}"#,
            r#"{"type":"test","picture":"mona_lisa"}"#,
            r#"{"type":"reboot"}"#,
            "[]",
            "",
            "\u{0}",
        ] {
            assert!(HostMessage::decode(bad.as_bytes()).is_err(), "{bad}");
        }
        for bad in [
            r#"{"type":"panel","protocol":1,"width":0,"height":64,"refresh_hz":0,"description":""}"#,
            r#"{"type":"panel","protocol":1,"width":64,"height":1025,"refresh_hz":0,"description":""}"#,
            r#"{"type":"panel","protocol":1,"width":64,"height":64,"refresh_hz":-1,"description":""}"#,
            r#"{"type":"panel","protocol":1,"width":64,"height":64,"refresh_hz":null,"description":""}"#,
        ] {
            assert!(PanelMessage::decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_can_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = HostMessage::decode(&bytes);
            let _ = PanelMessage::decode(&bytes);
        }
    }
}
