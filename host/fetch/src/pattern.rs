//! Patterns that name hosts: in a plugin's manifest (what it asks for) and in the configuration (what is approved).
//!
//! Invariant: a pattern is normalised as URLs are (lower case, punycode, one way to write each IP address), so that
//! comparing it with the host of a parsed URL is comparing like with like. An IP address is matched only by itself.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A pattern for hosts: `example.com`, `*.example.com` (everything below it, not itself) or `*` (any name; no IP
/// address), each with `:port` or `:*`. Without a port only the usual one of the scheme matches (80 or 443).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    host: HostPart,
    port: PortPart,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum HostPart {
    Any,
    Below(String),
    Name(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum PortPart {
    Usual,
    Any,
    Number(u16),
}

/// Why a text is not a host pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a host pattern ({why}): write `example.com`, `*.example.com` or an address, and `:port` if it is not the usual one"
)]
pub struct PatternError {
    /// The text, shortened.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl HostPattern {
    /// Reads a pattern that an operator writes to approve hosts: `*` alone is not one, because a plugin that asks for
    /// any host means "any that the operator names".
    ///
    /// # Errors
    /// When the text is not a pattern, or is `*`.
    pub fn approval(text: &str) -> Result<Self, PatternError> {
        let pattern: Self = text.parse()?;
        if pattern.is_any() { Err(refused(text, "an approval must name the host")) } else { Ok(pattern) }
    }

    /// Whether this is `*`, with whatever port.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.host == HostPart::Any
    }

    /// Whether the host of `url` is one that this pattern names, whatever the port.
    pub(crate) fn names_host(&self, url: &Url) -> bool {
        match (&self.host, url.host()) {
            (HostPart::Any, Some(Host::Domain(_))) => true,
            (HostPart::Name(name), Some(Host::Domain(host))) => without_root(host) == name,
            (HostPart::Below(suffix), Some(Host::Domain(host))) => without_root(host)
                .strip_suffix(suffix.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            (HostPart::Address(address), Some(Host::Ipv4(host))) => *address == IpAddr::V4(host),
            (HostPart::Address(address), Some(Host::Ipv6(host))) => *address == IpAddr::V6(host),
            _ => false,
        }
    }

    /// Whether the port of `url` is one that this pattern allows.
    pub(crate) fn allows_port(&self, url: &Url) -> bool {
        match self.port {
            // A parsed URL has no port when it is the usual one of its scheme.
            PortPart::Usual => url.port().is_none(),
            PortPart::Any => true,
            PortPart::Number(port) => url.port_or_known_default() == Some(port),
        }
    }
}

/// `example.com.` and `example.com` are the same host.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn refused(text: &str, why: &'static str) -> PatternError {
    PatternError { text: text.chars().take(80).collect(), why }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let refuse = |why| refused(text, why);
        if text.len() > 300 {
            return Err(refuse("it is too long"));
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || "/@%?#\\".contains(c)) {
            return Err(refuse("only a host and a port belong in it"));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, _)) if text.ends_with(']') && host.starts_with('[') => (text, None),
            Some((host, _)) if host.contains(':') && !host.starts_with('[') => {
                return Err(refuse("an IPv6 address needs square brackets"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        let port = match port {
            None => PortPart::Usual,
            Some("*") => PortPart::Any,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
                Ok(number) if number != 0 => PortPart::Number(number),
                _ => return Err(refuse("the port is not between 1 and 65535")),
            },
            Some(_) => return Err(refuse("the port is not a number")),
        };
        let (below, name) = match host.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None if host == "*" => return Ok(Self { host: HostPart::Any, port }),
            None => (false, host),
        };
        if name.contains('*') {
            return Err(refuse("`*` stands only alone or in front of a dot at the start"));
        }
        let host = match (Host::parse(without_root(name)), below) {
            (Ok(Host::Domain(name)), _) if name.split('.').any(str::is_empty) => {
                return Err(refuse("there is nothing between two dots"));
            }
            (Ok(Host::Domain(name)), true) => HostPart::Below(name),
            (Ok(Host::Domain(name)), false) => HostPart::Name(name),
            (Ok(Host::Ipv4(address)), false) => HostPart::Address(address.into()),
            (Ok(Host::Ipv6(address)), false) => HostPart::Address(address.into()),
            (Ok(_), true) => return Err(refuse("there is nothing below an address")),
            (Err(_), _) => return Err(refuse("the host is not valid")),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            HostPart::Any => f.write_str("*"),
            HostPart::Below(suffix) => write!(f, "*.{suffix}"),
            HostPart::Name(name) => f.write_str(name),
            HostPart::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            HostPart::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }?;
        match self.port {
            PortPart::Usual => Ok(()),
            PortPart::Any => f.write_str(":*"),
            PortPart::Number(port) => write!(f, ":{port}"),
        }
    }
}

impl TryFrom<String> for HostPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        let pattern: HostPattern = pattern.parse().unwrap();
        let url: Url = url.parse().unwrap();
        pattern.names_host(&url) && pattern.allows_port(&url)
    }

    /// P-BOX-3: a pattern names what it says and nothing that merely looks like it.
    #[test]
    fn a_pattern_matches_its_host_and_no_look_alike() {
        assert!(matches("example.com", "https://EXAMPLE.com/a"));
        assert!(matches("Example.COM.", "http://example.com./a"));
        assert!(!matches("example.com", "https://example.com.evil.org/"));
        assert!(!matches("example.com", "https://notexample.com/"));
        assert!(!matches("example.com", "https://www.example.com/"));
        assert!(matches("*.example.com", "https://a.b.example.com/"));
        assert!(!matches("*.example.com", "https://example.com/"));
        assert!(!matches("*.example.com", "https://notexample.com/"));
        assert!(matches("bücher.example", "https://xn--bcher-kva.example/"));
    }

    /// P-BOX-3: a name with an empty part names no host, so it is refused instead of never matching.
    #[test]
    fn a_name_with_an_empty_part_is_refused() {
        for text in
            ["..", "*..", "a..b", "example.com..", ".example.com", "*..example.com", "example.com。。"]
        {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
    }

    /// P-BOX-3: other ports than the usual one of the scheme must be named.
    #[test]
    fn a_port_must_be_named_unless_it_is_the_usual_one() {
        assert!(matches("example.com", "http://example.com:80/"));
        assert!(!matches("example.com", "http://example.com:443/"));
        assert!(!matches("example.com", "http://example.com:8080/"));
        assert!(matches("example.com:8080", "http://example.com:8080/"));
        assert!(!matches("example.com:8080", "http://example.com/"));
        assert!(matches("example.com:*", "http://example.com:1/"));
        assert!(matches("example.com:443", "https://example.com/"));
    }

    /// P-BOX-3: an address in numbers is permitted only by naming it.
    #[test]
    fn an_address_is_matched_only_literally() {
        for url in ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/"] {
            assert!(!matches("*", url), "{url}");
        }
        assert!(matches("127.0.0.1", "http://2130706433/"));
        assert!(matches("[::1]:8080", "http://[0:0::1]:8080/"));
        assert!(!matches("127.0.0.1", "http://[::ffff:127.0.0.1]/"));
    }

    #[test]
    fn patterns_that_mean_nothing_are_refused_with_the_reason() {
        for text in [
            "",
            "*.",
            "a*.com",
            "*.*",
            "http://example.com",
            "a b",
            "::1",
            "x:0",
            "x:99999",
            "x:y",
            "*.1.2.3.4",
            "a%2eb",
            "u@h",
            "[::1",
        ] {
            assert!(text.parse::<HostPattern>().is_err(), "{text:?}");
        }
        assert!(HostPattern::approval("*").is_err() && HostPattern::approval("*:80").is_err());
    }

    #[test]
    fn a_pattern_is_shown_as_it_is_read() {
        for text in ["example.com", "*.example.com:*", "*", "*:81", "[::1]:80", "[fd00::1]", "10.0.0.1:8080"]
        {
            assert_eq!(text.parse::<HostPattern>().unwrap().to_string(), text);
        }
    }
}
