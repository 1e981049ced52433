//! What is refused, and how.

use insta::assert_json_snapshot;

use crate::support::{Answer, Server};

/// Every route, the unknown one included; the guard stands before routing.
const ROUTES: [&str; 12] = [
    "/",
    "/page.js",
    "/healthz",
    "/readyz",
    "/api/v1/status",
    "/api/v1/plugins",
    "/api/v1/packages",
    "/api/v1/doctor",
    "/api/v1/frame.png",
    "/api/v1/frames",
    "/api/v1/frames?plugin=clock",
    "/nowhere",
];

/// What a browser sends to open a WebSocket.
const UPGRADE: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

fn is_protected(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
    assert!(policy.ends_with("base-uri 'none'; frame-ancestors 'none'; form-action 'none'"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert!(answer.header("cache-control").is_some());
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

/// P-API-1: foreign Host, missing Host, cross-site Origin and `null` Origin are refused on every route.
#[tokio::test]
async fn every_route_refuses_strangers_before_it_is_routed() {
    let server = Server::start();
    let host = server.address.to_string();
    for route in ROUTES {
        for (expected, headers) in [
            (400, vec![]),
            (421, vec![("host", "evil.example")]),
            (403, vec![("host", host.as_str()), ("origin", "http://evil.example")]),
            (403, vec![("host", host.as_str()), ("origin", "null")]),
            (403, vec![("host", host.as_str()), ("sec-fetch-site", "cross-site")]),
        ] {
            for method in ["GET", "POST"] {
                let answer = server.ask_bare(method, route, &headers).await;
                assert_eq!(answer.status, expected, "{method} {route} {headers:?}");
                answer.problem();
                is_protected(&answer);
            }
        }
    }
}

/// P-API-1: a WebSocket upgrade is judged like any other request: browsers put no other guard before it.
#[tokio::test]
async fn a_page_of_somebody_else_cannot_open_the_frame_socket() {
    let server = Server::start();
    for origin in ["null", "http://evil.example", "http://localhost:3000", "https://localhost"] {
        let mut headers = UPGRADE.to_vec();
        headers.push(("origin", origin));
        // The connection stays open for a socket that was let in; a refusal must say that it closes.
        headers[0] = ("connection", "upgrade, close");
        let answer = server.ask("GET", "/api/v1/frames", &headers).await;
        assert_eq!(answer.status, 403, "{origin}");
        answer.problem();
    }
    let mut headers = vec![("host", "rebound.example")];
    headers.extend(UPGRADE);
    headers[1] = ("connection", "upgrade, close");
    assert_eq!(server.ask_bare("GET", "/api/v1/frames", &headers).await.status, 421);
}

/// P-API-1: each refusal says what was wrong and what to do.
#[tokio::test]
async fn refusals_are_problem_documents() {
    let server = Server::start();
    let host = server.address.to_string();
    let refusal = async |headers: &[(&str, &str)]| {
        let mut problem = server.ask_bare("GET", "/api/v1/status", headers).await.problem();
        let detail = problem["detail"].as_str().unwrap().replace(&host, "BOUND");
        problem["detail"] = detail.into();
        problem
    };
    assert_json_snapshot!(refusal(&[]).await, @r#"
    {
      "detail": "The request must carry exactly one Host header that names this server.",
      "status": 400,
      "title": "Host header missing",
      "type": "urn:marquee:problem:missing-host"
    }
    "#);
    assert_json_snapshot!(refusal(&[("host", "evil.example\"<b>")]).await, @r#"
    {
      "detail": "This server does not answer to the name \"evil.example\\\"<b>\"; use http://BOUND.",
      "status": 421,
      "title": "Foreign Host header",
      "type": "urn:marquee:problem:foreign-host"
    }
    "#);
    assert_json_snapshot!(refusal(&[("host", &host), ("origin", "null")]).await, @r#"
    {
      "detail": "A page from \"null\" may not use this server; open the server's own page instead.",
      "status": 403,
      "title": "Foreign origin",
      "type": "urn:marquee:problem:foreign-origin"
    }
    "#);
    assert_json_snapshot!(refusal(&[("host", &host), ("sec-fetch-site", "cross-site")]).await, @r#"
    {
      "detail": "The browser says that this request comes from another site; open the server's own page instead.",
      "status": 403,
      "title": "Cross-site request",
      "type": "urn:marquee:problem:cross-site"
    }
    "#);
}

#[tokio::test]
async fn an_unknown_route_is_a_problem() {
    let server = Server::start();
    let answer = server.get("/api/v2/status").await;
    assert_eq!(answer.status, 404);
    is_protected(&answer);
    assert_json_snapshot!(answer.problem(), @r#"
    {
      "detail": "There is nothing at \"/api/v2/status\"; the API lives under /api/v1.",
      "status": 404,
      "title": "Unknown route",
      "type": "urn:marquee:problem:unknown-route"
    }
    "#);
}

#[tokio::test]
async fn a_wrong_method_is_a_problem_that_names_the_right_ones() {
    let server = Server::start();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let answer = server.ask(method, "/api/v1/status", &[]).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET,HEAD"), "{method}");
        answer.problem();
    }
    assert_json_snapshot!(server.ask("DELETE", "/api/v1/plugins", &[]).await.problem(), @r#"
    {
      "detail": "\"/api/v1/plugins\" does not answer \"DELETE\"; the Allow header says what it answers.",
      "status": 405,
      "title": "Method not allowed",
      "type": "urn:marquee:problem:wrong-method"
    }
    "#);
}

#[tokio::test]
async fn an_unreadable_query_is_a_problem() {
    let server = Server::start();
    for route in [
        "/api/v1/frame.png?plugin=a&plugin=b",
        "/api/v1/frame.png?plugin=%ff%fe",
        "/api/v1/frame.png?plugin=",
    ] {
        let answer = server.get(route).await;
        assert!(matches!(answer.status, 400 | 404), "{route} answered {}", answer.status);
        answer.problem();
    }
}

/// P-API-5: what is not HTTP never gives a 5xx, and never stops the server.
#[tokio::test]
async fn garbage_is_a_client_error() {
    let server = Server::start();
    let long = "x".repeat(20_000);
    for path in ["/%00", "/..%2f..%2fetc/passwd", "/\\", "/api/v1/status/", "*", long.as_str()] {
        let answer = server.ask("GET", path, &[]).await;
        assert!((400..500).contains(&answer.status), "{path:.30} answered {}", answer.status);
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn the_frame_socket_asks_for_an_upgrade() {
    let server = Server::start();
    let answer = server.get("/api/v1/frames").await;
    assert_eq!(answer.status, 426);
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    assert_json_snapshot!(answer.problem(), @r#"
    {
      "detail": "Pictures come over a WebSocket; for a single one use GET /api/v1/frame.png.",
      "status": 426,
      "title": "WebSocket required",
      "type": "urn:marquee:problem:websocket-required"
    }
    "#);
}
