//! Sealed bytes: nobody changes them, and others' are checked.
//!
//! Invariant: what `SealedBytes` accepts can never change again.

use std::os::fd::{AsFd, OwnedFd};

use marquee_frames::sealed::{SealedBytes, SealedError};
use proptest::prelude::*;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::{Errno, pwrite};

#[test]
fn sealed_bytes_cannot_be_written_cut_or_lengthened() {
    let bytes = SealedBytes::create("plugin.so", b"as it was").unwrap();
    assert_eq!(pwrite(&bytes, b"x", 0), Err(Errno::PERM));
    assert_eq!(ftruncate(&bytes, 0), Err(Errno::PERM));
    assert_eq!(ftruncate(&bytes, 100), Err(Errno::PERM));
    assert_eq!(bytes.to_vec().unwrap(), b"as it was");
}

#[test]
fn a_copy_of_the_descriptor_has_the_same_bytes_and_a_mapping_outlives_it() {
    let bytes = SealedBytes::create("answer", b"long answer").unwrap();
    let there = SealedBytes::open(bytes.as_fd().try_clone_to_owned().unwrap(), 11).unwrap();
    let again = there.try_clone().unwrap();
    drop(bytes);
    drop(there);
    let mapped = again.map().unwrap();
    drop(again);
    assert_eq!(&*mapped, b"long answer");
}

#[test]
fn a_plain_read_of_the_descriptor_begins_at_the_start() {
    let bytes = SealedBytes::create("library", b"ELF").unwrap();
    let text = std::io::read_to_string(std::fs::File::from(OwnedFd::from(bytes))).unwrap();
    assert_eq!(text, "ELF");
}

#[test]
fn no_bytes_at_all_are_fine() {
    let bytes = SealedBytes::create("", b"").unwrap();
    assert!(bytes.is_empty());
    assert_eq!(bytes.to_vec().unwrap(), b"");
}

#[test]
fn a_name_the_kernel_refuses_is_an_error_that_says_which() {
    let error = SealedBytes::create(&"x".repeat(300), b"").unwrap_err();
    assert!(error.to_string().contains("xxx"));
    let error: std::io::Error = error.into();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[test]
fn a_file_that_can_still_change_or_is_too_long_is_refused() {
    let all = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    let made = |seals, len| {
        let fd = memfd_create("made", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&fd, len).unwrap();
        fcntl_add_seals(&fd, seals).unwrap();
        fd
    };
    assert!(SealedBytes::open(made(all, 10), 10).is_ok());
    for missing in [SealFlags::WRITE, SealFlags::SHRINK, SealFlags::GROW, SealFlags::SEAL] {
        let opened = SealedBytes::open(made(all - missing, 10), 10);
        assert!(matches!(opened, Err(SealedError::Unsealed)), "{missing:?}");
    }
    let opened = SealedBytes::open(made(all, 5 << 30), 1 << 20);
    assert!(matches!(opened, Err(SealedError::TooLong { len: 5_368_709_120, max: 1_048_576 })));
    let (pipe, _other) = std::io::pipe().unwrap();
    assert!(matches!(SealedBytes::open(pipe.into(), 10), Err(SealedError::Unsealed)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_come_back(content in prop::collection::vec(any::<u8>(), 0..10_000)) {
        let bytes = SealedBytes::create("any", &content).unwrap();
        prop_assert_eq!(bytes.len(), content.len());
        prop_assert_eq!(bytes.to_vec().unwrap(), content);
    }
}
