//! Real shared libraries, whole and spoiled in every way that a copy, a wrong build or an enemy spoils them.

use std::collections::BTreeSet;

use marquee_inspect::{GlibcVersion, Machine, ROOT_MODULE_SYMBOL, Refusal, inspect};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{LittleEndian as LE, elf};
use proptest::prelude::*;

mod fixture;

fn here() -> Machine {
    Machine::this().expect("this machine is known")
}

/// Why the file is refused, in words.
fn reason(bytes: &[u8]) -> String {
    inspect(bytes, &here()).expect_err("the file is refused").to_string()
}

/// A cdylib as `rustc` makes it, with the root symbol and a manifest that the linker keeps.
fn rust_plugin() -> Vec<u8> {
    let mut section = marquee_inspect::MANIFEST_MAGIC.to_vec();
    let json = fixture::manifest_json("rusty", "1.2.3");
    section.extend(u32::try_from(json.len()).expect("short").to_le_bytes());
    section.extend(json.as_bytes());
    let length = section.len();
    fixture::compile_rust(&format!(
        "#[unsafe(link_section = \".marquee.manifest\")] #[unsafe(no_mangle)]
         pub static MANIFEST: [u8; {length}] = {section:?};
         #[unsafe(no_mangle)] pub static {ROOT_MODULE_SYMBOL}: u8 = 1;
         #[unsafe(no_mangle)] pub extern \"C\" fn greet() {{ println!(\"hello\"); }}"
    ))
}

#[test]
fn a_stripped_plugin_is_still_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plugin.so");
    std::fs::write(&path, rust_plugin()).expect("written");
    let done =
        std::process::Command::new("strip").arg(&path).status().expect("strip comes with the compiler");
    assert!(done.success());
    let found = inspect(&std::fs::read(&path).expect("read"), &here()).expect("a plugin");
    assert_eq!(found.manifest.id.as_str(), "rusty");
}

/// Every place in the file where a header, a segment, a section or a table of them starts or ends.
fn boundaries(bytes: &[u8]) -> BTreeSet<usize> {
    let header = elf::FileHeader64::<LE>::parse(bytes).expect("an ELF file");
    let mut ends = BTreeSet::from([4, 16, 20, 64]);
    let (phoff, shoff) = (header.e_phoff(LE) as usize, header.e_shoff(LE) as usize);
    for (i, segment) in header.program_headers(LE, bytes).expect("segments").iter().enumerate() {
        let (offset, size) = segment.file_range(LE);
        ends.extend([phoff + i * 56, phoff + i * 56 + 56, offset as usize, (offset + size) as usize]);
    }
    for (i, section) in header.section_headers(LE, bytes).expect("sections").iter().enumerate() {
        ends.extend([shoff + i * 64, shoff + i * 64 + 63]);
        if let Some((offset, size)) = section.file_range(LE) {
            ends.extend([offset as usize, (offset + size) as usize]);
        }
    }
    ends.retain(|end| *end < bytes.len());
    ends
}

/// Lengths at every 1 % and every boundary.
fn cuts(bytes: &[u8]) -> BTreeSet<usize> {
    let mut cuts = boundaries(bytes);
    cuts.extend((0..100).map(|percent| bytes.len() * percent / 100));
    cuts
}

#[test]
fn a_whole_plugin_tells_who_it_is() {
    let bytes = fixture::plugin("clock", "0.3.1");
    let found = inspect(&bytes, &here()).expect("a plugin");
    assert_eq!(
        (found.manifest.id.as_str(), found.manifest.version.to_string()),
        ("clock", "0.3.1".to_owned())
    );
    assert_eq!(found.needed, ["libc.so.6"]);
    assert!(found.glibc.is_some_and(|version| version.major == 2), "{:?}", found.glibc);
    assert_eq!(found.hex().len(), 64);
}

/// The macro of the contract and this package agree on the section, the symbol, and what the linker keeps.
#[test]
fn what_export_plugin_makes_is_a_plugin() {
    let test = std::env::current_exe().expect("this program");
    let profile = test.ancestors().nth(2).expect("target/debug/deps/files");
    let bytes = std::fs::read(profile.join("examples/libpulse.so")).expect("Cargo built the example");
    let found = inspect(&bytes, &here()).expect("a plugin").manifest;
    assert_eq!((found.id.as_str(), found.name.as_str()), ("pulse", "A \"pulse\" …"));
    assert_eq!(found.http, ["api.example.org", "*.example.org:8080", "*"]);
    assert_eq!((found.min_size, found.max_size, found.private_network), (Some([32, 16]), None, false));
}

#[test]
fn a_rust_cdylib_is_read_at_any_alignment() {
    let bytes = rust_plugin();
    let found = inspect(&bytes, &here()).expect("a plugin");
    assert_eq!(found.manifest.id.as_str(), "rusty");
    let shifted = [&[0], bytes.as_slice()].concat();
    assert_eq!(inspect(&shifted[1..], &here()), Ok(found));
}

/// P-LOAD-1: a file cut at every 1 % and at every header boundary is refused.
#[test]
fn a_cut_file_is_refused() {
    let small = fixture::plugin("clock", "0.3.1");
    let rust = rust_plugin();
    for (bytes, cuts) in [(&small, (0..small.len()).collect()), (&rust, cuts(&rust))] {
        for cut in cuts {
            let refusal =
                inspect(&bytes[..cut], &here()).expect_err(&format!("cut at {cut} of {}", bytes.len()));
            assert!(refusal.may_be_unfinished(), "cut at {cut}: {refusal}");
        }
    }
}

/// P-LOAD-1: a file with a zeroed tail is refused.
#[test]
fn a_zeroed_tail_is_refused() {
    let small = fixture::plugin("clock", "0.3.1");
    let rust = rust_plugin();
    for (bytes, starts) in [(&small, (0..small.len()).collect()), (&rust, cuts(&rust))] {
        for start in starts {
            let mut zeroed = bytes.clone();
            zeroed[start..].fill(0);
            if zeroed == *bytes {
                continue;
            }
            let refusal =
                inspect(&zeroed, &here()).expect_err(&format!("zeros from {start} of {}", bytes.len()));
            assert!(refusal.may_be_unfinished(), "zeros from {start}: {refusal}");
        }
    }
}

/// P-LOAD-2: wrong CPU, 32-bit, big-endian: one short message each, naming found and wanted.
#[test]
fn a_file_for_another_machine_names_both() {
    let other = if cfg!(target_arch = "aarch64") { (62, "x86-64") } else { (183, "aarch64") };
    let mut bytes = fixture::plugin("clock", "0.3.1");
    let (own, target) = (here().e_machine, here().target());
    let this = if own == 62 { "x86-64" } else { "aarch64" };
    bytes[18] = other.0;
    let wanted = format!("this machine is {this}: get the build for {target}");
    assert_eq!(reason(&bytes), format!("built for {}, {wanted}", other.1));
    bytes[18] = 40;
    bytes[4] = 1;
    assert_eq!(reason(&bytes), format!("built for arm in 32 bits, {wanted}"));
    bytes[4] = 2;
    bytes[5] = 2;
    bytes.swap(18, 19);
    assert_eq!(reason(&bytes), format!("built for arm in big-endian order, {wanted}"));
}

/// P-LOAD-2: an executable.
#[test]
fn what_is_not_a_shared_library_is_named() {
    let program = "int main(void) { return 0; }";
    let wanted = "not a shared library: set crate-type = [\"cdylib\"] and build again";
    for arguments in [&["-pie", "-fPIE"][..], &["-no-pie", "-fno-pie"], &["-static"]] {
        let bytes = fixture::compile(program, arguments);
        assert_eq!(reason(&bytes), format!("this is an executable, {wanted}"), "{arguments:?}");
    }
    assert_eq!(reason(&fixture::compile(program, &["-c"])), format!("this is an object file, {wanted}"));
    assert!(reason(b"#!/bin/sh\n").starts_with("this is not an ELF file (it starts with 23212f62)"));
    assert_eq!(reason(b""), "the file is empty: copy it again");
}

/// P-LOAD-2: missing library.
#[test]
fn a_library_that_plugins_do_not_get_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fixture::other_library(folder.path(), "libother.so.3");
    let library = folder.path().join("libother.so.3").display().to_string();
    let json = fixture::manifest_json("clock", "0.3.1");
    let source =
        format!("{}extern int other(void); int more(void) {{ return other(); }}", fixture::c_source(&json));
    let bytes = fixture::compile(&source, &["-shared", "-fPIC", "-Wl,--no-as-needed", "-xnone", &library]);
    assert!(
        reason(&bytes).starts_with("needs the library \"libother.so.3\", and plugins get only"),
        "{}",
        reason(&bytes)
    );
    let bytes =
        fixture::compile(&fixture::c_source(&json), &["-shared", "-fPIC", "-Wl,--no-as-needed", "-lm"]);
    assert_eq!(inspect(&bytes, &here()).expect("a plugin").needed, ["libm.so.6", "libc.so.6"]);
}

/// P-LOAD-2: glibc too new.
#[test]
fn a_newer_c_library_is_named_with_both_versions() {
    let bytes = fixture::plugin("clock", "0.3.1");
    let needed = inspect(&bytes, &here()).expect("a plugin").glibc.expect("a version");
    let old = Machine::with_glibc(Some(GlibcVersion { major: 2, minor: 1 }));
    let refusal = inspect(&bytes, &old).expect_err("too new");
    assert!(refusal.to_string().starts_with(&format!("needs glibc {needed} and this machine has 2.1: ")));
    assert!(inspect(&bytes, &Machine::with_glibc(Some(needed))).is_ok());
    assert!(inspect(&bytes, &Machine::with_glibc(None)).is_ok());
}

#[test]
fn what_weakens_the_loader_is_refused() {
    let source = fixture::c_source(&fixture::manifest_json("clock", "0.3.1"));
    for (arguments, expected) in [
        (&["-Wl,--disable-new-dtags,-rpath,/tmp"][..], "it brings a search path for libraries (RPATH)"),
        (&["-Wl,--enable-new-dtags,-rpath,$ORIGIN"], "it brings a search path for libraries (RUNPATH)"),
        (&["-Wl,--audit,evil.so"], "it asks the loader for an audit library"),
        (&["-Wl,-f,evil.so"], "it asks the loader for a filter library"),
        (&["-Wl,-F,evil.so"], "it asks the loader for a filter library"),
        (&["-Wl,-z,execstack"], "it asks for an executable stack"),
    ] {
        let bytes = fixture::compile(&source, &[&["-shared", "-fPIC"], arguments].concat());
        assert!(reason(&bytes).starts_with(expected), "{arguments:?}: {}", reason(&bytes));
    }
    let mut bytes = fixture::plugin("clock", "0.3.1");
    let header = elf::FileHeader64::<LE>::parse(bytes.as_slice()).expect("an ELF file");
    let segments = header.program_headers(LE, bytes.as_slice()).expect("segments");
    let code = segments.iter().position(|segment| segment.p_flags(LE).0 & elf::PF_X.0 != 0).expect("code");
    let flags_at = header.e_phoff(LE) as usize + code * 56 + 4;
    bytes[flags_at] |= 2;
    assert!(
        reason(&bytes).starts_with("it has memory that is writable and executable"),
        "{}",
        reason(&bytes)
    );
}

/// P-LOAD-2: no manifest, no root module, other contract.
#[test]
fn a_library_that_is_no_plugin_says_what_is_missing() {
    let plain = fixture::compile("int greet(void) { return 1; }", &["-shared", "-fPIC"]);
    assert_eq!(inspect(&plain, &here()), Err(Refusal::NoManifest));
    let source = fixture::c_source(&fixture::manifest_json("clock", "0.3.1"));
    let hidden = source.replace("visibility(\"default\"))) const", "visibility(\"hidden\"))) const");
    let rootless = fixture::compile(&hidden, &["-shared", "-fPIC"]);
    assert_eq!(inspect(&rootless, &here()), Err(Refusal::NoRootModule));

    let contract = |api: &str| {
        let json = fixture::manifest_json("clock", "0.3.1").replace("1.0.0", api);
        inspect(&fixture::plugin_with(&json), &here())
    };
    assert!(contract("1.7.0").is_ok(), "a newer minor version loads");
    let refusal = contract("2.0.0").expect_err("another contract").to_string();
    assert!(refusal.starts_with("built for contract 2.0.0, and this host speaks contract 1.x"), "{refusal}");
    let refusal =
        inspect(&fixture::plugin_with("{\"id\":7}"), &here()).expect_err("not a manifest").to_string();
    assert!(refusal.starts_with("its manifest cannot be used: "), "{refusal}");
}

/// P-LOAD-2: each message is one short line.
#[test]
fn a_reason_is_one_short_line_whatever_the_file_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = format!("lib\u{1b}[2J\n{}.so", "x".repeat(200));
    fixture::other_library(folder.path(), &odd);
    let library = folder.path().join(&odd).display().to_string();
    let source = fixture::c_source(&fixture::manifest_json("clock", "0.3.1"));
    let bytes = fixture::compile(&source, &["-shared", "-fPIC", "-Wl,--no-as-needed", "-xnone", &library]);
    let reason = reason(&bytes);
    assert!(reason.len() < 500 && !reason.chars().any(char::is_control), "{reason}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..600), elf in any::<bool>()) {
        if elf && bytes.len() > 20 {
            let real = fixture::plugin("clock", "0.3.1");
            bytes[..20].copy_from_slice(&real[..20]);
        }
        let _ = inspect(&bytes, &here_once());
    }

    #[test]
    fn a_spoiled_plugin_never_panics(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..40),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = fixture::plugin("clock", "0.3.1");
        let marks: Vec<usize> = boundaries(&bytes).into_iter().collect();
        for (place, value, at_header) in changes {
            // Half of the changes hit near a header, where they matter most.
            let at = if at_header { marks[place.index(marks.len())] + usize::from(value % 64) } else { place.index(bytes.len()) };
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = inspect(&bytes, &here_once());
    }
}

fn here_once() -> Machine {
    static HERE: std::sync::OnceLock<Machine> = std::sync::OnceLock::new();
    *HERE.get_or_init(here)
}
