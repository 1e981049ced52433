//! The listen address: read, judged, bound.
//!
//! Invariant: a listener from here is on a loopback address, because this version has no access tokens.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

/// Where the host listens unless told otherwise.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8750);

/// Why the host cannot listen where it was told to.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The text is not an address and a port.
    #[error("{0:?} is not a listen address: write ADDRESS:PORT, such as 127.0.0.1:8750 or [::1]:8750")]
    Form(String),
    /// An address that other machines could reach.
    #[error(
        "listening on {0} needs an access token, which this version does not have: use 127.0.0.1:{port} and reach it \
         from another machine through an SSH tunnel",
        port = .0.port()
    )]
    NotLoopback(SocketAddr),
    /// Something else listens there.
    #[error(
        "{0} is already in use: stop the program that listens there, or choose another port with --listen"
    )]
    InUse(SocketAddr),
    /// The system does not let this user listen there.
    #[error("this user may not listen on {0}: choose a port of 1024 or above with --listen")]
    Permission(SocketAddr),
    /// This machine does not have that address.
    #[error("this machine has no address {ip}: use 127.0.0.1:{port}", ip = .0.ip(), port = .0.port())]
    NoSuchAddress(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}")]
    Io {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads `ADDRESS:PORT`; `localhost` stands for `127.0.0.1`. Whether it may be bound is the business of [`bind`].
///
/// # Errors
/// [`BindError::Form`] if the text is anything else; names are not looked up.
pub fn parse_address(text: &str) -> Result<SocketAddr, BindError> {
    let text = text.trim();
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| BindError::Form(text.chars().take(60).collect()))
}

/// Listens on a loopback address; port 0 lets the system choose. The listener does not block, as `tokio` wants it.
///
/// # Errors
/// One sentence for each reason, with what to do about it.
pub fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    if !is_loopback(address.ip()) {
        return Err(BindError::NotLoopback(address));
    }
    TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener)).map_err(
        |source| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(address),
            io::ErrorKind::PermissionDenied => BindError::Permission(address),
            io::ErrorKind::AddrNotAvailable => BindError::NoSuchAddress(address),
            _ => BindError::Io { address, source },
        },
    )
}

/// Whether only this machine reaches the address; an IPv4 address in IPv6 clothes counts as what it is.
pub(crate) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused_in_one_sentence() {
        assert_eq!(parse_address("127.0.0.1:8750").unwrap(), DEFAULT_ADDRESS);
        assert_eq!(parse_address(" localhost:8750 ").unwrap(), DEFAULT_ADDRESS);
        assert_eq!(parse_address("[::1]:80").unwrap().to_string(), "[::1]:80");
        for bad in [
            "",
            "8750",
            ":8750",
            "localhost",
            "localhost:x",
            "127.0.0.1",
            "127.0.0.1:99999",
            "example.org:80",
        ] {
            let error = parse_address(bad).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "{bad:?} is not a listen address: write ADDRESS:PORT, such as 127.0.0.1:8750 or [::1]:8750"
                )
            );
        }
    }

    /// P-API: without tokens, nothing but loopback.
    #[test]
    fn an_address_that_others_can_reach_is_refused_until_there_are_tokens() {
        for open in ["0.0.0.0:8750", "192.168.1.20:8750", "[::]:8750", "[::ffff:10.0.0.1]:8750"] {
            let error = bind(open.parse().unwrap()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "listening on {open} needs an access token, which this version does not have: use 127.0.0.1:8750 \
                     and reach it from another machine through an SSH tunnel"
                )
            );
        }
    }

    #[test]
    fn a_taken_port_is_one_sentence_that_says_what_to_do() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        assert_eq!(
            bind(address).unwrap_err().to_string(),
            format!(
                "{address} is already in use: stop the program that listens there, or choose another port with --listen"
            )
        );
    }
}
