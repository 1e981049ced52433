//! What composing and deciding cost, as ratios to copying the same bytes in the same run.
//!
//! Budget: host work per composed frame without a transition, of which `step` and `same` are parts, is 15 µs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use marquee_model::InstanceName;
use marquee_stage::compose::{cross_fade, same};
use marquee_stage::{Answer, Entry, RunnerKey, Show, Stage, Transition, Wake};

const ROUNDS: u32 = 20_000;
const PERIOD: Duration = Duration::from_nanos(16_666_667);

/// The fastest of nine runs, in nanoseconds a round.
fn measure(mut work: impl FnMut()) -> f64 {
    let run = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        start.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
    };
    (0..9).map(|_| run(&mut work)).fold(f64::INFINITY, f64::min)
}

fn name(n: usize) -> InstanceName {
    format!("plugin-{n}").parse().expect("an instance name")
}

/// One tick of a stage with `count` instances, the visible one drawing every frame.
fn step(count: usize, transition: Transition) -> f64 {
    let mut stage = Stage::new(PERIOD, transition);
    let duration = Duration::from_millis(300);
    stage.set_rotation((0..count).map(|n| Entry { name: name(n), duration }).collect(), Duration::ZERO);
    let key = RunnerKey(1);
    (0..count).for_each(|n| stage.ready(&name(n), key, Duration::ZERO));
    let answer = Answer { show: Show::Yes, wake: Wake::NextFrame, changed: true };
    let mut now = Duration::ZERO;
    let mut asked: Vec<InstanceName> = Vec::new();
    measure(|| {
        now += PERIOD;
        asked.drain(..).for_each(|name| stage.answered(&name, key, answer, now));
        asked.extend(stage.step(now).ask.iter().map(|ask| ask.name.clone()));
        black_box(stage.next_due(now));
    })
}

fn main() {
    let bytes = 128 * 64 * 3;
    let from: Vec<u8> = (0..bytes).map(|n| (n * 7 % 256) as u8).collect();
    let to: Vec<u8> = (0..bytes).map(|n| (n * 13 % 256) as u8).collect();
    let mut out = vec![0_u8; bytes];
    let copy = measure(|| black_box(&mut out[..]).copy_from_slice(black_box(&from)));
    let fade = measure(|| cross_fade(black_box(&from), black_box(&to), black_box(100), black_box(&mut out)));
    let twin = from.clone();
    let equal = measure(|| {
        black_box(same(black_box(&from), black_box(&twin)));
    });
    println!("128x64, nanoseconds a frame, and ratio to a copy of its bytes");
    for (what, ns) in [
        ("copy", copy),
        ("cross_fade", fade),
        ("same (equal frames)", equal),
        ("step, 1 instance", step(1, Transition::Cut)),
        ("step, 31 instances", step(31, Transition::Cut)),
        ("step, 31, always fading", step(31, Transition::CrossFade(Duration::from_secs(1)))),
    ] {
        println!("{what:<26} {ns:>9.0} ns {:>8.2} x", ns / copy);
    }
}
