//! `marquee-panel`: checks the machine, opens the panel as root, drops root, shows what the host draws.
//!
//! Invariant: nothing is opened before everything that can be checked was checked, and no byte of a host is read
//! before root is dropped. One clear sentence on stderr and exit code 1 when it cannot run; 2 for wrong usage.

use std::error::Error;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use marquee_panel::access::{Allowed, User};
use marquee_panel::ffi::{self, Hub75};
use marquee_panel::machine::Machine;
use marquee_panel::{Panel as _, Server, config, listener, sentence};

/// Shows on a HUB75 panel what the Marquee host draws.
///
/// Started by systemd as root; opens the GPIO pins, then becomes the user named as run_as in [panel.hub75].
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Configuration file; its table [panel.hub75] is read [default: /etc/marquee/marquee.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Listen here, in the place of socket in [panel.hub75]; ignored when systemd hands over a socket
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Only check machine and options
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("marquee-panel: {}", sentence(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let inherited = ffi::inherited_listener();
    let stop = ffi::stop_signals()?;
    let machine = Machine::here();
    machine.check_board()?;
    let options = config::load(arguments.config.as_deref())?;
    machine.check_options(&options)?;
    let user = User::find(Path::new("/"), &options.run_as)?;
    if arguments.check {
        println!("this machine can drive the panel: {}, {:?}", machine.model(), options.hardware_mapping);
        return Ok(());
    }

    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours).with_target(false).init();
    let (allowed, unknown) = Allowed::resolve(Path::new("/"), &options.allow_users, &options.allow_groups);
    for name in unknown {
        tracing::warn!("{name:?} in allow_users or allow_groups of [panel.hub75] does not exist");
    }
    let listener = match inherited {
        Some(socket) => listener::adopt(socket)?,
        None => listener::make(arguments.socket.as_deref().unwrap_or(Path::new(&options.socket)))?,
    };
    let mut panel = Hub75::open(&options)?;
    ffi::become_user(user)?;
    tracing::info!("{} at {:.0} refreshes a second", panel.description(), panel.refresh_hz());
    let blank_after = Duration::from_secs(options.blank_after_s.into());
    Server { listener, stop, allowed, blank_after }.run(&mut panel)?;
    Ok(())
}
