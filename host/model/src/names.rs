//! Names: of a plugin (one id everywhere: folder, manifest, registry, desired state) and of an instance of one.
//!
//! Invariant: a [`PluginId`] is 2 to 64 lower-case ASCII letters, digits and single hyphens, starts with a letter
//! and does not end with a hyphen, so it is always a safe file name. An [`InstanceName`] is 1 to 100 printable
//! characters without `/`, so it is always a safe path segment of a URL once encoded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is not a plugin id.
    #[error(
        "{0:?} is not a plugin id: use 2 to 64 lower-case letters, digits and single hyphens, starting with a letter"
    )]
    PluginId(String),
    /// The text is not an instance name.
    #[error("{0:?} is not an instance name: use 1 to 100 printable characters without '/'")]
    Instance(String),
}

/// The id of a plugin, the same in its folder, its manifest, the registry and the desired state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginId(String);

impl PluginId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bytes = text.as_bytes();
        let allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let good = (2..=64).contains(&bytes.len())
            && bytes[0].is_ascii_lowercase()
            && bytes.iter().all(allowed)
            && !text.ends_with('-')
            && !text.contains("--");
        if good { Ok(Self(text.to_owned())) } else { Err(NameError::PluginId(shortened(text))) }
    }
}

/// The name of one running configuration of a plugin: its `plugin_name` in the desired state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceName(String);

impl InstanceName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let count = text.chars().count();
        let good = (1..=100).contains(&count) && !text.chars().any(|c| c.is_control() || c == '/');
        if good { Ok(Self(text.to_owned())) } else { Err(NameError::Instance(shortened(text))) }
    }
}

/// The first characters of a text that came from outside, so that an error message stays one line.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

macro_rules! text_like {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}
text_like!(PluginId);
text_like!(InstanceName);

impl From<PluginId> for InstanceName {
    /// An instance is named after its plugin unless somebody says otherwise.
    fn from(id: PluginId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugin_ids_are_safe_file_names() {
        for good in ["clock", "a1", "word-clock", &"a".repeat(64)] {
            assert!(good.parse::<PluginId>().is_ok(), "{good}");
        }
        for bad in ["", "a", "1a", "Clock", "a--b", "a-", "-a", "a/b", "..", "a.b", "ä1", &"a".repeat(65)] {
            assert!(bad.parse::<PluginId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn instance_names_are_one_printable_path_segment() {
        for good in ["clock", "clock-tokyo", "Küche", &"ü".repeat(100)] {
            assert!(good.parse::<InstanceName>().is_ok(), "{good}");
        }
        for bad in ["", "a/b", "a\nb", &"a".repeat(101)] {
            assert!(bad.parse::<InstanceName>().is_err(), "{bad}");
        }
    }
}
