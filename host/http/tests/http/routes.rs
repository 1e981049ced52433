//! What each route answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use insta::{assert_json_snapshot, assert_snapshot};

use crate::support::{Server, picture};

#[tokio::test]
async fn healthz_is_ok_as_soon_as_the_server_serves() {
    let server = Server::start();
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.text()), (200, "ok\n"));
}

#[tokio::test]
async fn readyz_waits_for_the_first_composed_picture() {
    let server = Server::start();
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_json_snapshot!(answer.problem(), @r#"
    {
      "detail": "No picture has been composed yet; ask again in a moment.",
      "status": 503,
      "title": "Not ready",
      "type": "urn:marquee:problem:not-ready"
    }
    "#);
    server.host.ready.store(true, Ordering::Release);
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, answer.text()), (200, "ready\n"));
}

#[tokio::test]
async fn status_has_the_names_that_outsiders_rely_on() {
    let server = Server::start();
    assert_json_snapshot!(server.get("/api/v1/status").await.json(), @r#"
    {
      "api": "1.0.0",
      "current": {
        "for_ms": 1500,
        "next": "feed",
        "plugin": "clock",
        "reason": "rotation"
      },
      "fps": 60,
      "frames": 750,
      "panel": "4x2",
      "sandbox": [
        {
          "name": "landlock",
          "note": "this kernel has none",
          "state": "missing"
        }
      ],
      "sinks": [
        {
          "dropped": 0,
          "error": null,
          "pictures": 750,
          "spec": "web"
        }
      ],
      "store": {
        "kind": "memory",
        "stale": false
      },
      "uptime_s": 12.5,
      "version": "0.1.0"
    }
    "#);
}

#[tokio::test]
async fn plugins_have_the_names_that_outsiders_rely_on() {
    let server = Server::start();
    assert_json_snapshot!(server.get("/api/v1/plugins").await.json(), @r#"
    {
      "plugins": [
        {
          "config_version": 3,
          "duration_s": 15.0,
          "name": "clock",
          "observed": {
            "dropped_log_lines": 0,
            "frames": 7,
            "last_log": [
              "a line"
            ],
            "late_frames": 1,
            "pid": 42,
            "reason": "<script>alert(1)</script>",
            "restarts": 1,
            "running_digest": null,
            "running_version": "1.0.0",
            "state": "failing"
          },
          "package": "clock",
          "status": "enabled",
          "version": "1.0.0"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn packages_list_every_refused_file_with_its_reason() {
    let server = Server::start();
    assert_json_snapshot!(server.get("/api/v1/packages").await.json(), @r#"
    {
      "folder_error": null,
      "packages": [
        {
          "api": "1.0.0",
          "bytes": 4096,
          "description": "A clock.",
          "digest": "abababababababababababababababababababababababababababababababab",
          "http_hosts": [
            "example.org"
          ],
          "id": "clock",
          "path": "clock.so",
          "version": "1.0.0"
        }
      ],
      "refused": [
        {
          "path": "half.so",
          "reason": "half.so ends too early."
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn doctor_is_passed_on_as_it_is() {
    let server = Server::start();
    assert_json_snapshot!(server.get("/api/v1/doctor").await.json(), @r#"
    {
      "kernel": "6.1",
      "layers": []
    }
    "#);
}

#[tokio::test]
async fn answers_of_the_api_are_json_and_never_stored() {
    let server = Server::start();
    for route in ["/api/v1/status", "/api/v1/plugins", "/api/v1/packages", "/api/v1/doctor"] {
        let answer = server.get(route).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{route}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{route}");
    }
}

#[tokio::test]
async fn head_answers_like_get_without_the_body() {
    let server = Server::start();
    for route in ["/", "/page.css", "/healthz", "/api/v1/status", "/api/v1/frame.png", "/nowhere"] {
        let (get, head) = (server.get(route).await, server.ask("HEAD", route, &[]).await);
        assert_eq!(head.status, get.status, "{route}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{route}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{route}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{route}");
    }
}

fn decoded(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    (info.width, info.height, rgb)
}

#[tokio::test]
async fn frame_png_is_what_the_panel_shows_now() {
    let server = Server::start();
    let answer = server.get("/api/v1/frame.png").await;
    assert_eq!(answer.header("content-type"), Some("image/png"));
    assert_eq!(decoded(&answer.body), (4, 2, [10, 20, 30].repeat(8)));
    let mut dimmed = picture(3, 1, 2);
    Arc::make_mut(&mut dimmed).brightness = 50;
    server.publish.send_replace(dimmed);
    assert_eq!(decoded(&server.get("/api/v1/frame.png").await.body), (3, 1, [5, 10, 15].repeat(3)));
}

#[tokio::test]
async fn frame_png_of_one_instance_is_its_own_last_picture() {
    let server = Server::start();
    let answer = server.get("/api/v1/frame.png?plugin=K%C3%BCche").await;
    assert_eq!(decoded(&answer.body), (2, 1, vec![1, 2, 3, 1, 2, 3]));
    let answer = server.get("/api/v1/frame.png?plugin=%22%0Anobody").await;
    assert_eq!(answer.status, 404);
    assert_json_snapshot!(answer.problem(), @r#"
    {
      "detail": "No instance named \"\\\"\\nnobody\" has drawn a picture; GET /api/v1/plugins lists the instances.",
      "status": 404,
      "title": "No such picture",
      "type": "urn:marquee:problem:no-picture"
    }
    "#);
}

#[tokio::test]
async fn the_page_loads_only_what_this_server_has() {
    let server = Server::start();
    let page = server.get("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let html = page.text();
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("style=\""));
    let named =
        html.split(['"']).filter(|text| text.starts_with('/') && text.contains('.') && !text.contains(' '));
    let mut files: Vec<_> = named.collect();
    files.push("/panel.js");
    assert!(files.contains(&"/page.js") && files.contains(&"/page.css") && files.contains(&"/icon.svg"));
    for file in files {
        assert_eq!(server.get(file).await.status, 200, "{file}");
    }
}

#[tokio::test]
async fn the_page_may_run_only_its_own_files_and_talk_only_to_this_server() {
    let server = Server::start();
    let answer = server.get("/").await;
    let policy = answer.header("content-security-policy").unwrap();
    assert_snapshot!(policy.replace(&server.address.to_string(), "BOUND"), @r#"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://BOUND; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"#);
}
