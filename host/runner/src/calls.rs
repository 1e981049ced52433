//! Calls of the plugin to the host, and their answers.
//!
//! Invariant: every call gets exactly one answer: the host's, or a refusal when the link is gone.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use marquee_frames::sealed::SealedBytes;
use marquee_link::{Link, LinkError};
use marquee_plugin_api::HostErrorKind;

use crate::protocol::{Answer, Call, Failure, FromRunner, MAX_INLINE, MAX_PARTS, encode};

/// The most bytes of one answer: an HTTP body as large as the configuration can allow.
const MAX_ANSWER: usize = 256 * 1024 * 1024;

/// What came of a call, with its bytes.
type Outcome = Result<(Answer, Vec<u8>), Failure>;

/// The link, and who waits for an answer on it. Any thread may use it.
#[derive(Debug)]
pub(crate) struct Calls {
    link: Link,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    waiting: HashMap<u64, SyncSender<Outcome>>,
}

impl Calls {
    pub(crate) fn new(link: Link) -> Self {
        Self { link, state: Mutex::default() }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Tells the host something. A host that is gone hears nothing; the control thread notices and ends the process.
    pub(crate) fn tell(&self, message: &FromRunner) {
        if let Ok(packet) = encode(message, &[]) {
            // Never between the parts of another thread's message.
            let _alone = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = self.link.send(&packet, &[]);
        }
    }

    /// Sends a message with bytes, in parts if they are many.
    pub(crate) fn send(&self, message: &FromRunner, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.len() > MAX_PARTS {
            return Err(failure(HostErrorKind::TooLarge, "more than 1 MiB cannot be sent to the host"));
        }
        // Parts and the message they belong to must not be mixed with those of another thread.
        let _alone = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chunks = bytes.chunks(MAX_INLINE).peekable();
        loop {
            let chunk = chunks.next().unwrap_or_default();
            let last = chunks.peek().is_none();
            let packet = encode(if last { message } else { &FromRunner::Part }, chunk)
                .map_err(|_| failure(HostErrorKind::TooLarge, "the request is too long"))?;
            self.link.send(&packet, &[]).map_err(|_| gone())?;
            if last {
                return Ok(());
            }
        }
    }

    /// Asks the host and waits for its answer.
    pub(crate) fn call(&self, call: Call, bytes: &[u8]) -> Outcome {
        let (sender, receiver) = sync_channel(1);
        let id = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.last += 1;
            let id = state.last;
            state.waiting.insert(id, sender);
            id
        };
        if let Err(failure) = self.send(&FromRunner::Call { id, call }, bytes) {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(&id);
            return Err(failure);
        }
        receiver.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// Hands an answer to who waits for it.
    pub(crate) fn answered(&self, id: u64, result: Result<Answer, Failure>, bytes: Vec<u8>) {
        let waiting = self.state.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(&id);
        if let Some(sender) = waiting {
            let _ = sender.try_send(result.map(|answer| (answer, bytes)));
        }
    }
}

/// The bytes of a sealed memfd from the host.
pub(crate) fn sealed_bytes(fd: OwnedFd) -> Option<Vec<u8>> {
    SealedBytes::open(fd, MAX_ANSWER).ok()?.to_vec().ok()
}

pub(crate) fn failure(kind: HostErrorKind, message: &str) -> Failure {
    Failure { kind: kind.code(), message: message.to_owned() }
}

fn gone() -> Failure {
    failure(HostErrorKind::Unavailable, "the host is gone")
}

/// Whether a link error means that the host is gone.
pub(crate) fn is_end(error: &LinkError) -> bool {
    !matches!(error, LinkError::Full)
}
