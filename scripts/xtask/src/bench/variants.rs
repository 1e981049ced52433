//! One built plugin under other names.
//!
//! Two files with one id are refused, so a folder of many plugins needs many ids. The manifest lies in the file as
//! JSON behind a mark and a length; a copy gets another id there, its description makes room, and spaces fill the rest.
//!
//! Invariant: all else in the file, its code above all, stays as it was built; the host's own check accepts the result.

use std::fs;
use std::path::Path;

use marquee_inspect::{MANIFEST_MAGIC, Machine, inspect};
use serde_json::Value;

use super::error::BenchError;

/// The bytes of `plugin` under another id and version.
pub(crate) fn renamed(plugin: &[u8], id: &str, version: &str) -> Option<Vec<u8>> {
    let mark = MANIFEST_MAGIC.len();
    let starts =
        plugin.windows(mark).enumerate().filter(|(_, bytes)| *bytes == MANIFEST_MAGIC).map(|(at, _)| at);
    for start in starts {
        let Some(length) = plugin.get(start + mark..start + mark + 4).and_then(|four| four.first_chunk())
        else {
            continue;
        };
        let json = start + mark + 4;
        let end = json.checked_add(u32::from_le_bytes(*length) as usize)?;
        let Some(Ok(mut manifest)) = plugin.get(json..end).map(serde_json::from_slice::<Value>) else {
            continue;
        };
        manifest["id"] = id.into();
        manifest["version"] = version.into();
        manifest["description"] = "".into();
        let mut text = manifest.to_string().into_bytes();
        if text.len() > end - json {
            return None;
        }
        text.resize(end - json, b' ');
        let mut copy = plugin.to_vec();
        copy[json..end].copy_from_slice(&text);
        return Some(copy);
    }
    None
}

/// A plugin's file under another id and version, checked as the host will check it.
pub(crate) fn bytes(plugin: &Path, id: &str, version: &str) -> Result<Vec<u8>, BenchError> {
    let bytes = fs::read(plugin).map_err(BenchError::file("read", plugin))?;
    let copy = renamed(&bytes, id, version)
        .ok_or_else(|| BenchError::wrong(format!("{} has no room for the id {id}", plugin.display())))?;
    let machine = Machine::this().map_err(|error| BenchError::wrong(error.to_string()))?;
    let found = inspect(&copy, &machine).map_err(|error| BenchError::wrong(error.to_string()))?;
    if found.manifest.id.as_str() == id {
        Ok(copy)
    } else {
        Err(BenchError::wrong(format!("{} kept its id", plugin.display())))
    }
}

/// Writes such a copy.
pub(crate) fn write(plugin: &Path, id: &str, version: &str, to: &Path) -> Result<(), BenchError> {
    fs::write(to, bytes(plugin, id, version)?).map_err(BenchError::file("write", to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_another_id_and_the_same_length() {
        let manifest =
            br#"{"id":"text","version":"0.1.0","description":"a message that is long enough","api":"1.0.0"}"#;
        let mut file = b"code".to_vec();
        file.extend_from_slice(&MANIFEST_MAGIC); // the mark alone, as a constant in code may be
        file.extend_from_slice(b"more code");
        file.extend_from_slice(&MANIFEST_MAGIC);
        file.extend_from_slice(&(manifest.len() as u32).to_le_bytes());
        file.extend_from_slice(manifest);
        file.extend_from_slice(b"rest");
        let copy = renamed(&file, "bench-07", "0.2.0").expect("a copy");
        assert_eq!(copy.len(), file.len());
        assert!(copy.ends_with(b"rest") && copy.windows(10).any(|bytes| bytes == b"\"bench-07\""));
        assert_eq!(renamed(b"no plugin", "x", "1.0.0"), None);
    }
}
