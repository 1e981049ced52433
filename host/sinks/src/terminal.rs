//! `terminal`: the panel as half blocks in the terminal that the host runs in.
//!
//! Invariant: while the sink is open the terminal shows its other screen without a cursor, and gets both back at the
//! end, also when the sink is just dropped. Whatever else writes to the terminal meanwhile (the host's log) spoils
//! the picture until it changes: send the log elsewhere.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use marquee_model::Picture;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{isatty, tcgetwinsize};

use crate::feed::{Mailbox, Tally, Worker};
use crate::terminal_screen::{ENTER, LEAVE, Screen};
use crate::{Sink, SinkError, SinkReport, preview_rgb};

/// At most 30 updates a second: more is lost on people and heavy over a network.
const PAUSE: Duration = Duration::from_millis(33);
/// How often a still picture is checked against a changed window.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
/// How long a terminal that takes no more bytes is waited for at the end.
const LIMIT: Duration = Duration::from_secs(1);

/// The sink on a terminal.
#[derive(Debug)]
pub(crate) struct TerminalSink {
    mailbox: Arc<Mailbox>,
    tally: Arc<Tally>,
    worker: Option<Worker>,
}

impl TerminalSink {
    /// Takes over standard output.
    pub(crate) fn on_stdout() -> Result<Self, SinkError> {
        let out = rustix::stdio::stdout();
        if !isatty(out) {
            return Err(SinkError::NoTerminal);
        }
        Self::start(out.try_clone_to_owned().map_err(no_room)?)
    }

    /// Takes over a terminal.
    pub(crate) fn start(terminal: OwnedFd) -> Result<Self, SinkError> {
        if !isatty(&terminal) {
            return Err(SinkError::NoTerminal);
        }
        let mailbox = Arc::new(Mailbox::new().map_err(no_room)?);
        let tally = Arc::new(Tally::default());
        let (its_mailbox, its_tally) = (Arc::clone(&mailbox), Arc::clone(&tally));
        let worker = Worker::spawn("terminal".to_owned(), move || {
            let result =
                show(&terminal, &its_mailbox, &its_tally).map_err(|errno| SinkError::Terminal(errno.into()));
            if let Err(error) = &result {
                its_tally.set_error(error);
            }
            result
        })?;
        Ok(Self { mailbox, tally, worker: Some(worker) })
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.mailbox.close();
        self.worker.take().map_or(Ok(()), |worker| worker.finish(LIMIT))
    }
}

fn no_room(source: std::io::Error) -> SinkError {
    SinkError::Resources { sink: "terminal".to_owned(), source }
}

fn show(terminal: &OwnedFd, mailbox: &Mailbox, tally: &Tally) -> Result<(), Errno> {
    write_all(terminal.as_fd(), ENTER)?;
    let mut screen = Screen::default();
    let mut newest: Option<Picture> = None;
    let mut bytes = Vec::new();
    while !mailbox.is_closed() {
        match poll(&mut [PollFd::new(mailbox, PollFlags::IN)], Some(&LOOK)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        if let Some(picture) = mailbox.take() {
            newest = Some(picture);
            tally.took_one();
        }
        let window = tcgetwinsize(terminal)?;
        let Some(picture) = &newest else { continue };
        let started = Instant::now();
        screen.update(&preview_rgb(picture), picture.size, (window.ws_col, window.ws_row), &mut bytes);
        if !bytes.is_empty() {
            write_all(terminal.as_fd(), &bytes)?;
            bytes.clear();
            thread::sleep(PAUSE.saturating_sub(started.elapsed()));
        }
    }
    write_all(terminal.as_fd(), LEAVE)
}

/// Writes everything, waiting where the terminal is not ready for more.
fn write_all(terminal: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(terminal, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut ready = [PollFd::from_borrowed_fd(terminal, PollFlags::OUT)];
                match poll(&mut ready, None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

impl Sink for TerminalSink {
    fn present(&mut self, picture: &Picture) {
        if self.mailbox.put(picture.clone()) {
            self.tally.dropped_one();
        }
    }

    fn report(&self) -> SinkReport {
        self.tally.report()
    }

    fn finish(mut self: Box<Self>) -> Result<(), SinkError> {
        self.end()
    }
}

impl Drop for TerminalSink {
    fn drop(&mut self) {
        let _nobody_asks = self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;

    use marquee_model::PanelSize;
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    use super::*;

    fn terminal(columns: u16, rows: u16) -> (File, OwnedFd) {
        let keeper = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keeper).unwrap();
        unlockpt(&keeper).unwrap();
        let name = ptsname(&keeper, Vec::new()).unwrap();
        let terminal = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        tcsetwinsize(&terminal, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
            .unwrap();
        (File::from(keeper), terminal)
    }

    fn read_until(keeper: &mut File, wanted: &str) -> String {
        let mut text = Vec::new();
        let mut byte = [0; 4096];
        while !String::from_utf8_lossy(&text).contains(wanted) {
            let count = keeper.read(&mut byte).unwrap();
            text.extend_from_slice(&byte[..count]);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn a_terminal_shows_half_blocks_and_gets_its_screen_back() {
        let (mut keeper, terminal) = terminal(40, 10);
        let mut sink = Box::new(TerminalSink::start(terminal).unwrap());
        sink.present(&Picture::filled(PanelSize::new(4, 4).unwrap(), [10, 20, 30]));
        let shown = read_until(&mut keeper, "▀▀▀▀");
        assert!(shown.starts_with("\x1b[?1049h"), "{shown:?}");
        assert!(shown.contains("38;2;10;20;30"), "{shown:?}");
        sink.finish().unwrap();
        read_until(&mut keeper, "\x1b[?25h\x1b[?1049l");
    }

    #[test]
    fn a_dropped_sink_gives_the_screen_back_too() {
        let (mut keeper, terminal) = terminal(40, 10);
        drop(TerminalSink::start(terminal).unwrap());
        read_until(&mut keeper, "\x1b[?1049l");
    }

    #[test]
    fn a_terminal_that_takes_no_bytes_loses_frames_and_never_holds_up_the_host() {
        let (keeper, terminal) = terminal(200, 100);
        let mut sink = Box::new(TerminalSink::start(terminal).unwrap());
        let size = PanelSize::new(128, 128).unwrap();
        let start = Instant::now();
        let mut colour = 0u8;
        while sink.report().dropped < 1000 {
            colour = colour.wrapping_add(1);
            sink.present(&Picture::filled(size, [colour; 3]));
        }
        assert!(start.elapsed() < Duration::from_secs(20));
        let error = sink.finish().unwrap_err();
        assert!(matches!(error, SinkError::Unfinished { .. }));
        drop(keeper);
    }

    #[test]
    fn a_pipe_is_no_terminal() {
        let (_reader, writer) = rustix::pipe::pipe().unwrap();
        let error = TerminalSink::start(writer).unwrap_err();
        assert!(error.to_string().contains("no terminal"));
    }
}
