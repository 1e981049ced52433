//! The box around plugins, layer by layer, as a runner really gets it on this machine.
//!
//! Invariant: a layer is called ok only if a runner put it on just now. Where no runner can be started, what the
//! kernel promises is shown as partial at best.

use std::ffi::OsString;

use marquee_sandbox::{Layer, LayerReport, LayerState, Report, probe};

use super::{Check, State, program};
use crate::config::Config;

const GROUP: &str = "box";

pub(super) fn checks(config: &Config) -> Vec<Check> {
    let mut checks = vec![user_namespaces(&probe())];
    match tried(config) {
        Ok(report) => {
            checks.insert(0, Check::ok(GROUP, "runner", command(config)));
            checks.extend(report.layers.iter().map(|layer| check(layer, config, true)));
        }
        Err(why) => {
            let failed =
                Check::missing(GROUP, "runner", format!("{} cannot be asked: {why}", command(config)));
            let advice = "install marquee-runner beside marquee, or set runner in [host]";
            checks.insert(0, failed.advice(advice));
            checks.extend(probe().layers.iter().map(|layer| check(layer, config, false)));
        }
    }
    checks
}

fn command(config: &Config) -> String {
    let words: Vec<String> = config.host.runner.iter().map(|word| word.display().to_string()).collect();
    crate::errors::printable(&words.join(" "))
}

/// Lets a runner put the box on itself and say what came of it.
fn tried(config: &Config) -> Result<Report, String> {
    let (first, rest) = config.host.runner.split_first().ok_or("no runner is configured")?;
    let mut arguments: Vec<OsString> = rest.iter().map(|word| word.clone().into_os_string()).collect();
    arguments.push("--probe".into());
    let answer = program::run(first, &arguments).map_err(|error| error.to_string())?;
    if !answer.success {
        return Err(answer.complaint());
    }
    serde_json::from_slice(&answer.stdout).map_err(|_| "its answer is not understood".to_owned())
}

/// Most of the box stands on them, so they get a line of their own.
fn user_namespaces(told: &Report) -> Check {
    const NAME: &str = "user namespaces";
    match told.get(Layer::Namespaces) {
        Some(LayerReport { state: LayerState::Enforced, .. }) => {
            Check::ok(GROUP, NAME, "this user may make them")
        }
        Some(LayerReport { note: Some(note), .. }) => {
            let (found, advice) = note.split_once(": ").unwrap_or((note, "see the kernel's settings"));
            Check::missing(GROUP, NAME, found).advice(advice)
        }
        _ => Check::missing(GROUP, NAME, "not known"),
    }
}

fn check(layer: &LayerReport, config: &Config, tried: bool) -> Check {
    let name = layer.layer.name();
    if config.sandbox.disable.contains(&layer.layer) {
        return Check::missing(GROUP, name, "switched off")
            .advice(format!("remove {name} from disable in [sandbox]"));
    }
    let state = match layer.state {
        LayerState::Enforced if tried => State::Ok,
        LayerState::Enforced | LayerState::Partial => State::Partial,
        LayerState::Missing => State::Missing,
    };
    let found = match (&layer.note, layer.state) {
        (Some(note), _) => note.clone(),
        (None, LayerState::Enforced) if !tried => {
            "the kernel promises it, but no runner could try".to_owned()
        }
        (None, LayerState::Enforced) => "in force".to_owned(),
        (None, _) => "not in force".to_owned(),
    };
    let check = Check::new(GROUP, name, state, found);
    if layer.state == LayerState::Missing && config.sandbox.required.0.contains(&layer.layer) {
        return check
            .advice(format!("no plugin starts without it, because require in [sandbox] names {name}"));
    }
    check
}
