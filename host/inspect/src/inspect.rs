//! The checks in their order, and what is known of a file that passes them all.

use object::LittleEndian;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use sha2::{Digest, Sha256};

use crate::dynamic::Dynamic;
use crate::layout::{Layout, damaged};
use crate::machine::{GlibcVersion, Machine, machine_name};
use crate::manifest::{CONTRACT_MAJOR, MANIFEST_SECTION, Manifest};
use crate::refusal::Refusal;

/// The symbol under which a plugin exports its root module: what `abi_stable` 0.11 makes of the words "lib_header"
/// and "root module loader" (`abi_stable::library::ROOT_MODULE_LOADER_NAME`). Repeated here because nothing that only
/// reads bytes should link the ABI; a test holds the two together.
pub const ROOT_MODULE_SYMBOL: &str = "_1as_0lib_1header_0root_bmodule_bloader";

/// What a plugin file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What it says about itself.
    pub manifest: Manifest,
    /// SHA-256 of all of its bytes.
    pub digest: [u8; 32],
    /// Libraries that it needs, by name, each once.
    pub needed: Vec<String>,
    /// The newest version of the C library that it asks for.
    pub glibc: Option<GlibcVersion>,
}

impl Inspected {
    /// The digest as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.digest)
    }
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the file with these bytes is, if it is a plugin that `machine` can load.
///
/// Pure, on any thread, linear in the number of bytes, and safe on any bytes.
///
/// # Errors
/// The first [`Refusal`] in the order of this package's opening words.
pub fn inspect(bytes: &[u8], machine: &Machine) -> Result<Inspected, Refusal> {
    check_identification(bytes, machine)?;
    if machine.is_64_bit {
        inspect_as::<elf::FileHeader64<LittleEndian>>(bytes, machine)
    } else {
        inspect_as::<elf::FileHeader32<LittleEndian>>(bytes, machine)
    }
}

/// The first 20 bytes mean the same in every ELF file but for the byte order, and they say whether the rest can be
/// read at all.
fn check_identification(bytes: &[u8], machine: &Machine) -> Result<(), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err(Refusal::NotElf { start: hex(&bytes[..bytes.len().min(4)]) });
    }
    let Some(start) = bytes.first_chunk::<20>() else {
        let length = bytes.len() as u64;
        return Err(Refusal::CutShort { part: "the file header".to_owned(), ends: 20, length });
    };
    let (class, order) = (start[4], start[5]);
    let two = |at: usize| [start[at], start[at + 1]];
    let (bits, big_endian) = match (class, order) {
        (1 | 2, 1) => (u32::from(class) * 32, false),
        (1 | 2, 2) => (u32::from(class) * 32, true),
        _ => return Err(damaged("its file header is zeroed or overwritten")),
    };
    let e_machine = if big_endian { u16::from_be_bytes(two(18)) } else { u16::from_le_bytes(two(18)) };
    if elf::Machine(e_machine) == elf::EM_NONE {
        return Err(damaged("its file header is zeroed or overwritten"));
    }
    let wanted_bits = if machine.is_64_bit { 64 } else { 32 };
    if big_endian || bits != wanted_bits || e_machine != machine.e_machine {
        let mut found = machine_name(e_machine)
            .map_or_else(|| format!("an unknown machine ({e_machine})"), str::to_owned);
        if bits != wanted_bits {
            found.push_str(&format!(" in {bits} bits"));
        }
        if big_endian {
            found.push_str(" in big-endian order");
        }
        let wanted = machine_name(machine.e_machine).unwrap_or(std::env::consts::ARCH);
        return Err(Refusal::OtherMachine { found, wanted, target: machine.target() });
    }
    match elf::FileType(u16::from_le_bytes(two(16))) {
        elf::ET_DYN => Ok(()),
        elf::ET_EXEC => Err(Refusal::NotALibrary { found: "an executable" }),
        elf::ET_REL => Err(Refusal::NotALibrary { found: "an object file" }),
        elf::ET_CORE => Err(Refusal::NotALibrary { found: "a core dump" }),
        _ => Err(damaged("its file header is zeroed or overwritten")),
    }
}

fn inspect_as<Elf: FileHeader<Endian = LittleEndian>>(
    bytes: &[u8],
    machine: &Machine,
) -> Result<Inspected, Refusal> {
    let layout = Layout::<Elf>::check(bytes)?;
    if layout.segments.iter().any(|segment| segment.p_type(LittleEndian) == elf::PT_INTERP) {
        return Err(Refusal::NotALibrary { found: "an executable" });
    }
    let dynamic = Dynamic::check(&layout)?;
    if dynamic.is_program() {
        return Err(Refusal::NotALibrary { found: "an executable" });
    }
    let needed = dynamic.needed()?;
    dynamic.check_requests()?;
    let glibc = dynamic.glibc()?;
    if let (Some(needed), Some(found)) = (glibc, machine.glibc)
        && needed > found
    {
        return Err(Refusal::NeedsGlibc { needed, found });
    }
    let section = layout.section_named(MANIFEST_SECTION).ok_or(Refusal::NoManifest)?;
    let manifest = Manifest::from_section(layout.section_data(section).unwrap_or_default())?;
    if manifest.api.major != CONTRACT_MAJOR {
        return Err(Refusal::OtherContract { found: manifest.api.to_string() });
    }
    if !dynamic.exports(ROOT_MODULE_SYMBOL)? {
        return Err(Refusal::NoRootModule);
    }
    Ok(Inspected { manifest, digest: Sha256::digest(bytes).into(), needed, glibc })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_symbol_is_the_one_that_the_abi_library_exports() {
        assert_eq!(ROOT_MODULE_SYMBOL, abi_stable::library::ROOT_MODULE_LOADER_NAME);
    }
}
