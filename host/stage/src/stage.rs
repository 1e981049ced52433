//! The stage: what it remembers, and how it takes what the render loop heard.
//!
//! Invariant: `slots` holds the rotation in its order, followed by at most the one removed instance whose last frame is
//! still on screen; every index kept elsewhere (`shown`, `turn`, `live`, `fade`) lies in it. Decisions are in
//! `decide.rs`, ticks and wake-ups in `asks.rs`.

use std::collections::HashMap;
use std::time::Duration;

use marquee_model::InstanceName;

use crate::scene::put;
use crate::slot::{Life, Slot, Standing};
use crate::{Answer, Entry, Pace, Reason, RunnerKey, Scene, Show, Transition};

/// Longer durations count as this, so that times in the far future can be added to.
const LONGEST_TURN: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Whose turn it is in the rotation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) slot: usize,
    pub(crate) end: Duration,
    /// What was left of it when a live instance took the screen.
    pub(crate) paused: Option<Duration>,
}

/// A live instance has the screen until `end`, longer if no other is live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LiveTurn {
    pub(crate) slot: usize,
    pub(crate) end: Duration,
}

/// The screen is about to change hands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass {
    /// When the next one was first asked to draw ahead.
    pub(crate) since: Duration,
    /// When it shall be on screen.
    pub(crate) at: Duration,
    /// The one on screen cannot or will not stay.
    pub(crate) urgent: bool,
    /// When to look again if nothing is heard.
    pub(crate) wait_until: Option<Duration>,
}

/// One picture gives way to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fade {
    pub(crate) from: usize,
    pub(crate) start: Duration,
}

/// Decides what is on screen when. See the crate's documentation for how to drive it.
///
/// Not synchronised: it belongs to the render loop's thread. Names it was not told of by [`Stage::set_rotation`], and
/// runners that are not the current one of their instance, are ignored.
#[derive(Debug)]
pub struct Stage {
    pub(crate) period: Duration,
    pub(crate) fade_for: Duration,
    pub(crate) slots: Vec<Slot>,
    /// Where the search for the next turn starts.
    pub(crate) next_from: usize,
    pub(crate) turn: Option<Turn>,
    pub(crate) live: Option<LiveTurn>,
    pub(crate) pass: Option<Pass>,
    pub(crate) shown: Option<usize>,
    pub(crate) since: Duration,
    pub(crate) fade: Option<Fade>,
    /// Something was heard that wants a step at this time.
    pub(crate) attention: Option<Duration>,
    pub(crate) last_step: Duration,
    pub(crate) redraw: bool,
    pub(crate) late_switches: u64,
    has_rotation: bool,
    scene: Scene,
}

impl Stage {
    /// An empty stage for frames `period` apart (1 ms to 10 s; others are moved into that range).
    #[must_use]
    pub fn new(period: Duration, transition: Transition) -> Self {
        let period = period.clamp(Duration::from_millis(1), Duration::from_secs(10));
        let fade_for = match transition {
            Transition::Cut => Duration::ZERO,
            Transition::CrossFade(length) => length,
        };
        Self {
            period,
            fade_for,
            slots: Vec::new(),
            next_from: 0,
            turn: None,
            live: None,
            pass: None,
            shown: None,
            since: Duration::ZERO,
            fade: None,
            attention: Some(Duration::ZERO),
            last_step: Duration::ZERO,
            redraw: true,
            late_switches: 0,
            has_rotation: false,
            scene: Scene {
                shown: None,
                blend: None,
                redraw: true,
                reason: Reason::Starting,
                next: None,
                since: Duration::ZERO,
                ask: Vec::new(),
            },
        }
    }

    /// Replaces the rotation. Who stays in it keeps everything: the screen, the time left, the answers. Of a name that
    /// is there twice the first counts. An instance must be here before its first frame is reported.
    pub fn set_rotation(&mut self, entries: Vec<Entry>, now: Duration) {
        self.has_rotation = true;
        self.attention = Some(now);
        let shortest = self.period.saturating_mul(4);
        let order_before: Vec<InstanceName> = self.slots.iter().map(|slot| slot.name.clone()).collect();
        let mut before: HashMap<InstanceName, Slot> =
            self.slots.drain(..).map(|slot| (slot.name.clone(), slot)).collect();
        let mut places: HashMap<InstanceName, usize> = HashMap::with_capacity(entries.len());
        let mut longer = Duration::ZERO;
        let mut shorter = Duration::ZERO;
        for Entry { name, duration } in entries {
            if places.contains_key(&name) {
                continue;
            }
            let duration = duration.clamp(shortest, LONGEST_TURN);
            let mut slot = before.remove(&name).unwrap_or_else(|| Slot::new(name.clone(), duration));
            if self.turn.is_some_and(|turn| order_before[turn.slot] == name) {
                longer = duration.saturating_sub(slot.duration);
                shorter = slot.duration.saturating_sub(duration);
            }
            slot.duration = duration;
            slot.listed = true;
            places.insert(name, self.slots.len());
            self.slots.push(slot);
        }
        let listed = self.slots.len();
        let place = |old: usize| places.get(&order_before[old]).copied();

        self.next_from = (0..order_before.len())
            .find_map(|step| place((self.next_from + step) % order_before.len()))
            .unwrap_or(0);
        self.turn = self.turn.and_then(|turn| Some(Turn { slot: place(turn.slot)?, ..turn }));
        self.live = self.live.and_then(|live| Some(LiveTurn { slot: place(live.slot)?, ..live }));
        self.redraw |= self.fade.is_some();
        self.fade = self.fade.and_then(|fade| Some(Fade { from: place(fade.from)?, ..fade }));
        if let Some(turn) = &mut self.turn {
            turn.end = turn.end.saturating_add(longer).saturating_sub(shorter);
            turn.paused = turn.paused.map(|left| left.saturating_add(longer).saturating_sub(shorter));
            self.next_from = (turn.slot + 1) % listed;
        }
        self.shown = self.shown.map(|old| {
            place(old).unwrap_or_else(|| {
                let name = &order_before[old];
                let mut slot = before.remove(name).unwrap_or_else(|| Slot::new(name.clone(), shortest));
                slot.listed = false;
                self.slots.push(slot);
                listed
            })
        });
    }

    /// A new runner of `name` has finished its first frame. A runner that replaces a living one takes its place on
    /// screen without a transition. What the frame answered is reported by [`Stage::answered`], right after.
    pub fn ready(&mut self, name: &InstanceName, runner: RunnerKey, now: Duration) {
        let Some(index) = self.index(name).filter(|&index| self.slots[index].listed) else { return };
        if self.slots[index].life == Life::Ready(runner) {
            return;
        }
        let visible = self.is_visible(index);
        let died_in_its_turn = matches!(self.slots[index].life, Life::Gone(_))
            && self.shown == Some(index)
            && self.turn.is_some_and(|turn| turn.slot == index);
        self.slots[index].revive(runner, visible, now);
        // Its turn ended with its death, however soon it is back, if another one can have the screen.
        self.slots[index].over =
            died_in_its_turn && self.pass.is_some_and(|pass| pass.urgent) && self.others_are_ready(index);
        self.redraw |= visible;
        self.attend(now);
    }

    /// A runner of `name` died or was stopped. The end of one that was already replaced changes nothing.
    pub fn gone(&mut self, name: &InstanceName, runner: RunnerKey, now: Duration) {
        let Some(index) = self.index(name) else { return };
        match self.slots[index].life {
            Life::Ready(current) if current != runner => return,
            Life::Gone(_) => return,
            Life::Ready(_) | Life::Awaited => {}
        }
        self.slots[index].bury(now);
        self.attend(now);
    }

    /// A runner answered its tick. To be called before the step at which the frame can be shown.
    pub fn answered(&mut self, name: &InstanceName, runner: RunnerKey, answer: Answer, now: Duration) {
        let Some(index) = self.index(name) else { return };
        if self.slots[index].life != Life::Ready(runner) {
            return;
        }
        let visible = self.is_visible(index);
        let on_screen = self.shown == Some(index);
        let has_turn = self.turn.is_some_and(|turn| turn.slot == index);
        let slot = &mut self.slots[index];
        let asked = slot.asked;
        let before = slot.standing;
        slot.hear(answer, self.period, now);
        if answer.show == Show::Over {
            if on_screen && has_turn {
                slot.over = true;
            } else if !asked.is_some_and(|asked| asked.visible) && !on_screen {
                slot.standing = Standing::Nothing;
            }
        }
        let decides = slot.over || slot.standing != before || self.pass.is_some() || self.shown.is_none();
        if visible && answer.changed {
            self.redraw = true;
        }
        if decides {
            self.attend(now);
        } else if visible && answer.changed {
            let on_time = asked.map_or(now, |asked| asked.at.saturating_add(self.period));
            self.attend(on_time.max(now));
        }
    }

    /// There is new data or an event for `name`: it is asked once, also when hidden.
    pub fn news(&mut self, name: &InstanceName, _now: Duration) {
        if let Some(index) = self.index(name) {
            self.slots[index].news = !matches!(self.slots[index].life, Life::Gone(_));
        }
    }

    /// Decides what is on screen from `now` on, and who gets a tick.
    ///
    /// `now` is the time of the loop's tick, not the moment at which the loop got to run: steps at the nominal times
    /// keep the frame rate exact. Takes a few microseconds with dozens of instances.
    pub fn step(&mut self, now: Duration) -> &Scene {
        self.last_step = now;
        if self.attention.is_some_and(|at| self.reached(at, now)) {
            self.attention = None;
        }
        self.count_late(now);
        self.decide(now);
        let weight = self.fade_weight(now);
        self.scene.ask.clear();
        self.fill_asks(now);
        self.fill_scene(weight);
        self.drop_removed();
        &self.scene
    }

    /// What the last step decided.
    #[must_use]
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// How well the current runner of `name` keeps up (or the last one, while there is none).
    #[must_use]
    pub fn pace(&self, name: &InstanceName) -> Option<Pace> {
        self.index(name).map(|index| self.slots[index].pace)
    }

    /// How often the screen changed hands later than it should because the next instance had not drawn.
    #[must_use]
    pub fn late_switches(&self) -> u64 {
        self.late_switches
    }

    fn others_are_ready(&self, index: usize) -> bool {
        self.slots.iter().enumerate().any(|(other, slot)| other != index && slot.is_ready())
    }

    /// Whether `at` has come: a step a little before its time counts as on time, since clocks jitter.
    pub(crate) fn reached(&self, at: Duration, now: Duration) -> bool {
        now.saturating_add(self.period / 8) >= at
    }

    pub(crate) fn is_visible(&self, index: usize) -> bool {
        self.shown == Some(index) || self.fade.is_some_and(|fade| fade.from == index)
    }

    fn index(&self, name: &InstanceName) -> Option<usize> {
        self.slots.iter().position(|slot| slot.name == *name)
    }

    fn attend(&mut self, at: Duration) {
        self.attention = Some(self.attention.map_or(at, |before| before.min(at)));
    }

    /// The weight of the picture on screen against the one it replaces, while there is a transition.
    fn fade_weight(&mut self, now: Duration) -> Option<u16> {
        let fade = self.fade?;
        self.redraw = true;
        let elapsed = now.saturating_sub(fade.start).saturating_add(self.period);
        let weight = elapsed.as_nanos().saturating_mul(256) / self.fade_for.as_nanos().max(1);
        if weight >= 256 || !self.slots[fade.from].is_ready() {
            self.fade = None;
            return None;
        }
        u16::try_from(weight).ok()
    }

    fn fill_scene(&mut self, weight: Option<u16>) {
        let next = self.who_is_next();
        let name = |index: usize| &self.slots[index].name;
        let scene = &mut self.scene;
        put(&mut scene.shown, self.shown.map(name));
        put(&mut scene.next, next.map(name));
        scene.blend = match (self.fade, weight) {
            (Some(fade), Some(weight)) => {
                let mut from = scene.blend.take().map(|(from, _)| from);
                put(&mut from, Some(name(fade.from)));
                from.map(|from| (from, weight))
            }
            _ => None,
        };
        scene.since = self.since;
        scene.redraw = std::mem::take(&mut self.redraw);
        let starting = self.slots.iter().any(|slot| slot.life == Life::Awaited)
            && !self.slots.iter().any(|slot| matches!(slot.life, Life::Ready(_)));
        scene.reason = match self.shown {
            Some(_) if self.live.is_some() => Reason::Live,
            Some(_) => Reason::Rotation,
            None if !self.has_rotation || starting => Reason::Starting,
            None => Reason::NothingToShow,
        };
    }

    pub(crate) fn push_ask(&mut self, ask: crate::Ask) {
        self.scene.ask.push(ask);
    }

    /// Forgets a removed instance once its last frame is off the screen.
    fn drop_removed(&mut self) {
        while self.slots.last().is_some_and(|slot| !slot.listed) && !self.is_visible(self.slots.len() - 1) {
            self.slots.pop();
        }
    }
}
