//! The host's `hub75` sink against the panel process.

use std::time::{Duration, Instant};

use crate::common::{LIMIT, Process, SIZE, filled, socket};
use marquee_model::{PanelSize, Picture};
use marquee_sinks::{PanelClock, Setup, Sink, SinkSpec, WebSink, open};

fn sink(path: &std::path::Path, size: PanelSize) -> Box<dyn Sink> {
    let host_name = "test".to_owned();
    let setup = Setup { size, fps: 60, web: WebSink::new(size), panel_socket: path.to_owned(), host_name };
    open(&SinkSpec::Hub75, &setup).unwrap()
}

fn size() -> PanelSize {
    PanelSize::new(SIZE.0.into(), SIZE.1.into()).unwrap()
}

fn picture(value: u8) -> Picture {
    Picture::filled(size(), [value; 3])
}

fn wait_for_ticks(clock: &PanelClock) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let limit = Timespec::try_from(LIMIT).unwrap();
    assert_eq!(poll(&mut [PollFd::new(clock, PollFlags::IN)], Some(&limit)).unwrap(), 1, "no tick came");
    assert!(clock.drain() > 0);
}

#[test]
fn pictures_and_their_brightness_reach_the_panel_and_its_clock_drives_the_host() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut sink = sink(&path, size());
    let clock = sink.clock().unwrap();
    for value in 1..=30 {
        wait_for_ticks(&clock);
        sink.present(&Picture { brightness: 40, ..picture(value) });
    }
    let asked = process.record.until_shown(&filled(30));
    assert_eq!(asked.brightness, Some(40));
    let report = sink.report();
    assert_eq!((report.dropped, report.error), (0, None));
    sink.finish().unwrap();
}

#[test]
fn a_panel_process_that_comes_back_shows_the_newest_picture() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut sink = sink(&path, size());
    sink.present(&picture(1));
    process.record.until_shown(&filled(1));
    drop(process);
    let start = Instant::now();
    while sink.report().error.is_none() {
        assert!(start.elapsed() < LIMIT, "the loss was never reported");
        std::thread::yield_now();
    }
    let process = Process::start(&path, Duration::ZERO, 60.0);
    process.record.until_shown(&filled(1));
    sink.present(&picture(2));
    process.record.until_shown(&filled(2));
    assert_eq!(sink.report().error, None);
}

#[test]
fn the_last_picture_before_the_end_still_reaches_the_panel() {
    let (_home, path) = socket();
    let process = Process::start(&path, Duration::ZERO, 60.0);
    let mut sink = sink(&path, size());
    sink.present(&picture(1));
    process.record.until_shown(&filled(1));
    sink.present(&picture(0));
    sink.finish().unwrap();
    process.record.until_shown(&filled(0));
}

#[test]
fn a_panel_of_another_size_is_a_sentence_in_the_report() {
    let (_home, path) = socket();
    let _process = Process::start(&path, Duration::ZERO, 60.0);
    let sink = sink(&path, PanelSize::new(64, 32).unwrap());
    let start = Instant::now();
    let error = loop {
        if let Some(error) = sink.report().error {
            break error;
        }
        assert!(start.elapsed() < LIMIT, "nothing was reported");
        std::thread::yield_now();
    };
    assert_eq!(
        error,
        "the panel has 8x4 pixels and the host draws 64x32: set size in [panel] to the panel's"
    );
}
