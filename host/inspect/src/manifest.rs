//! The manifest: what a plugin says about itself, compiled into a section of its file.
//!
//! Section [`MANIFEST_SECTION`] holds [`MANIFEST_MAGIC`], a little-endian `u32` length and that many bytes of UTF-8
//! JSON; what follows is ignored. The author's macro writes it, the host and the registry read it.
//!
//! Invariant: a [`Manifest`] that came out of [`Manifest::from_section`], [`Manifest::from_json`] or `serde` is
//! checked: its texts are short and free of control characters (they are printed on terminals), its host patterns
//! are well formed, and its smallest size is not above its largest.

use std::net::Ipv6Addr;

use marquee_model::PluginId;
use semver::Version;
use serde::{Deserialize, Serialize};

/// Name of the ELF section that holds the manifest.
pub const MANIFEST_SECTION: &str = ".marquee.manifest";
/// First bytes of that section: `MARQUEE` and the version of this layout.
pub const MANIFEST_MAGIC: [u8; 8] = *b"MARQUEE\x01";
/// The longest manifest that is read, in bytes of JSON.
pub const MAX_MANIFEST_BYTES: usize = 64 * 1024;
/// Plugins built against another major version of the contract are refused; every minor version of this one loads.
pub const CONTRACT_MAJOR: u64 = 1;

const MAX_TEXT_CHARS: usize = 1000;
const MAX_LIST_ENTRIES: usize = 64;
const MAX_SIDE: u16 = marquee_model::PanelSize::MAX_SIDE;

/// What a plugin says about itself. All fields but the first three may be absent from the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Manifest {
    /// The id of the plugin, the same in its folder, the registry and the desired state.
    pub id: PluginId,
    /// Version of the plugin.
    pub version: Version,
    /// Version of the contract that it was built against.
    pub api: Version,
    /// Name for people; the id where the author gave none.
    pub name: String,
    /// One sentence; may be empty.
    pub description: String,
    /// SPDX expression; may be empty.
    pub license: String,
    /// Authors, separated by `:`, as cargo gives them; may be empty.
    pub authors: String,
    /// Where its source lives; may be empty.
    pub repository: String,
    /// Hosts that it asks to fetch from: a lower-case name or address, `*.` and a suffix, each with an optional
    /// `:PORT` or `:*`; or `*` alone: whatever hosts the operator approves.
    pub http: Vec<String>,
    /// Whether it asks to fetch from private and loopback addresses.
    pub private_network: bool,
    /// The smallest panel it draws on: width and height, 1 to 1024 pixels each.
    pub min_size: Option<[u16; 2]>,
    /// The largest panel it draws on: width and height, 1 to 1024 pixels each.
    pub max_size: Option<[u16; 2]>,
    /// Ids of the contract's extensions that it has.
    pub extensions: Vec<String>,
}

/// Why bytes are not a manifest. Whose fault: always the plugin's author; a retry helps only while the file is being
/// written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The section is shorter than it says, or does not start as it must.
    #[error("its manifest section is damaged ({what}): build the plugin again")]
    Frame {
        /// What is wrong with it.
        what: &'static str,
    },
    /// Longer than [`MAX_MANIFEST_BYTES`].
    #[error("its manifest is {found} bytes long, and at most {MAX_MANIFEST_BYTES} are read: shorten it")]
    TooLong {
        /// Length that the section names, in bytes.
        found: usize,
    },
    /// Not JSON, or a field is missing, of the wrong type or has a wrong value.
    #[error("its manifest cannot be used: {reason}")]
    Content {
        /// The first thing found wrong, in words.
        reason: String,
    },
}

impl Manifest {
    /// Reads the contents of a manifest section.
    ///
    /// # Errors
    /// [`ManifestError`], if the section is not one or what it says is not allowed.
    pub fn from_section(section: &[u8]) -> Result<Self, ManifestError> {
        let damaged = |what| ManifestError::Frame { what };
        let rest = section.strip_prefix(&MANIFEST_MAGIC).ok_or(damaged("it does not start with its mark"))?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(damaged("it ends before its length"))?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLong { found: length });
        }
        Self::from_json(rest.get(..length).ok_or(damaged("it is shorter than it says"))?)
    }

    /// Reads and checks a manifest's JSON.
    ///
    /// # Errors
    /// [`ManifestError::TooLong`] and [`ManifestError::Content`].
    pub fn from_json(json: &[u8]) -> Result<Self, ManifestError> {
        if json.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLong { found: json.len() });
        }
        serde_json::from_slice(json).map_err(|e| ManifestError::Content { reason: printable(&e.to_string()) })
    }

    /// The bytes of a manifest section that holds this manifest.
    #[must_use]
    pub fn to_section(&self) -> Vec<u8> {
        // Strings, numbers and lists of them: there is nothing in it that JSON could not hold.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
        [&MANIFEST_MAGIC[..], &length.to_le_bytes(), &json].concat()
    }
}

/// The manifest as it stands in the JSON, before it is checked.
#[derive(Deserialize)]
struct Written {
    id: PluginId,
    version: Version,
    api: Version,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    license: String,
    #[serde(default)]
    authors: String,
    #[serde(default)]
    repository: String,
    #[serde(default)]
    http: Vec<String>,
    #[serde(default)]
    private_network: bool,
    #[serde(default)]
    min_size: Option<[u16; 2]>,
    #[serde(default)]
    max_size: Option<[u16; 2]>,
    #[serde(default)]
    extensions: Vec<String>,
}

impl TryFrom<Written> for Manifest {
    /// One sentence; it becomes the reason of a [`ManifestError::Content`].
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { id, version, api, name, description, license, authors, repository, .. } = written;
        let Written { http, private_network, min_size, max_size, extensions, .. } = written;
        // Cargo takes a description of several lines, and so do we, as one.
        let [name, description, license, authors, repository] =
            [name, description, license, authors, repository].map(one_line);
        let name = if name.is_empty() { id.to_string() } else { name };
        for (field, version) in [("version", &version), ("api", &api)] {
            if !version.build.is_empty() {
                return Err(format!("{field} is {version}, and build metadata (after '+') is not allowed"));
            }
            check_text(field, &version.to_string(), 64)?;
        }
        let texts = [
            ("name", &name),
            ("description", &description),
            ("license", &license),
            ("authors", &authors),
            ("repository", &repository),
        ];
        for (field, text) in texts {
            check_text(field, text, MAX_TEXT_CHARS)?;
        }
        for (field, list) in [("http", &http), ("extensions", &extensions)] {
            if list.len() > MAX_LIST_ENTRIES {
                return Err(format!(
                    "{field} has {} entries, at most {MAX_LIST_ENTRIES} are allowed",
                    list.len()
                ));
            }
            for entry in list {
                check_text(field, entry, 260)?;
            }
        }
        if let Some(bad) = http.iter().find(|pattern| !is_host_pattern(pattern)) {
            return Err(format!(
                "http names {bad:?}, which is not a host: use a lower-case name, '*.' and a suffix, or '*'"
            ));
        }
        if extensions.iter().any(String::is_empty) {
            return Err("extensions holds an empty name".to_owned());
        }
        check_sizes(min_size, max_size)?;
        Ok(Self {
            id,
            version,
            api,
            name,
            description,
            license,
            authors,
            repository,
            http,
            private_network,
            min_size,
            max_size,
            extensions,
        })
    }
}

/// A text with its line breaks and tabs made spaces.
fn one_line(text: String) -> String {
    if text.contains(['\n', '\r', '\t']) {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text
    }
}

fn check_text(field: &str, text: &str, most: usize) -> Result<(), String> {
    if text.chars().count() > most {
        return Err(format!("{field} is longer than {most} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{field} holds control characters"));
    }
    Ok(())
}

fn check_sizes(min: Option<[u16; 2]>, max: Option<[u16; 2]>) -> Result<(), String> {
    for (field, size) in [("min_size", min), ("max_size", max)] {
        if size.is_some_and(|sides| sides.iter().any(|side| !(1..=MAX_SIDE).contains(side))) {
            return Err(format!("{field} is out of range: each side is 1 to {MAX_SIDE} pixels"));
        }
    }
    match (min, max) {
        (Some(min), Some(max)) if min[0] > max[0] || min[1] > max[1] => {
            Err("min_size is larger than max_size".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether a text is a host pattern, see [`Manifest::http`].
fn is_host_pattern(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port_good = match port {
        None | Some("*") => true,
        Some(port) => {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|number| number > 0)
        }
    };
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return port_good && address.parse::<Ipv6Addr>().is_ok();
    }
    port_good && (host == "*" || is_host_name(host.strip_prefix("*.").unwrap_or(host)))
}

fn is_host_name(name: &str) -> bool {
    let label_good = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label_good)
}

/// A text from outside, short and on one line.
fn printable(text: &str) -> String {
    text.chars()
        .take(300)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALLEST: &str = r#"{"id":"clock","version":"0.1.0","api":"1.0.0"}"#;

    fn reason(json: &str) -> String {
        Manifest::from_json(json.as_bytes()).expect_err(json).to_string()
    }

    fn with(field: &str) -> String {
        SMALLEST.replace('}', &format!(",{field}}}"))
    }

    #[test]
    fn absent_fields_have_defaults_and_unknown_ones_are_ignored() {
        let manifest = Manifest::from_json(with(r#""colour":{"deep":[1]}"#).as_bytes()).expect("a manifest");
        assert_eq!((manifest.name.as_str(), manifest.description.as_str()), ("clock", ""));
        assert_eq!((manifest.http.len(), manifest.private_network, manifest.min_size), (0, false, None));
    }

    #[test]
    fn a_manifest_survives_its_section() {
        let json = with(
            r#""name":"Clock","http":["api.example.org","*.example.com:8080","*"],"min_size":[32,16],"max_size":null,
               "extensions":["marquee.ticker/1"],"private_network":true"#,
        );
        let manifest = Manifest::from_json(json.as_bytes()).expect("a manifest");
        let mut section = manifest.to_section();
        assert_eq!(Manifest::from_section(&section), Ok(manifest.clone()));
        section.extend_from_slice(b"whatever the linker put behind it\0\0");
        assert_eq!(Manifest::from_section(&section), Ok(manifest));
    }

    #[test]
    fn a_description_of_several_lines_becomes_one() {
        let json = with(r#""description":"\nShows\n\tthe time.\n""#);
        let manifest = Manifest::from_json(json.as_bytes()).expect("a manifest");
        assert_eq!(manifest.description, "Shows the time.");
    }

    #[test]
    fn a_damaged_section_is_refused() {
        let section = Manifest::from_json(SMALLEST.as_bytes()).expect("a manifest").to_section();
        for cut in 0..section.len() {
            assert!(
                matches!(Manifest::from_section(&section[..cut]), Err(ManifestError::Frame { .. })),
                "{cut}"
            );
        }
        let mut long = section;
        long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(Manifest::from_section(&long), Err(ManifestError::TooLong { .. })));
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (field, expected) in [
            (r#""name":"a\u001b[2J""#, "name holds control characters"),
            (r#""http":["Example.org"]"#, "\"Example.org\""),
            (r#""min_size":[0,16]"#, "min_size is out of range"),
            (r#""min_size":[64,16],"max_size":[32,16]"#, "larger than max_size"),
            (r#""extensions":[""]"#, "empty name"),
        ] {
            let reason = reason(&with(field));
            assert!(reason.contains(expected), "{reason}");
        }
        assert!(reason(&SMALLEST.replace("clock", "../x")).contains("is not a plugin id"));
        assert!(reason(&SMALLEST.replace("0.1.0", "0.1")).contains("version"));
        assert!(reason(&SMALLEST.replace("0.1.0", "0.1.0+x")).contains("build metadata"));
        assert!(reason(r#"{"version":"0.1.0","api":"1.0.0"}"#).contains("missing field `id`"));
    }

    #[test]
    fn host_patterns_are_names_suffixes_or_everything() {
        for good in [
            "*",
            "*:*",
            "*:8080",
            "a.b",
            "*.a.b",
            "localhost",
            "a.b:8080",
            "a.b:*",
            "10.0.0.1",
            "[::1]",
            "[::1]:80",
            "xn--p1ai",
        ] {
            assert!(is_host_pattern(good), "{good}");
        }
        for bad in [
            "", "A.b", "*a.b", "a.*", "a..b", ".a", "a.", "a b", "a/b", "http://a", "a:", "a:0", "a:+1",
            "[x]",
        ] {
            assert!(!is_host_pattern(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Manifest::from_section(&bytes);
            let _ = Manifest::from_json(&bytes);
            let framed = [&MANIFEST_MAGIC[..], &u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes(), &bytes];
            let _ = Manifest::from_section(&framed.concat());
        }
    }
}
