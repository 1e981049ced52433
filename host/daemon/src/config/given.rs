//! What was given, before anybody asked what it means: one tree of the file's values and the environment's.
//!
//! Invariant: every leaf knows where it came from, so that an error can name the file or the variable. A variable
//! wins over the file, leaf by leaf.

use std::collections::BTreeMap;

use serde_json::{Map, Number};

/// A value, or a table of such.
#[derive(Debug, Clone)]
pub(super) enum Given {
    /// A table, of the file or by variables that share a beginning.
    Table(BTreeMap<String, Given>),
    /// A value of the file.
    Value(toml::Value),
    /// A variable: `MARQUEE_DISPLAY__FPS` and its text.
    Variable { name: String, text: String },
}

impl Given {
    /// A value of the file; tables become tables of the tree.
    pub(super) fn from_toml(value: toml::Value) -> Self {
        match value {
            toml::Value::Table(table) => Self::Table(entries(table)),
            other => Self::Value(other),
        }
    }

    /// The first variable at or below this node.
    pub(super) fn variable(&self) -> Option<&str> {
        match self {
            Self::Table(entries) => entries.values().find_map(Self::variable),
            Self::Value(_) => None,
            Self::Variable { name, .. } => Some(name),
        }
    }

    /// The value as it may stand in a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Table(_) => "a table".to_owned(),
            Self::Value(toml::Value::String(text)) | Self::Variable { text, .. } => {
                super::error::quoted(text)
            }
            Self::Value(value) => {
                let text = super::error::one_line(&value.to_string());
                match text.char_indices().nth(60) {
                    None => text,
                    Some((end, _)) => format!("{}…", &text[..end]),
                }
            }
        }
    }
}

/// The entries of a table of the file.
pub(super) fn entries(table: toml::Table) -> BTreeMap<String, Given> {
    table.into_iter().map(|(key, value)| (key, Given::from_toml(value))).collect()
}

/// The beginning of variables that stand for settings.
const PREFIX: &str = "MARQUEE_";
/// Variables with that beginning that stand for something else.
const OTHERS: [&str; 2] = ["MARQUEE_CONFIG", "MARQUEE_LOG"];

/// Lays the variables that stand for settings over `root`: `MARQUEE_DISPLAY__FPS` is `fps` of `[display]`.
pub(super) fn lay_over(root: &mut BTreeMap<String, Given>, variables: &BTreeMap<String, String>) {
    for (name, text) in variables {
        let Some(path) = name.strip_prefix(PREFIX).filter(|_| !OTHERS.contains(&name.as_str())) else {
            continue;
        };
        let path = path.to_ascii_lowercase();
        // No setting lies deeper than `panel.hub75.rows`; what goes on below is refused later.
        let mut keys: Vec<&str> = path.splitn(4, "__").collect();
        let last = keys.pop().unwrap_or_default();
        let mut table = &mut *root;
        for key in keys {
            let node = table.entry(key.to_owned()).or_insert_with(|| Given::Table(BTreeMap::new()));
            if !matches!(node, Given::Table(_)) {
                *node = Given::Table(BTreeMap::new());
            }
            let Given::Table(inner) = node else { unreachable!("a table was just put there") };
            table = inner;
        }
        table.insert(last.to_owned(), Given::Variable { name: name.clone(), text: text.clone() });
    }
}

/// The variable that stands for a key: `MARQUEE_PANEL__HUB75__ROWS` for `rows` of `panel.hub75`.
pub(super) fn variable_of(table: &str, key: &str) -> String {
    let path = if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
    format!("{PREFIX}{}", path.replace('.', "__").to_ascii_uppercase())
}

impl Given {
    /// Free content as JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Table(entries) => entries
                .iter()
                .map(|(key, given)| (key.clone(), given.to_json()))
                .collect::<Map<_, _>>()
                .into(),
            Self::Value(value) => to_json(value.clone()),
            Self::Variable { text, .. } => text.as_str().into(),
        }
    }
}

/// A value of the file as JSON; times become text, and numbers that JSON does not have become null.
fn to_json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => Number::from_f64(number).map_or(serde_json::Value::Null, Into::into),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, to_json(value))).collect::<Map<_, _>>().into()
        }
    }
}
