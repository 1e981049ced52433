//! The rotation: turns, skips, shows that end early, pre-rolling, transitions.

use std::time::Duration;

use crate::world::{ANIMATION, EMPTY, HUNG, PERIOD, STILL, Script, World, shows};
use marquee_stage::{Reason, Show, Transition, Wake};

#[test]
fn each_instance_is_shown_for_its_own_duration_in_order() {
    let mut world =
        World::new(Transition::Cut, &[("a", 20, ANIMATION), ("b", 10, STILL), ("c", 30, ANIMATION)]);
    assert_eq!(world.shows(80), shows(&[("a", 20), ("b", 10), ("c", 30), ("a", 20)]));
    assert_eq!(world.scene().reason, Reason::Rotation);
}

#[test]
fn the_next_one_draws_ahead_of_its_turn_and_is_asked_again_when_it_comes_on() {
    let mut world = World::new(Transition::Cut, &[("a", 20, STILL), ("b", 20, STILL)]);
    let until_b = world.until("b");
    assert_eq!(until_b, 21);
    let of_b: Vec<_> = world.asked.iter().filter(|(_, name, _)| name == "b").cloned().collect();
    assert_eq!(of_b, [(19, "b".to_owned(), false), (21, "b".to_owned(), true)]);
}

#[test]
fn the_only_instance_stays_without_a_transition_or_a_wake_up() {
    let mut world = World::new(Transition::CrossFade(PERIOD * 10), &[("a", 10, STILL)]);
    world.run(3);
    let steps = world.steps;
    assert_eq!(world.stage.next_due(world.now), None);
    assert_eq!(world.shows(1000), shows(&[("a", 1000)]));
    assert_eq!(world.steps, steps, "a still picture that is alone wakes nobody");
}

#[test]
fn a_still_picture_causes_no_wake_up_until_its_turn_ends() {
    let mut world = World::new(Transition::Cut, &[("a", 500, STILL), ("b", 500, STILL)]);
    world.run(3);
    let steps = world.steps;
    assert_eq!(world.stage.next_due(world.now), Some(PERIOD * (501 - 2)), "two frames before the switch");
    world.run(400);
    assert_eq!(world.steps, steps);
    assert_eq!(world.until("b"), 98);
    assert!(world.steps <= steps + 4, "{} steps for a switch", world.steps - steps);
}

#[test]
fn an_unchanged_picture_is_not_drawn_again() {
    let mut world = World::new(Transition::Cut, &[("a", 500, STILL), ("b", 500, STILL)]);
    world.tick();
    assert!(world.scene().redraw, "the first picture");
    world.news("a");
    world.tick();
    assert!(!world.scene().redraw, "asked, but the answer is not there yet");
    world.tick();
    assert!(!world.scene().redraw, "the answer said that nothing changed");
}

#[test]
fn a_picture_is_asked_for_one_frame_before_its_time() {
    let clock = Script { wake: Wake::After(PERIOD * 100), ..ANIMATION };
    let mut world = World::new(Transition::Cut, &[("clock", 1000, clock)]);
    world.run(350);
    let asked: Vec<u64> = world.asked.iter().map(|(at, ..)| *at).collect();
    assert_eq!(asked, [1, 101, 201, 301]);
    assert!(world.steps <= 9, "one step to ask and one to collect each: {}", world.steps);
}

#[test]
fn one_that_has_nothing_to_show_is_skipped_and_asked_again_when_its_turn_comes() {
    let mut world = World::new(Transition::Cut, &[("a", 200, STILL), ("b", 200, EMPTY), ("c", 200, STILL)]);
    assert_eq!(world.shows(1000), shows(&[("a", 200), ("c", 200), ("a", 200), ("c", 200), ("a", 200)]));
    let of_b: Vec<u64> = world.asked.iter().filter(|(_, name, _)| name == "b").map(|(at, ..)| *at).collect();
    assert_eq!(of_b, [199, 599, 999], "once each time that its turn comes");
    world.script("b", STILL);
    assert_eq!(world.until("c"), 1, "had nothing when its turn came");
    assert_eq!(world.until("a"), 200);
    assert_eq!(world.until("b"), 200, "has something now");
}

#[test]
fn one_that_has_nothing_to_show_is_asked_at_its_time_but_at_most_once_a_second() {
    let eager = Script { wake: Wake::NextFrame, ..EMPTY };
    let patient = Script { wake: Wake::After(Duration::from_secs(3)), ..EMPTY };
    let mut world =
        World::new(Transition::Cut, &[("a", 9999, STILL), ("eager", 1, eager), ("patient", 1, patient)]);
    world.run(1000);
    let count = |who: &str| world.asked.iter().filter(|(_, name, _)| name == who).count();
    assert_eq!((count("eager"), count("patient")), (10, 3));
    assert!(world.asked.iter().all(|(_, name, visible)| name == "a" || !visible));
}

#[test]
fn one_that_has_nothing_to_show_is_asked_when_it_has_news() {
    let mut world = World::new(Transition::Cut, &[("a", 500, STILL), ("b", 500, EMPTY)]);
    world.run(10);
    world.news("b");
    world.news("b");
    world.run(10);
    assert_eq!(world.asked.iter().filter(|(_, name, _)| name == "b").count(), 1);
}

#[test]
fn a_hidden_one_with_something_to_show_is_left_alone_until_its_turn() {
    let mut world = World::new(Transition::Cut, &[("a", 500, STILL), ("b", 500, ANIMATION)]);
    world.run(400);
    assert!(world.asked.iter().all(|(_, name, _)| name == "a"), "{:?}", world.asked);
}

#[test]
fn when_nobody_has_anything_the_host_shows_its_own_picture_until_somebody_has() {
    let mut world = World::new(Transition::Cut, &[("a", 20, STILL), ("b", 20, EMPTY)]);
    world.run(5);
    world.script("a", Script { wake: Wake::After(Duration::from_secs(2)), ..EMPTY });
    world.news("a");
    let steps_to_dark = world.until("-");
    assert!(steps_to_dark <= 4, "{steps_to_dark}");
    assert_eq!(world.scene().reason, Reason::NothingToShow);
    assert_eq!(world.scene().next, None);
    world.run(3);
    let (steps, asked) = (world.steps, world.asked.len());
    world.run(1000);
    assert_eq!(world.asked.len() - asked, 5, "a is asked at its times, b waits for news");
    assert!(world.steps - steps <= 10);
    world.script("b", STILL);
    world.news("b");
    assert_eq!(world.until("b"), 2, "asked, then shown");
}

#[test]
fn a_show_that_is_over_gives_the_screen_on_at_once() {
    let mut world = World::new(Transition::Cut, &[("a", 500, ANIMATION), ("b", 50, ANIMATION)]);
    world.run(100);
    world.script("a", Script { show: Show::Over, ..ANIMATION });
    world.tick();
    world.script("a", ANIMATION);
    assert!(world.until("b") <= 2);
    assert_eq!(world.until("a"), 50, "its next turn comes as ever");
    assert_eq!(world.shows(100), shows(&[("a", 100)]), "and is a full one");
}

#[test]
fn a_successor_that_does_not_draw_in_time_takes_over_with_its_last_frame_when_a_show_is_over() {
    let mut world = World::new(Transition::Cut, &[("a", 500, ANIMATION), ("b", 50, ANIMATION)]);
    world.run(100);
    world.script("b", Script { takes: 10, ..ANIMATION });
    world.script("a", Script { show: Show::Over, ..ANIMATION });
    world.tick();
    assert_eq!(world.until("b"), 2, "two frames after it was asked");
}

#[test]
fn a_show_that_is_over_goes_on_if_nobody_else_has_anything() {
    let over = Script { show: Show::Over, ..ANIMATION };
    let mut world = World::new(Transition::Cut, &[("a", 50, ANIMATION), ("b", 50, EMPTY)]);
    world.tick();
    world.script("a", over);
    world.run(300);
    assert_eq!(world.shown(), "a");
    let of_b = world.asked.iter().filter(|(_, name, _)| name == "b").count();
    assert!(of_b <= 3, "b is not asked more than once a second: {of_b}");
}

/// P-PLUGIN-4: slow but not hung is shown at the rate it manages.
#[test]
fn a_slow_successor_is_waited_for_while_the_current_one_stays() {
    let slow = Script { takes: 8, ..ANIMATION };
    let mut world = World::new(Transition::Cut, &[("a", 20, ANIMATION), ("b", 20, slow)]);
    assert_eq!(world.until("b"), 27, "asked at 19, drawn at 27");
    assert_eq!(world.stage.late_switches(), 1);
}

/// P-PLUGIN-3: a hung successor does not hold up the rotation.
#[test]
fn a_hung_successor_is_skipped() {
    let mut world =
        World::new(Transition::Cut, &[("a", 100, ANIMATION), ("b", 100, HUNG), ("c", 100, ANIMATION)]);
    let first = world.until("c");
    assert!(first <= 101 + 50 + 2, "{first}");
    world.until("a");
    assert_eq!(world.until("c"), 100, "known to hang: no more waiting");
}

#[test]
fn a_cross_fade_mixes_both_living_pictures_with_growing_weight() {
    let mut world =
        World::new(Transition::CrossFade(PERIOD * 8), &[("a", 40, ANIMATION), ("b", 40, ANIMATION)]);
    world.until("b");
    let mut weights = Vec::new();
    let since = world.scene().since;
    while let Some((from, weight)) = world.scene().blend.clone() {
        assert_eq!((from.as_str(), world.shown()), ("a", "b"));
        assert!(world.scene().redraw);
        weights.push(weight);
        world.tick();
    }
    assert_eq!(weights, [32, 64, 96, 128, 160, 192, 224]);
    assert!(world.scene().redraw, "the first whole picture");
    assert_eq!(world.scene().since, since);
    let now = world.number();
    let of_a =
        world.asked.iter().filter(|(at, name, visible)| name == "a" && *visible && *at > now - 8).count();
    assert_eq!(of_a, 7, "the old picture moves on while it fades");
}

#[test]
fn a_fade_between_still_pictures_steps_every_frame_and_then_sleeps() {
    let mut world = World::new(Transition::CrossFade(PERIOD * 20), &[("a", 500, STILL), ("b", 500, STILL)]);
    world.until("b");
    let steps = world.steps;
    world.run(20);
    assert_eq!(world.steps - steps, 19, "the first weight came with the switch");
    world.run(400);
    assert_eq!(world.steps - steps, 19);
}

#[test]
fn the_current_one_keeps_the_screen_when_the_rotation_changes_around_it() {
    let mut world = World::new(Transition::Cut, &[("a", 50, STILL), ("b", 50, STILL), ("c", 50, STILL)]);
    world.until("b");
    world.run(10);
    world.rotate(&[("c", 50), ("d", 50), ("b", 80), ("a", 50)]);
    assert_eq!(world.until("a"), 70, "its new duration counts from when it came on");
    world.start("d", STILL);
    assert_eq!(world.shows(149), shows(&[("a", 49), ("c", 50), ("d", 50)]));
}

#[test]
fn a_removed_instance_leaves_within_two_frames_and_the_one_after_it_follows() {
    let mut world = World::new(Transition::Cut, &[("a", 50, STILL), ("b", 50, STILL), ("c", 50, STILL)]);
    world.until("b");
    world.run(10);
    world.rotate(&[("a", 50), ("c", 50)]);
    assert!(world.until("c") <= 2);
    world.rotate(&[]);
    assert_eq!(world.until("-"), 1);
    assert_eq!(world.scene().reason, Reason::NothingToShow);
    assert_eq!(world.stage.next_due(world.now), None);
}

#[test]
fn durations_of_nothing_do_not_make_the_rotation_spin() {
    let mut world = World::new(Transition::Cut, &[("a", 0, ANIMATION), ("b", 0, ANIMATION)]);
    assert_eq!(world.shows(12), shows(&[("a", 4), ("b", 4), ("a", 4)]));
}

#[test]
fn who_comes_next_is_known() {
    let mut world = World::new(Transition::Cut, &[("a", 50, STILL), ("b", 50, EMPTY), ("c", 50, STILL)]);
    world.run(5);
    assert_eq!(world.scene().next.as_ref().map(AsRef::as_ref), Some("c"));
}
