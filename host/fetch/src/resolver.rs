//! Turning names into addresses that may be reached.
//!
//! Invariant: the HTTP client connects to exactly the addresses that [`CheckedResolver`] lets through; there is no
//! second look-up that could answer differently. Addresses written into the URL never come here: the client skips
//! the resolver for them, so [`check_literal`] judges those first.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::address::AddressKind;
use crate::error::FetchError;

/// The system's resolver, without the addresses that may not be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckedResolver {
    pub(crate) private_network: bool,
}

/// All addresses of a name are out of bounds; this is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name stands for the {kind} address {address}")]
pub(crate) struct AddressRefused {
    pub(crate) address: IpAddr,
    pub(crate) kind: AddressKind,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private_network = self.private_network;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let reachable = reachable(found, private_network)?;
            Ok(Box::new(reachable.into_iter()) as Addrs)
        })
    }
}

/// Those of `found` that may be reached; an error if all of them may not.
fn reachable(
    found: impl Iterator<Item = SocketAddr>,
    private_network: bool,
) -> Result<Vec<SocketAddr>, AddressRefused> {
    let mut refused = None;
    let mut good = Vec::new();
    for address in found {
        let kind = AddressKind::of(address.ip());
        if kind.reachable(private_network) {
            good.push(address);
        } else {
            refused = Some(AddressRefused { address: address.ip(), kind });
        }
    }
    match refused {
        Some(refused) if good.is_empty() => Err(refused),
        _ => Ok(good),
    }
}

/// Judges the host of `url` if it is an address; names are judged when they are resolved.
pub(crate) fn check_literal(url: &Url, private_network: bool) -> Result<(), FetchError> {
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    let kind = AddressKind::of(address);
    if kind.reachable(private_network) {
        Ok(())
    } else {
        Err(FetchError::PrivateAddress { host: url.host_str().unwrap_or_default().to_owned(), address, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-BOX-3: of a name with good and bad addresses only the good ones are ever connected to.
    #[test]
    fn bad_addresses_of_a_name_are_left_out() {
        let good: SocketAddr = "93.184.215.14:0".parse().unwrap();
        let bad: SocketAddr = "[::ffff:10.0.0.1]:0".parse().unwrap();
        assert_eq!(reachable([bad, good].into_iter(), false), Ok(vec![good]));
        assert_eq!(reachable([bad, good].into_iter(), true), Ok(vec![bad, good]));
        assert_eq!(reachable([bad].into_iter(), false).unwrap_err().kind, AddressKind::Private);
        assert_eq!(reachable([].into_iter(), false), Ok(vec![]));
    }

    /// P-BOX-3: every way to write an address is the same address.
    #[test]
    fn addresses_in_odd_notations_are_judged_alike() {
        for text in [
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://0/",
            "http://[::]/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[2002:a00:1::]/",
            "http://\u{ff11}27.0.0.1/",
            "http://169.254.169.254/",
        ] {
            let url: Url = text.parse().unwrap();
            assert!(matches!(check_literal(&url, false), Err(FetchError::PrivateAddress { .. })), "{text}");
        }
        assert!(check_literal(&"http://8.8.8.8/".parse().unwrap(), false).is_ok());
        assert!(check_literal(&"http://127.0.0.1/".parse().unwrap(), true).is_ok());
        assert!(check_literal(&"http://0.0.0.0/".parse().unwrap(), true).is_err());
    }
}
