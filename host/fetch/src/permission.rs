//! What one plugin instance may fetch: what its manifest asks for *and* the operator approved.
//!
//! Invariant: both lists must name the host with its port; an empty list permits nothing.

use url::Url;

use crate::error::{FetchError, NotPermitted};
use crate::exchange::authority;
use crate::pattern::HostPattern;

/// The permission of one plugin instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permission {
    /// The hosts that the manifest names; `*` here means any host that the operator approves.
    pub asked: Vec<HostPattern>,
    /// The hosts that the operator approved for this instance; a bare `*` here permits nothing.
    pub approved: Vec<HostPattern>,
    /// Whether private and loopback addresses may be reached: the manifest asks for it and the operator approved it.
    pub private_network: bool,
}

impl Permission {
    /// Whether `url` may be fetched, as far as its host and port go.
    pub(crate) fn check(&self, url: &Url) -> Result<(), FetchError> {
        let approved = || self.approved.iter().filter(|pattern| !pattern.is_any());
        let why = if !self.asked.iter().any(|pattern| pattern.names_host(url)) {
            NotPermitted::NotAsked
        } else if !approved().any(|pattern| pattern.names_host(url)) {
            NotPermitted::NotApproved
        } else if !self.asked.iter().any(|pattern| pattern.names_host(url) && pattern.allows_port(url)) {
            NotPermitted::PortNotAsked
        } else if !approved().any(|pattern| pattern.names_host(url) && pattern.allows_port(url)) {
            NotPermitted::PortNotApproved
        } else {
            return Ok(());
        };
        Err(FetchError::NotPermitted { host: authority(url), why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(asked: &[&str], approved: &[&str], url: &str) -> Option<NotPermitted> {
        let read = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        let permission = Permission { asked: read(asked), approved: read(approved), private_network: false };
        match permission.check(&url.parse().unwrap()) {
            Ok(()) => None,
            Err(FetchError::NotPermitted { why, .. }) => Some(why),
            Err(other) => panic!("{other}"),
        }
    }

    /// P-BOX-3: a host must be asked for and approved, and the reason says which is missing.
    #[test]
    fn a_host_must_be_asked_for_and_approved() {
        let url = "https://example.com/";
        assert_eq!(verdict(&["example.com"], &["example.com"], url), None);
        assert_eq!(verdict(&["*"], &["example.com"], url), None);
        assert_eq!(verdict(&["*.com"], &["example.com"], url), None);
        assert_eq!(verdict(&[], &["example.com"], url), Some(NotPermitted::NotAsked));
        assert_eq!(verdict(&["other.org"], &["example.com"], url), Some(NotPermitted::NotAsked));
        assert_eq!(verdict(&["example.com"], &[], url), Some(NotPermitted::NotApproved));
        assert_eq!(verdict(&["example.com"], &["*"], url), Some(NotPermitted::NotApproved));
    }

    /// P-BOX-3: an unusual port needs to be named by both.
    #[test]
    fn an_unusual_port_must_be_asked_for_and_approved() {
        let url = "https://example.com:8443/";
        let (bare, port) = (["example.com"], ["example.com:8443"]);
        assert_eq!(verdict(&bare, &port, url), Some(NotPermitted::PortNotAsked));
        assert_eq!(verdict(&port, &bare, url), Some(NotPermitted::PortNotApproved));
        assert_eq!(verdict(&port, &port, url), None);
    }
}
