//! A file and surroundings of its own for each test.

use std::path::PathBuf;

use marquee::config::{Config, Overrides, Surroundings, load};
use tempfile::TempDir;

/// A place to load a configuration in.
pub(crate) struct Place {
    pub(crate) home: TempDir,
    pub(crate) around: Surroundings,
    pub(crate) flags: Overrides,
}

impl Place {
    /// A home of its own, no variables but `HOME`, and no file.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut around = Surroundings::none();
        around.variables.insert("HOME".to_owned(), home.path().to_str().unwrap().to_owned());
        around.system_file = home.path().join("etc/marquee.toml");
        around.program = Some("/opt/marquee/bin/marquee".into());
        Self { home, around, flags: Overrides::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn set(&mut self, variable: &str, text: &str) -> &mut Self {
        self.around.variables.insert(variable.to_owned(), text.to_owned());
        self
    }

    /// Loads with `marquee.toml` in the home as `--config`, if it was written.
    pub(crate) fn load(&self) -> Result<Config, String> {
        let file = self.path("marquee.toml");
        let file = file.exists().then_some(file.as_path());
        load(file, &self.flags, &self.around).map_err(|error| {
            let text = marquee::errors::with_causes(&error);
            text.replace(&format!("{}/", self.home.path().display()), "")
        })
    }
}

/// Loads a text as the file.
pub(crate) fn read(text: &str) -> Result<Config, String> {
    let place = Place::new();
    place.write("marquee.toml", text);
    place.load()
}
