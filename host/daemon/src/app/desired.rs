//! The desired state: which instances there are, and which of them shall run. In memory for now.
//!
//! Invariant: names are unique; intent changes only by what the operator said (the configuration's first instances, the
//! flag `--enable`) and never by what happens to a plugin. A plugin that is found and that no instance uses gets a
//! disabled instance of its own, so that the operator sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use marquee_model::{InstanceName, PluginId, Status};
use serde_json::Value;

use crate::config::Config;

/// `--enable`: what runs on a first start instead of the default plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enable {
    /// Every plugin that is found, also one that comes later.
    All,
    /// These.
    Names(Vec<InstanceName>),
}

/// The plugin that runs when nobody said anything.
const DEFAULT: &str = "clock";

/// One instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    pub(crate) name: InstanceName,
    pub(crate) package: PluginId,
    pub(crate) status: Status,
    pub(crate) config: Value,
    pub(crate) duration: Duration,
    pub(crate) version: u64,
}

/// All instances, in the order of the rotation.
#[derive(Debug, Clone)]
pub(crate) struct Desired {
    instances: Vec<Instance>,
    default_duration: Duration,
    /// What is found later is enabled, too.
    all: bool,
}

impl Desired {
    /// The state of a first start.
    pub(crate) fn first(config: &Config, enable: Option<&Enable>) -> Self {
        let default_duration = config.display.default_duration;
        let mut desired = Self { instances: Vec::new(), default_duration, all: enable == Some(&Enable::All) };
        for instance in &config.instances {
            desired.instances.push(Instance {
                name: instance.name.clone(),
                package: instance.package.clone(),
                status: if instance.enabled { Status::Enabled } else { Status::Disabled },
                config: instance.config.clone(),
                duration: instance.duration.unwrap_or(default_duration),
                version: 1,
            });
        }
        let named = match enable {
            Some(Enable::Names(names)) => names.clone(),
            Some(Enable::All) => Vec::new(),
            None if desired.instances.is_empty() => DEFAULT.parse().into_iter().collect(),
            None => Vec::new(),
        };
        for name in named {
            match desired.instances.iter_mut().find(|instance| instance.name == name) {
                Some(instance) => instance.status = Status::Enabled,
                None => {
                    // A name that is no plugin's id stays as an instance without a plugin: missing, and said so.
                    if let Ok(package) = name.as_str().parse() {
                        desired.add(name, package, Status::Enabled);
                    }
                }
            }
        }
        desired
    }

    /// Adds an instance for each plugin that none uses. Whether there was one.
    pub(crate) fn notice<'a>(&mut self, found: impl Iterator<Item = &'a PluginId>) -> bool {
        let mut changed = false;
        let status = if self.all { Status::Enabled } else { Status::Disabled };
        for id in found {
            let name = InstanceName::from(id.clone());
            let used = self.instances.iter().any(|instance| &instance.package == id || instance.name == name);
            if !used {
                self.add(name, id.clone(), status);
                changed = true;
            }
        }
        changed
    }

    /// Takes over what the configuration now says of its instances: new ones are added, and settings, state and
    /// duration of those that it names follow it. Others stay as they are. Whether anything changed.
    pub(crate) fn reread(&mut self, config: &Config) -> bool {
        let before = self.instances.clone();
        for said in &config.instances {
            let status = if said.enabled { Status::Enabled } else { Status::Disabled };
            if !self.instances.iter().any(|instance| instance.name == said.name) {
                self.add(said.name.clone(), said.package.clone(), status);
            }
            let known = self.instances.iter_mut().find(|instance| instance.name == said.name);
            let Some(known) = known else { continue };
            let next = Instance {
                package: said.package.clone(),
                status,
                config: said.config.clone(),
                duration: said.duration.unwrap_or(self.default_duration),
                ..known.clone()
            };
            if next != *known {
                *known = Instance { version: known.version + 1, ..next };
            }
        }
        self.instances != before
    }

    fn add(&mut self, name: InstanceName, package: PluginId, status: Status) {
        let config = Value::Object(serde_json::Map::new());
        let duration = self.default_duration;
        self.instances.push(Instance { name, package, status, config, duration, version: 1 });
    }

    pub(crate) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// All instances by name.
    pub(crate) fn by_name(&self) -> BTreeMap<&InstanceName, &Instance> {
        self.instances.iter().map(|instance| (&instance.name, instance)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, Surroundings, load};

    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("marquee.toml");
        std::fs::write(&file, text).unwrap();
        let overrides = Overrides { state_dir: Some(folder.path().into()), ..Overrides::default() };
        load(Some(&file), &overrides, &Surroundings::none()).unwrap()
    }

    /// B-STATE-10: on a first start the default plugin is enabled, unless something else was said.
    #[test]
    fn a_first_start_enables_the_default_plugin_or_what_was_said() {
        let enabled = |desired: &Desired| -> Vec<String> {
            let enabled = desired.instances().iter().filter(|instance| instance.status == Status::Enabled);
            enabled.map(|instance| instance.name.to_string()).collect()
        };
        let nothing = config("");
        assert_eq!(enabled(&Desired::first(&nothing, None)), ["clock"]);
        let names = Enable::Names(vec!["life".parse().unwrap()]);
        assert_eq!(enabled(&Desired::first(&nothing, Some(&names))), ["life"]);
        let said = config("[[instance]]\nname = \"text\"\n");
        assert_eq!(enabled(&Desired::first(&said, None)), ["text"]);
        let mut all = Desired::first(&nothing, Some(&Enable::All));
        assert!(all.notice(["clock".parse().unwrap(), "life".parse().unwrap()].iter()));
        assert_eq!(enabled(&all), ["clock", "life"]);
        assert!(!all.notice(["clock".parse().unwrap()].iter()));
    }

    #[test]
    fn a_configuration_read_again_changes_what_it_names_and_nothing_else() {
        let first = config("[[instance]]\nname = \"a1\"\n[[instance]]\nname = \"b1\"\n");
        let mut desired = Desired::first(&first, None);
        assert!(!desired.reread(&first));
        let second = config("[[instance]]\nname = \"b1\"\nenabled = false\n[[instance]]\nname = \"c1\"\n");
        assert!(desired.reread(&second));
        let seen: Vec<_> =
            desired.instances().iter().map(|i| (i.name.as_str(), i.status, i.version)).collect();
        let (on, off) = (Status::Enabled, Status::Disabled);
        assert_eq!(seen, [("a1", on, 1), ("b1", off, 2), ("c1", on, 1)]);
    }
}
