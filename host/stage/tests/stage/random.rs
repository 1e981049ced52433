//! What holds for every sequence of events, however odd.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use marquee_stage::{Answer, Entry, RunnerKey, Show, Stage, Transition, Wake};
use proptest::prelude::*;

use crate::world::{PERIOD, STILL, Script, World, name};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

#[derive(Debug, Clone)]
enum Event {
    /// Which instances, in which order, for how long each.
    Rotate(Vec<(usize, Duration)>),
    Ready(usize),
    /// The death of the current runner, or news of an older one.
    Gone(usize, bool),
    Answer(usize, Answer),
    News(usize),
    /// So much later, a step.
    Step(Duration),
}

fn pause() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0..5_000_u64).prop_map(Duration::from_millis),
        Just(Duration::ZERO),
        Just(Duration::MAX),
        any::<u64>().prop_map(Duration::from_nanos),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let show = prop_oneof![3 => Just(Show::Yes), 1 => Just(Show::Nothing), 1 => Just(Show::Over), 1 => Just(Show::Live)];
    let wake = prop_oneof![Just(Wake::NextFrame), Just(Wake::News), pause().prop_map(Wake::After)];
    (show, wake, any::<bool>()).prop_map(|(show, wake, changed)| Answer { show, wake, changed })
}

fn event() -> impl Strategy<Value = Event> {
    let who = 0..NAMES.len();
    let places = prop::collection::vec((who.clone(), pause()), 0..8);
    prop_oneof![
        1 => places.prop_map(Event::Rotate),
        3 => who.clone().prop_map(Event::Ready),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, current)| Event::Gone(who, current)),
        8 => (who.clone(), answer()).prop_map(|(who, answer)| Event::Answer(who, answer)),
        1 => who.prop_map(Event::News),
        8 => (1..30_u64).prop_map(|ms| Event::Step(Duration::from_millis(ms))),
        1 => (1..4_000_u64).prop_map(|ms| Event::Step(Duration::from_millis(ms))),
    ]
}

fn transition() -> impl Strategy<Value = Transition> {
    prop_oneof![
        Just(Transition::Cut),
        pause().prop_map(Transition::CrossFade),
        Just(Transition::CrossFade(PERIOD * 12)),
    ]
}

/// What the test knows by itself of the instances.
#[derive(Default)]
struct Model {
    listed: BTreeSet<usize>,
    ready: BTreeMap<usize, RunnerKey>,
    /// Who has an unanswered tick.
    asked: BTreeSet<usize>,
    /// Since which step the one on screen has been unfit for it, and whether it was removed.
    unfit: Option<(String, Duration)>,
    /// Who said last that it has something to show.
    willing: BTreeSet<usize>,
    keys: u64,
}

impl Model {
    fn fit(&self, who: usize) -> bool {
        self.listed.contains(&who) && self.ready.contains_key(&who)
    }
}

fn index(text: &str) -> usize {
    NAMES.iter().position(|name| *name == text).expect("a known name")
}

fn apply(
    stage: &mut Stage,
    model: &mut Model,
    event: Event,
    now: &mut Duration,
) -> Result<(), TestCaseError> {
    match event {
        Event::Rotate(places) => {
            model.listed = places.iter().map(|(who, _)| *who).collect();
            // Runners of removed instances are stopped, as the host does.
            for (who, text) in NAMES.iter().enumerate() {
                if !model.listed.contains(&who) {
                    model.asked.remove(&who);
                    if let Some(key) = model.ready.remove(&who) {
                        stage.gone(&name(text), key, *now);
                    }
                }
            }
            let entry = |(who, duration): (usize, Duration)| Entry { name: name(NAMES[who]), duration };
            stage.set_rotation(places.into_iter().map(entry).collect(), *now);
        }
        Event::Ready(who) => {
            model.keys += 1;
            let key = RunnerKey(model.keys);
            if model.listed.contains(&who) {
                model.ready.insert(who, key);
                model.asked.remove(&who);
                model.willing.insert(who);
            }
            stage.ready(&name(NAMES[who]), key, *now);
        }
        Event::Gone(who, current) => {
            let Some(&key) = model.ready.get(&who) else { return Ok(()) };
            if current {
                model.ready.remove(&who);
                model.asked.remove(&who);
            }
            let key = if current { key } else { RunnerKey(key.0 + 1_000_000) };
            stage.gone(&name(NAMES[who]), key, *now);
        }
        Event::Answer(who, answer) => {
            let Some(&key) = model.ready.get(&who) else { return Ok(()) };
            model.asked.remove(&who);
            match answer.show {
                Show::Yes | Show::Live => model.willing.insert(who),
                Show::Nothing | Show::Over => model.willing.remove(&who),
            };
            stage.answered(&name(NAMES[who]), key, answer, *now);
        }
        Event::News(who) => stage.news(&name(NAMES[who]), *now),
        Event::Step(later) => {
            *now += later;
            check_step(stage, model, *now)?;
        }
    }
    let due = stage.next_due(*now);
    prop_assert!(due.is_none_or(|due| due >= *now), "due in the past");
    Ok(())
}

fn check_step(stage: &mut Stage, model: &mut Model, now: Duration) -> Result<(), TestCaseError> {
    let before = stage.scene().clone();
    let scene = stage.step(now).clone();
    for ask in &scene.ask {
        let who = index(ask.name.as_str());
        prop_assert!(model.listed.contains(&who), "a tick for {}, which is not in the rotation", ask.name);
        prop_assert_eq!(model.ready.get(&who), Some(&ask.runner), "a tick for no runner of {}", ask.name);
        prop_assert!(model.asked.insert(who), "a second tick for {}", ask.name);
        let on_screen = scene.shown.as_ref() == Some(&ask.name);
        let in_blend = scene.blend.as_ref().is_some_and(|(from, _)| *from == ask.name);
        prop_assert_eq!(ask.visible, on_screen || in_blend);
    }
    if let Some((from, weight)) = &scene.blend {
        prop_assert!(model.fit(index(from.as_str())), "fading from {}, which is not there", from);
        prop_assert!(*weight < 256 && scene.shown.as_ref() != Some(from));
    }
    if let Some(next) = &scene.next {
        prop_assert!(model.fit(index(next.as_str())) && scene.shown.as_ref() != Some(next));
    }
    prop_assert!(
        scene.redraw || (scene.shown == before.shown && scene.blend == before.blend),
        "a change unseen"
    );
    if scene.shown != before.shown
        && let Some(shown) = &scene.shown
    {
        prop_assert!(model.fit(index(shown.as_str())), "{} came on screen, but is not there", shown);
    }
    let has_something = |who: &usize| model.fit(*who) && model.willing.contains(who);
    prop_assert!(
        scene.shown.is_some() || !(0..NAMES.len()).any(|who| has_something(&who)),
        "blank for no reason"
    );
    let unfit = scene.shown.as_ref().filter(|shown| !model.fit(index(shown.as_str())));
    model.unfit = match (model.unfit.take(), unfit) {
        (Some((who, since)), Some(shown)) if who == shown.as_str() => Some((who, since)),
        (_, shown) => shown.map(|shown| (shown.to_string(), now)),
    };
    if let Some((who, since)) = &model.unfit {
        let kept = now - *since;
        let listed = model.listed.contains(&index(who));
        let limit = if listed { Duration::from_secs(2) } else { PERIOD * 2 };
        prop_assert!(kept < limit, "{} was kept for {:?} after its end", who, kept);
    }
    let due = stage.next_due(now);
    prop_assert!(due.is_none_or(|due| due > now), "due again right after the step");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Only living instances of the rotation come on screen or get ticks, one at a time; the dead and the removed
    /// leave; the screen is blank only if nobody has anything; a step leaves nothing due.
    #[test]
    fn no_sequence_of_events_shows_or_asks_who_is_not_there(
        transition in transition(),
        events in prop::collection::vec(event(), 1..120),
    ) {
        let mut stage = Stage::new(PERIOD, transition);
        let mut model = Model::default();
        let mut now = Duration::ZERO;
        for event in events {
            apply(&mut stage, &mut model, event, &mut now)?;
        }
    }

    /// Whoever has something to show gets its turn within the sum of all durations, however the others behave.
    #[test]
    fn everybody_with_something_to_show_gets_a_turn(
        scripts in prop::collection::vec((4_u32..60, 0_u8..6, 1_u32..4), 1..6),
        fade in 0_u32..12,
    ) {
        let script = |kind: u8, takes: u32| {
            let show = if kind % 3 == 2 { Show::Nothing } else { Show::Yes };
            let wake = match kind {
                0 | 2 => Wake::NextFrame,
                1 => Wake::News,
                3 => Wake::After(PERIOD * 7),
                _ => Wake::After(Duration::from_secs(60)),
            };
            Script { show, wake, takes }
        };
        let instances: Vec<(&str, u32, Script)> = scripts
            .iter()
            .zip(NAMES)
            .map(|(&(ticks, kind, takes), name)| (name, ticks, script(kind, takes)))
            .collect();
        let mut world = World::new(Transition::CrossFade(PERIOD * fade), &instances);
        world.run(5);
        // A switch may wait for one that has nothing to show and for a slow one, up to three ticks each here.
        let sum: u32 = instances.iter().map(|(_, ticks, _)| ticks + 8).sum();
        for _ in 0..3 {
            let seen: BTreeSet<String> = world.run(sum).into_iter().collect();
            let wanted: BTreeSet<String> = instances
                .iter()
                .filter(|(.., script)| script.show == Show::Yes)
                .map(|(name, ..)| (*name).to_owned())
                .collect();
            if wanted.is_empty() {
                prop_assert_eq!(seen, BTreeSet::from(["-".to_owned()]));
            } else {
                prop_assert_eq!(seen, wanted);
            }
        }
    }

    /// A live instance gives the screen back to whoever had it, with the time it had left.
    #[test]
    fn live_returns_to_where_the_rotation_was(start in 5_u32..190, length in 1_u32..300) {
        let mut world = World::new(
            Transition::Cut,
            &[("a", 100, STILL), ("b", 100, STILL), ("goal", 50, Script { show: Show::Nothing, ..STILL })],
        );
        world.run(start);
        world.script("goal", Script { show: Show::Live, ..STILL });
        world.news("goal");
        let before = world.shows(1 + 1).first().cloned();
        prop_assert_eq!(world.shown(), "goal");
        let shown_until = start + 1;
        world.run(length);
        world.script("goal", Script { show: Show::Nothing, ..STILL });
        world.news("goal");
        let after = world.shows(250);
        let back = after.iter().find(|(name, _)| name != "goal").cloned();
        let left = (200 - shown_until) % 100;
        // Nobody comes back for the last two frames of a turn.
        if left > 2 && before.as_ref().is_some_and(|(name, _)| name != "goal") {
            let before = before.map(|(name, _)| name);
            prop_assert_eq!(back, before.map(|name| (name, left)));
        }
    }
}
