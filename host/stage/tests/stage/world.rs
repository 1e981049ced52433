//! A render loop for tests: ticks on a grid, instances that answer by script, and a stage in between.
//!
//! It obeys the stage as the real loop does: it steps only when something is due or was heard, at a whole tick.

use std::collections::BTreeMap;
use std::time::Duration;

use marquee_model::InstanceName;
use marquee_stage::{Answer, Entry, RunnerKey, Scene, Show, Stage, Transition, Wake};

pub(crate) const PERIOD: Duration = Duration::from_millis(10);

/// How a scripted instance behaves, until the test changes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    pub(crate) show: Show,
    pub(crate) wake: Wake,
    /// Ticks from being asked to the answer: 1 is in time.
    pub(crate) takes: u32,
}

pub(crate) const ANIMATION: Script = Script { show: Show::Yes, wake: Wake::NextFrame, takes: 1 };
pub(crate) const STILL: Script = Script { show: Show::Yes, wake: Wake::News, takes: 1 };
pub(crate) const EMPTY: Script = Script { show: Show::Nothing, wake: Wake::News, takes: 1 };
/// Never answers.
pub(crate) const HUNG: Script = Script { takes: u32::MAX, ..ANIMATION };

pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) now: Duration,
    /// Steps made so far: each is a wake-up of the host.
    pub(crate) steps: usize,
    /// Ticks sent so far: tick number, name, visible.
    pub(crate) asked: Vec<(u64, String, bool)>,
    pub(crate) scripts: BTreeMap<String, Script>,
    runners: BTreeMap<String, RunnerKey>,
    pending: Vec<(Duration, String, RunnerKey)>,
    last_key: u64,
    heard: bool,
}

pub(crate) fn name(text: &str) -> InstanceName {
    text.parse().expect("an instance name")
}

impl World {
    /// A world whose instances are in the rotation for so many ticks each, all running and drawn.
    pub(crate) fn new(transition: Transition, instances: &[(&str, u32, Script)]) -> Self {
        let mut world = Self::empty(transition);
        world.rotate(&instances.iter().map(|&(name, ticks, _)| (name, ticks)).collect::<Vec<_>>());
        for &(name, _, script) in instances {
            world.start(name, script);
        }
        world
    }

    pub(crate) fn empty(transition: Transition) -> Self {
        Self {
            stage: Stage::new(PERIOD, transition),
            now: Duration::ZERO,
            steps: 0,
            asked: Vec::new(),
            scripts: BTreeMap::new(),
            runners: BTreeMap::new(),
            pending: Vec::new(),
            last_key: 0,
            heard: true,
        }
    }

    pub(crate) fn rotate(&mut self, instances: &[(&str, u32)]) {
        let entry = |&(text, ticks): &(&str, u32)| Entry { name: name(text), duration: PERIOD * ticks };
        self.stage.set_rotation(instances.iter().map(entry).collect(), self.now);
    }

    /// A runner draws its first frame, with the answer of its script.
    pub(crate) fn start(&mut self, text: &str, script: Script) {
        self.last_key += 1;
        let key = RunnerKey(self.last_key);
        self.scripts.insert(text.to_owned(), script);
        self.runners.insert(text.to_owned(), key);
        self.stage.ready(&name(text), key, self.now);
        self.answer(text, key);
    }

    pub(crate) fn die(&mut self, text: &str) {
        let key = self.runners.remove(text).expect("a runner");
        self.stage.gone(&name(text), key, self.now);
    }

    pub(crate) fn key(&self, text: &str) -> RunnerKey {
        self.runners[text]
    }

    pub(crate) fn news(&mut self, text: &str) {
        self.stage.news(&name(text), self.now);
    }

    pub(crate) fn script(&mut self, text: &str, script: Script) {
        self.scripts.insert(text.to_owned(), script);
    }

    fn answer(&mut self, text: &str, key: RunnerKey) {
        let Script { show, wake, .. } = self.scripts[text];
        let changed = wake != Wake::News;
        self.stage.answered(&name(text), key, Answer { show, wake, changed }, self.now);
    }

    /// One tick of the grid: collects answers, and steps if that is due. Answers whether it stepped.
    pub(crate) fn tick(&mut self) -> bool {
        self.now += PERIOD;
        let now = self.now;
        let (due, later) = std::mem::take(&mut self.pending).into_iter().partition(|(at, ..)| *at <= now);
        self.pending = later;
        let due: Vec<(Duration, String, RunnerKey)> = due;
        for (_, text, key) in due {
            self.answer(&text, key);
        }
        if self.stage.next_due(now).is_none_or(|due| due > now) && !self.heard {
            return false;
        }
        self.heard = false;
        self.steps += 1;
        let number = self.number();
        for ask in self.stage.step(now).ask.clone() {
            let text = ask.name.as_str().to_owned();
            assert_eq!(Some(&ask.runner), self.runners.get(&text), "a tick for a runner that is not there");
            let takes = self.scripts[&text].takes;
            self.asked.push((number, text.clone(), ask.visible));
            self.pending.push((now.saturating_add(PERIOD.saturating_mul(takes)), text, ask.runner));
        }
        let next = self.stage.next_due(now);
        assert!(next.is_none_or(|next| next > now), "due again at {next:?} right after the step at {now:?}");
        true
    }

    pub(crate) fn number(&self) -> u64 {
        (self.now.as_nanos() / PERIOD.as_nanos()) as u64
    }

    pub(crate) fn scene(&self) -> &Scene {
        self.stage.scene()
    }

    pub(crate) fn shown(&self) -> &str {
        self.scene().shown.as_ref().map_or("-", InstanceName::as_str)
    }

    /// Runs so many ticks; who was on screen at each.
    pub(crate) fn run(&mut self, ticks: u32) -> Vec<String> {
        let one = |_| {
            self.tick();
            self.shown().to_owned()
        };
        (0..ticks).map(one).collect()
    }

    /// Runs so many ticks; who was on screen, for how many ticks, in order.
    pub(crate) fn shows(&mut self, ticks: u32) -> Vec<(String, u32)> {
        let mut shows: Vec<(String, u32)> = Vec::new();
        for shown in self.run(ticks) {
            match shows.last_mut() {
                Some((last, count)) if *last == shown => *count += 1,
                _ => shows.push((shown, 1)),
            }
        }
        shows
    }

    /// Runs until `text` is on screen; how many ticks that took.
    pub(crate) fn until(&mut self, text: &str) -> u32 {
        (1..10_000)
            .find(|_| {
                self.tick();
                self.shown() == text
            })
            .unwrap_or_else(|| panic!("{text} never came on screen"))
    }
}

pub(crate) fn shows(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected.iter().map(|&(name, ticks)| (name.to_owned(), ticks)).collect()
}
