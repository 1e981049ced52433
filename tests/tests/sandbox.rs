//! What a plugin can reach from inside, and through the host's fetch service.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command};

use marquee_tests::{Host, Instance, Library, Setup, beside_others};
use serde_json::{Value, json};

const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const EACCES: i32 = 13;

/// An attempt, the answers in a static constructor and those in draw and fetch. Where there are two, both are right.
type Expected = (&'static str, &'static [i32], &'static [i32]);

/// The whole box; also without Landlock, which is only needed where namespaces are missing. While the library is loaded
/// there still is a file system, but an empty one; then the filter of system calls answers.
const FULL: [Expected; 20] = [
    ("read_shadow", &[ENOENT], &[EPERM]),
    ("read_secret", &[ENOENT], &[EPERM]),
    ("list_root", &[ENOENT], &[EPERM]),
    ("open_mem", &[EPERM], &[EPERM]),
    ("open_gpio", &[EPERM], &[EPERM]),
    ("open_device", &[EPERM], &[EPERM]),
    ("socket_inet", &[EPERM], &[EPERM]),
    ("socket_inet6", &[EPERM], &[EPERM]),
    ("socket_unix", &[EPERM], &[EPERM]),
    ("socket_netlink", &[EPERM], &[EPERM]),
    ("fork", &[EPERM], &[EPERM]),
    ("exec", &[EPERM], &[EPERM]),
    ("trace", &[EPERM], &[EPERM]),
    ("signal_host", &[EPERM], &[EPERM]),
    ("signal_other", &[EPERM], &[EPERM]),
    ("read_host_memory", &[ENOENT], &[EPERM]),
    ("unshare", &[EPERM], &[EPERM]),
    ("mount", &[EPERM], &[EPERM]),
    ("write_own_file", &[EPERM], &[EPERM]),
    // Once it is loaded there is no way to it that could be tried.
    ("write_own_memory", &[EPERM], &[ENOENT]),
];

/// What differs without namespaces: the files are there, and Landlock refuses them.
const WITHOUT_NAMESPACES: [Expected; 4] = [
    ("read_shadow", &[EACCES], &[EPERM]),
    ("read_secret", &[EACCES], &[EPERM]),
    ("list_root", &[EACCES], &[EPERM]),
    ("read_host_memory", &[EACCES], &[EPERM]),
];

/// What differs without a box: all else succeeds. Devices may not be there, or be kept from root too; and the library
/// in memory is sealed, box or not.
const CONTROL: [Expected; 3] = [
    ("open_mem", &[0, ENOENT, EPERM], &[0, ENOENT, EPERM]),
    ("open_gpio", &[0, ENOENT], &[0, ENOENT]),
    ("write_own_memory", &[EPERM], &[ENOENT]),
];

/// What the system keeps from an ordinary user even without a box.
const CONTROL_ORDINARY: [Expected; 4] = [
    ("read_shadow", &[EACCES], &[EACCES]),
    ("open_mem", &[EACCES, ENOENT], &[EACCES, ENOENT]),
    ("unshare", &[EPERM], &[EPERM]),
    ("mount", &[EPERM], &[EPERM]),
];

/// Processes that somebody else started; gone with the value.
struct Victims(Vec<Child>);

impl Victims {
    fn new(count: usize) -> Self {
        let start = || Command::new("sleep").arg("600").spawn().expect("a process to aim at");
        Self((0..count).map(|_| start()).collect())
    }
}

impl Drop for Victims {
    fn drop(&mut self) {
        for victim in &mut self.0 {
            let _ = victim.kill();
            let _ = victim.wait();
        }
    }
}

/// Runs the attempts from a static constructor, from draw and from fetch, and checks every answer.
fn assert_box(disable: &[&str], different: &[&[Expected]], succeeds: bool) -> (Host, Victims) {
    let victims = Victims::new(3);
    let mut setup = Setup::new().set("sandbox", "disable", json!(disable));
    let secret: PathBuf = setup.home().join("secret of another plugin");
    std::fs::write(&secret, "secret").expect("a secret");
    let (secret, own) = (secret.display().to_string(), setup.in_plugins("hostile.so").display().to_string());
    for (at, victim) in ["draw", "fetch"].into_iter().zip(&victims.0) {
        let settings = json!({"act": "probe", "at": at, "secret": secret, "own": own, "victim": victim.id()});
        setup = setup.instance(Instance::new(at, "hostile", settings));
    }
    let orders = ["probe", &secret, &own, &victims.0[2].id().to_string()];
    let host = setup
        .instance(Instance::new("constructor", "constructor", json!({})))
        .plugin("hostile.so", &Library::hostile())
        .plugin("constructor.so", &Library::constructor(&orders))
        .start();
    for place in ["constructor", "draw", "fetch"] {
        let line = host.wait_line(place, &format!("probe {place}"));
        let found: BTreeMap<&str, i32> = line
            .split(' ')
            .filter_map(|word| word.split_once('='))
            .filter_map(|(name, errno)| Some((name, errno.parse().ok()?)))
            .collect();
        for (name, loading, running) in &FULL {
            let other = different.iter().flat_map(|list| list.iter()).find(|(other, ..)| other == name);
            let (loading, running) = match other {
                Some((_, loading, running)) => (*loading, *running),
                None if succeeds => (&[0][..], &[0][..]),
                None => (*loading, *running),
            };
            let expected = if place == "constructor" { loading } else { running };
            let answer = found.get(name).copied().unwrap_or(-1);
            assert!(
                expected.contains(&answer),
                "{name} in {place}: {answer}, expected {expected:?} ({disable:?})"
            );
        }
    }
    // The host is dropped first: a process that is traced can be buried only once its tracer is gone.
    (host, victims)
}

/// P-BOX-1: from a static constructor, from draw and from fetch, everything is refused.
#[test]
fn nothing_outside_the_box_can_be_reached() {
    let _turn = beside_others();
    let (host, _victims) = assert_box(&[], &[], false);
    let status = host.api("/api/v1/status");
    let missing: Vec<&Value> =
        status["sandbox"].as_array().into_iter().flatten().filter(|l| l["state"] == "missing").collect();
    assert!(missing.iter().all(|layer| layer["name"] == "cgroup"), "{missing:?}");
}

/// P-BOX-1, P-BOX-2: without Landlock the same is refused, and the API says that it is missing.
#[test]
fn without_landlock_the_same_is_refused_and_the_api_says_so() {
    let _turn = beside_others();
    let (host, _victims) = assert_box(&["landlock"], &[], false);
    let status = host.api("/api/v1/status");
    let layer =
        status["sandbox"].as_array().into_iter().flatten().find(|layer| layer["name"] == "landlock").cloned();
    assert_eq!(layer.expect("Landlock is reported")["state"], "missing");
}

/// P-BOX-1: without namespaces, as where the system forbids them, the other layers refuse the same.
#[test]
fn without_namespaces_the_other_layers_refuse() {
    let _turn = beside_others();
    assert_box(&["namespaces", "private_root"], &[&WITHOUT_NAMESPACES], false);
}

/// P-BOX-1: in a control run without the box every attempt succeeds, so each refusal above is the box's.
#[test]
fn without_a_box_every_attempt_succeeds() {
    let _turn = beside_others();
    let all = ["session", "namespaces", "private_root", "no_new_privs", "rlimits", "landlock", "seccomp"];
    let ordinary = !rustix::process::getuid().is_root();
    let different: &[&[Expected]] = if ordinary { &[&CONTROL_ORDINARY, &CONTROL] } else { &[&CONTROL] };
    assert_box(&all, different, true);
}

/// A server on the loopback address; `/away` leads to another host, `/big` is long, `/never` does not answer.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (head, body) = match path {
                "/away" => {
                    (format!("302 Found\r\nlocation: http://localhost:{}/", address.port()), String::new())
                }
                "/big" => ("200 OK".to_owned(), "x".repeat(3 * 1024 * 1024)),
                "/never" => {
                    silent.push(stream);
                    continue;
                }
                _ => ("200 OK".to_owned(), "hello from the test".to_owned()),
            };
            let head =
                format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    address
}

/// P-BOX-3: a fetch needs the manifest, the operator, and the permission for private addresses; redirects are checked
/// again; time and size are limited; proxies of the environment are ignored.
#[test]
fn a_fetch_reaches_only_what_is_asked_for_and_approved() {
    let _turn = beside_others();
    let server = server();
    let host = format!("127.0.0.1:{}", server.port());
    let url = |path: &str| format!("http://{host}{path}");
    let cases = [
        ("unapproved", "hostile", url("/"), "refused NotPermitted", "approve"),
        ("private", "hostile", url("/"), "refused NotPermitted", "private"),
        (
            "mapped",
            "hostile",
            format!("http://[::ffff:127.0.0.1]:{}/", server.port()),
            "refused NotPermitted",
            "private",
        ),
        ("not-asked", "patient", url("/"), "refused NotPermitted", "manifest does not name"),
        ("away", "hostile", url("/away"), "refused NotPermitted", "localhost"),
        ("big", "hostile", url("/big"), "refused TooLarge", ""),
        ("never", "hostile", url("/never"), "refused TimedOut", ""),
        ("good", "hostile", url("/"), "got 200 19 bytes: hello from the test", ""),
    ];
    let mut approve = Vec::new();
    for name in ["not-asked", "away", "big", "never", "good"] {
        approve.extend([format!("{name}: {host}"), format!("{name}: private_network")]);
    }
    approve.push(format!("private: {host}"));
    approve.push(format!("mapped: [::ffff:127.0.0.1]:{}", server.port()));
    let asks_elsewhere = Library::patient().replace_all(br#""127.0.0.1:*""#, br#""127.0.0.9:*""#);
    let mut setup = Setup::new()
        .set("fetch", "approve", json!(approve))
        .set("fetch", "time_s", json!(2))
        .variable("http_proxy", "http://127.0.0.1:9")
        .variable("HTTP_PROXY", "http://127.0.0.1:9")
        .variable("ALL_PROXY", "http://127.0.0.1:9")
        .plugin("hostile.so", &Library::hostile())
        .plugin("patient.so", &asks_elsewhere);
    for (name, package, url, ..) in &cases {
        setup =
            setup.instance(Instance::new(name, package, json!({"act": "get", "at": "fetch", "url": url})));
    }
    let host = setup.start();
    for (name, _, _, outcome, part) in &cases {
        let line = host.wait_line(name, outcome);
        assert!(line.contains(part), "{name}: {line}");
    }
}
