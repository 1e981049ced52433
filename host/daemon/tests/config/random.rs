//! Whatever stands in the file or the environment: a configuration or one sentence, never a panic.

use proptest::prelude::*;
use toml::Value;

use crate::support::{Place, read};

const TABLES: [&str; 11] =
    ["panel", "hub75", "host", "display", "fetch", "sandbox", "limits", "log", "registry", "instance", "x"];
const KEYS: [&str; 16] = [
    "size",
    "sinks",
    "rows",
    "listen",
    "state_dir",
    "store",
    "time_zone",
    "location",
    "runner",
    "fps",
    "transition",
    "approve",
    "require",
    "filter",
    "name",
    "config",
];

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(&TABLES[..]).prop_map(str::to_owned),
        4 => proptest::sample::select(&KEYS[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        (0_i64..200).prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Float),
        any::<bool>().prop_map(Value::Boolean),
        any::<String>().prop_map(Value::String),
        "[0-9]{1,4}x[0-9]{1,4}|web|clock|memory:|[a-z]{1,5}: [a-z.*:0-9]{0,9}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::btree_map(key(), inner, 0..6)
                .prop_map(|map| Value::Table(map.into_iter().collect())),
        ]
    })
}

fn check(result: Result<marquee::config::Config, String>) {
    if let Err(sentence) = result {
        assert!(!sentence.contains('\n') && sentence.len() < 1200, "{sentence}");
    }
}

proptest! {
    #[test]
    fn no_configuration_makes_the_host_panic(map in proptest::collection::btree_map(key(), value(), 0..6)) {
        let table: toml::Table = map.into_iter().collect();
        check(read(&table.to_string()));
    }

    #[test]
    fn no_text_makes_the_host_panic(text in any::<String>()) {
        check(read(&text));
    }

    #[test]
    fn no_variable_makes_the_host_panic(
        variables in proptest::collection::vec(("[A-Z0-9_]{0,20}", key(), key(), any::<String>()), 0..5),
    ) {
        let mut place = Place::new();
        for (tail, table, key, text) in variables {
            place.set(&format!("MARQUEE_{}__{}", table.to_uppercase(), key.to_uppercase()), &text);
            place.set(&format!("MARQUEE_{tail}"), &text);
        }
        check(place.load());
    }
}

#[test]
fn keys_nested_without_end_are_no_danger() {
    let dots = format!("{} = 1", vec!["a"; 100_000].join("."));
    let tables = format!("[{}]\n", vec!["a"; 100_000].join("."));
    let brackets = format!("a = {}", "[".repeat(100_000));
    let braces = format!("a = {}", "{a=".repeat(100_000));
    let settings = format!("[[instance]]\nname = \"clock\"\nconfig.{} = 1", vec!["a"; 100_000].join("."));
    for text in [dots, tables, brackets, braces, settings] {
        assert!(read(&text).is_err());
    }
    let mut place = Place::new();
    place.set(&format!("MARQUEE_{}", vec!["A"; 50_000].join("__")), "1");
    assert!(place.load().is_err());
}
