//! Values on the command line that need reading: settings, times, names to enable.
//!
//! Invariant: reading never panics and never recurses deeper than [`MOST_LEVELS`], whatever was typed.

use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned, civil};
use marquee_model::InstanceName;
use serde_json::{Map, Value};

use crate::app::Enable;
use crate::config::{Store, parse_store};

/// Settings are not nested deeper than this.
const MOST_LEVELS: usize = 16;

/// `KEY=VALUE`: one setting of a plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The keys, from the outermost; at least one, none empty.
    pub path: Vec<String>,
    /// JSON, or the text as it is.
    pub value: Value,
}

/// Why a text is no setting, or does not go with the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no `=`.
    #[error("there is no = in it: write KEY=VALUE")]
    NoValue,
    /// A key is empty.
    #[error("a key is empty: write KEY=VALUE, nested keys with one dot between them")]
    EmptyKey,
    /// Nested too deep.
    #[error("it is nested deeper than {MOST_LEVELS} levels: use fewer dots")]
    TooDeep,
    /// The same key is given a value and keys below it.
    #[error("the setting {0} is given both a value and keys below it: give one of the two")]
    Conflict(String),
}

impl FromStr for Setting {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let (key, value) = text.split_once('=').ok_or(SettingError::NoValue)?;
        let path: Vec<String> = key.split('.').map(|part| part.trim().to_owned()).collect();
        if path.iter().any(String::is_empty) {
            return Err(SettingError::EmptyKey);
        }
        if path.len() > MOST_LEVELS {
            return Err(SettingError::TooDeep);
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        Ok(Self { path, value })
    }
}

/// All settings as one JSON object; of the same key the last one counts.
///
/// # Errors
/// A key that is given a value and keys below it.
pub fn settings(given: &[Setting]) -> Result<Map<String, Value>, SettingError> {
    let mut root = Map::new();
    for Setting { path, value } in given {
        let Some((last, outer)) = path.split_last() else { continue };
        let conflict = || SettingError::Conflict(path.join("."));
        let mut table = &mut root;
        for key in outer {
            let node = table.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
            table = node.as_object_mut().ok_or_else(conflict)?;
        }
        match (table.get(last), value) {
            (Some(Value::Object(_)), other) if !other.is_object() => return Err(conflict()),
            _ => drop(table.insert(last.clone(), value.clone())),
        }
    }
    Ok(root)
}

/// A moment, or a time of day to be taken in the panel's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// Written with a zone or an offset.
    Moment(Timestamp),
    /// Written without.
    Local(civil::DateTime),
    /// A time of today.
    Today(civil::Time),
}

impl FromStr for At {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        if let Ok(zoned) = text.parse::<Zoned>() {
            return Ok(Self::Moment(zoned.timestamp()));
        }
        if let Ok(local) = text.parse() {
            return Ok(Self::Local(local));
        }
        text.parse().map(Self::Today).map_err(|_| "write 10:08, 2026-01-31T10:08 or 2026-01-31T10:08:00Z")
    }
}

impl At {
    /// The moment meant, in a zone. A time that the zone skips or has twice is taken as its rules have it.
    ///
    /// # Errors
    /// One sentence for a time at the end of the calendar.
    pub fn resolve(&self, zone: &TimeZone) -> Result<Timestamp, String> {
        let local = match self {
            Self::Moment(moment) => return Ok(*moment),
            Self::Local(local) => *local,
            Self::Today(time) => Timestamp::now().to_zoned(zone.clone()).date().to_datetime(*time),
        };
        zone.to_timestamp(local)
            .map_err(|_| format!("the time {local} is out of range: use one nearer to now"))
    }
}

/// Reads what `--enable` was given: names in their order, each once, or `all`; nothing if nothing was.
///
/// # Errors
/// One sentence on the first name that is none, or `all` beside others.
pub fn enable(given: &[String]) -> Result<Option<Enable>, String> {
    if given.iter().any(|name| name == "all") {
        return match given {
            [_] => Ok(Some(Enable::All)),
            _ => Err("--enable all already enables every plugin: leave out the other names".to_owned()),
        };
    }
    let mut names: Vec<InstanceName> = Vec::new();
    for name in given {
        let name = name.parse().map_err(|error| format!("--enable: {error}"))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(if names.is_empty() { None } else { Some(Enable::Names(names)) })
}

/// Refuses the name of a file to render to whose ending says nothing that can be written.
///
/// # Errors
/// What may be written instead.
pub fn check_output(path: &Path) -> Result<(), String> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("gif" | "png") => Ok(()),
        _ => Err(format!("cannot write {}: name a file that ends in .gif or .png", path.display())),
    }
}

pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    marquee_http::parse_address(text).map_err(|error| error.to_string())
}

pub(super) fn parse_store_flag(text: &str) -> Result<Store, String> {
    parse_store(text).map_err(|allowed| format!("use {allowed}"))
}

pub(super) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse::<f64>().ok().filter(|seconds| (0.0..=600.0).contains(seconds));
    let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "use a number from 0 to 600".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(given: &[&str]) -> Result<Value, SettingError> {
        let given: Result<Vec<Setting>, _> = given.iter().map(|text| text.parse()).collect();
        settings(&given?).map(Value::Object)
    }

    #[test]
    fn a_value_is_json_if_it_is_and_text_otherwise() {
        let given = ["a=1", "b=true", "c=hello", "d=\"1\"", "e=[1,2]", "f=", "g=a=b", "h=null", "i=1.2.3"];
        assert_eq!(
            read(&given).unwrap(),
            json!({"a": 1, "b": true, "c": "hello", "d": "1", "e": [1, 2], "f": "", "g": "a=b", "h": null, "i": "1.2.3"})
        );
    }

    #[test]
    fn dots_go_into_nested_settings_and_the_last_one_counts() {
        let given = ["font.size=8", "font.name=Tiny", "font.size=9", "x={\"y\":1}", "x.z=2"];
        assert_eq!(
            read(&given).unwrap(),
            json!({"font": {"size": 9, "name": "Tiny"}, "x": {"y": 1, "z": 2}})
        );
    }

    #[test]
    fn a_setting_that_is_none_is_refused_in_one_sentence() {
        let message = |given: &[&str]| read(given).unwrap_err().to_string();
        assert_eq!(message(&["colour"]), "there is no = in it: write KEY=VALUE");
        assert!(message(&["=1"]).starts_with("a key is empty"));
        assert!(message(&["a..b=1"]).starts_with("a key is empty"));
        assert!(message(&["a=1", "a.b=2"]).starts_with("the setting a.b is given both"));
        assert!(message(&["a.b=2", "a=1"]).starts_with("the setting a is given both"));
        assert!(message(&[&format!("{}=1", ["a"; 17].join("."))]).starts_with("it is nested deeper than 16"));
    }

    #[test]
    fn a_time_is_taken_in_the_panels_zone_unless_it_names_one() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let at = |text: &str| text.parse::<At>().unwrap().resolve(&tokyo).unwrap().to_string();
        assert_eq!(at("2026-01-31T10:08:00Z"), "2026-01-31T10:08:00Z");
        assert_eq!(at("2026-01-31T10:08:00+01:00"), "2026-01-31T09:08:00Z");
        assert_eq!(at("2026-01-31T10:08[Europe/Berlin]"), "2026-01-31T09:08:00Z");
        assert_eq!(at("2026-01-31T10:08"), "2026-01-31T01:08:00Z");
        assert_eq!(at("2026-01-31 10:08:30"), "2026-01-31T01:08:30Z");
        assert!(at("10:08").ends_with("T01:08:00Z"));
        for bad in ["", "noon", "25:00", "2026-02-30T10:08"] {
            assert!(bad.parse::<At>().is_err(), "{bad}");
        }
    }

    #[test]
    fn enable_takes_names_or_all() {
        let read = |given: &[&str]| enable(&given.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["all"]), Ok(Some(Enable::All)));
        let names = ["clock", "text"].map(|name| name.parse().unwrap()).to_vec();
        assert_eq!(read(&["clock", "text", "clock"]), Ok(Some(Enable::Names(names))));
        assert!(read(&["all", "clock"]).unwrap_err().contains("leave out"));
        assert!(read(&["a/b"]).unwrap_err().contains("is not an instance name"));
    }

    #[test]
    fn only_gif_and_png_can_be_written() {
        assert_eq!(check_output(Path::new("a/b.gif")), Ok(()));
        assert_eq!(check_output(Path::new("b.png")), Ok(()));
        for bad in ["", "a", "gif", "a.mp4", "a.gif/"] {
            let sentence = format!("cannot write {bad}: name a file that ends in .gif or .png");
            assert_eq!(check_output(Path::new(bad)).err(), (bad != "a.gif/").then_some(sentence));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(texts in proptest::collection::vec("\\PC{0,40}", 0..6)) {
            let given: Vec<Setting> = texts.iter().filter_map(|text| text.parse().ok()).collect();
            let _ = settings(&given);
            for text in &texts {
                if let Ok(at) = text.parse::<At>() {
                    let _ = at.resolve(&TimeZone::UTC);
                }
                let _ = parse_seconds(text);
                let _ = check_output(Path::new(text));
            }
            let _ = enable(&texts);
        }
    }
}
