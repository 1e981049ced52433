//! What a host is to find when it starts: configuration and plugins folder.
//!
//! Invariant: each setup has a folder of its own, which is gone with it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::{Host, Library};

/// One `[[instance]]`.
#[derive(Debug, Clone)]
pub struct Instance(Value);

impl Instance {
    /// An instance of a plugin, shown for half a second at a time.
    #[must_use]
    pub fn new(name: &str, package: &str, settings: Value) -> Self {
        Self(json!({"name": name, "package": package, "duration_s": 0.5, "config": settings}))
    }

    /// The same, shown for so many seconds at a time.
    #[must_use]
    pub fn seconds(mut self, seconds: f64) -> Self {
        self.0["duration_s"] = json!(seconds);
        self
    }
}

/// A host that has not started yet.
#[derive(Debug)]
pub struct Setup {
    pub(crate) home: TempDir,
    pub(crate) config: Value,
    pub(crate) size: String,
    pub(crate) flags: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

impl Setup {
    /// An empty plugins folder, no instances, 30 frames a second on 64x32.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(home.path().join("plugins")).expect("the plugins folder");
        let config = json!({"display": {"fps": 30}, "instance": []});
        Self { home, config, size: "64x32".to_owned(), flags: Vec::new(), environment: Vec::new() }
    }

    /// The folder that all this lies in.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in the plugins folder.
    #[must_use]
    pub fn in_plugins(&self, name: &str) -> PathBuf {
        self.home.path().join("plugins").join(name)
    }

    /// Puts a plugin file into the folder.
    #[must_use]
    pub fn plugin(self, name: &str, library: &Library) -> Self {
        library.install(&self.in_plugins(name));
        self
    }

    /// Adds an instance.
    ///
    /// # Panics
    /// Never: the list is there from the start.
    #[must_use]
    pub fn instance(mut self, instance: Instance) -> Self {
        self.config["instance"].as_array_mut().expect("a list").push(instance.0);
        self
    }

    /// The plugin `patient` with two good instances, `one` (hue 11) and `two` (hue 22).
    #[must_use]
    pub fn two_good_ones(self) -> Self {
        self.plugin("patient.so", &Library::patient())
            .instance(Instance::new("one", "patient", json!({"hue": 11})))
            .instance(Instance::new("two", "patient", json!({"hue": 22})))
    }

    /// Sets a key of a table of the configuration.
    ///
    /// # Panics
    /// Never: the configuration is an object.
    #[must_use]
    pub fn set(mut self, table: &str, key: &str, value: Value) -> Self {
        let config = self.config.as_object_mut().expect("an object");
        let table = config.entry(table).or_insert_with(|| Value::Object(Map::new()));
        table[key] = value;
        self
    }

    /// Adds a flag of `marquee run`.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    /// Sets a variable of the host's environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changes a setting of an instance that is there.
    ///
    /// # Panics
    /// When there is no such instance.
    pub(crate) fn change(&mut self, name: &str, key: &str, value: Value) {
        let instances = self.config["instance"].as_array_mut().expect("instances");
        let instance = instances.iter_mut().find(|instance| instance["name"] == name).expect("the instance");
        instance["config"][key] = value;
    }

    /// The configuration file, written now.
    pub(crate) fn write(&self) -> PathBuf {
        let path = self.home.path().join("marquee.toml");
        let text = toml::to_string(&self.config).expect("the configuration can be written as TOML");
        fs::write(&path, text).expect("the configuration is written");
        path
    }

    /// Starts the host and waits until it is ready.
    #[must_use]
    pub fn start(self) -> Host {
        Host::start(self)
    }
}
