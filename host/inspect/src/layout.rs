//! Whether a file is whole: every part that a header names lies inside it, and nothing contradicts itself.
//!
//! Neither the kernel nor the loader checks this: a page behind the end of a mapped file is a SIGBUS at first touch.
//! The tail of a file is where a broken copy shows, and linkers put the section headers there; plugins must have
//! them, although the loader does not read them.
//!
//! Invariant: a [`Layout`] exists only for a file whose program headers, section headers, segments, sections and
//! string tables lie inside it. All sums are checked, and the counts are capped, so the work is linear.

use object::LittleEndian;
use object::elf;
use object::read::StringTable;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, SectionTable};

use crate::refusal::Refusal;

/// More than any linker makes of a plugin; without a cap, a hostile file could name millions.
const MAX_SEGMENTS: u32 = 64;
const MAX_SECTIONS: u32 = 2048;
/// The longest name that is read, in bytes.
const MAX_NAME: usize = 512;
/// At least so many bytes at the end of the last part of an honest file are not all zero: a section header holds its
/// size and alignment in its last 32 bytes, a string table ends with a name.
const TAIL: usize = 48;

/// The parts of a file that is whole.
pub(crate) struct Layout<'data, Elf: FileHeader<Endian = LittleEndian>> {
    pub(crate) bytes: &'data [u8],
    pub(crate) header: &'data Elf,
    pub(crate) segments: &'data [Elf::ProgramHeader],
    pub(crate) sections: SectionTable<'data, Elf, &'data [u8]>,
    names: &'data [u8],
}

/// A refusal for a file that contradicts itself.
pub(crate) fn damaged(what: impl Into<String>) -> Refusal {
    Refusal::Damaged { what: what.into() }
}

/// The NUL-terminated text at an offset of a string table; none if there is none or it is too long to be a name.
pub(crate) fn text_at(table: &[u8], offset: u32) -> Option<&[u8]> {
    let rest = table.get(usize::try_from(offset).ok()?..)?;
    let rest = &rest[..rest.len().min(MAX_NAME)];
    rest.iter().position(|&b| b == 0).map(|end| &rest[..end])
}

impl<'data, Elf: FileHeader<Endian = LittleEndian>> Layout<'data, Elf> {
    /// Checks the whole layout of a file whose identification bytes fit `Elf`.
    pub(crate) fn check(bytes: &'data [u8]) -> Result<Self, Refusal> {
        let header_size = size_of::<Elf>() as u64;
        part_inside(bytes, "the file header", 0, header_size)?;
        let header = Elf::parse(bytes).map_err(|_| damaged("its file header makes no sense"))?;
        let segments = segments(bytes, header)?;
        let (sections, names) = section_table(bytes, header)?;
        // Names are looked up here, with a limit on their length, so that table needs none of its own.
        let sections = SectionTable::new(sections, StringTable::default());
        let layout = Self { bytes, header, segments, sections, names };
        let segments_end = layout.check_segments()?;
        let sections_end = layout.check_sections()?;
        layout.check_tail(segments_end.max(sections_end))?;
        Ok(layout)
    }

    /// The contents of section `index`, which must be a string table.
    pub(crate) fn strings(&self, index: usize) -> Result<&'data [u8], Refusal> {
        let section = self.sections.iter().nth(index).filter(|s| s.sh_type(LittleEndian) == elf::SHT_STRTAB);
        let section = section.ok_or_else(|| damaged(format!("section {index} is not a string table")))?;
        self.section_data(section).ok_or_else(|| damaged("a string table has no contents"))
    }

    /// The contents of a section; none if it has none in the file.
    pub(crate) fn section_data(&self, section: &Elf::SectionHeader) -> Option<&'data [u8]> {
        let (offset, size) = section.file_range(LittleEndian)?;
        self.bytes.get(usize::try_from(offset).ok()?..)?.get(..usize::try_from(size).ok()?)
    }

    /// The first section of this name.
    pub(crate) fn section_named(&self, wanted: &str) -> Option<&'data Elf::SectionHeader> {
        self.sections
            .iter()
            .skip(1)
            .find(|section| text_at(self.names, section.sh_name(LittleEndian)) == Some(wanted.as_bytes()))
    }

    /// Where in the file `size` bytes at address `address` of the loaded library come from; none if they do not.
    pub(crate) fn at_address(&self, address: u64, size: u64) -> Option<&'data [u8]> {
        let end = address.checked_add(size)?;
        self.loaded().find_map(|segment| {
            let (offset, file_size) = segment.file_range(LittleEndian);
            let start: u64 = segment.p_vaddr(LittleEndian).into();
            let inside = address >= start && end <= start.checked_add(file_size)?;
            let from = offset.checked_add(address.checked_sub(start)?)?;
            let to = from.checked_add(size)?;
            if inside { self.bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?) } else { None }
        })
    }

    /// The segments that the loader maps.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = &'data Elf::ProgramHeader> + use<'data, Elf> {
        self.segments.iter().filter(|segment| segment.p_type(LittleEndian) == elf::PT_LOAD)
    }

    /// Segments lie in the file, and those to be mapped are in order and do not overlap. Where the last one ends.
    fn check_segments(&self) -> Result<u64, Refusal> {
        let mut end = 0;
        for (number, segment) in self.segments.iter().enumerate() {
            let (offset, size) = segment.file_range(LittleEndian);
            end = end.max(part_inside(self.bytes, &format!("segment {number}"), offset, size)?);
        }
        let mut mapped_to = 0_u64;
        for segment in self.loaded() {
            let (offset, file_size) = segment.file_range(LittleEndian);
            let address: u64 = segment.p_vaddr(LittleEndian).into();
            let size: u64 = segment.p_memsz(LittleEndian).into();
            let align: u64 = segment.p_align(LittleEndian).into();
            if file_size > size {
                return Err(damaged("a segment is longer in the file than in memory"));
            }
            if address < mapped_to {
                return Err(damaged("its segments overlap or are out of order"));
            }
            if align > 1 && (!align.is_power_of_two() || address % align != offset % align) {
                return Err(damaged("a segment is not aligned"));
            }
            mapped_to = address.checked_add(size).ok_or_else(|| damaged("a segment has no end"))?;
        }
        if mapped_to == 0 { Err(damaged("it has nothing to load")) } else { Ok(end) }
    }

    /// Sections lie in the file and name what they are. Where the last one, or the table of them, ends.
    fn check_sections(&self) -> Result<u64, Refusal> {
        let table: u64 = self.header.e_shoff(LittleEndian).into();
        let mut end = table + (self.sections.len() * size_of::<Elf::SectionHeader>()) as u64;
        for (number, section) in self.sections.iter().enumerate() {
            let kind = section.sh_type(LittleEndian);
            if number == 0 {
                if kind != elf::SHT_NULL {
                    return Err(damaged("its first section header is not empty"));
                }
                continue;
            }
            let align: u64 = section.sh_addralign(LittleEndian).into();
            if kind == elf::SHT_NULL || !align.is_power_of_two() {
                return Err(damaged(format!("the header of section {number} is zeroed or overwritten")));
            }
            if section.sh_link(LittleEndian) as usize >= self.sections.len() {
                return Err(damaged(format!("section {number} refers to a section that is not there")));
            }
            let Some((offset, size)) = section.file_range(LittleEndian) else { continue };
            let name = text_at(self.names, section.sh_name(LittleEndian)).filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| damaged(format!("section {number} has no name")))?;
            let part = format!("section {}", name.escape_ascii());
            end = end.max(part_inside(self.bytes, &part, offset, size)?);
            if kind == elf::SHT_STRTAB {
                let table = self.section_data(section).unwrap_or_default();
                if table.first() != Some(&0) || table.last() != Some(&0) {
                    return Err(damaged(format!("{part} is not a string table")));
                }
            }
        }
        Ok(end)
    }

    /// A copy that reserved its space first leaves zeros where the rest should be.
    fn check_tail(&self, end: u64) -> Result<(), Refusal> {
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(self.bytes.len());
        let tail = &self.bytes[end.saturating_sub(TAIL)..end];
        if tail.iter().all(|&b| b == 0) { Err(damaged("its end is nothing but zeros")) } else { Ok(()) }
    }
}

fn segments<'data, Elf: FileHeader<Endian = LittleEndian>>(
    bytes: &'data [u8],
    header: &Elf,
) -> Result<&'data [Elf::ProgramHeader], Refusal> {
    let count = u32::from(header.e_phnum(LittleEndian));
    if count == 0 || count > MAX_SEGMENTS {
        return Err(damaged(format!("it names {count} program headers")));
    }
    let size = u64::from(count) * size_of::<Elf::ProgramHeader>() as u64;
    part_inside(bytes, "the program header table", header.e_phoff(LittleEndian).into(), size)?;
    header.program_headers(LittleEndian, bytes).map_err(|_| damaged("its program headers make no sense"))
}

/// The section headers, and the string table of their names.
fn section_table<'data, Elf: FileHeader<Endian = LittleEndian>>(
    bytes: &'data [u8],
    header: &Elf,
) -> Result<(&'data [Elf::SectionHeader], &'data [u8]), Refusal> {
    let offset: u64 = header.e_shoff(LittleEndian).into();
    // One section header at least, or there is no telling whether the others are there.
    let one = size_of::<Elf::SectionHeader>() as u64;
    if offset == 0 {
        return Err(damaged("it has no section headers (do not strip them with sstrip or the like)"));
    }
    part_inside(bytes, "the section header table", offset, one)?;
    let senseless = || damaged("its section headers make no sense");
    let count = header.shnum(LittleEndian, bytes).map_err(|_| senseless())?;
    if !(2..=MAX_SECTIONS).contains(&count) {
        return Err(damaged(format!("it names {count} sections")));
    }
    part_inside(bytes, "the section header table", offset, u64::from(count) * one)?;
    let sections = header.section_headers(LittleEndian, bytes).map_err(|_| senseless())?;
    let index = header.section_strings_index(LittleEndian, bytes).map_err(|_| senseless())?;
    let names = sections.get(index.0).filter(|section| section.sh_type(LittleEndian) == elf::SHT_STRTAB);
    let names = names.ok_or_else(|| damaged("the section names are missing"))?;
    let (from, size) = names.file_range(LittleEndian).unwrap_or_default();
    part_inside(bytes, "section .shstrtab", from, size)?;
    let names = names.data(LittleEndian, bytes).map_err(|_| senseless())?;
    Ok((sections, names))
}

/// Where a part of the file ends, if that is inside the file.
fn part_inside(bytes: &[u8], part: &str, offset: u64, size: u64) -> Result<u64, Refusal> {
    let length = bytes.len() as u64;
    let ends = offset.checked_add(size).ok_or_else(|| damaged(format!("{part} has no end")))?;
    if ends > length { Err(Refusal::CutShort { part: part.to_owned(), ends, length }) } else { Ok(ends) }
}
