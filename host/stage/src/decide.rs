//! Who is on screen: the rotation, live instances, and how the screen changes hands.
//!
//! The screen changes hands in a *pass*. When a turn nears its end, or the one on screen cannot stay, the next ones in
//! order are asked to draw ahead; the first with a fresh frame that wants to be shown gets the screen. Until then the
//! old frame stays, so the screen is never blank in between.
//!
//! Invariant: whoever gets the screen is in the rotation and has drawn. Nobody is waited for longer than two frames if
//! the one on screen is dead, done or has nothing to show, and than [`Stage::hung_after`] otherwise.

use std::time::Duration;

use crate::slot::{Life, SECOND, Standing};
use crate::stage::{Fade, LiveTurn, Pass, Stage, Turn};

/// How long the last frame of a dead instance stays if no other has anything to show: long enough for its restart.
const LINGER: Duration = Duration::from_secs(2);
/// When an unanswered instance is no longer waited for: the supervisor's hard limit for one frame.
const HUNG: Duration = Duration::from_millis(500);

/// What a look at the candidates found.
enum Verdict {
    /// This one is ready for the screen.
    Switch(usize),
    /// One is drawing; look again then, if it has not answered before.
    Wait(Duration),
    /// None has anything to show.
    Nobody,
}

impl Stage {
    /// Decides who is on screen from `now` on, and marks who shall draw ahead.
    pub(crate) fn decide(&mut self, now: Duration) {
        self.enter_or_leave_live(now);
        let Some(current) = self.shown else {
            self.pass = None;
            if let Some(first) = self.in_order(self.next_from).find(|&i| self.is_willing(i)) {
                self.bring(first, now);
            }
            return;
        };
        let Some(mut pass) = self.pass_wanted(current, now) else {
            self.pass = None;
            return;
        };
        let verdict = self.scan(&pass, now);
        pass.wait_until = None;
        self.pass = Some(pass);
        if !self.reached(pass.at, now) {
            return;
        }
        match verdict {
            Verdict::Switch(next) => {
                if !pass.urgent && !self.reached(now, pass.at) {
                    self.late_switches = self.late_switches.saturating_add(1);
                }
                self.bring(next, now);
            }
            Verdict::Wait(until) => self.pass = Some(Pass { wait_until: Some(until), ..pass }),
            Verdict::Nobody => self.keep_or_clear(current, now),
        }
    }

    /// Who comes next, as far as is known without asking.
    pub(crate) fn who_is_next(&self) -> Option<usize> {
        let other = |&i: &usize| self.shown != Some(i) && self.is_willing(i);
        if let Some(live) = self.live {
            let next = self.in_order(live.slot + 1).filter(other).find(|&i| self.is_live(i));
            return next.or_else(|| self.in_order(self.return_to()).find(other));
        }
        self.in_order(self.next_from).find(other)
    }

    /// When the next turn has to be prepared, if nothing is heard before.
    pub(crate) fn switch_due(&self) -> Option<Duration> {
        let current = self.shown?;
        match self.pass {
            Some(pass) if self.reached(pass.at, self.last_step) => pass.wait_until,
            Some(pass) => Some(pass.at),
            None if !self.slots[current].is_ready() => None,
            None => Some(self.turn_end(current)?.saturating_sub(self.lead())),
        }
    }

    fn lead(&self) -> Duration {
        self.period.saturating_mul(2)
    }

    /// After how long without an answer an instance is no longer waited for.
    fn hung_after(&self) -> Duration {
        HUNG.max(self.period.saturating_mul(3))
    }

    /// The rotation from `start` on, once around.
    fn in_order(&self, start: usize) -> impl Iterator<Item = usize> + use<> {
        let listed = self.slots.iter().filter(|slot| slot.listed).count();
        (0..listed).map(move |step| (start + step) % listed)
    }

    fn is_willing(&self, index: usize) -> bool {
        self.slots[index].is_ready() && self.slots[index].standing != Standing::Nothing
    }

    fn is_live(&self, index: usize) -> bool {
        self.slots[index].is_ready() && self.slots[index].standing == Standing::Live
    }

    /// Where the rotation goes on once no instance is live: with the interrupted turn, or the next.
    fn return_to(&self) -> usize {
        match self.turn {
            Some(turn) if !self.slots[turn.slot].over => turn.slot,
            _ => self.next_from,
        }
    }

    fn enter_or_leave_live(&mut self, now: Duration) {
        let hung = self.hung_after();
        let counts = |i: &usize| self.is_live(*i) && !self.slots[*i].is_hung(now, hung);
        let shown = self.shown.filter(counts);
        let first = shown.or_else(|| self.in_order(self.next_from).find(counts));
        match (self.live, first) {
            (None, Some(first)) => {
                let lead = self.lead();
                if let Some(turn) = &mut self.turn {
                    let left = turn.end.saturating_sub(now);
                    turn.paused = Some(left);
                    // A turn that is all but over is not worth coming back to.
                    self.slots[turn.slot].over |= left <= lead;
                }
                self.live = Some(LiveTurn { slot: first, end: now });
                self.bring(first, now);
            }
            (Some(_), None) => {
                self.live = None;
                // If a dead one is being replaced, that does not start anew.
                self.pass = self.pass.filter(|pass| pass.urgent);
                if let Some(turn) = self.turn
                    && self.shown == Some(turn.slot)
                    && !self.slots[turn.slot].over
                {
                    self.begin_turn(turn.slot, now);
                }
            }
            _ => {}
        }
    }

    /// When the one on screen has to give it on, if there is anyone to give it to.
    fn turn_end(&self, current: usize) -> Option<Duration> {
        if let Some(live) = self.live {
            let other = self.in_order(0).any(|i| i != current && self.is_live(i));
            return other.then_some(live.end);
        }
        let other = self.in_order(0).any(|i| i != current && self.slots[i].is_ready());
        self.turn.filter(|_| other).map(|turn| turn.end)
    }

    /// Whether the screen has to change hands now or soon: the pass under way, a new one, or none.
    fn pass_wanted(&self, current: usize, now: Duration) -> Option<Pass> {
        let slot = &self.slots[current];
        let its_turn = match (self.live, self.turn) {
            (Some(live), _) => live.slot == current && self.is_live(current),
            (None, Some(turn)) => turn.slot == current && !slot.over,
            (None, None) => false,
        };
        if !(self.is_willing(current) && its_turn) {
            return Some(match self.pass {
                Some(pass) if pass.urgent => pass,
                Some(pass) => Pass { at: now, urgent: true, ..pass },
                None => Pass { since: now, at: now, urgent: true, wait_until: None },
            });
        }
        let at = self.turn_end(current)?;
        if !self.reached(at.saturating_sub(self.lead()), now) {
            return None;
        }
        match self.pass {
            Some(pass) if !pass.urgent => Some(Pass { at, ..pass }),
            _ => Some(Pass { since: now, at, urgent: false, wait_until: None }),
        }
    }

    /// Looks for the next one, and marks whoever has to draw ahead for that: the first that wants to be shown, and
    /// those before it that had nothing to show when last asked.
    fn scan(&mut self, pass: &Pass, now: Duration) -> Verdict {
        let start = match self.live {
            Some(live) => live.slot + 1,
            None => self.return_to(),
        };
        let hung = self.hung_after();
        let patience = pass.at.saturating_add(self.lead());
        let mut verdict = Verdict::Nobody;
        for index in self.in_order(start) {
            let skip = self.shown == Some(index)
                || !self.slots[index].is_ready()
                || self.slots[index].is_hung(now, hung)
                || (self.live.is_some() && !self.is_live(index));
            if skip {
                continue;
            }
            let willing = self.is_willing(index);
            let impatient = self.reached(patience, now);
            let lead = self.lead();
            let slot = &mut self.slots[index];
            // A frame that was asked for up to two frames before the pass began is as good as a new one.
            let fresh = slot.frame_at.saturating_add(lead) >= pass.since;
            let until = if willing {
                if fresh || (pass.urgent && impatient) {
                    return first_of(verdict, Verdict::Switch(index));
                }
                match slot.asked {
                    Some(asked) if !pass.urgent => asked.at.saturating_add(hung),
                    _ if !pass.urgent => now.saturating_add(hung),
                    _ => patience,
                }
            } else {
                if fresh || impatient || slot.heard.saturating_add(SECOND) > pass.since {
                    continue;
                }
                patience
            };
            slot.preroll = slot.asked.is_none();
            verdict = first_of(verdict, Verdict::Wait(until));
            if willing {
                break;
            }
        }
        verdict
    }

    /// Nobody else wants the screen: whoever has it keeps it, if it can.
    fn keep_or_clear(&mut self, current: usize, now: Duration) {
        if self.is_willing(current) {
            self.pass = None;
            match &mut self.live {
                Some(live) => live.end = now.saturating_add(self.slots[current].duration),
                None => self.begin_new_turn(current, now),
            }
            return;
        }
        // The last frame of one that hangs is better than none.
        if let Some(hung) = self.in_order(self.next_from).find(|&i| i != current && self.is_willing(i)) {
            self.bring(hung, now);
            return;
        }
        let slot = &self.slots[current];
        if let Life::Gone(at) = slot.life
            && slot.listed
            && !self.reached(at.saturating_add(LINGER), now)
        {
            if let Some(pass) = &mut self.pass {
                pass.wait_until = Some(at.saturating_add(LINGER));
            }
            return;
        }
        self.shown = None;
        self.since = now;
        self.turn = None;
        self.live = None;
        self.pass = None;
        self.fade = None;
        self.redraw = true;
    }

    /// Puts `next` on screen and begins its turn, or goes on with its interrupted one.
    fn bring(&mut self, next: usize, now: Duration) {
        self.pass = None;
        if self.shown != Some(next) {
            let from = self.shown.filter(|&from| self.slots[from].is_ready() && self.fade_for > self.period);
            self.fade = from.map(|from| Fade { from, start: now });
            self.shown = Some(next);
            self.since = now;
            self.slots[next].greet = true;
            self.redraw = true;
        }
        match &mut self.live {
            Some(live) => *live = LiveTurn { slot: next, end: now.saturating_add(self.slots[next].duration) },
            None => self.begin_turn(next, now),
        }
    }

    fn begin_turn(&mut self, index: usize, now: Duration) {
        match &mut self.turn {
            Some(turn) if turn.slot == index && turn.paused.is_some() && !self.slots[index].over => {
                // Long enough for the next one to draw ahead.
                let left = turn.paused.take().unwrap_or_default().max(self.period.saturating_mul(3));
                turn.end = now.saturating_add(left);
            }
            _ => self.begin_new_turn(index, now),
        }
    }

    fn begin_new_turn(&mut self, index: usize, now: Duration) {
        let end = now.saturating_add(self.slots[index].duration);
        self.turn = Some(Turn { slot: index, end, paused: None });
        self.next_from = index + 1;
        self.slots[index].over = false;
    }
}

/// The earlier candidate's verdict, unless it was nobody.
fn first_of(earlier: Verdict, later: Verdict) -> Verdict {
    match earlier {
        Verdict::Nobody => later,
        earlier => earlier,
    }
}
