//! Live instances take the screen and give it back where it was.

use crate::world::{ANIMATION, EMPTY, PERIOD, STILL, Script, World, shows};
use marquee_stage::{Reason, Show, Transition, Wake};

const LIVE: Script = Script { show: Show::Live, ..ANIMATION };

fn world() -> World {
    World::new(Transition::Cut, &[("a", 100, ANIMATION), ("b", 100, ANIMATION), ("goal", 50, EMPTY)])
}

fn go_live(world: &mut World, who: &str) {
    world.script(who, LIVE);
    world.news(who);
}

#[test]
fn a_live_instance_takes_the_screen_at_the_step_after_it_says_so() {
    let mut world = world();
    world.run(30);
    go_live(&mut world, "goal");
    assert_eq!(world.until("goal"), 2, "asked at the first tick, shown at the second");
    assert_eq!(world.scene().reason, Reason::Live);
    assert_eq!(world.scene().next.as_ref().map(AsRef::as_ref), Some("a"));
}

#[test]
fn a_live_instance_stays_as_long_as_it_is_live() {
    let mut world = world();
    world.run(30);
    go_live(&mut world, "goal");
    world.until("goal");
    assert_eq!(world.shows(1000), shows(&[("goal", 1000)]));
}

#[test]
fn the_rotation_goes_on_where_it_was_with_the_time_that_was_left() {
    let mut world = world();
    world.run(30);
    go_live(&mut world, "goal");
    world.until("goal");
    let shown_before = 31;
    world.run(500);
    world.script("goal", EMPTY);
    world.until("a");
    assert_eq!(world.scene().reason, Reason::Rotation);
    assert_eq!(world.shows(100 - shown_before - 1 + 10), shows(&[("a", 100 - shown_before - 1), ("b", 10)]));
}

#[test]
fn a_live_show_that_is_over_gives_the_screen_back_too() {
    let mut world = world();
    world.until("b");
    go_live(&mut world, "goal");
    world.until("goal");
    world.run(10);
    world.script("goal", Script { show: Show::Over, ..STILL });
    assert!(world.until("b") <= 3);
}

#[test]
fn the_screen_comes_back_with_a_fresh_frame_of_the_interrupted_one() {
    let mut world = world();
    world.run(30);
    go_live(&mut world, "goal");
    world.until("goal");
    world.run(500);
    world.script("goal", EMPTY);
    world.until("a");
    let now = world.number();
    assert!(world.asked.contains(&(now - 1, "a".to_owned(), false)), "asked while still hidden");
}

#[test]
fn an_instance_that_goes_live_in_its_own_turn_keeps_the_rest_of_it() {
    let mut world = world();
    world.run(30);
    world.script("a", LIVE);
    world.run(500);
    assert_eq!(world.scene().reason, Reason::Live);
    world.script("a", ANIMATION);
    assert_eq!(world.until("b"), 70 + 1, "what was left when it went live");
}

#[test]
fn several_live_instances_take_turns_among_themselves() {
    let waiting = Script { wake: Wake::News, ..LIVE };
    let mut world = World::new(Transition::Cut, &[("a", 100, STILL), ("x", 30, waiting), ("y", 40, waiting)]);
    assert_eq!(world.shows(210), shows(&[("x", 30), ("y", 40), ("x", 30), ("y", 40), ("x", 30), ("y", 40)]));
    assert!(world.asked.iter().all(|(_, name, _)| name != "a"));
}

#[test]
fn a_hidden_live_instance_is_asked_at_most_once_a_second_whether_it_still_is() {
    let mut world = World::new(Transition::Cut, &[("x", 9000, LIVE), ("y", 9000, LIVE)]);
    world.run(1000);
    let of_y: Vec<_> = world.asked.iter().filter(|(_, name, _)| name == "y").collect();
    assert_eq!(of_y.len(), 10, "{of_y:?}");
}

#[test]
fn a_live_instance_that_dies_gives_the_screen_back_within_two_frames() {
    let mut world = world();
    world.run(30);
    go_live(&mut world, "goal");
    world.until("goal");
    world.run(5);
    world.die("goal");
    assert!(world.until("a") <= 2);
}

#[test]
fn a_death_is_bridged_in_two_frames_even_if_the_other_live_one_gives_up_meanwhile() {
    let hidden = Script { wake: Wake::News, ..LIVE };
    let mut world =
        World::new(Transition::Cut, &[("a", 100, ANIMATION), ("x", 900, LIVE), ("y", 900, hidden)]);
    world.run(50);
    assert_eq!(world.shown(), "x");
    world.script("y", EMPTY);
    world.script("a", Script { takes: 9, ..ANIMATION });
    world.die("x");
    assert_eq!(world.until("a"), 3, "two frames after the tick that noticed");
}

#[test]
fn a_turn_that_was_all_but_over_is_not_taken_up_again() {
    let mut world = world();
    world.run(98);
    go_live(&mut world, "goal");
    world.until("goal");
    world.run(50);
    world.script("goal", EMPTY);
    let shown = world.shows(10);
    assert_eq!(shown.last().map(|(name, _)| name.as_str()), Some("b"), "{shown:?}");
    assert!(shown.iter().all(|(name, _)| name != "a"), "{shown:?}");
}

#[test]
fn the_interrupted_instance_may_die_or_be_removed_meanwhile() {
    for removed in [false, true] {
        let mut world = world();
        world.run(30);
        go_live(&mut world, "goal");
        world.until("goal");
        if removed {
            world.rotate(&[("b", 100), ("goal", 50)]);
        } else {
            world.die("a");
        }
        world.run(20);
        assert_eq!(world.shown(), "goal");
        world.script("goal", EMPTY);
        assert!(world.until("b") <= 3);
        assert_eq!(world.shows(99), shows(&[("b", 99)]), "a full turn");
    }
}

#[test]
fn a_live_instance_comes_with_the_transition() {
    let mut world = World::new(Transition::CrossFade(PERIOD * 4), &[("a", 100, STILL), ("goal", 50, EMPTY)]);
    world.run(30);
    go_live(&mut world, "goal");
    world.until("goal");
    assert_eq!(world.scene().blend.as_ref().map(|(from, weight)| (from.as_str(), *weight)), Some(("a", 64)));
}
