//! From a feed's bytes to headlines: what `fetch` hands to `draw`.
//!
//! Invariant: every text here is one clean line of limited length; there are at most as many as the operator wants.

use std::time::Duration;

use feed_rs::parser;
use marquee_plugin_api::{HttpResponse, prelude::*};

use crate::clean;
use crate::settings::{Settings, host_of};

/// The longest headline, in characters: at the usual speed it takes a minute to pass.
const LONGEST_HEADLINE: usize = 300;

/// The longest name of a source, in characters.
const LONGEST_SOURCE: usize = 60;

/// How soon to look again when the host had only an old answer.
const SOON: Duration = Duration::from_secs(120);

/// What a feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headlines {
    /// The feed's title; empty if it has none.
    pub(crate) source: String,
    pub(crate) items: Vec<Headline>,
    /// How old all this was when it came.
    pub(crate) age: Duration,
    /// Whether the feed could not be reached, so that this is an old answer.
    pub(crate) stale: bool,
}

/// One headline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Headline {
    pub(crate) text: String,
    /// When it was published, in seconds since 1970 in UTC.
    pub(crate) published: Option<i64>,
}

/// What came is no feed.
#[derive(Debug, thiserror::Error)]
#[error("{host} did not answer with an RSS, Atom or JSON feed: check the address in the settings")]
pub(crate) struct NoFeed {
    host: String,
    source: parser::ParseFeedError,
}

/// Fetches once.
pub(crate) fn fetch(settings: &Settings, host: &Host<'_>) -> Result<Fetched<Headlines>, PluginError> {
    settings.check()?;
    let url = settings.url();
    let Some(server) = host_of(url) else {
        marquee_plugin_api::log::warn!("no feed is set: write the address of an RSS or Atom feed into `url`");
        return Ok(Fetched::never());
    };
    let accepted =
        "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5";
    let request = HttpRequest::get(url).header("Accept", accepted);
    let answer = host
        .send(&request)
        .and_then(HttpResponse::success)
        .map_err(|error| PluginError::new(format!("the feed at {server} cannot be read now: {error}")))?;
    let headlines = read(&answer, url, server, settings.max_headlines as usize)?;
    if headlines.items.is_empty() {
        marquee_plugin_api::log::warn!("the feed at {server} has no headlines");
    }
    let again = if headlines.stale { settings.refresh().min(SOON) } else { settings.refresh() };
    Ok(Fetched::new(headlines, again))
}

fn read(answer: &HttpResponse, url: &str, server: &str, most: usize) -> Result<Headlines, NoFeed> {
    let feed = parser::Builder::new()
        .base_uri(Some(url))
        // Nobody asks for ids here, and making them up takes random numbers.
        .id_generator(|_, _, _| String::new())
        .build()
        .parse(answer.body.as_slice())
        .map_err(|source| NoFeed { host: server.to_owned(), source })?;
    let source = feed.title.map(|title| clean::title(&title.content, LONGEST_SOURCE)).unwrap_or_default();
    let mut items: Vec<Headline> = Vec::new();
    for entry in feed.entries {
        let (title, summary) = (entry.title.as_ref(), entry.summary.as_ref());
        let text = [title, summary]
            .into_iter()
            .flatten()
            .map(|text| clean::title(&text.content, LONGEST_HEADLINE))
            .find(|text| !text.is_empty());
        // Some feeds carry an article once for each of its sections.
        let Some(text) = text.filter(|text| items.iter().all(|item| item.text != *text)) else { continue };
        let published = entry.published.or(entry.updated).map(|time| time.timestamp());
        items.push(Headline { text, published });
        if items.len() == most {
            break;
        }
    }
    Ok(Headlines { source, items, age: answer.age, stale: answer.stale })
}

/// How long ago something was, in as few letters as can be; empty for what is implausible or long gone.
pub(crate) fn ago(published: i64, now: i64) -> String {
    const DAY: i64 = 86_400;
    const AHEAD: i64 = -DAY;
    match now.saturating_sub(published) {
        // Clocks differ, and some feeds announce.
        AHEAD..60 => "now".to_owned(),
        past @ 60..3600 => format!("{} min", past / 60),
        past @ 3600..DAY => format!("{} h", past / 3600),
        past if (DAY..100 * DAY).contains(&past) => format!("{} d", past / DAY),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> HttpResponse {
        let body = body.as_bytes().to_vec();
        HttpResponse { status: 200, headers: Vec::new(), body, stale: false, age: Duration::ZERO }
    }

    fn read_text(body: &str) -> Result<Headlines, NoFeed> {
        read(&answer(body), "https://example.org/feed", "example.org", 3)
    }

    #[test]
    fn rss_atom_and_json_are_read() {
        let rss = "<rss version='2.0'><channel><title>The &amp;amp; News</title>\
            <item><title><![CDATA[<b>One</b>]]></title><pubDate>Fri, 02 Jan 2026 03:00:00 GMT</pubDate></item>\
            <item><description>&lt;p&gt;Without title&lt;/p&gt;</description></item>\
            <item><title>One</title></item><item><title> </title></item></channel></rss>";
        let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><title>The &amp; News</title><id>x</id>\
            <entry><id>1</id><title type='html'>&lt;b&gt;One&lt;/b&gt;</title>\
            <updated>2026-01-02T03:00:00Z</updated></entry>\
            <entry><id>2</id><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Without <i>title</i></div>\
            </title></entry></feed>";
        let json = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "The & News", "items": [
            {"id": "1", "title": "One", "content_text": "x", "date_published": "2026-01-02T03:00:00Z"},
            {"id": "2", "title": "Without title", "content_text": "x"}]}"#;
        for feed in [rss, atom, json] {
            let headlines = read_text(feed).unwrap();
            assert_eq!(headlines.source, "The & News", "{feed}");
            let texts: Vec<&str> = headlines.items.iter().map(|item| item.text.as_str()).collect();
            assert_eq!(texts, ["One", "Without title"], "{feed}");
            assert_eq!(headlines.items[0].published, Some(1_767_322_800), "{feed}");
        }
    }

    #[test]
    fn no_more_headlines_than_wanted_are_kept() {
        let items: String = (0..50).map(|n| format!("<item><title>{n}</title></item>")).collect();
        let feed = format!("<rss version='2.0'><channel><title>x</title>{items}</channel></rss>");
        assert_eq!(read_text(&feed).unwrap().items.len(), 3);
    }

    #[test]
    fn what_is_no_feed_is_said_to_be_none() {
        let deep = "<a>".repeat(100_000);
        for body in
            ["", "<!doctype html><html><body>Hi</body></html>", "{\"a\": 1}", "\u{0}\u{1}", "<rss><", &deep]
        {
            let error = read_text(body).unwrap_err();
            assert!(error.to_string().contains("check the address"), "{error}");
        }
    }

    #[test]
    fn ages_are_short() {
        let at = 1_767_322_800;
        for (later, text) in [
            (-3 * 86_400, ""),
            (-50, "now"),
            (59, "now"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (86_399, "23 h"),
            (86_400, "1 d"),
            (100 * 86_400, ""),
        ] {
            assert_eq!(ago(at, at + later), text, "{later}");
        }
        assert_eq!(ago(i64::MIN, i64::MAX), "");
        assert_eq!(ago(i64::MAX, i64::MIN), "");
    }
}
