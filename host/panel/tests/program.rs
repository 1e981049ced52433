//! `marquee-panel` as somebody meets it who starts it by hand.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_marquee-panel")).args(arguments).output().unwrap()
}

#[test]
#[cfg(target_arch = "x86_64")]
fn without_the_hardware_it_refuses_with_one_sentence() {
    for arguments in [&[][..], &["--check"], &["--config", "/nowhere", "--socket", "/nowhere/panel.sock"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "marquee-panel: this build has no panel driver (x86-64): run marquee-panel on a Raspberry Pi; for this \
             machine use --panel web\n"
        );
    }
}

#[test]
fn help_says_what_it_is_for_and_wrong_usage_is_2() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    for word in ["--config", "--socket", "--check", "HUB75"] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    assert_eq!(run(&["--colour"]).status.code(), Some(2));
}
