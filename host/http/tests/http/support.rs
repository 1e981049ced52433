//! A server with a made-up host, and a client that sends exactly what it is told.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use marquee_http::{HostView, Limits, Serve, ServeError, bind, serve};
use marquee_model::{
    BoxLayer, LayerState, ObservedState, ObservedView, PackageView, PackagesView, PanelSize, Picture,
    PluginView, PluginsView, RefusedView, ShownView, SinkView, Status, StatusView, StoreView,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// The longest that any wait may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn patiently<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("{what} took longer than {PATIENCE:?}"),
    }
}

#[derive(Default)]
pub(crate) struct MadeUpHost {
    pub(crate) ready: AtomicBool,
    /// Sequence of the last picture that the instance drew; 5 until somebody says otherwise.
    pub(crate) drawn: AtomicU32,
}

impl HostView for MadeUpHost {
    fn status(&self) -> StatusView {
        StatusView {
            version: "0.1.0".into(),
            api: "1.0.0".into(),
            uptime_s: 12.5,
            panel: PanelSize::new(4, 2).unwrap(),
            fps: 60,
            current: ShownView {
                plugin: Some("clock".parse().unwrap()),
                reason: "rotation".into(),
                for_ms: 1500,
                next: Some("feed".parse().unwrap()),
            },
            frames: 750,
            sinks: vec![SinkView { spec: "web".into(), pictures: 750, dropped: 0, error: None }],
            sandbox: vec![BoxLayer {
                name: "landlock".into(),
                state: LayerState::Missing,
                note: Some("this kernel has none".into()),
            }],
            store: StoreView { kind: "memory".into(), stale: false },
        }
    }

    fn plugins(&self) -> PluginsView {
        let observed = ObservedView {
            state: ObservedState::Failing,
            reason: Some("<script>alert(1)</script>".into()),
            restarts: 1,
            pid: Some(42),
            frames: 7,
            late_frames: 1,
            dropped_log_lines: 0,
            last_log: vec!["a line".into()],
            running_version: Some("1.0.0".into()),
            running_digest: None,
        };
        PluginsView {
            plugins: vec![PluginView {
                name: "clock".parse().unwrap(),
                package: "clock".into(),
                version: Some("1.0.0".into()),
                status: Status::Enabled,
                observed,
                config_version: 3,
                duration_s: 15.0,
            }],
        }
    }

    fn packages(&self) -> PackagesView {
        PackagesView {
            packages: vec![PackageView {
                id: "clock".into(),
                version: "1.0.0".into(),
                description: "A clock.".into(),
                api: "1.0.0".into(),
                path: "clock.so".into(),
                digest: "ab".repeat(32),
                bytes: 4096,
                http_hosts: vec!["example.org".into()],
            }],
            refused: vec![RefusedView { path: "half.so".into(), reason: "half.so ends too early.".into() }],
            folder_error: None,
        }
    }

    fn doctor(&self) -> Value {
        json!({"kernel": "6.1", "layers": []})
    }

    fn ready(&self) -> Result<(), String> {
        let missing = "No picture has been composed yet; ask again in a moment.";
        if self.ready.load(Ordering::Acquire) { Ok(()) } else { Err(missing.into()) }
    }

    fn instance_picture(&self, name: &str) -> Option<Picture> {
        (name == "Küche").then(|| {
            let mut picture = Picture::filled(PanelSize::new(2, 1).unwrap(), [1, 2, 3]);
            picture.sequence = self.drawn.load(Ordering::Acquire).max(5);
            picture
        })
    }
}

/// A picture in one colour.
pub(crate) fn picture(width: u32, height: u32, sequence: u32) -> Arc<Picture> {
    let mut picture = Picture::filled(PanelSize::new(width, height).unwrap(), [10, 20, 30]);
    picture.sequence = sequence;
    Arc::new(picture)
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) host: Arc<MadeUpHost>,
    pub(crate) publish: watch::Sender<Arc<Picture>>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(Limits::default(), picture(4, 2, 1))
    }

    pub(crate) fn start_with(limits: Limits, first: Arc<Picture>) -> Self {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let host = Arc::new(MadeUpHost::default());
        let (publish, pictures) = watch::channel(first);
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(serve(
            Serve { view: Arc::clone(&host) as Arc<dyn HostView>, pictures, listener, limits },
            async {
                let _ = stopped.await;
            },
        ));
        Self { address, host, publish, stop: Some(stop), running }
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        patiently("stopping", &mut self.running).await.unwrap().unwrap();
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        patiently("connecting", TcpStream::connect(self.address)).await.unwrap()
    }

    /// Sends a request with the right `Host` and further header lines, and reads the answer to its end.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let host = self.address.to_string();
        let mut all = vec![("host", host.as_str())];
        all.extend_from_slice(headers);
        self.ask_bare(method, path, &all).await
    }

    /// Sends a request with exactly these headers (and `Connection: close`, unless they name one).
    pub(crate) async fn ask_bare(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !headers.iter().any(|(name, _)| *name == "connection") {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        let mut stream = self.connect().await;
        let mut bytes = Vec::new();
        patiently("the answer", async {
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.read_to_end(&mut bytes).await.unwrap();
        })
        .await;
        Answer::read(&bytes)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a complete head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body of a refusal, after checking that it is a problem document about this very status.
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        problem
    }
}
