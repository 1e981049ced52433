//! Starts, deaths, replacements and late frames: the screen is never blank in between.

use std::time::Duration;

use crate::world::{ANIMATION, EMPTY, HUNG, PERIOD, STILL, Script, World, name, shows};
use marquee_stage::{Answer, Reason, RunnerKey, Show, Transition, Wake};

#[test]
fn the_first_instance_that_has_drawn_is_shown_at_once() {
    let mut world = World::empty(Transition::Cut);
    world.tick();
    assert_eq!((world.shown(), world.scene().reason), ("-", Reason::Starting));
    world.rotate(&[("a", 50), ("b", 50)]);
    world.tick();
    assert_eq!((world.shown(), world.scene().reason), ("-", Reason::Starting));
    assert_eq!(world.stage.next_due(world.now), None);
    world.start("b", ANIMATION);
    assert_eq!(world.until("b"), 1);
    world.start("a", ANIMATION);
    assert_eq!(world.shows(99), shows(&[("b", 49), ("a", 50)]));
}

#[test]
fn nothing_is_starting_any_more_once_every_runner_has_failed() {
    let mut world = World::empty(Transition::Cut);
    world.rotate(&[("a", 50), ("b", 50)]);
    world.stage.gone(&name("a"), RunnerKey(7), world.now);
    world.tick();
    assert_eq!(world.scene().reason, Reason::Starting);
    world.stage.gone(&name("b"), RunnerKey(8), world.now);
    world.tick();
    assert_eq!(world.scene().reason, Reason::NothingToShow);
}

#[test]
fn the_death_of_the_visible_one_shows_the_next_within_two_frames_and_no_blank() {
    for successor in [ANIMATION, STILL, Script { takes: 7, ..ANIMATION }] {
        let mut world =
            World::new(Transition::CrossFade(PERIOD * 10), &[("a", 500, ANIMATION), ("b", 50, successor)]);
        world.run(100);
        world.die("a");
        let mut seen = world.run(3);
        assert!(!seen.contains(&"-".to_owned()), "{seen:?}");
        assert_eq!(seen.pop().as_deref(), Some("b"), "two frames after the tick that noticed");
        assert_eq!(world.scene().blend, None, "a cut: the dead do not fade");
    }
}

#[test]
fn a_death_ends_the_turn_even_of_one_that_is_back_before_the_next_has_drawn() {
    let slow = Script { takes: 2, ..ANIMATION };
    let mut world = World::new(Transition::Cut, &[("a", 500, ANIMATION), ("b", 50, slow)]);
    world.run(100);
    world.die("a");
    world.tick();
    world.start("a", ANIMATION);
    let ticks = world.until("b");
    assert!(ticks <= 4, "the next one had to wait for {ticks} ticks");
    assert_eq!(world.shows(49).first(), shows(&[("b", 49)]).first(), "and has its whole turn");
}

#[test]
fn a_successor_that_was_asked_in_time_is_there_one_frame_after_a_death() {
    let mut world = World::new(Transition::Cut, &[("a", 500, ANIMATION), ("b", 50, ANIMATION)]);
    world.run(100);
    world.die("a");
    assert_eq!(world.until("b"), 2, "asked at the first tick, shown at the second");
}

#[test]
fn the_last_frame_of_the_only_one_stays_while_it_restarts() {
    let mut world = World::new(Transition::Cut, &[("a", 50, ANIMATION), ("b", 50, EMPTY)]);
    world.run(30);
    world.die("a");
    assert_eq!(world.shows(20), shows(&[("a", 20)]));
    world.start("a", ANIMATION);
    assert_eq!(world.shows(100), shows(&[("a", 100)]));
    assert!(world.asked.iter().any(|(at, name, visible)| *at > 50 && name == "a" && *visible));
}

#[test]
fn the_last_frame_of_one_that_does_not_come_back_goes_after_two_seconds() {
    let mut world = World::new(Transition::Cut, &[("a", 50, STILL)]);
    world.run(30);
    world.die("a");
    let steps = world.steps;
    let shown = world.shows(400);
    assert_eq!(shown, shows(&[("a", 199), ("-", 201)]));
    assert_eq!(world.scene().reason, Reason::NothingToShow);
    assert!(world.steps - steps <= 4, "{}", world.steps - steps);
    world.start("a", STILL);
    assert_eq!(world.until("a"), 1);
}

/// P-LOAD-4: a replaced plugin keeps the screen, and the end of its old runner changes nothing.
#[test]
fn a_replaced_runner_takes_over_without_leaving_the_screen() {
    let mut world = World::new(Transition::Cut, &[("a", 500, STILL), ("b", 500, STILL)]);
    world.run(30);
    let old = world.key("a");
    world.start("a", STILL);
    world.tick();
    assert!(world.scene().redraw, "the new runner's picture");
    world.stage.gone(&name("a"), old, world.now);
    let answer = Answer { show: Show::Nothing, wake: Wake::News, changed: true };
    world.stage.answered(&name("a"), old, answer, world.now);
    assert_eq!(world.shows(400), shows(&[("a", 400)]));
}

#[test]
fn one_that_dies_in_a_fade_is_gone_from_it_at_once() {
    let mut world = World::new(Transition::CrossFade(PERIOD * 20), &[("a", 50, STILL), ("b", 50, STILL)]);
    world.until("b");
    world.run(3);
    assert!(world.scene().blend.is_some());
    world.die("a");
    world.tick();
    assert_eq!((world.shown(), world.scene().blend.clone()), ("b", None));
    assert!(world.scene().redraw);
}

#[test]
fn the_last_frame_of_a_hung_one_is_better_than_a_blank_screen() {
    let mut world = World::new(Transition::Cut, &[("a", 500, STILL), ("b", 50, HUNG)]);
    world.run(10);
    world.news("b");
    world.run(100);
    world.die("a");
    assert!(world.until("b") <= 2);
}

/// P-PLUGIN-3: while a plugin hangs, its last frame stays.
#[test]
fn a_late_plugin_keeps_its_last_frame_and_is_not_asked_again() {
    let mut world = World::new(Transition::Cut, &[("a", 500, ANIMATION)]);
    world.run(100);
    world.script("a", HUNG);
    world.run(2);
    let (steps, asked) = (world.steps, world.asked.len());
    assert_eq!(world.shows(100), shows(&[("a", 100)]));
    assert_eq!(world.asked.len(), asked);
    assert!(world.steps - steps <= 1, "waiting for a hung plugin does not spin");
    assert_eq!(world.stage.pace(&name("a")).map(|pace| pace.late_frames()), Some(1));
}

/// P-PLUGIN-4: slow is shown at the rate it manages and marked slow.
#[test]
fn a_slow_plugin_is_shown_at_its_rate_and_counted_late() {
    let slow = Script { takes: 2, ..ANIMATION };
    let mut world = World::new(Transition::Cut, &[("a", 500, slow), ("b", 500, slow)]);
    world.run(201);
    let pace = world.stage.pace(&name("a")).expect("a is known");
    assert!(pace.is_slow());
    assert_eq!(pace.late_frames(), 100, "every frame, once");
    assert_eq!(world.asked.len(), 101);
    world.script("a", ANIMATION);
    world.run(70);
    assert!(!world.stage.pace(&name("a")).expect("a is known").is_slow());
    let hidden = world.stage.pace(&name("b")).expect("b is known");
    assert_eq!(hidden.late_frames(), 0, "frames that nobody waits for are not late");
}

#[test]
fn a_frame_that_comes_between_two_ticks_is_shown_at_the_next() {
    let mut world =
        World::new(Transition::Cut, &[("a", 500, Script { wake: Wake::After(PERIOD * 50), ..ANIMATION })]);
    world.tick();
    let answer = Answer { show: Show::Yes, wake: Wake::News, changed: true };
    let early = world.now + PERIOD / 3;
    world.stage.answered(&name("a"), world.key("a"), answer, early);
    assert_eq!(world.stage.next_due(early), Some(world.now + PERIOD));
    world.stage.step(world.now + PERIOD);
    assert!(world.scene().redraw);
    assert_eq!(world.stage.next_due(world.now + PERIOD), None);
}

#[test]
fn ticks_that_come_a_little_early_lose_no_frame() {
    let mut world = World::new(Transition::Cut, &[("a", 500, ANIMATION)]);
    let answer = Answer { show: Show::Yes, wake: Wake::NextFrame, changed: true };
    let key = world.key("a");
    let (name, stage) = (name("a"), &mut world.stage);
    for tick in 1..100_u32 {
        let now = PERIOD * tick - Duration::from_micros(u64::from(tick * 7919 % 1000));
        stage.answered(&name, key, answer, now);
        assert_eq!(stage.step(now).ask.len(), 1, "tick {tick}");
    }
    assert_eq!(stage.pace(&name).map(|pace| pace.late_frames()), Some(0));
}
