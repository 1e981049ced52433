//! What a reply says about how long it may be used (RFC 9111).
//!
//! Invariant: times between two moments of the server are taken from the server's own clock where it tells it, because
//! a machine without a battery clock may believe any date; no reply is fresh for more than a day.

use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName};
use jiff::Timestamp;

use crate::exchange::Reply;

/// However long a server says its reply is good, it is asked again after this.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a reply to GET may be kept at all. One that is not fresh is kept too: to be confirmed, and to stand in when
/// the server fails. `private` does not matter: what is kept is used for requests with the very same headers only.
pub(crate) fn storable(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 200 | 203 | 300 | 301 | 302 | 307 | 308 | 404 | 410)
        && !directives(&reply.headers).any(|directive| directive.eq_ignore_ascii_case("no-store"))
}

/// How long a reply with these headers is fresh, from when it left the server.
pub(crate) fn lifetime(headers: &HeaderMap, now: Timestamp) -> Duration {
    if directives(headers).any(|directive| directive.eq_ignore_ascii_case("no-cache"))
        || headers.get_all(header::VARY).iter().any(|value| value.as_bytes() == b"*")
    {
        return Duration::ZERO;
    }
    let told = directives(headers)
        .filter_map(|directive| {
            let (name, value) = directive.split_once('=')?;
            name.trim().eq_ignore_ascii_case("max-age").then(|| seconds(value).unwrap_or_default())
        })
        .min();
    if let Some(told) = told {
        return told.min(LONGEST);
    }
    let Some(expires) = date(headers, &header::EXPIRES) else { return Duration::ZERO };
    until(expires, date(headers, &header::DATE).unwrap_or(now)).min(LONGEST)
}

/// How old the reply was when it came, as caches on its way say.
pub(crate) fn age(headers: &HeaderMap) -> Duration {
    headers.get(header::AGE).and_then(|value| seconds(value.to_str().ok()?)).unwrap_or_default()
}

/// How long the server wants to be left alone.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds(value).or_else(|| {
        let when = date(headers, &header::RETRY_AFTER)?;
        Some(until(when, date(headers, &header::DATE).unwrap_or(now)))
    })
}

fn directives(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::CACHE_CONTROL)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Whole seconds; a number too large to hold is as good as a year.
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.trim().trim_matches('"');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = 365 * 24 * 60 * 60;
    Some(Duration::from_secs(digits.parse::<u64>().map_or(year, |seconds| seconds.min(year))))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn until(later: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in list {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    fn fresh_for(list: &[(&'static str, &'static str)]) -> u64 {
        lifetime(&headers(list), Timestamp::UNIX_EPOCH).as_secs()
    }

    #[test]
    fn freshness_is_what_the_server_says_and_a_day_at_most() {
        assert_eq!(fresh_for(&[]), 0);
        assert_eq!(fresh_for(&[("cache-control", "public, Max-Age=60")]), 60);
        assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("cache-control", "max-age=30")]), 30);
        assert_eq!(fresh_for(&[("cache-control", "max-age=60, no-cache")]), 0);
        assert_eq!(fresh_for(&[("cache-control", "max-age=60"), ("vary", "*")]), 0);
        assert_eq!(fresh_for(&[("cache-control", "max-age=-1")]), 0);
        assert_eq!(fresh_for(&[("cache-control", "max-age=99999999999999999999999")]), 86_400);
        assert_eq!(fresh_for(&[("expires", "0")]), 0);
    }

    #[test]
    fn expiry_is_measured_on_the_clock_of_the_server() {
        let dates = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", "Sun, 06 Nov 1994 08:50:37 GMT")];
        assert_eq!(lifetime(&headers(&dates), Timestamp::MAX).as_secs(), 60);
        assert_eq!(lifetime(&headers(&dates), Timestamp::MIN).as_secs(), 60);
        let past = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", "Sun, 06 Nov 1994 08:00:00 GMT")];
        assert_eq!(fresh_for(&past), 0);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |list: &[_]| retry_after(&headers(list), Timestamp::UNIX_EPOCH).map(|wait| wait.as_secs());
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "17")]), Some(17));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("retry-after", "Thu, 01 Jan 1970 00:01:00 GMT")]), Some(60));
    }
}
