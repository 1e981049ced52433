//! A new runner to its first frame.

use std::process::Command;
use std::time::Instant;

use marquee_sandbox::Layer;
use serde_json::Value;

use super::arguments::Arguments;
use super::error::BenchError;
use super::isolated::{Isolated, wanted};
use super::programs::Programs;
use super::statistics::median;
use super::table::{Row, Table, Unit};
use super::{SIZE, still_settings};

const ALL: [Layer; 6] = [
    Layer::Namespaces,
    Layer::PrivateRoot,
    Layer::NoNewPrivs,
    Layer::Rlimits,
    Layer::Landlock,
    Layer::Seccomp,
];

pub(crate) fn measure(
    arguments: &Arguments,
    programs: &Programs,
    table: &mut Table,
) -> Result<(), BenchError> {
    let plain = plain_process(arguments)?;
    let boxed = runs(arguments, programs, Vec::new(), still_settings())?;
    let open = runs(arguments, programs, ALL.to_vec(), still_settings())?;
    table.add(
        Row::new("a runner from the order to its first frame", Unit::Milliseconds, boxed.clone())
            .budget(3.0)
            .baseline("start and end of `true`", plain),
    );
    table.add(
        Row::new("the same without the box", Unit::Milliseconds, open).baseline("with it", median(&boxed)),
    );
    Ok(())
}

/// Milliseconds from spawning `true` to knowing that it ended.
pub(crate) fn plain_process(arguments: &Arguments) -> Result<f64, BenchError> {
    let mut times = Vec::new();
    for _ in 0..arguments.count(50).max(5) {
        let start = Instant::now();
        Command::new("true").status().map_err(BenchError::system("start `true`"))?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&times))
}

fn runs(
    arguments: &Arguments,
    programs: &Programs,
    disable: Vec<Layer>,
    settings: Value,
) -> Result<Vec<f64>, BenchError> {
    let isolated = Isolated::new(&programs.runner, disable)?;
    let wanted = wanted(&programs.text, "text", settings)?;
    let mut pixels = vec![0; usize::from(SIZE.0) * usize::from(SIZE.1) * 3];
    let mut times = Vec::new();
    // The first finds cold caches and is not counted.
    for n in 0..=arguments.count(30) {
        let start = Instant::now();
        let mut guest = isolated.start(wanted.clone())?;
        guest.frame(&mut pixels)?;
        let time = start.elapsed().as_secs_f64() * 1e3;
        if n > 0 {
            times.push(time);
        }
        isolated.stop(guest)?;
    }
    Ok(times)
}
