//! Plugin files: as built, and copies that differ in what tests look at.
//!
//! Invariant: a changed copy has the same length and the same code; only marked bytes differ.

use std::path::Path;

use crate::built;

/// The bytes of a plugin file.
#[derive(Debug, Clone)]
pub struct Library(pub Vec<u8>);

impl Library {
    /// The plugin with all the bad habits, id `hostile`, version 0.1.0, build A.
    #[must_use]
    pub fn hostile() -> Self {
        Self::read("libmarquee_hostile.so")
    }

    /// The same file under another id: one that tests use as a good plugin, `patient`.
    #[must_use]
    pub fn patient() -> Self {
        Self::hostile().id("patient")
    }

    /// The plugin that attacks from a static constructor.
    #[must_use]
    pub fn constructor(orders: &[&str]) -> Self {
        let mark = b"MARQUEE-TEST-ORDERS:";
        let mut text = orders.join("\n").into_bytes();
        text.push(b'\n');
        Self::read("libmarquee_hostile_constructor.so").replace_after(mark, &text)
    }

    fn read(name: &str) -> Self {
        let path = built::file(name);
        Self(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// The same with another letter in each frame.
    #[must_use]
    pub fn build(self, letter: char) -> Self {
        self.replace_after(b"MARQUEE-TEST-BUILD=", &[letter as u8])
    }

    /// The same with another id, as long as the one before.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        let in_manifest = r#""id":""#.as_bytes();
        self.replace_after(in_manifest, id.as_bytes())
    }

    /// The same with another version, as long as the one before.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        assert_eq!(version.len(), 5, "the version in the manifest has five characters");
        self.replace_after(br#""version":""#, version.as_bytes())
    }

    /// The same without what only a debugger reads: a tenth of the size.
    ///
    /// # Panics
    /// When there is no `strip`, which comes with every C compiler.
    #[must_use]
    pub fn stripped(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("plugin.so");
        std::fs::write(&path, &self.0).expect("the plugin is written");
        let done = std::process::Command::new("strip").arg(&path).status().expect("strip starts");
        assert!(done.success(), "strip refuses the plugin");
        Self(std::fs::read(&path).expect("the stripped plugin is read"))
    }

    /// The same with every occurrence of some bytes replaced by as many others.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn replace_all(mut self, old: &[u8], new: &[u8]) -> Self {
        assert_eq!(old.len(), new.len(), "the length stays");
        let found = self.find(old);
        assert!(!found.is_empty(), "the file has {:?}", String::from_utf8_lossy(old));
        for at in found {
            self.0[at..at + new.len()].copy_from_slice(new);
        }
        self
    }

    /// The same with one byte changed.
    #[must_use]
    pub fn byte(mut self, at: usize, value: u8) -> Self {
        self.0[at] = value;
        self
    }

    /// Overwrites what comes after a mark.
    fn replace_after(mut self, mark: &[u8], bytes: &[u8]) -> Self {
        let found: Vec<usize> = self.find(mark);
        assert_eq!(found.len(), 1, "the file has the mark {:?} once", String::from_utf8_lossy(mark));
        let at = found[0] + mark.len();
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Where a mark is.
    fn find(&self, mark: &[u8]) -> Vec<usize> {
        self.0.windows(mark.len()).enumerate().filter(|(_, bytes)| *bytes == mark).map(|(at, _)| at).collect()
    }

    /// Writes the file beside its place and moves it there, as a careful installer does.
    ///
    /// # Panics
    /// When the folder cannot be written to.
    pub fn install(&self, path: &Path) {
        let beside = path.with_extension("new");
        std::fs::write(&beside, &self.0).expect("the plugin is written");
        std::fs::rename(&beside, path).expect("the plugin is moved to its place");
    }
}
