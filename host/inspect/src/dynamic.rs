//! What a library asks of the loader: other libraries, search paths, a version of the C library, special treatment.
//!
//! Everything here is read through the `PT_DYNAMIC` segment and addresses, as the loader does, and where the section
//! headers say the same thing again the two must agree: otherwise the loader would see another file than we do.
//!
//! Invariant: a library that passes needs nothing that its box does not hold, and the loader cannot be sent to any
//! other file by it.

use object::LittleEndian;
use object::elf;
use object::read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader, Sym};

use crate::layout::{Layout, damaged, text_at};
use crate::machine::GlibcVersion;
use crate::refusal::Refusal;

/// What plugins may link to: the C library, the parts that were files of their own before glibc 2.34, the maths
/// library, and the unwinder that Rust needs. The loader itself is matched by [`is_loader`].
const ALLOWED: [&str; 6] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1"];
/// A cap on version requirements: a plugin has dozens.
const MAX_VERSIONS: usize = 4096;

/// The dynamic section of a library.
pub(crate) struct Dynamic<'a, 'data, Elf: FileHeader<Endian = LittleEndian>> {
    layout: &'a Layout<'data, Elf>,
    entries: Vec<(i64, u64)>,
    strings: &'data [u8],
}

impl<'a, 'data, Elf: FileHeader<Endian = LittleEndian>> Dynamic<'a, 'data, Elf> {
    /// Finds the dynamic section and checks that the tables it names lie in the file.
    pub(crate) fn check(layout: &'a Layout<'data, Elf>) -> Result<Self, Refusal> {
        let entries = entries(layout)?;
        let mut dynamic = Self { layout, entries, strings: &[] };
        dynamic.strings = dynamic.table(elf::DT_STRTAB, elf::DT_STRSZ)?.unwrap_or_default();
        if dynamic.strings.first() != Some(&0) || dynamic.strings.last() != Some(&0) {
            return Err(damaged("its dynamic string table is missing or overwritten"));
        }
        for (table, size) in [
            (elf::DT_RELA, elf::DT_RELASZ),
            (elf::DT_REL, elf::DT_RELSZ),
            (elf::DT_RELR, elf::DT_RELRSZ),
            (elf::DT_JMPREL, elf::DT_PLTRELSZ),
            (elf::DT_INIT_ARRAY, elf::DT_INIT_ARRAYSZ),
            (elf::DT_FINI_ARRAY, elf::DT_FINI_ARRAYSZ),
        ] {
            dynamic.table(table, size)?;
        }
        for table in [elf::DT_HASH, elf::DT_GNU_HASH, elf::DT_VERSYM, elf::DT_INIT, elf::DT_FINI] {
            if let Some(address) = dynamic.value(table) {
                layout.at_address(address, 1).ok_or_else(|| outside(table))?;
            }
        }
        Ok(dynamic)
    }

    /// The libraries it needs, in the file's order.
    pub(crate) fn needed(&self) -> Result<Vec<String>, Refusal> {
        let mut needed = Vec::new();
        for &(_, offset) in self.entries.iter().filter(|(tag, _)| *tag == elf::DT_NEEDED.0) {
            let name = u32::try_from(offset).ok().and_then(|offset| text_at(self.strings, offset));
            let name = name.ok_or_else(|| damaged("a library that it needs has no name"))?;
            let name = name.escape_ascii().to_string();
            if !ALLOWED.contains(&name.as_str()) && !is_loader(&name) {
                return Err(Refusal::NeedsLibrary { library: name });
            }
            if !needed.contains(&name) {
                needed.push(name);
            }
        }
        Ok(needed)
    }

    /// Refuses what lets a library choose other files, or weakens the memory protection of its process.
    pub(crate) fn check_requests(&self) -> Result<(), Refusal> {
        let not_allowed = |what: &str| Err(Refusal::NotAllowed { what: what.to_owned() });
        for (tag, what) in [
            (elf::DT_RPATH, "brings a search path for libraries (RPATH)"),
            (elf::DT_RUNPATH, "brings a search path for libraries (RUNPATH)"),
            (elf::DT_AUDIT, "asks the loader for an audit library"),
            (elf::DT_DEPAUDIT, "asks the loader for an audit library"),
            (elf::DT_AUXILIARY, "asks the loader for a filter library"),
            (elf::DT_FILTER, "asks the loader for a filter library"),
            (elf::DT_TEXTREL, "changes its own code while being loaded (text relocations)"),
        ] {
            if self.value(tag).is_some() {
                return not_allowed(what);
            }
        }
        if self.value(elf::DT_FLAGS).unwrap_or(0) & elf::DF_TEXTREL.0 != 0 {
            return not_allowed("changes its own code while being loaded (text relocations)");
        }
        let flags = |segment: &Elf::ProgramHeader| segment.p_flags(LittleEndian).0;
        let executable = |segment: &Elf::ProgramHeader| flags(segment) & elf::PF_X.0 != 0;
        let stack = self.layout.segments.iter().find(|s| s.p_type(LittleEndian) == elf::PT_GNU_STACK);
        // Without that header the loader takes an executable stack as asked for.
        if stack.is_none_or(executable) {
            return not_allowed("asks for an executable stack");
        }
        if self.layout.loaded().any(|s| executable(s) && flags(s) & elf::PF_W.0 != 0) {
            return not_allowed("has memory that is writable and executable");
        }
        Ok(())
    }

    /// Whether this is a program that was linked as position-independent.
    pub(crate) fn is_program(&self) -> bool {
        self.value(elf::DT_FLAGS_1).unwrap_or(0) & elf::DF_1_PIE.0 != 0
    }

    /// The newest version of the C library that it asks for; none if it asks for none.
    pub(crate) fn glibc(&self) -> Result<Option<GlibcVersion>, Refusal> {
        let senseless = || damaged("its version requirements make no sense");
        let section = self.section_of_type(elf::SHT_GNU_VERNEED);
        let address: Option<u64> = section.map(|section| section.sh_addr(LittleEndian).into());
        if address != self.value(elf::DT_VERNEED) {
            return Err(senseless());
        }
        let needs = self.layout.sections.gnu_verneed(LittleEndian, self.layout.bytes);
        let Some((mut needs, _)) = needs.map_err(|_| senseless())? else { return Ok(None) };
        let (mut newest, mut count) = (None, 0);
        while let Some((_, mut versions)) = needs.next().map_err(|_| senseless())? {
            while let Some(version) = versions.next().map_err(|_| senseless())? {
                count += 1;
                if count > MAX_VERSIONS {
                    return Err(senseless());
                }
                let name = text_at(self.strings, version.vna_name.get(LittleEndian)).ok_or_else(senseless)?;
                newest = newest.max(GlibcVersion::from_symbol_version(name));
            }
        }
        Ok(newest)
    }

    /// Whether it exports a symbol of this name.
    pub(crate) fn exports(&self, wanted: &str) -> Result<bool, Refusal> {
        let senseless = || damaged("its dynamic symbols make no sense");
        let section = self.section_of_type(elf::SHT_DYNSYM).ok_or_else(senseless)?;
        if Some(section.sh_addr(LittleEndian).into()) != self.value(elf::DT_SYMTAB)
            || section.sh_entsize(LittleEndian).into() != size_of::<Elf::Sym>() as u64
        {
            return Err(senseless());
        }
        let symbols: &[Elf::Sym] =
            section.data_as_array(LittleEndian, self.layout.bytes).map_err(|_| senseless())?;
        Ok(symbols.iter().any(|symbol| {
            !symbol.is_undefined(LittleEndian)
                && !symbol.is_local()
                && text_at(self.strings, symbol.st_name(LittleEndian)) == Some(wanted.as_bytes())
        }))
    }

    fn section_of_type(&self, kind: elf::SectionType) -> Option<&'data Elf::SectionHeader> {
        self.layout.sections.iter().find(|section| section.sh_type(LittleEndian) == kind)
    }

    /// The last value of a tag: what the loader takes where one is given twice.
    fn value(&self, tag: elf::DynamicTag) -> Option<u64> {
        self.entries.iter().rev().find(|(found, _)| *found == tag.0).map(|(_, value)| *value)
    }

    /// The bytes of a table that is given by its address and its size.
    fn table(&self, table: elf::DynamicTag, size: elf::DynamicTag) -> Result<Option<&'data [u8]>, Refusal> {
        match (self.value(table), self.value(size)) {
            (Some(address), Some(size)) if size > 0 => {
                Ok(Some(self.layout.at_address(address, size).ok_or_else(|| outside(table))?))
            }
            _ => Ok(None),
        }
    }
}

/// The tags and values of the dynamic segment, up to its end mark.
fn entries<Elf: FileHeader<Endian = LittleEndian>>(
    layout: &Layout<'_, Elf>,
) -> Result<Vec<(i64, u64)>, Refusal> {
    let mut found = layout.segments.iter().filter(|s| s.p_type(LittleEndian) == elf::PT_DYNAMIC);
    let (Some(segment), None) = (found.next(), found.next()) else {
        return Err(damaged("it has no dynamic section, or several"));
    };
    let senseless = || damaged("its dynamic section makes no sense");
    let (offset, size) = segment.file_range(LittleEndian);
    let mapped = layout.at_address(segment.p_vaddr(LittleEndian).into(), size).ok_or_else(senseless)?;
    // The loader reads it where it is mapped, the table below where it lies: it must be the same place.
    let in_file = usize::try_from(offset).ok().and_then(|offset| layout.bytes.get(offset..));
    if in_file.is_none_or(|bytes| bytes.as_ptr() != mapped.as_ptr()) {
        return Err(senseless());
    }
    let entries = segment.dynamic(LittleEndian, layout.bytes).ok().flatten().ok_or_else(senseless)?;
    let end =
        entries.iter().position(|entry| entry.d_tag(LittleEndian) == elf::DT_NULL).ok_or_else(senseless)?;
    Ok(entries[..end].iter().map(|e| (e.d_tag(LittleEndian).0, e.d_val(LittleEndian).into())).collect())
}

fn outside(tag: elf::DynamicTag) -> Refusal {
    damaged(format!("a table of its dynamic section (tag {:#x}) lies outside of what is loaded", tag.0))
}

/// Whether a library's name is that of the loader, such as `ld-linux-x86-64.so.2`.
fn is_loader(name: &str) -> bool {
    let middle = name.strip_prefix("ld-linux").and_then(|rest| rest.split_once(".so."));
    middle.is_some_and(|(middle, version)| {
        !middle.contains('/') && !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_is_known_by_its_name() {
        for good in ["ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux-armhf.so.3", "ld-linux.so.2"]
        {
            assert!(is_loader(good), "{good}");
        }
        for bad in ["ld-linux", "ld-linux/../x.so.1", "ld-linux.so.", "ld-linux.so.x", "libld-linux.so.2"] {
            assert!(!is_loader(bad), "{bad}");
        }
    }
}
