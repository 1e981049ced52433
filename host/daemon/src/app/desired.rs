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
