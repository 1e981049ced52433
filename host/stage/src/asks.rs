//! Who gets a tick, which frames were late, and when the stage has to be called again.
//!
//! Invariant: after a step nothing is due at that step's time any more, so the loop sleeps. Everything that is due
//! later is in [`Stage::next_due`]; everything else waits for something to be heard.

use std::time::Duration;

use crate::slot::{Slot, Standing};
use crate::{Ask, Stage};

impl Stage {
    /// When [`Stage::step`] must be called again at the latest, if nothing is heard before: a time not before `now`, to
    /// be rounded up to the loop's next tick. None: not before something is heard. A still picture is asked for no
    /// wake-up until its turn ends.
    #[must_use]
    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        let fading = self.fade.map(|_| self.last_step.saturating_add(self.period));
        let slots = self.slots.iter().enumerate().filter_map(|(index, slot)| self.slot_due(index, slot));
        let due = slots.chain(fading).chain(self.attention).chain(self.switch_due()).min();
        due.map(|due| due.max(now))
    }

    /// Counts visible frames whose time came without them, each once.
    pub(crate) fn count_late(&mut self, now: Duration) {
        for index in 0..self.slots.len() {
            let Some(asked) = self.slots[index].asked else { continue };
            if !asked.late && self.reached(asked.at.saturating_add(self.period), now) {
                let slot = &mut self.slots[index];
                slot.asked = Some(crate::slot::Asked { late: true, ..asked });
                if asked.visible {
                    slot.pace.record(true);
                }
            }
        }
    }

    /// Gives a tick to everyone who is due.
    pub(crate) fn fill_asks(&mut self, now: Duration) {
        for index in 0..self.slots.len() {
            let visible = self.is_visible(index);
            let wants = self.wants_tick(&self.slots[index], visible, now);
            let slot = &mut self.slots[index];
            let preroll = std::mem::take(&mut slot.preroll);
            let Some(runner) = slot.runner() else { continue };
            if slot.asked.is_some() || !(wants || preroll) {
                continue;
            }
            slot.asked = Some(crate::slot::Asked { at: now, visible, late: false });
            slot.news = false;
            slot.greet &= !visible;
            let name = slot.name.clone();
            self.push_ask(Ask { name, runner, visible });
        }
    }

    fn wants_tick(&self, slot: &Slot, visible: bool, now: Duration) -> bool {
        slot.news || (visible && slot.greet) || wish(slot, visible).is_some_and(|due| self.reached(due, now))
    }

    /// When the stage has to look at this instance again by itself.
    fn slot_due(&self, index: usize, slot: &Slot) -> Option<Duration> {
        if !slot.is_ready() {
            return None;
        }
        match slot.asked {
            // Its frame is collected, or counted late, at the tick for which it was asked.
            Some(asked) if !asked.late => Some(asked.at.saturating_add(self.period)),
            // A late one is heard of when it answers.
            Some(_) => None,
            None => {
                let visible = self.is_visible(index);
                let at_once = slot.news || (visible && slot.greet);
                if at_once { Some(self.last_step) } else { wish(slot, visible) }
            }
        }
    }
}

/// When an instance is to be asked by its own wish. A hidden one with something to show waits for its turn.
fn wish(slot: &Slot, visible: bool) -> Option<Duration> {
    match slot.standing {
        Standing::Nothing => slot.poll,
        Standing::Live if !visible => slot.poll,
        Standing::Willing if !visible => None,
        Standing::Willing | Standing::Live => slot.due,
    }
}
