//! `[fetch]`: the limits of the fetch service, and which instance may reach which host.
//!
//! Invariant: nothing is approved unless the operator wrote it down for exactly that instance.

use std::str::FromStr;

use marquee_fetch::{HostPattern, Limits, Permission};
use marquee_model::InstanceName;

use super::ConfigError;
use super::section::Section;

/// `[fetch]`.
#[derive(Debug, Clone, Default)]
pub struct Fetch {
    /// Limits of all fetches.
    pub limits: Limits,
    /// `approve`.
    pub approvals: Vec<Approval>,
}

/// One line of `approve`: `instance: host` or `instance: private_network`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Who may.
    pub instance: InstanceName,
    /// What it may.
    pub what: Approved,
}

/// What an instance may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approved {
    /// Fetch from these hosts.
    Host(HostPattern),
    /// Reach private and loopback addresses.
    PrivateNetwork,
}

/// A text that is no approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an approval: write \"INSTANCE: HOST\" or \"INSTANCE: private_network\"")]
pub struct NoApproval;

impl FromStr for Approval {
    type Err = NoApproval;

    fn from_str(text: &str) -> Result<Self, NoApproval> {
        // A colon may be part of the name or of an address; the one that separates is followed by a space.
        let (instance, what) = text.rsplit_once(": ").or_else(|| text.split_once(':')).ok_or(NoApproval)?;
        let instance = instance.trim().parse().map_err(|_| NoApproval)?;
        let what = match what.trim() {
            "private_network" => Approved::PrivateNetwork,
            host => Approved::Host(HostPattern::approval(host).map_err(|_| NoApproval)?),
        };
        Ok(Self { instance, what })
    }
}

impl Fetch {
    /// What one instance may fetch: what its manifest asks for, as far as the operator approved it.
    #[must_use]
    pub fn permission(
        &self,
        instance: &InstanceName,
        asked: Vec<HostPattern>,
        asks_private_network: bool,
    ) -> Permission {
        let mut permission = Permission { asked, approved: Vec::new(), private_network: false };
        for approval in self.approvals.iter().filter(|approval| approval.instance == *instance) {
            match &approval.what {
                Approved::Host(pattern) => permission.approved.push(pattern.clone()),
                Approved::PrivateNetwork => permission.private_network = asks_private_network,
            }
        }
        permission
    }

    pub(super) fn read(root: &mut Section<'_>) -> Result<Self, ConfigError> {
        const APPROVALS: &str = "\"INSTANCE: HOST\" or \"INSTANCE: private_network\", the host as example.com, \
                                 *.example.com or example.com:8443";
        const MOST_BYTES: usize = 256 << 20;
        let mut table = root.table("fetch")?;
        let mut limits = Limits::default();
        for (key, limit, least) in [
            ("time_s", &mut limits.time, 0.1),
            ("backoff_first_s", &mut limits.backoff_first, 1.0),
            ("backoff_longest_s", &mut limits.backoff_longest, 1.0),
        ] {
            if let Some(item) = table.take(key) {
                *limit = item.seconds(least..=3600.0)?;
            }
        }
        for (key, limit, range) in [
            ("max_bytes", &mut limits.bytes, 1..=MOST_BYTES),
            ("concurrent_per_instance", &mut limits.concurrent_per_instance, 1..=1024),
            ("concurrent_total", &mut limits.concurrent_total, 1..=1024),
            ("cache_bytes", &mut limits.cache_bytes, 0..=MOST_BYTES),
            ("cache_bytes_per_instance", &mut limits.cache_bytes_per_instance, 0..=MOST_BYTES),
        ] {
            if let Some(item) = table.take(key) {
                *limit = item.integer(range)?;
            }
        }
        if let Some(item) = table.take("max_redirects") {
            limits.redirects = item.integer(0..=20)?;
        }
        let approvals = table.take("approve").map(|item| item.parsed_list(APPROVALS)).transpose()?;
        table.finish()?;
        Ok(Self { limits, approvals: approvals.unwrap_or_default() })
    }
}
