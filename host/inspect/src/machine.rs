//! What this machine can load: class, instruction set, and the version of its C library.
//!
//! Invariant: a [`Machine`] is little-endian (a big-endian host does not compile), and its glibc version is the one
//! mapped into this process, so it is right in a container and after an update that waits for a restart.

use std::fmt;
use std::path::PathBuf;

use object::LittleEndian;
use object::elf;
use object::read::elf::FileHeader;

use crate::layout::{Layout, text_at};

#[cfg(target_endian = "big")]
compile_error!("Marquee runs on little-endian machines only");

/// A version of the GNU C library, such as 2.36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlibcVersion {
    /// 2, for as long as anybody remembers.
    pub major: u32,
    /// Counts releases.
    pub minor: u32,
}

impl GlibcVersion {
    /// The version that a symbol version such as `GLIBC_2.17` or `GLIBC_2.2.5` stands for.
    pub(crate) fn from_symbol_version(name: &[u8]) -> Option<Self> {
        // Packed relative relocations came with 2.36 and have a name of their own.
        if name == b"GLIBC_ABI_DT_RELR" {
            return Some(Self { major: 2, minor: 36 });
        }
        let mut parts = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?.split('.');
        Some(Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a plugin must be built for to be loaded here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Whether plugins are 64-bit files.
    pub is_64_bit: bool,
    /// `e_machine` of the ELF header.
    pub e_machine: u16,
    /// The C library that plugins will be bound to; none if that is not glibc or unknown, and then not checked.
    pub glibc: Option<GlibcVersion>,
}

/// Why the version of this machine's C library is unknown.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A file could not be read.
    #[error("cannot read {}: mount /proc and let this user read the C library", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The C library's file does not say which versions it has.
    #[error("cannot find the version of the C library in {}", path.display())]
    NoVersion {
        /// The file.
        path: PathBuf,
    },
}

impl Machine {
    /// This machine as the program was built for it, with the given C library.
    #[must_use]
    pub fn with_glibc(glibc: Option<GlibcVersion>) -> Self {
        Self { is_64_bit: cfg!(target_pointer_width = "64"), e_machine: own_e_machine(), glibc }
    }

    /// This machine, with the version of the C library that this process runs on. Reads two files; ask once.
    ///
    /// # Errors
    /// [`MachineError`], if there is a glibc but its version cannot be found. The caller may go on with
    /// [`Machine::with_glibc`]`(None)`: then the loader's own message tells of a C library that is too old.
    pub fn this() -> Result<Self, MachineError> {
        let maps = PathBuf::from("/proc/self/maps");
        let text = std::fs::read(&maps).map_err(|source| MachineError::Read { path: maps, source })?;
        let text = String::from_utf8_lossy(&text);
        let Some(path) = text.lines().find_map(libc_path) else { return Ok(Self::with_glibc(None)) };
        let bytes =
            std::fs::read(&path).map_err(|source| MachineError::Read { path: path.clone(), source })?;
        match newest_defined(&bytes) {
            Some(version) => Ok(Self::with_glibc(Some(version))),
            None => Err(MachineError::NoVersion { path }),
        }
    }

    /// The Rust target triple that runs here.
    #[must_use]
    pub fn target(&self) -> String {
        match elf::Machine(self.e_machine) {
            elf::EM_X86_64 => "x86_64-unknown-linux-gnu".to_owned(),
            elf::EM_AARCH64 => "aarch64-unknown-linux-gnu".to_owned(),
            elf::EM_ARM => "armv7-unknown-linux-gnueabihf".to_owned(),
            elf::EM_RISCV => "riscv64gc-unknown-linux-gnu".to_owned(),
            _ => format!("{}-unknown-linux-gnu", std::env::consts::ARCH),
        }
    }
}

/// What people call an `e_machine`.
pub(crate) fn machine_name(e_machine: u16) -> Option<&'static str> {
    Some(match elf::Machine(e_machine) {
        elf::EM_X86_64 => "x86-64",
        elf::EM_386 => "x86",
        elf::EM_AARCH64 => "aarch64",
        elf::EM_ARM => "arm",
        elf::EM_RISCV => "risc-v",
        elf::EM_PPC64 => "powerpc64",
        elf::EM_PPC => "powerpc",
        elf::EM_S390 => "s390",
        elf::EM_MIPS => "mips",
        elf::EM_LOONGARCH => "loongarch",
        _ => return None,
    })
}

fn own_e_machine() -> u16 {
    let machine = if cfg!(target_arch = "x86_64") {
        elf::EM_X86_64
    } else if cfg!(target_arch = "aarch64") {
        elf::EM_AARCH64
    } else if cfg!(target_arch = "arm") {
        elf::EM_ARM
    } else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
        elf::EM_RISCV
    } else if cfg!(target_arch = "x86") {
        elf::EM_386
    } else {
        elf::EM_NONE
    };
    machine.0
}

/// The C library's path, if a line of `/proc/self/maps` is of its mapping.
fn libc_path(line: &str) -> Option<PathBuf> {
    let path = &line[line.find('/')?..];
    let file = path.rsplit('/').next()?;
    (file == "libc.so.6" || (file.starts_with("libc-2.") && file.ends_with(".so")))
        .then(|| PathBuf::from(path))
}

/// The newest `GLIBC_x.y` that a C library defines.
fn newest_defined(bytes: &[u8]) -> Option<GlibcVersion> {
    if cfg!(target_pointer_width = "64") {
        newest_in::<elf::FileHeader64<LittleEndian>>(bytes)
    } else {
        newest_in::<elf::FileHeader32<LittleEndian>>(bytes)
    }
}

fn newest_in<Elf: FileHeader<Endian = LittleEndian>>(bytes: &[u8]) -> Option<GlibcVersion> {
    let layout = Layout::<Elf>::check(bytes).ok()?;
    let (mut definitions, link) = layout.sections.gnu_verdef(LittleEndian, bytes).ok()??;
    let names = layout.strings(link.0).ok()?;
    let mut newest = None;
    while let Some((_, mut auxiliaries)) = definitions.next().ok()? {
        // The first one names the version, the others its parents.
        if let Some(auxiliary) = auxiliaries.next().ok()? {
            let name = text_at(names, auxiliary.vda_name.get(LittleEndian));
            newest = newest.max(name.and_then(GlibcVersion::from_symbol_version));
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbol_versions_are_read_as_releases() {
        let release = |major, minor| Some(GlibcVersion { major, minor });
        for (name, expected) in [
            ("GLIBC_2.17", release(2, 17)),
            ("GLIBC_2.2.5", release(2, 2)),
            ("GLIBC_ABI_DT_RELR", release(2, 36)),
            ("GLIBC_PRIVATE", None),
            ("GCC_3.0", None),
            ("GLIBC_2", None),
            ("GLIBC_99999999999.1", None),
        ] {
            assert_eq!(GlibcVersion::from_symbol_version(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn the_c_library_is_found_among_the_mappings() {
        let line = "7f00-7f01 r--p 00000000 08:01 42                 /usr/lib/x86_64-linux-gnu/libc.so.6";
        assert_eq!(libc_path(line), Some(PathBuf::from("/usr/lib/x86_64-linux-gnu/libc.so.6")));
        assert_eq!(libc_path("7f00-7f01 r--p 00000000 08:01 42 /lib/libcrypt.so.1"), None);
        assert_eq!(libc_path("7f00-7f01 r--p 00000000 00:00 0 [heap]"), None);
    }

    #[test]
    fn the_version_of_this_machine_is_one_that_the_loader_reports() {
        let machine = Machine::this().expect("a machine");
        let Some(version) = machine.glibc else { return };
        let said =
            std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output().expect("getconf runs");
        assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), format!("glibc {version}"));
    }
}
