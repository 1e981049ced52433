//! One frame from a runner: back to back, paced, and what the host has to do for it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use marquee_model::{PanelSize, Picture};
use marquee_stage::compose;

use super::arguments::Arguments;
use super::error::BenchError;
use super::isolated::{Guest, Isolated, wanted};
use super::ping::Ping;
use super::process::Cpu;
use super::programs::Programs;
use super::statistics::{median, percentile};
use super::table::{Row, Table, Unit};
use super::{FPS, MakeDrawer, SIZE, scrolling_settings};

const BYTES: usize = SIZE.0 as usize * SIZE.1 as usize * 3;

/// Frames before anything is measured: until the message scrolls, and everything is warm.
const WARM_UP: usize = 200;

pub(crate) fn measure(
    arguments: &Arguments,
    programs: &Programs,
    in_process: MakeDrawer,
    table: &mut Table,
) -> Result<(), BenchError> {
    let settings = scrolling_settings();
    let mut draw = in_process(&settings, SIZE.0.into(), SIZE.1.into())?;
    let isolated = Isolated::new(&programs.runner, Vec::new())?;
    let mut guest = isolated.start(wanted(&programs.text, "text", settings)?)?;
    let mut pixels = vec![0; BYTES];
    for _ in 0..WARM_UP {
        draw();
        guest.frame(&mut pixels)?;
    }
    let runner = isolated.pid(&guest)?;
    back_to_back(arguments, &mut draw, &mut guest, runner, table)?;
    paced(arguments, &mut guest, table)?;
    brightness(arguments, &pixels, table);
    table.remark(format!("The box around these runners: {}.", isolated.boxed()));
    isolated.stop(guest)
}

/// Microseconds of each of `count` calls.
fn each(count: usize, mut work: impl FnMut()) -> Vec<f64> {
    let one = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        micros(start.elapsed())
    };
    (0..count).map(|_| one(&mut work)).collect()
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The median time of one draw in process, in microseconds.
pub(crate) fn in_process_us(arguments: &Arguments, make: MakeDrawer) -> Result<f64, BenchError> {
    let mut draw = make(&scrolling_settings(), SIZE.0.into(), SIZE.1.into())?;
    (0..WARM_UP).for_each(|_| draw());
    Ok(median(&each(arguments.count(2000), draw)))
}

/// What the host does with a frame that came, as its render loop does it.
struct HostWork {
    scratch: Vec<u8>,
    own: Vec<u8>,
    composed: Vec<u8>,
    picture: Arc<[u8]>,
}

impl HostWork {
    fn new() -> Self {
        let empty = vec![0; BYTES];
        Self {
            scratch: empty.clone(),
            own: empty.clone(),
            composed: empty.clone(),
            picture: Arc::from(empty),
        }
    }

    /// Takes the frame, copies it, compares it with the last, composes, compares, and makes the picture.
    fn take(&mut self, guest: &mut Guest) -> Result<u64, BenchError> {
        let info = guest.take(&mut self.scratch)?;
        if !compose::same(&self.own, &self.scratch) {
            std::mem::swap(&mut self.own, &mut self.scratch);
        }
        self.composed.copy_from_slice(&self.own);
        if !compose::same(&self.composed, &self.picture) {
            self.picture = black_box(Arc::from(self.composed.as_slice()));
        }
        Ok(info.draw_ns)
    }
}

fn back_to_back(
    arguments: &Arguments,
    draw: &mut Box<dyn FnMut()>,
    guest: &mut Guest,
    runner: u32,
    table: &mut Table,
) -> Result<(), BenchError> {
    let count = arguments.count(3000);
    let ping = Ping::start()?;
    let mut host = HostWork::new();
    let plain = vec![7_u8; BYTES];
    let mut copy = vec![0_u8; BYTES];
    let (mut alone, mut whole, mut adds, mut floors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut works, mut copies, mut processors, mut in_runner) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.runs() {
        let in_process = median(&each(count, &mut *draw));
        floors.push(median(&each(count, || ping.once())));
        copies.push(median(&each(count, || black_box(&mut copy).copy_from_slice(black_box(&plain)))));
        let (mut frames, mut work, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let start = Instant::now();
            drawn.push(guest.frame(&mut copy)?.draw_ns as f64 / 1000.0);
            frames.push(micros(start.elapsed()));
        }
        let pids = [std::process::id(), runner];
        let before = Cpu::of(&pids)?;
        for _ in 0..count {
            let start = Instant::now();
            guest.ask()?;
            let asked = Instant::now();
            guest.wait()?;
            let came = Instant::now();
            host.take(guest)?;
            work.push(micros(asked - start) + micros(came.elapsed()));
        }
        processors.push(Cpu::of(&pids)?.since(&before, None) / 1000.0 / count as f64);
        let median_frame = median(&frames);
        adds.push(median_frame - in_process);
        alone.push(in_process);
        whole.push(median_frame);
        works.push(median(&work));
        in_runner.push(median(&drawn));
    }
    let (alone, floor, plain) = (median(&alone), median(&floors), median(&copies));
    table.add(
        Row::new(
            "one frame through a runner, back to back: tick to pixels copied",
            Unit::Microseconds,
            whole,
        )
        .baseline("same draw in process", alone),
    );
    table.add(
        Row::new("of that, what the isolation adds to the draw", Unit::Microseconds, adds)
            .budget(40.0)
            .baseline("a byte to another thread and back", floor),
    );
    table.add(
        Row::new("the draw itself, as the runner measures it", Unit::Microseconds, in_runner)
            .baseline("same draw in process", alone),
    );
    table.add(
        Row::new(
            "host work per composed frame, back to back: send tick, take, copy, compare, compose",
            Unit::Microseconds,
            works,
        )
        .budget(15.0)
        .baseline("plain copy of a frame", plain),
    );
    table.add(
        Row::new(
            "scrolling text, everything, back to back: processor time of host and runner per frame",
            Unit::Microseconds,
            processors,
        )
        .budget(25.0)
        .baseline("same draw in process", alone),
    );
    Ok(())
}

/// Sixty frames a second, each asked for at its time.
fn paced(arguments: &Arguments, guest: &mut Guest, table: &mut Table) -> Result<(), BenchError> {
    let period = Duration::from_secs(1) / u32::from(FPS);
    let frames = (arguments.time(6.0).as_secs_f64() * f64::from(FPS)) as u32;
    let ping = Ping::start()?;
    let mut pixels = vec![0; BYTES];
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1000));
    let (mut medians, mut all, mut floors, mut drawn) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.runs() {
        let (mut times, mut floor) = (Vec::new(), Vec::new());
        let begin = Instant::now();
        for n in 0..frames {
            // The floor half a frame apart from the frame, so that each finds the processors asleep.
            std::thread::sleep((begin + period * n).saturating_duration_since(Instant::now()));
            let start = Instant::now();
            drawn.push(guest.frame(&mut pixels)?.draw_ns as f64 / 1000.0);
            times.push(micros(start.elapsed()));
            std::thread::sleep((begin + period * n + period / 2).saturating_duration_since(Instant::now()));
            floor.push(each(1, || ping.once())[0]);
        }
        medians.push(median(&times));
        floors.push(median(&floor));
        all.append(&mut times);
    }
    table.add(
        Row::new("the same paced at 60 fps: tick to pixels copied", Unit::Microseconds, medians)
            .budget(150.0)
            .p99(percentile(&all, 0.99), Some(1000.0))
            .baseline("a byte to another thread and back, paced", median(&floors)),
    );
    table.remark(format!("Paced, the draw alone takes {:.0} µs by the runner's own clock: caches and clocks cool down between frames.", median(&drawn)));
    Ok(())
}

fn brightness(arguments: &Arguments, pixels: &[u8], table: &mut Table) {
    let Ok(size) = PanelSize::new(SIZE.0.into(), SIZE.1.into()) else { return };
    let picture = Picture { brightness: 60, rgb: Arc::from(pixels), ..Picture::filled(size, [0; 3]) };
    let mut copy = vec![0_u8; BYTES];
    let count = arguments.count(3000);
    let (mut scaled, mut copies) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs() {
        scaled
            .push(median(&each(count, || drop(black_box(marquee_sinks::preview_rgb(black_box(&picture)))))));
        copies.push(median(&each(count, || black_box(&mut copy).copy_from_slice(black_box(pixels)))));
    }
    table.add(
        Row::new("brightness of one frame, for a preview", Unit::Microseconds, scaled)
            .budget(15.0)
            .baseline("plain copy of a frame", median(&copies)),
    );
}
