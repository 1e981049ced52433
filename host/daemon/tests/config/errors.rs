//! Every mistake is one sentence that names the place, the value and what is allowed.

use crate::support::{Place, read};

/// The sentences for several files, each on its line.
fn sentences(files: &[&str]) -> String {
    let one = |text: &&str| {
        let sentence = read(text).expect_err(text);
        assert!(!sentence.contains('\n') && sentence.len() < 400, "{sentence}");
        sentence
    };
    files.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// The sentences for several sets of variables, with no file.
fn variable_sentences(sets: &[(&str, &str)]) -> String {
    let one = |(variable, text): &(&str, &str)| Place::new().set(variable, text).load().expect_err(variable);
    sets.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_key_that_does_not_exist_is_answered_with_the_nearest() {
    insta::assert_snapshot!(sentences(&[
        "[display]\nfsp = 3",
        "[dispaly]\nfps = 3",
        "fps = 30",
        "[panel.hub75]\nrow = 32",
        "[panel]\nhub = { rows = 32 }",
        "[fetch]\nmax_byte = 1",
        "[sandbox.limits]\nmemory = 1",
        "[[instance]]\nname = \"clock\"\n[[instance]]\nname = \"text\"\nduration = 5",
        "[[registry]]\nurl = \"https://x/\"\nroots = \"x\"",
        "[log]\n\"a\\nb\" = 1",
        "[host]\nzzzzzz = 1",
    ]), @r"
    marquee.toml: [display] has no key `fsp`; did you mean `fps`?
    marquee.toml has no key `dispaly`; did you mean `display`?
    marquee.toml has no key `fps`; use one of panel, host, display, fetch, sandbox, log, registry, instance
    marquee.toml: [panel.hub75] has no key `row`; did you mean `rows`?
    marquee.toml: [panel] has no key `hub`; did you mean `hub75`?
    marquee.toml: [fetch] has no key `max_byte`; did you mean `max_bytes`?
    marquee.toml: [sandbox.limits] has no key `memory`; did you mean `memory_bytes`?
    marquee.toml: [[instance]] no. 2 has no key `duration`; did you mean `duration_s`?
    marquee.toml: [[registry]] no. 1 has no key `roots`; did you mean `root`?
    marquee.toml: [log] has no key `a\nb`; use one of format, filter
    marquee.toml: [host] has no key `zzzzzz`; use one of listen, state_dir, plugins_dir, store, time_zone, location, runner
    ");
}

#[test]
fn a_value_that_is_not_allowed_is_answered_with_what_is() {
    insta::assert_snapshot!(sentences(&[
        "panel = 3",
        "[panel]\nsize = \"0x0\"",
        "[panel]\nsize = \"10000x10000\"",
        "[panel]\nsize = 64",
        "[panel]\nsinks = []",
        "[panel]\nsinks = \"web\"",
        "[panel]\nsinks = [\"web\", \"tv\"]",
        "[host]\nlisten = \"8750\"",
        "[host]\nstate_dir = \"\"",
        "[host]\nplugins_dir = 7",
        "[host]\nstore = \"sqlite:/x.db\"",
        "[host]\nstore = \"mongo\"",
        "[host]\ntime_zone = \"Berlin\"",
        "[host]\nlocation = [52.5]",
        "[host]\nlocation = [152.5, 13.4]",
        "[host]\nrunner = []",
        "[display]\nfps = 0",
        "[display]\nfps = 121",
        "[display]\nfps = 59.9",
        "[display]\nbrightness = 101",
        "[display]\ntransition = \"wipe\"",
        "[display]\ntransition_ms = -1",
        "[display]\ndefault_duration_s = 0",
        "[display]\ndefault_duration_s = nan",
        "[log]\nformat = \"xml\"",
        "[log]\nfilter = \"a=b=c\"",
    ]), @r#"
    marquee.toml: panel = 3 is not allowed: use a table: [panel] with its keys below
    marquee.toml: [panel] size = "0x0" is not allowed: use WIDTHxHEIGHT with each side from 1 to 1024 pixels, such as 128x64
    marquee.toml: [panel] size = "10000x10000" is not allowed: use WIDTHxHEIGHT with each side from 1 to 1024 pixels, such as 128x64
    marquee.toml: [panel] size = 64 is not allowed: use WIDTHxHEIGHT with each side from 1 to 1024 pixels, such as 128x64
    marquee.toml: [panel] sinks = [] is not allowed: use a list of web, terminal, hub75, record:FILE.gif, record:FOLDER or none
    marquee.toml: [panel] sinks = "web" is not allowed: use a list of web, terminal, hub75, record:FILE.gif, record:FOLDER or none
    marquee.toml: [panel] sinks = "tv" is not allowed: use a list of web, terminal, hub75, record:FILE.gif, record:FOLDER or none
    marquee.toml: [host] listen = "8750" is not allowed: use ADDRESS:PORT, such as 127.0.0.1:8750 or [::1]:8750
    marquee.toml: [host] state_dir = "" is not allowed: use the path of a folder
    marquee.toml: [host] plugins_dir = 7 is not allowed: use the path of a folder
    marquee.toml: [host] store = "sqlite:/x.db" is not allowed: use memory:, because this version has no other store yet
    marquee.toml: [host] store = "mongo" is not allowed: use memory:
    marquee.toml: [host] time_zone = "Berlin" is not allowed: use the name of a time zone, such as Europe/Berlin or UTC
    marquee.toml: [host] location = [52.5] is not allowed: use [LATITUDE, LONGITUDE] in degrees, such as [52.5, 13.4]
    marquee.toml: [host] location = [152.5, 13.4] is not allowed: use [LATITUDE, LONGITUDE] in degrees, such as [52.5, 13.4], latitude -90 to 90, longitude -180 to 180
    marquee.toml: [host] runner = [] is not allowed: use the runner's command as a list, such as ["/usr/bin/marquee-runner"]
    marquee.toml: [display] fps = 0 is not allowed: use a whole number from 1 to 120
    marquee.toml: [display] fps = 121 is not allowed: use a whole number from 1 to 120
    marquee.toml: [display] fps = 59.9 is not allowed: use a whole number from 1 to 120
    marquee.toml: [display] brightness = 101 is not allowed: use a whole number from 0 to 100
    marquee.toml: [display] transition = "wipe" is not allowed: use cut or fade
    marquee.toml: [display] transition_ms = -1 is not allowed: use a whole number from 0 to 10000
    marquee.toml: [display] default_duration_s = 0 is not allowed: use seconds from 0.1 to 86400
    marquee.toml: [display] default_duration_s = nan is not allowed: use seconds from 0.1 to 86400
    marquee.toml: [log] format = "xml" is not allowed: use pretty or json
    marquee.toml: [log] filter = "a=b=c" is not allowed: use error, warn, info, debug, trace or off, or a list such as info,marquee_fetch=debug
    "#);
}

#[test]
fn the_same_holds_for_the_other_tables() {
    insta::assert_snapshot!(sentences(&[
        "[panel.hub75]\nrows = \"32\"",
        "[panel.hub75]\nrows = 33",
        "[panel.hub75]\nhardware_mapping = \"hat\"",
        "[panel.hub75]\ninverse_colors = 1",
        "[panel.hub75]\nallow_users = \"marquee\"",
        "[fetch]\ntime_s = 0",
        "[fetch]\nmax_bytes = 0",
        "[fetch]\nmax_redirects = 300",
        "[fetch]\napprove = [\"feed\"]",
        "[fetch]\napprove = [\"feed: *\"]",
        "[fetch]\napprove = [\"feed: http://example.com/\"]",
        "[sandbox]\nrequire = [\"selinux\"]",
        "[sandbox]\nrequire = [\"seccomp\"]\ndisable = [\"seccomp\"]",
        "[sandbox.limits]\nopen_files = 1",
        "[[registry]]\nroot = \"x\"",
        "[[registry]]\nurl = \"registry\"",
        "registry = \"https://example.com\"",
        "[instance]\nname = \"clock\"",
        "[[instance]]\npackage = \"clock\"",
        "[[instance]]\nname = \"a/b\"",
        "[[instance]]\nname = \"Wohnzimmer\"",
        "[[instance]]\nname = \"clock\"\npackage = \"Clock\"",
        "[[instance]]\nname = \"clock\"\n[[instance]]\nname = \"clock\"",
        "[[instance]]\nname = \"clock\"\nduration_s = -1",
        "[[instance]]\nname = \"clock\"\nconfig = \"big\"",
        "[[instance]]\nname = \"clock\"\nenabled = \"yes\"",
    ]), @r#"
    marquee.toml: [panel.hub75] rows = "32" is not allowed: use a whole number that is not negative
    marquee.toml: rows = 33 in [panel.hub75] is out of range: use an even number from 8 to 64
    marquee.toml: hardware_mapping = "hat" in [panel.hub75] is not known: use regular, adafruit-hat, adafruit-hat-pwm, regular-pi1, classic or classic-pi1
    marquee.toml: [panel.hub75] inverse_colors = 1 is not allowed: use true or false
    marquee.toml: [panel.hub75] allow_users = "marquee" is not allowed: use a list of texts
    marquee.toml: [fetch] time_s = 0 is not allowed: use seconds from 0.1 to 3600
    marquee.toml: [fetch] max_bytes = 0 is not allowed: use a whole number from 1 to 268435456
    marquee.toml: [fetch] max_redirects = 300 is not allowed: use a whole number from 0 to 20
    marquee.toml: [fetch] approve = "feed" is not allowed: use "INSTANCE: HOST" or "INSTANCE: private_network", the host as example.com, *.example.com or example.com:8443
    marquee.toml: [fetch] approve = "feed: *" is not allowed: use "INSTANCE: HOST" or "INSTANCE: private_network", the host as example.com, *.example.com or example.com:8443
    marquee.toml: [fetch] approve = "feed: http://example.com/" is not allowed: use "INSTANCE: HOST" or "INSTANCE: private_network", the host as example.com, *.example.com or example.com:8443
    marquee.toml: [sandbox] require = "selinux" is not allowed: use a list of session, namespaces, private_root, no_new_privs, rlimits, landlock, seccomp or cgroup
    marquee.toml: [sandbox] both requires and disables the layer seccomp: remove it from one of the two lists
    marquee.toml: [sandbox.limits] open_files = 1 is not allowed: use a whole number, at least 16
    marquee.toml: [[registry]] no. 1 has no url: add an address that starts with https://, http:// or file://
    marquee.toml: [[registry]] no. 1 url = "registry" is not allowed: use an address that starts with https://, http:// or file://
    marquee.toml: registry = "https://example.com" is not allowed: use a list of tables in the configuration file: [[registry]]
    marquee.toml: instance = a table is not allowed: use a list of tables in the configuration file: [[instance]]
    marquee.toml: [[instance]] no. 1 has no name: add the name of the instance
    marquee.toml: [[instance]] no. 1 name = "a/b" is not allowed: use 1 to 100 printable characters without /
    marquee.toml: [[instance]] no. 1 has no package: add the id of the plugin that it runs, because its name is not one
    marquee.toml: [[instance]] no. 1 package = "Clock" is not allowed: use the id of a plugin: 2 to 64 lower-case letters, digits and single hyphens, starting with a letter
    marquee.toml: [[instance]] no. 2 is called clock like one before: give it another name
    marquee.toml: [[instance]] no. 1 duration_s = -1 is not allowed: use seconds from 0.1 to 86400
    marquee.toml: [[instance]] no. 1 config = "big" is not allowed: use a table of the plugin's settings
    marquee.toml: [[instance]] no. 1 enabled = "yes" is not allowed: use true or false
    "#);
}

#[test]
fn a_file_that_is_no_configuration_is_answered_with_the_place() {
    insta::assert_snapshot!(sentences(&[
        "[panel\nsize = 3",
        "[panel]\nsize = 64x32\n",
        "[panel]\nsize = \"1x1\"\nsize = \"2x2\"",
        "\u{0}",
    ]), @r"
    marquee.toml is not valid TOML at line 1, column 7: unclosed table, expected `]`
    marquee.toml is not valid TOML at line 2, column 8: string values must be quoted, expected literal string
    marquee.toml is not valid TOML at line 3, column 1: duplicate key
    marquee.toml is not valid TOML at line 1, column 2: key with no value, expected `=`
    ");
    let place = Place::new();
    place.write("marquee.toml", b"[panel]\n\xff");
    insta::assert_snapshot!(place.load().unwrap_err(), @"marquee.toml is not a configuration: it is not UTF-8 text; save it as UTF-8");
    place.write("marquee.toml", vec![b'#'; (1 << 20) + 1]);
    insta::assert_snapshot!(place.load().unwrap_err(), @"marquee.toml is not a configuration: it is longer than 1 MiB; name the right file with --config");
    std::fs::remove_file(place.path("marquee.toml")).unwrap();
    std::fs::create_dir(place.path("marquee.toml")).unwrap();
    insta::assert_snapshot!(place.load().unwrap_err(), @"cannot read the configuration marquee.toml: name another file with --config: Is a directory (os error 21)");
}

#[test]
fn a_variable_is_named_as_the_user_wrote_it() {
    insta::assert_snapshot!(variable_sentences(&[
        ("MARQUEE_DISPLAY__FSP", "3"),
        ("MARQUEE_DISPLAY_FPS", "3"),
        ("MARQUEE_DISPLAY__FPS__X", "3"),
        ("MARQUEE_DISPLAY", "3"),
        ("MARQUEE_DISPLAY__FPS", "fast"),
        ("MARQUEE_DISPLAY__FPS", "500"),
        ("MARQUEE_PANEL__SINKS", "web,tv"),
        ("MARQUEE_PANEL__SINKS", "[\"web\""),
        ("MARQUEE_PANEL__HUB75__ROWS", "-1"),
        ("MARQUEE_PANEL__HUB75__SHOW_REFRESH_RATE", "yes"),
        ("MARQUEE_HOST__LOCATION", "here"),
        ("MARQUEE_INSTANCE", "clock"),
        ("MARQUEE_INSTANCE__0__NAME", "clock"),
        ("MARQUEE_", ""),
        ("MARQUEE_LOG", "a=b=c"),
    ]), @r#"
    there is no setting for the environment variable MARQUEE_DISPLAY__FSP; did you mean `MARQUEE_DISPLAY__FPS`?
    there is no setting for the environment variable MARQUEE_DISPLAY_FPS; did you mean `MARQUEE_DISPLAY__FPS`?
    there is no setting for the environment variable MARQUEE_DISPLAY__FPS__X; did you mean `MARQUEE_DISPLAY__FPS`?
    MARQUEE_DISPLAY = "3" is not allowed: use a table: [display] with its keys below
    MARQUEE_DISPLAY__FPS = "fast" is not allowed: use a whole number from 1 to 120
    MARQUEE_DISPLAY__FPS = "500" is not allowed: use a whole number from 1 to 120
    MARQUEE_PANEL__SINKS = "tv" is not allowed: use a list of web, terminal, hub75, record:FILE.gif, record:FOLDER or none
    MARQUEE_PANEL__SINKS = "[\"web\"" is not allowed: use a list of web, terminal, hub75, record:FILE.gif, record:FOLDER or none
    MARQUEE_PANEL__HUB75__ROWS = "-1" is not allowed: use a whole number that is not negative
    MARQUEE_PANEL__HUB75__SHOW_REFRESH_RATE = "yes" is not allowed: use true or false
    MARQUEE_HOST__LOCATION = "here" is not allowed: use [LATITUDE, LONGITUDE] in degrees, such as [52.5, 13.4]
    there is no setting for the environment variable MARQUEE_INSTANCE; write [[instance]] in the configuration file
    there is no setting for the environment variable MARQUEE_INSTANCE__0__NAME; write [[instance]] in the configuration file
    there is no setting for the environment variable MARQUEE_; did you mean `MARQUEE_LOG`?
    MARQUEE_LOG = "a=b=c" is not allowed: use error, warn, info, debug, trace or off, or a list such as info,marquee_fetch=debug
    "#);
    let mut place = Place::new();
    place.around.not_text = Some("MARQUEE_HOST__STATE_DIR".to_owned());
    insta::assert_snapshot!(place.load().unwrap_err(), @"the environment variable MARQUEE_HOST__STATE_DIR is not UTF-8 text: set it again, or unset it");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let place = Place::new();
    let load =
        |place: &Place| marquee::config::load(Some("/nowhere/x.toml".as_ref()), &place.flags, &place.around);
    let error = marquee::errors::with_causes(&load(&place).unwrap_err());
    insta::assert_snapshot!(error, @"cannot read the configuration /nowhere/x.toml: name another file with --config: No such file or directory (os error 2)");
    let mut place = Place::new();
    place.set("MARQUEE_CONFIG", "/nowhere/y.toml");
    insta::assert_snapshot!(place.load().unwrap_err(), @"cannot read the configuration /nowhere/y.toml: name another file with --config: No such file or directory (os error 2)");
}

#[test]
fn without_a_home_the_state_folder_must_be_named() {
    let mut place = Place::new();
    place.around.variables.clear();
    insta::assert_snapshot!(place.load().unwrap_err(), @"there is no folder to keep the state in, because HOME is not set: name one with --state-dir");
    place.flags.state_dir = Some("/var/lib/marquee".into());
    assert!(place.load().is_ok());
}
