//! What shall run now, from what is desired and what is found.
//!
//! Invariant: pure. The same two inputs give the same answer; a plugin that vanished a moment ago counts as found for a
//! while, since files are replaced by deleting and writing them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use marquee_discovery::{Found, Scan};
use marquee_fetch::HostPattern;
use marquee_model::{PluginId, Status};
use marquee_runtime::Wanted;
use marquee_stage::Entry;

use super::desired::Desired;
use crate::config::Fetch;

/// How long a plugin whose file vanished keeps running, in case it comes back.
const GRACE: Duration = Duration::from_secs(2);

/// What shall run.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) rotation: Vec<Entry>,
}

/// Plugins that are there, or were a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    found: BTreeMap<PluginId, Arc<Found>>,
    vanished: BTreeMap<PluginId, (Arc<Found>, Instant)>,
}

impl Shelf {
    /// Takes a scan in. Whether somebody must look again later, and when.
    pub(crate) fn update(&mut self, scan: &Scan, now: Instant) -> Option<Instant> {
        for (id, found) in std::mem::take(&mut self.found) {
            if !scan.found.contains_key(&id) {
                self.vanished.entry(id).or_insert((found, now + GRACE));
            }
        }
        self.found = scan.found.clone();
        self.vanished.retain(|id, (_, until)| !scan.found.contains_key(id) && *until > now);
        self.vanished.values().map(|(_, until)| *until).min()
    }

    fn get(&self, id: &PluginId) -> Option<&Arc<Found>> {
        self.found.get(id).or_else(|| self.vanished.get(id).map(|(found, _)| found))
    }
}

/// What shall run.
pub(crate) fn plan(desired: &Desired, shelf: &Shelf, fetch: &Fetch) -> Plan {
    let mut plan = Plan::default();
    for instance in desired.instances().iter().filter(|instance| instance.status == Status::Enabled) {
        let Some(found) = shelf.get(&instance.package) else { continue };
        let asked = found.manifest.http.iter().filter_map(|text| text.parse::<HostPattern>().ok()).collect();
        let permission = fetch.permission(&instance.name, asked, found.manifest.private_network);
        plan.wanted.push(Wanted {
            name: instance.name.clone(),
            version: found.version.clone(),
            digest: found.digest.clone(),
            library: Arc::clone(&found.bytes),
            settings: instance.config.clone(),
            permission: Arc::new(permission),
            assets: found.assets.clone(),
        });
        plan.rotation.push(Entry { name: instance.name.clone(), duration: instance.duration });
    }
    plan
}
