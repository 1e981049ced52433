//! A headless Chromium of its own profile, driven through WebDriver: plain HTTP with JSON.
//!
//! Invariant: browser and driver are gone when the value is; nothing of them is left but what the test saved.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A command may start a browser on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Child,
    address: String,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts driver and browser.
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: it comes with the package chromium-driver");
        let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver says on which port it listens");
        // It writes on; a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser =
            Self { driver, address: format!("127.0.0.1:{port}"), session: String::new(), _profile: profile };
        browser.session = browser.new_session();
        browser
    }

    fn new_session(&self) -> String {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let mut arguments = vec![
            "--headless",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-device-scale-factor=1",
            "--window-size=1280,1400",
            &profile,
        ];
        // Chromium refuses to run as root in its own sandbox; in CI everything is root. The page is our own.
        if rustix::process::geteuid().is_root() {
            arguments.push("--no-sandbox");
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 30_000, "pageLoad": 30_000},
        }}});
        let session = self.command("POST", "/session", &wanted);
        session["sessionId"].as_str().expect("a session").to_owned()
    }

    /// Goes to an address and waits until the page is loaded.
    pub(crate) fn open(&self, address: &str) {
        self.in_session("POST", "url", &json!({"url": address}));
    }

    /// Runs a function's body in the page and answers what it returns.
    pub(crate) fn run(&self, script: &str, arguments: &Value) -> Value {
        self.in_session("POST", "execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Errors that the page, or the browser about the page, wrote to the console.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let lines = self.in_session("POST", "se/log", &json!({"type": "browser"}));
        let lines = lines.as_array().expect("a list of lines");
        let bad = lines.iter().filter(|line| line["level"] == "SEVERE");
        bad.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Writes a picture of the window.
    pub(crate) fn screenshot(&self, file: &Path) {
        let picture = self.in_session("GET", "screenshot", &Value::Null);
        fs::write(file, from_base64(picture.as_str().expect("a picture")))
            .expect("the screenshot is written");
    }

    fn in_session(&self, method: &str, what: &str, body: &Value) -> Value {
        self.command(method, &format!("/session/{}/{what}", self.session), body)
    }

    /// Sends a command and answers its `value`; any error fails the test.
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = ask(&self.address, method, path, body).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut answer: Value = serde_json::from_slice(&answer).expect("WebDriver answers with JSON");
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{path}: {}: {}", value["error"], value["message"]);
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // Ends the browser; without this it would outlive its driver.
            let _ = ask(&self.address, "DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn ask(address: &str, method: &str, path: &str, body: &Value) -> std::io::Result<Vec<u8>> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
