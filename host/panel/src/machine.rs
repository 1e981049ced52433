//! Whether this machine can drive a panel, asked before the driver is, because the driver ends the process.
//!
//! Invariant: everything is read under a root folder that the caller names, and nothing is changed. Each refusal is
//! one sentence that says what to do.

use std::fs;
use std::path::{Path, PathBuf};

use marquee_panel_link::{Hub75Options, OptionError};

/// The bit of `CAP_SYS_RAWIO` (`linux/capability.h`), without which `/dev/mem` stays closed.
const SYS_RAWIO: u64 = 1 << 17;

/// Why there can be no panel here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Built for a processor that no Raspberry Pi has.
    #[error(
        "this build has no panel driver ({0}): run marquee-panel on a Raspberry Pi; for this machine use --panel web"
    )]
    Architecture(String),
    /// Another board.
    #[error(
        "this is no Raspberry Pi but {0}: run marquee-panel on a Raspberry Pi; for this machine use --panel web"
    )]
    Board(String),
    /// A Raspberry Pi 5.
    #[error(
        "no Raspberry Pi 5: its GPIO hangs on another chip, which the panel driver does not know; use a Raspberry Pi \
         4 or older"
    )]
    Pi5,
    /// Not root.
    #[error(
        "marquee-panel needs root for the GPIO pins: start it through its systemd unit or with sudo; it drops root \
         by itself"
    )]
    Privileges,
    /// The sound module uses the hardware that times the panel.
    #[error(
        "the sound module snd_bcm2835 is loaded and uses the hardware that times the panel: put \"blacklist \
         snd_bcm2835\" into /etc/modprobe.d/marquee.conf and dtparam=audio=off into config.txt, then reboot (or set \
         disable_hardware_pulsing in [panel.hub75] and live with flicker)"
    )]
    Sound,
    /// An option that the driver would not accept.
    #[error(transparent)]
    Option(#[from] OptionError),
}

/// A machine to look at.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Where `proc` is: `/`, but for tests.
    pub root: PathBuf,
    /// The processor that this build is for, in the words of [`std::env::consts::ARCH`].
    pub architecture: &'static str,
}

impl Machine {
    /// The machine that this process runs on.
    #[must_use]
    pub fn here() -> Self {
        Self { root: "/".into(), architecture: std::env::consts::ARCH }
    }

    /// Checks processor, board and privileges.
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn check_board(&self) -> Result<(), Refusal> {
        if !["aarch64", "arm"].contains(&self.architecture) {
            return Err(Refusal::Architecture(self.architecture.replace("x86_64", "x86-64")));
        }
        let model = self.model();
        if !model.contains("Raspberry Pi") {
            return Err(Refusal::Board(if model.is_empty() { "an unknown board".to_owned() } else { model }));
        }
        if model.contains("Raspberry Pi 5") || model.contains("Compute Module 5") {
            return Err(Refusal::Pi5);
        }
        if self.may_open_pins() { Ok(()) } else { Err(Refusal::Privileges) }
    }

    /// Checks the options, alone and against what is loaded on this machine.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check_options(&self, options: &Hub75Options) -> Result<(), Refusal> {
        if options.uses_hardware_pulses() && self.has_sound_module() {
            return Err(Refusal::Sound);
        }
        Ok(options.check()?)
    }

    /// The board in its own words; empty if it does not say.
    #[must_use]
    pub fn model(&self) -> String {
        let bytes = self.read("proc/device-tree/model");
        let text = String::from_utf8_lossy(&bytes);
        text.chars().filter(|c| !c.is_control()).take(100).collect::<String>().trim().to_owned()
    }

    fn may_open_pins(&self) -> bool {
        let status = String::from_utf8_lossy(&self.read("proc/self/status")).into_owned();
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        // Real, effective, saved and file system uid.
        let root = line("Uid:").split_whitespace().nth(1) == Some("0");
        let held = u64::from_str_radix(line("CapEff:").trim(), 16).unwrap_or(0);
        root || held & SYS_RAWIO != 0
    }

    fn has_sound_module(&self) -> bool {
        // By its beginning, as the driver itself looks.
        String::from_utf8_lossy(&self.read("proc/modules"))
            .lines()
            .any(|line| line.starts_with("snd_bcm2835"))
    }

    /// The bytes of a file; none if there is no such file, which here always means "no".
    fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.root.join(path)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PI4: &str = "Raspberry Pi 4 Model B Rev 1.4\0";
    const ROOT: &str = "Name:\tmarquee-panel\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n";

    fn machine(home: &Path, model: &str, status: &str, modules: &str) -> Machine {
        fs::create_dir_all(home.join("proc/device-tree")).unwrap();
        fs::create_dir_all(home.join("proc/self")).unwrap();
        fs::write(home.join("proc/device-tree/model"), model).unwrap();
        fs::write(home.join("proc/self/status"), status).unwrap();
        fs::write(home.join("proc/modules"), modules).unwrap();
        Machine { root: home.to_owned(), architecture: "aarch64" }
    }

    fn refusal(model: &str, status: &str, modules: &str) -> Option<String> {
        let home = tempfile::tempdir().unwrap();
        let machine = machine(home.path(), model, status, modules);
        let checked = machine.check_board().and_then(|()| machine.check_options(&Hub75Options::default()));
        checked.err().map(|refusal| refusal.to_string())
    }

    #[test]
    fn a_raspberry_pi_4_is_accepted() {
        assert_eq!(refusal(PI4, ROOT, "i2c_bcm2835 16384 0 - Live 0x0\n"), None);
    }

    #[test]
    fn a_capability_is_as_good_as_root() {
        assert_eq!(refusal(PI4, "Uid:\t7\t7\t7\t7\nCapEff:\t0000000000020000\n", ""), None);
        assert!(
            refusal(PI4, "Uid:\t7\t7\t7\t7\nCapEff:\t0000000000000000\n", "").unwrap().contains("needs root")
        );
        assert!(refusal(PI4, "", "").unwrap().contains("needs root"));
    }

    #[test]
    fn boards_without_a_driver_are_refused_with_one_sentence() {
        let pi5 = refusal("Raspberry Pi 5 Model B Rev 1.0\0", ROOT, "").unwrap();
        assert!(pi5.starts_with("no Raspberry Pi 5: its GPIO"), "{pi5}");
        assert!(
            refusal("Raspberry Pi Compute Module 5 Rev 1.0\0", ROOT, "").unwrap().contains("Raspberry Pi 5")
        );
        assert!(refusal("Raspberry Pi 500 Rev 1.0\0", ROOT, "").unwrap().contains("Raspberry Pi 5"));
        assert!(
            refusal("Orange Pi Zero\0", ROOT, "").unwrap().contains("no Raspberry Pi but Orange Pi Zero")
        );
        assert!(refusal("", ROOT, "").unwrap().contains("an unknown board"));
    }

    #[test]
    fn the_sound_module_is_refused_only_where_it_disturbs() {
        let modules = "snd_bcm2835 24576 1 - Live 0x0 (C)\n";
        assert!(refusal(PI4, ROOT, modules).unwrap().contains("blacklist"));
        let home = tempfile::tempdir().unwrap();
        let machine = machine(home.path(), PI4, ROOT, modules);
        let options = Hub75Options { disable_hardware_pulsing: true, ..Hub75Options::default() };
        assert_eq!(machine.check_options(&options), Ok(()));
    }

    #[test]
    fn a_build_for_another_processor_says_what_to_use_instead() {
        let machine = Machine { root: "/nowhere".into(), architecture: "x86_64" };
        assert_eq!(
            machine.check_board().unwrap_err().to_string(),
            "this build has no panel driver (x86-64): run marquee-panel on a Raspberry Pi; for this machine use \
             --panel web"
        );
    }

    #[test]
    fn options_are_checked_last() {
        let home = tempfile::tempdir().unwrap();
        let machine = machine(home.path(), PI4, ROOT, "");
        let options = Hub75Options { rows: 33, ..Hub75Options::default() };
        assert!(matches!(machine.check_options(&options), Err(Refusal::Option(OptionError::Range { .. }))));
    }
}
