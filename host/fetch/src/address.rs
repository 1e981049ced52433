//! Which addresses plugins may reach without the permission for the private network.
//!
//! Invariant: refusing is the default. An IPv6 address is public only inside 2000::/3 and outside every special
//! block; an address that carries an IPv4 address inside (mapped, compatible, 6to4, NAT64) is judged by that one.
//! The blocks are those of the IANA special-purpose address registries (RFC 6890 and its updates).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// Reachable from anywhere.
    Public,
    /// This machine.
    Loopback,
    /// A private network (RFC 1918), or unique-local or site-local IPv6.
    Private,
    /// One cable or radio cell; cloud machines serve their secrets here.
    LinkLocal,
    /// The inside of a provider's network (RFC 6598).
    CarrierGrade,
    /// No address at all; connecting to it reaches this machine.
    Unspecified,
    /// Many machines at once.
    Multicast,
    /// Everybody on the network.
    Broadcast,
    /// For examples in documents and for benchmarks.
    Documentation,
    /// Set aside, tunnelled, or not assigned.
    Reserved,
}

impl AddressKind {
    /// The kind of `address`.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }

    /// Whether a plugin may connect to an address of this kind. The permission for the private network opens
    /// networks, not addresses that no server can have.
    #[must_use]
    pub fn reachable(self, private_network: bool) -> bool {
        match self {
            Self::Public => true,
            Self::Loopback | Self::Private | Self::LinkLocal | Self::CarrierGrade => private_network,
            Self::Unspecified | Self::Multicast | Self::Broadcast | Self::Documentation | Self::Reserved => {
                false
            }
        }
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::CarrierGrade => "carrier-grade NAT",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Documentation => "documentation",
            Self::Reserved => "reserved",
        })
    }
}

/// First match wins, so 255.255.255.255 stands before its block.
const V4: &[(Ipv4Addr, u32, AddressKind)] = &[
    (Ipv4Addr::new(255, 255, 255, 255), 32, AddressKind::Broadcast),
    (Ipv4Addr::new(0, 0, 0, 0), 8, AddressKind::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, AddressKind::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, AddressKind::CarrierGrade),
    (Ipv4Addr::new(127, 0, 0, 0), 8, AddressKind::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, AddressKind::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, AddressKind::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, AddressKind::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, AddressKind::Documentation),
    (Ipv4Addr::new(192, 88, 99, 0), 24, AddressKind::Reserved),
    (Ipv4Addr::new(192, 168, 0, 0), 16, AddressKind::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, AddressKind::Documentation),
    (Ipv4Addr::new(198, 51, 100, 0), 24, AddressKind::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, AddressKind::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, AddressKind::Multicast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, AddressKind::Reserved),
];

const V6: &[(Ipv6Addr, u32, AddressKind)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, AddressKind::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, AddressKind::Loopback),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, AddressKind::Private),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, AddressKind::LinkLocal),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, AddressKind::Private),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, AddressKind::Multicast),
    // Teredo, ORCHID, benchmarks and the other protocol assignments; none is a web server.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, AddressKind::Reserved),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, AddressKind::Documentation),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, AddressKind::Documentation),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, AddressKind::Public),
];

fn of_v4(address: Ipv4Addr) -> AddressKind {
    let inside = |block: Ipv4Addr, length: u32| (address.to_bits() ^ block.to_bits()) >> (32 - length) == 0;
    V4.iter()
        .find(|(block, length, _)| inside(*block, *length))
        .map_or(AddressKind::Public, |(_, _, kind)| *kind)
}

fn of_v6(address: Ipv6Addr) -> AddressKind {
    if let Some(v4) = carried_v4(address) {
        return of_v4(v4);
    }
    let inside = |block: Ipv6Addr, length: u32| (address.to_bits() ^ block.to_bits()) >> (128 - length) == 0;
    V6.iter()
        .find(|(block, length, _)| inside(*block, *length))
        .map_or(AddressKind::Reserved, |(_, _, kind)| *kind)
}

/// The IPv4 address that packets to `address` end up at, where the form of the address says so.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match (a, b, c, d, e, f) {
        // Mapped ::ffff:a.b.c.d and translated ::ffff:0:a.b.c.d.
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) => v4(g, h),
        // Compatible ::a.b.c.d, but for :: and ::1, which are addresses of their own.
        (0, 0, 0, 0, 0, 0) if g != 0 || h > 1 => v4(g, h),
        // NAT64, the well-known prefix.
        (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        // 6to4.
        (0x2002, high, low, ..) => v4(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(text: &str) -> AddressKind {
        AddressKind::of(text.parse().unwrap())
    }

    /// Every IPv6 form that carries `v4`.
    fn disguises(v4: Ipv4Addr) -> Vec<Ipv6Addr> {
        let bits = u128::from(v4.to_bits());
        vec![
            v4.to_ipv6_mapped(),
            Ipv6Addr::from_bits(bits),
            Ipv6Addr::from_bits(0xffff_u128 << 48 | bits),
            Ipv6Addr::from_bits(0x0064_ff9b_u128 << 96 | bits),
            Ipv6Addr::from_bits(0x2002_u128 << 112 | bits << 80 | 1),
        ]
    }

    /// P-BOX-3: one address of each special block, and the neighbours of blocks that are public.
    #[test]
    fn each_special_block_is_known_and_its_neighbours_are_public() {
        for (text, wanted) in [
            ("127.0.0.1", AddressKind::Loopback),
            ("0.0.0.0", AddressKind::Unspecified),
            ("169.254.169.254", AddressKind::LinkLocal),
            ("100.127.255.255", AddressKind::CarrierGrade),
            ("172.31.255.255", AddressKind::Private),
            ("255.255.255.255", AddressKind::Broadcast),
            ("239.1.2.3", AddressKind::Multicast),
            ("203.0.113.7", AddressKind::Documentation),
            ("::", AddressKind::Unspecified),
            ("::1", AddressKind::Loopback),
            ("::127.0.0.1", AddressKind::Loopback),
            ("fd00::1", AddressKind::Private),
            ("fe80::1", AddressKind::LinkLocal),
            ("fec0::1", AddressKind::Private),
            ("ff02::1", AddressKind::Multicast),
            ("2001:db8::1", AddressKind::Documentation),
            ("2001:0:53aa:64c::1", AddressKind::Reserved),
            ("64:ff9b:1::a00:1", AddressKind::Reserved),
            ("64:ff9b::192.168.0.1", AddressKind::Private),
            ("2002:7f00:1::1", AddressKind::Loopback),
            ("100::1", AddressKind::Reserved),
            ("5f00::1", AddressKind::Reserved),
        ] {
            assert_eq!(kind(text), wanted, "{text}");
        }
        for text in ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.0"]
        {
            assert_eq!(kind(text), AddressKind::Public, "{text}");
        }
        for text in ["2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"] {
            assert_eq!(kind(text), AddressKind::Public, "{text}");
        }
    }

    /// P-BOX-3: the permission for the private network opens networks, not addresses that name nobody.
    #[test]
    fn the_private_network_does_not_include_addresses_of_nobody() {
        assert!(kind("192.168.1.2").reachable(true) && !kind("192.168.1.2").reachable(false));
        assert!(kind("::1").reachable(true) && !kind("::1").reachable(false));
        for text in ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "240.0.0.1"] {
            assert!(!kind(text).reachable(true), "{text}");
        }
    }

    proptest! {
        /// P-BOX-3: whatever lies in a special IPv4 block is refused, in every form in which IPv6 can carry it.
        #[test]
        fn no_disguise_makes_a_special_address_public(block in 0..V4.len(), host: u32) {
            let (base, length, _) = V4[block];
            let mask = u32::MAX.checked_shr(length).unwrap_or(0);
            let address = Ipv4Addr::from_bits(base.to_bits() | host & mask);
            prop_assert!(!AddressKind::of(address.into()).reachable(false), "{address}");
            for disguise in disguises(address) {
                prop_assert!(!AddressKind::of(disguise.into()).reachable(false), "{disguise}");
            }
        }

        /// P-BOX-3: the judgement agrees with what the standard library knows of an address.
        #[test]
        fn a_public_address_is_nothing_that_the_standard_library_calls_special(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            if AddressKind::of(v4.into()) == AddressKind::Public {
                prop_assert!(!(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                    || v4.is_unspecified() || v4.is_broadcast() || v4.is_documentation()));
            }
        }

        /// P-BOX-3: outside 2000::/3 only addresses that carry a public IPv4 address are public.
        #[test]
        fn ipv6_outside_the_global_block_is_refused(bits: u128) {
            let v6 = Ipv6Addr::from_bits(bits & !(0b111 << 125));
            if carried_v4(v6).is_none() {
                prop_assert!(!AddressKind::of(v6.into()).reachable(false), "{v6}");
            }
        }
    }
}
