//! Which time zone the clock shows, from the database that is compiled in.
//!
//! Invariant: once made, a zone always answers; nothing outside the process is read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use marquee_plugin_api::{PluginError, Tick};

/// A time zone.
#[derive(Debug, Clone)]
pub(crate) enum Zone {
    /// By its rules.
    Named(TimeZone),
    /// The panel's, as the host says with each tick: for a panel whose zone the database does not know.
    Panel,
}

impl Zone {
    /// The zone that the settings name, or else the panel's.
    pub(crate) fn new(wanted: &str, panel: &str) -> Result<Self, PluginError> {
        let known = TimeZoneDatabase::bundled();
        match wanted.trim() {
            "" => Ok(known.get(panel).map_or(Self::Panel, Self::Named)),
            name => known.get(name).map(Self::Named).map_err(|_| {
                PluginError::new(format!(
                    "`time_zone` {name:?} is not known: write an IANA name such as \"Europe/Berlin\", or nothing \
                     for the panel's own"
                ))
            }),
        }
    }

    /// What the wall clock in this zone shows when the frame is seen.
    pub(crate) fn wall_clock(&self, tick: &Tick) -> Result<DateTime, PluginError> {
        let now = Timestamp::from_nanosecond(i128::from(tick.unix_ns))?;
        Ok(match self {
            Self::Named(zone) => zone.to_datetime(now),
            Self::Panel => Offset::from_seconds(tick.utc_offset_s).unwrap_or(Offset::UTC).to_datetime(now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &Zone, unix_s: i64, utc_offset_s: i32) -> String {
        let mut tick = Tick::first(unix_s * 1_000_000_000);
        tick.utc_offset_s = utc_offset_s;
        zone.wall_clock(&tick).unwrap().to_string()
    }

    #[test]
    fn summer_time_begins_when_the_rules_say() {
        let berlin = Zone::new("Europe/Berlin", "UTC").unwrap();
        assert_eq!(at(&berlin, 1_774_745_999, 0), "2026-03-29T01:59:59");
        assert_eq!(at(&berlin, 1_774_746_000, 0), "2026-03-29T03:00:00");
    }

    #[test]
    fn without_a_zone_of_its_own_the_clock_shows_the_panels() {
        assert_eq!(at(&Zone::new("", "Asia/Kathmandu").unwrap(), 0, 0), "1970-01-01T05:30:00");
        let unknown = Zone::new(" ", "Mars/Olympus").unwrap();
        assert_eq!(at(&unknown, 0, 5400), "1970-01-01T01:30:00");
        assert_eq!(at(&unknown, 0, i32::MAX), "1970-01-01T00:00:00");
    }

    #[test]
    fn an_unknown_zone_is_refused_with_an_example() {
        for bad in ["Mars/Olympus", "../../etc/passwd", "🕰"] {
            let error = Zone::new(bad, "UTC").unwrap_err();
            assert!(error.message().contains("Europe/Berlin"), "{error}");
        }
    }
}
