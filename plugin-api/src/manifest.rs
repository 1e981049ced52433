//! What a plugin says of itself, readable from its file without running it.
//!
//! [`export_plugin!`](crate::export_plugin) writes the manifest into the ELF section `.marquee.manifest`: the bytes
//! `MARQUEE\x01`, the length of what follows as a little-endian `u32`, then one JSON object. It is made at compile
//! time, in `const` functions, so that it costs the author no build script and can never differ from the code.
//!
//! Invariant: the JSON is valid UTF-8 and correctly escaped whatever the author wrote.

use crate::API_VERSION;

/// The start of the manifest section.
pub(crate) const MAGIC: &[u8; 8] = b"MARQUEE\x01";

/// What a plugin says of itself. Made by [`export_plugin!`](crate::export_plugin); each method here is a word that the
/// macro takes.
#[derive(Debug, Clone, Copy)]
pub struct Manifest {
    id: &'static str,
    name: &'static str,
    version: &'static str,
    description: &'static str,
    license: &'static str,
    authors: &'static str,
    repository: &'static str,
    http: &'static [&'static str],
    private_network: bool,
    min_size: Option<(u32, u32)>,
    max_size: Option<(u32, u32)>,
    extensions: &'static [&'static str],
}

impl Manifest {
    /// A manifest from the fields of a Cargo package. The id is the package's name without `marquee-plugin-`.
    #[doc(hidden)]
    #[must_use]
    pub const fn from_package(
        package: &'static str,
        version: &'static str,
        description: &'static str,
        license: &'static str,
        authors: &'static str,
        repository: &'static str,
    ) -> Self {
        let id = without_prefix(package, "marquee-plugin-");
        Self {
            id,
            name: id,
            version,
            description,
            license,
            authors,
            repository,
            http: &[],
            private_network: false,
            min_size: None,
            max_size: None,
            extensions: &[],
        }
    }

    /// The id: 2 to 64 lower-case ASCII letters, digits and single hyphens, starting with a letter. It is the plugin's
    /// name everywhere. Default: the package's name without `marquee-plugin-`.
    ///
    /// # Panics
    /// At compile time, if it is not such a name.
    #[must_use]
    pub const fn id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// The name that people read. Default: the id.
    #[must_use]
    pub const fn name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// One sentence. Default: the package's description.
    #[must_use]
    pub const fn description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The hosts that the plugin fetches from: `"api.example.org"`, `"*.example.org"`, with `:port` if it is not the
    /// scheme's own, or `"*"` for hosts that come from the settings. The operator must approve each.
    #[must_use]
    pub const fn http(self, hosts: &'static [&'static str]) -> Self {
        Self { http: hosts, ..self }
    }

    /// Whether it wants to reach private addresses (a device in the house). The operator must approve.
    #[must_use]
    pub const fn private_network(self, wanted: bool) -> Self {
        Self { private_network: wanted, ..self }
    }

    /// The smallest frame that it draws well, width and height in pixels.
    #[must_use]
    pub const fn min_size(self, size: (u32, u32)) -> Self {
        Self { min_size: Some(size), ..self }
    }

    /// The largest frame that it draws well, width and height in pixels.
    #[must_use]
    pub const fn max_size(self, size: (u32, u32)) -> Self {
        Self { max_size: Some(size), ..self }
    }

    /// Ids of the extensions of the contract that it uses, for people to see; it must live without them.
    #[must_use]
    pub const fn extensions(self, ids: &'static [&'static str]) -> Self {
        Self { extensions: ids, ..self }
    }
}

/// How many bytes [`encode`] makes.
#[doc(hidden)]
#[must_use]
pub const fn encoded_len(manifest: &Manifest) -> usize {
    write::<0>(manifest).at
}

/// The content of the section; `N` must be [`encoded_len`].
#[doc(hidden)]
#[must_use]
pub const fn encode<const N: usize>(manifest: &Manifest) -> [u8; N] {
    assert!(is_id(manifest.id), "a plugin id is 2 to 64 lower-case letters, digits and single hyphens");
    let mut out = write::<N>(manifest);
    let length = ((N - 12) as u32).to_le_bytes();
    let mut i = 0;
    while i < 4 {
        out.bytes[8 + i] = length[i];
        i += 1;
    }
    out.bytes
}

const fn write<const N: usize>(m: &Manifest) -> Out<N> {
    let mut out = Out { bytes: [0; N], at: 0 };
    out.raw(MAGIC);
    out.raw(&[0; 4]);
    out.raw(b"{");
    out.field("api", API_VERSION);
    out.raw(b",");
    out.field("id", m.id);
    out.raw(b",");
    out.field("name", m.name);
    out.raw(b",");
    out.field("version", m.version);
    out.raw(b",");
    out.field("description", m.description);
    out.raw(b",");
    out.field("license", m.license);
    out.raw(b",");
    out.field("authors", m.authors);
    out.raw(b",");
    out.field("repository", m.repository);
    out.raw(b",\"http\":");
    out.list(m.http);
    out.raw(if m.private_network { b",\"private_network\":true" } else { b",\"private_network\":false" });
    out.raw(b",\"min_size\":");
    out.size(m.min_size);
    out.raw(b",\"max_size\":");
    out.size(m.max_size);
    out.raw(b",\"extensions\":");
    out.list(m.extensions);
    out.raw(b"}");
    out
}

/// Bytes written so far; what does not fit is only counted, which is how the length is found.
struct Out<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

impl<const N: usize> Out<N> {
    const fn byte(&mut self, byte: u8) {
        if self.at < N {
            self.bytes[self.at] = byte;
        }
        self.at += 1;
    }

    const fn raw(&mut self, bytes: &[u8]) {
        let mut i = 0;
        while i < bytes.len() {
            self.byte(bytes[i]);
            i += 1;
        }
    }

    const fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b @ (b'"' | b'\\') => {
                    self.byte(b'\\');
                    self.byte(b);
                }
                b @ 0..0x20 => {
                    self.raw(b"\\u00");
                    self.byte(HEX[(b >> 4) as usize]);
                    self.byte(HEX[(b & 15) as usize]);
                }
                b => self.byte(b),
            }
            i += 1;
        }
        self.byte(b'"');
    }

    const fn field(&mut self, key: &str, value: &str) {
        self.string(key);
        self.byte(b':');
        self.string(value);
    }

    const fn list(&mut self, items: &[&str]) {
        self.byte(b'[');
        let mut i = 0;
        while i < items.len() {
            if i > 0 {
                self.byte(b',');
            }
            self.string(items[i]);
            i += 1;
        }
        self.byte(b']');
    }

    const fn number(&mut self, n: u32) {
        let mut place = 1_000_000_000;
        let mut started = false;
        while place > 0 {
            let digit = (n / place) % 10;
            started = started || digit > 0 || place == 1;
            if started {
                self.byte(b'0' + digit as u8);
            }
            place /= 10;
        }
    }

    const fn size(&mut self, size: Option<(u32, u32)>) {
        match size {
            None => self.raw(b"null"),
            Some((width, height)) => {
                self.byte(b'[');
                self.number(width);
                self.byte(b',');
                self.number(height);
                self.byte(b']');
            }
        }
    }
}

const fn is_id(id: &str) -> bool {
    let bytes = id.as_bytes();
    if bytes.len() < 2 || bytes.len() > 64 || !bytes[0].is_ascii_lowercase() || bytes[bytes.len() - 1] == b'-'
    {
        return false;
    }
    let mut i = 0;
    while i < bytes.len() {
        let b = bytes[i];
        if !(b.is_ascii_lowercase() || b.is_ascii_digit() || (b == b'-' && bytes[i - 1] != b'-')) {
            return false;
        }
        i += 1;
    }
    true
}

const fn without_prefix(text: &'static str, prefix: &str) -> &'static str {
    let (bytes, start) = (text.as_bytes(), prefix.as_bytes());
    if bytes.len() <= start.len() {
        return text;
    }
    let mut i = 0;
    while i < start.len() {
        if bytes[i] != start[i] {
            return text;
        }
        i += 1;
    }
    text.split_at(start.len()).1
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: Manifest =
        Manifest::from_package("marquee-plugin-odd", "1.2.3", "says \"\\\n\u{1}ü\"", "MIT", "a:b", "")
            .http(&["a.example", "*.b.example:8080"])
            .min_size((32, 16));
    const BYTES: [u8; encoded_len(&ODD)] = encode(&ODD);

    #[test]
    fn the_section_is_framed_json_whatever_the_author_wrote() {
        assert_eq!(&BYTES[..8], MAGIC);
        assert_eq!(u32::from_le_bytes(BYTES[8..12].try_into().unwrap()) as usize, BYTES.len() - 12);
        let json: serde_json::Value = serde_json::from_slice(&BYTES[12..]).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "api": API_VERSION, "id": "odd", "name": "odd", "version": "1.2.3",
                "description": "says \"\\\n\u{1}ü\"", "license": "MIT", "authors": "a:b", "repository": "",
                "http": ["a.example", "*.b.example:8080"], "private_network": false,
                "min_size": [32, 16], "max_size": null, "extensions": []
            })
        );
    }

    #[test]
    fn ids_follow_the_rule_for_names() {
        assert!(is_id("clock") && is_id("a1") && is_id("a-b"));
        for bad in ["", "a", "A1", "1a", "a--b", "a-", "-a", "a_b"] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
