//! The order of a run, and what its parts share.
//!
//! Invariant: each figure is the median of at least five runs, and a baseline is measured in the same run, right
//! before or after.

mod arguments;
mod error;
mod frame;
mod host;
mod isolated;
mod ping;
mod process;
mod programs;
mod recording;
mod spawn;
mod statistics;
mod table;
mod variants;
mod whole;

use serde_json::Value;

pub use arguments::Arguments;
pub use error::BenchError;

use programs::Programs;
use table::Table;

/// Width and height of the reference job.
const SIZE: (u16, u16) = (128, 64);
/// Frames a second of the reference job.
const FPS: u16 = 60;
/// Plugins installed in the reference job.
const INSTALLED: usize = 31;
/// Plugins that run in it.
const ENABLED: usize = 10;

/// Makes something that draws a frame of the scrolling text each time it is called.
pub type MakeDrawer = fn(&Value, u32, u32) -> Result<Box<dyn FnMut()>, BenchError>;

/// Measures something and adds what it found.
type Part<'a> = dyn Fn(&mut Table) -> Result<(), BenchError> + 'a;

/// Measures everything and prints the table.
///
/// # Errors
/// Something that is measured does not work.
pub fn run(arguments: &Arguments, in_process: MakeDrawer) -> Result<(), BenchError> {
    let programs = Programs::find(arguments)?;
    let mut table = Table::new();
    println!("{}x{}, {FPS} frames a second, programs in {}", SIZE.0, SIZE.1, programs.folder.display());
    println!("load before: {}", process::load());
    let parts: [(&str, &Part<'_>); 8] = [
        ("frame", &|table| frame::measure(arguments, &programs, in_process, table)),
        ("spawn", &|table| spawn::measure(arguments, &programs, table)),
        ("scroll", &|table| whole::scrolling(arguments, &programs, in_process, table)),
        ("start", &|table| whole::start(arguments, &programs, table)),
        ("second", &|table| whole::second_instance(arguments, &programs, table)),
        ("reference", &|table| whole::reference(arguments, &programs, table)),
        ("crash", &|table| whole::crash(arguments, &programs, table)),
        ("replace", &|table| whole::replace(arguments, &programs, table)),
    ];
    for (name, part) in parts {
        if arguments.wants(name) {
            eprintln!("measuring: {name}");
            part(&mut table)?;
        }
    }
    println!("load after: {}\n", process::load());
    print!("{table}");
    Ok(())
}

/// Settings with which the text plugin scrolls in every frame, at a speed that falls between pixels.
fn scrolling_settings() -> Value {
    let text = "Departures 10:08 Airport 10:15 Harbour 10:21 Central; mind the gap between the train and the platform. ";
    serde_json::json!({ "text": text.repeat(3), "scroll": "always", "size": "large", "speed": 45 })
}

/// Settings with which it stands still.
fn still_settings() -> Value {
    serde_json::json!({ "text": "Hi", "size": "medium" })
}
