//! Whole hosts: start, memory, processor time, crashes, replacement.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use marquee_inspect::{Machine, inspect};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use super::arguments::Arguments;
use super::error::BenchError;
use super::frame::in_process_us;
use super::host::{Host, Instance, folder};
use super::process::{Cpu, memfd_mib, pss_mib};
use super::programs::Programs;
use super::spawn::plain_process;
use super::statistics::median;
use super::table::{Row, Table, Unit};
use super::{ENABLED, FPS, INSTALLED, MakeDrawer, scrolling_settings, still_settings, variants};

const PATIENCE: Duration = Duration::from_secs(20);

fn instance(name: &str, settings: serde_json::Value) -> Instance {
    Instance { name: name.to_owned(), package: name.to_owned(), settings }
}

/// The plugins folder of the reference job, and the instances that run.
fn reference_job(programs: &Programs) -> Result<(TempDir, PathBuf, Vec<Instance>), BenchError> {
    let (home, path) = folder()?;
    let kinds = [&programs.text, &programs.life, &programs.clock];
    let mut instances = Vec::new();
    for n in 0..INSTALLED {
        let id = format!("job-{n:02}");
        variants::write(kinds[n % kinds.len()], &id, "0.1.0", &path.join(format!("{id}.so")))?;
        if n < ENABLED {
            let settings = if n % kinds.len() == 0 { scrolling_settings() } else { json!({}) };
            instances.push(instance(&id, settings));
        }
    }
    Ok((home, path, instances))
}

fn one_plugin(
    programs: &Programs,
    settings: serde_json::Value,
) -> Result<(TempDir, PathBuf, Vec<Instance>), BenchError> {
    let (home, path) = folder()?;
    variants::write(&programs.text, "text", "0.1.0", &path.join("text.so"))?;
    Ok((home, path, vec![instance("text", settings)]))
}

/// What a host and its runners spend.
struct Spent {
    /// Per composed frame, in microseconds: the render thread, the host, host and runners.
    frame_us: [f64; 3],
    /// Of one core.
    percent: f64,
}

fn spend(host: &Host, runners: &[u32], time: Duration) -> Result<Spent, BenchError> {
    let own = [host.pid()];
    let sample = || -> Result<_, BenchError> { Ok((Cpu::of(&own)?, Cpu::of(runners)?, Instant::now())) };
    let frames_before = host.status()?.frames;
    let (host_before, runners_before, from) = sample()?;
    std::thread::sleep(time);
    let (host_after, runners_after, to) = sample()?;
    // The frames are asked for a moment earlier and later than the times, which at most adds one or two.
    let composed = (host.status()?.frames - frames_before) as f64;
    let host_ns = host_after.since(&host_before, None);
    let all_ns = host_ns + runners_after.since(&runners_before, None);
    let per_frame = |ns: f64| ns / 1000.0 / composed;
    Ok(Spent {
        frame_us: [
            per_frame(host_after.since(&host_before, Some("render"))),
            per_frame(host_ns),
            per_frame(all_ns),
        ],
        percent: all_ns / 1e9 / (to - from).as_secs_f64() * 100.0,
    })
}

/// Scrolling text in every frame, and a still picture, each with one plugin and nobody looking.
pub(crate) fn scrolling(
    arguments: &Arguments,
    programs: &Programs,
    in_process: MakeDrawer,
    table: &mut Table,
) -> Result<(), BenchError> {
    let alone = in_process_us(arguments, in_process)?;
    let (_home, plugins, instances) = one_plugin(programs, scrolling_settings())?;
    let host = Host::start(programs, &plugins, &instances, false)?;
    host.wait_running(1)?;
    let runners = host.runners(1)?;
    // Past the pause before the text moves.
    std::thread::sleep(Duration::from_secs(3));
    let (mut render, mut whole, mut all, mut percent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.runs() {
        let spent = spend(&host, &runners, arguments.time(5.0))?;
        render.push(spent.frame_us[0]);
        whole.push(spent.frame_us[1]);
        all.push(spent.frame_us[2]);
        percent.push(spent.percent);
    }
    drop(host);
    table.add(
        Row::new(
            "host work per composed frame in the live host at 60 fps: its render thread",
            Unit::Microseconds,
            render,
        )
        .budget(15.0)
        .baseline("same draw in process, warm", alone),
    );
    table.add(
        Row::new("the same, all threads of the host", Unit::Microseconds, whole)
            .baseline("same draw in process, warm", alone),
    );
    table.add(
        Row::new("scrolling text, everything, in the live host at 60 fps: processor time of all processes per frame", Unit::Microseconds, all)
            .budget(25.0)
            .baseline("same draw in process, warm", alone),
    );
    let moving = median(&percent);
    table.add(Row::new("the same as a share of one core", Unit::Percent, percent));
    still(arguments, programs, moving, table)
}

fn still(
    arguments: &Arguments,
    programs: &Programs,
    moving: f64,
    table: &mut Table,
) -> Result<(), BenchError> {
    let (_home, plugins, instances) = one_plugin(programs, still_settings())?;
    let host = Host::start(programs, &plugins, &instances, false)?;
    host.wait_running(1)?;
    let pids = [host.runners(1)?, vec![host.pid()]].concat();
    std::thread::sleep(Duration::from_secs(3));
    let mut percent = Vec::new();
    for _ in 0..arguments.runs() {
        let (before, from) = (Cpu::of(&pids)?, Instant::now());
        std::thread::sleep(arguments.time(10.0));
        let spent = Cpu::of(&pids)?.since(&before, None);
        percent.push(spent / 1e9 / from.elapsed().as_secs_f64() * 100.0);
    }
    table.add(
        Row::new("still picture, whole system, no viewer", Unit::Percent, percent)
            .budget(0.1)
            .baseline("scrolling text", moving),
    );
    Ok(())
}

/// The start of a host to the first frame of a plugin.
pub(crate) fn start(arguments: &Arguments, programs: &Programs, table: &mut Table) -> Result<(), BenchError> {
    let plain = plain_process(arguments)?;
    let (_home, plugins, instances) = reference_job(programs)?;
    let (mut times, mut checks) = (Vec::new(), Vec::new());
    // The first finds cold caches and is not counted.
    for n in 0..=arguments.runs() {
        checks.push(check_all(&plugins)?);
        let mut host = Host::start(programs, &plugins, &instances, true)?;
        let started = host.started;
        let first = host.recording()?.wait("the first plugin", PATIENCE, |line| line.plugin.is_some());
        let (_, seen, _) = first.map_err(|error| host.failed(&error.to_string()))?;
        if n > 0 {
            times.push((seen - started).as_secs_f64() * 1e3);
        }
    }
    table.add(
        Row::new(
            "host start to the first plugin's frame recorded, 31 installed, 10 enabled, warm cache",
            Unit::Milliseconds,
            times,
        )
        .budget(100.0)
        .baseline("reading, checking and hashing the 31 files, one thread", median(&checks)),
    );
    table.remark(format!("Start and end of `true` in the same run: {plain:.2} ms."));
    Ok(())
}

/// Milliseconds for what a host must know of each file before it runs one: its checks and its digest.
fn check_all(plugins: &Path) -> Result<f64, BenchError> {
    let machine = Machine::this().map_err(|error| BenchError::wrong(error.to_string()))?;
    let files = std::fs::read_dir(plugins).map_err(BenchError::file("list", plugins))?;
    let start = Instant::now();
    for file in files.flatten() {
        let bytes = std::fs::read(file.path()).map_err(BenchError::file("read", file.path()))?;
        inspect(&bytes, &machine).map_err(|error| BenchError::wrong(error.to_string()))?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// What a second instance of the same plugin takes.
pub(crate) fn second_instance(
    arguments: &Arguments,
    programs: &Programs,
    table: &mut Table,
) -> Result<(), BenchError> {
    let (_home, plugins, one) = one_plugin(programs, scrolling_settings())?;
    let mut two = vec![instance("text", scrolling_settings())];
    two.push(Instance {
        name: "text-two".to_owned(),
        package: "text".to_owned(),
        settings: scrolling_settings(),
    });
    let sum = |instances: &[Instance]| -> Result<(f64, f64), BenchError> {
        let host = Host::start(programs, &plugins, instances, false)?;
        host.wait_running(instances.len())?;
        std::thread::sleep(Duration::from_secs(2));
        let runners: f64 = host.runners(instances.len())?.into_iter().map(pss_mib).sum::<Result<f64, _>>()?;
        Ok((runners + pss_mib(host.pid())?, runners))
    };
    let (mut adds, mut first) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs().max(5) {
        let (alone, runner) = sum(&one)?;
        adds.push(sum(&two)?.0 - alone);
        first.push(runner);
    }
    table.add(
        Row::new(
            "a second instance of the same plugin: what it adds to the PSS of all processes",
            Unit::Mebibytes,
            adds,
        )
        .budget(1.0)
        .baseline("PSS of the first one's runner", median(&first)),
    );
    Ok(())
}

/// The reference job: memory, and what it takes of the machine.
pub(crate) fn reference(
    arguments: &Arguments,
    programs: &Programs,
    table: &mut Table,
) -> Result<(), BenchError> {
    let (_home, plugins, instances) = reference_job(programs)?;
    let (mut own, mut all, mut hidden, mut percent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.runs().max(5) {
        let host = Host::start(programs, &plugins, &instances, false)?;
        host.wait_running(ENABLED)?;
        let runners = host.runners(ENABLED)?;
        std::thread::sleep(arguments.time(5.0));
        percent.push(spend(&host, &runners, arguments.time(5.0))?.percent);
        let host_mib = pss_mib(host.pid())?;
        let runners_mib: f64 = runners.iter().map(|pid| pss_mib(*pid)).sum::<Result<f64, _>>()?;
        own.push(host_mib);
        all.push(host_mib + runners_mib);
        hidden.push(memfd_mib(host.pid()));
    }
    let files: u64 = std::fs::read_dir(&plugins)
        .map_err(BenchError::file("list", &plugins))?
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|data| data.len())
        .sum();
    let files = files as f64 / (1024.0 * 1024.0);
    let whole = median(&all);
    table.add(
        Row::new("reference job: PSS of the host", Unit::Mebibytes, own)
            .budget(30.0)
            .baseline("all processes", whole),
    );
    table.add(Row::new("reference job: PSS of all processes", Unit::Mebibytes, all).budget(40.0));
    table.add(
        Row::new(
            "reference job: sealed memory the host holds (plugins, frames), in PSS only where mapped",
            Unit::Mebibytes,
            hidden,
        )
        .baseline("the 31 plugin files", files),
    );
    table.add(Row::new(
        "reference job: processor time of all processes, share of one core",
        Unit::Percent,
        percent,
    ));
    Ok(())
}

/// The visible plugin dies.
pub(crate) fn crash(arguments: &Arguments, programs: &Programs, table: &mut Table) -> Result<(), BenchError> {
    let (_home, plugins, instances) = reference_job(programs)?;
    let mut host = Host::start(programs, &plugins, &instances, true)?;
    host.wait_running(ENABLED)?;
    // A plugin that dies for the first time is started again at once and may be back before another one has drawn;
    // from the second death on there is a pause, and another one has to step in. That is what is measured.
    for pid in host.runners(ENABLED)? {
        kill(pid)?;
    }
    let mut deaths = ENABLED as u32;
    host.wait_running_after(ENABLED, deaths)?;
    let mut plain = Vec::new();
    let (mut times, mut gaps) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs() {
        plain.push(death_of_a_plain_process()?);
        let (mut last, ..) = host.recording()?.wait("a plugin", PATIENCE, |line| line.plugin.is_some())?;
        // Whoever is on screen now; a still picture adds no lines.
        std::thread::sleep(Duration::from_millis(300));
        last = host.recording()?.news().pop().unwrap_or(last);
        let shown = host.status()?.current.plugin.map(|name| name.to_string());
        let victim = shown.or(last.plugin).ok_or_else(|| BenchError::wrong("nothing is on screen"))?;
        let pid = host
            .plugins()?
            .plugins
            .iter()
            .find(|plugin| plugin.name.as_str() == victim)
            .and_then(|plugin| plugin.observed.pid);
        let pid = pid.ok_or_else(|| BenchError::wrong("the plugin on screen has no process"))?;
        let last_ms = host.recording()?.news().pop().map_or(last.at_ms, |line| line.at_ms);
        let killed = Instant::now();
        kill(pid)?;
        let next =
            host.recording()?.wait("the next plugin", PATIENCE, |line| line.plugin.as_ref() != Some(&victim));
        let (line, seen, all) = next.map_err(|error| host.failed(&error.to_string()))?;
        if line.plugin.is_none() {
            return Err(host.failed("the panel went to the host's own picture instead of the next plugin"));
        }
        let before =
            all.iter().rfind(|line| line.plugin.as_ref() == Some(&victim)).map_or(last_ms, |line| line.at_ms);
        times.push((seen - killed).as_secs_f64() * 1e3);
        gaps.push(line.at_ms - before);
        // The dead one comes back before the next dies, so that there is always somebody to show.
        deaths += 1;
        host.wait_running_after(ENABLED, deaths)?;
    }
    let frame = 1000.0 / f64::from(FPS);
    table.add(
        Row::new(
            "the visible plugin is killed, not for the first time: until the next plugin's frame is recorded",
            Unit::Milliseconds,
            times,
        )
        .budget(2.0 * frame)
        .baseline("a plain process is killed, until that is known", median(&plain)),
    );
    table.remark(format!(
        "After the kill, pictures of the two plugins are {:.1} ms (median) apart on the host's clock; a frame is {frame:.1} ms.",
        median(&gaps)
    ));
    Ok(())
}

fn kill(pid: u32) -> Result<(), BenchError> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| BenchError::wrong("a process id is out of range"))?;
    kill_process(pid, Signal::KILL).map_err(BenchError::system("kill a runner"))
}

/// Milliseconds from killing a process to having reaped it.
fn death_of_a_plain_process() -> Result<f64, BenchError> {
    let mut child = Command::new("sleep").arg("60").spawn().map_err(BenchError::system("start `sleep`"))?;
    std::thread::sleep(Duration::from_millis(20));
    let start = Instant::now();
    child.kill().and_then(|()| child.wait()).map_err(BenchError::system("end `sleep`"))?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// A running plugin's file is replaced by a new version.
pub(crate) fn replace(
    arguments: &Arguments,
    programs: &Programs,
    table: &mut Table,
) -> Result<(), BenchError> {
    let (mut times, mut copies, mut blank) = (Vec::new(), Vec::new(), 0);
    let new = variants::bytes(&programs.life, "show", "0.2.0")?;
    for _ in 0..arguments.runs() {
        let (home, plugins) = folder()?;
        let file = plugins.join("show.so");
        variants::write(&programs.text, "show", "0.1.0", &file)?;
        // The old version stands still, so the next picture is the new version's.
        let mut host = Host::start(programs, &plugins, &[instance("show", still_settings())], true)?;
        let is_plugin = |line: &super::recording::Line| line.plugin.is_some();
        host.recording()?.wait("the first version", PATIENCE, is_plugin)?;
        host.wait_running(1)?;
        std::thread::sleep(Duration::from_millis(500));
        host.recording()?.news();
        let elsewhere = home.path().join("copy");
        let start = Instant::now();
        std::fs::write(&elsewhere, &new).map_err(BenchError::file("write", &elsewhere))?;
        copies.push(start.elapsed().as_secs_f64() * 1e3);
        // Written in place and closed: complete from then on.
        std::fs::write(&file, &new).map_err(BenchError::file("write", &file))?;
        let complete = Instant::now();
        let next = host.recording()?.wait("the new version", PATIENCE, |_| true);
        let (line, seen, _) = next.map_err(|error| host.failed(&error.to_string()))?;
        times.push((seen - complete).as_secs_f64() * 1e3);
        blank += usize::from(line.plugin.is_none());
        let digest_changed = || -> Result<bool, BenchError> {
            let view = host.plugins()?;
            Ok(view.plugins.first().and_then(|p| p.observed.running_version.clone()).as_deref()
                == Some("0.2.0"))
        };
        if !digest_changed()? {
            return Err(host.failed("the old version is still running"));
        }
    }
    table.add(
        Row::new(
            "a new version of the visible plugin: file complete to its first frame recorded",
            Unit::Milliseconds,
            times,
        )
        .budget(300.0)
        .baseline("writing the file elsewhere", median(&copies)),
    );
    table.remark(format!("Replacement: {blank} pictures between the two versions were not a plugin's."));
    Ok(())
}
