//! The protocol between the host and the panel process, and the options of a HUB75 panel that both must understand.
//!
//! Why it is a package of its own: the panel process links a GPL driver, the host must not. Both link this.
//!
//! # The conversation
//!
//! The panel process listens on a `SOCK_SEQPACKET` socket ([`DEFAULT_SOCKET`]). Each message is one JSON object.
//!
//! 1. The host connects and says [`HostMessage::Hello`].
//! 2. The panel process makes and seals a memory for frames and answers [`PanelMessage::Panel`] with three
//!    descriptors: memory, tick event, frame event. Or it answers [`PanelMessage::Refused`] and closes.
//! 3. The host publishes a frame in that memory whenever the picture changes. The panel process shows it at its next
//!    refresh and ticks: "this is on screen, draw the next". A picture that stays causes no traffic at all.
//! 4. At any time the host may say [`HostMessage::Brightness`], [`HostMessage::Blank`] or [`HostMessage::Test`].
//!
//! A new connection replaces the old one and gets a new memory, so a host that died cannot write any more. Whoever
//! receives a malformed message closes the connection. When the host goes away its last frame stays on screen.
//!
//! Invariant: [`PROTOCOL`] grows when an older peer could misunderstand a newer one. The members `type` and
//! `protocol` of the two greetings never change, so that each side can always say which of them is too old.

mod client;
mod message;
mod options;

pub use client::{ConnectError, PanelConnection, PanelInfo, connect};
pub use message::{HostMessage, MAX_FPS, MessageError, PROTOCOL, PanelMessage, TestPicture};
pub use options::{HARDWARE_MAPPINGS, Hub75Options, OptionError};

/// Where the panel process listens unless told otherwise. Not in the host's own folder under `/run`: systemd removes
/// that one with the host, and the panel process outlives the host.
pub const DEFAULT_SOCKET: &str = "/run/marquee-panel/panel.sock";
