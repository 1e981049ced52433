//! Extensions of the contract: what came after 1.0, or what two parties agree on between themselves.
//!
//! The frozen contract never grows; a new ability is a table of functions with an id of its own
//! (`marquee.strip/1`), asked for at run time. The side that does not have it answers none, and the asker lives without.
//! The answer carries the table's type layout, which is compared before the table is used, in both directions, so that
//! a table may gain prefix fields at its end.
//!
//! Invariant: a pointer is handed out only after its layout was found compatible.

#![expect(unsafe_code, reason = "turns a checked pointer into a reference")]

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::type_layout::TypeLayout;

use crate::abi;

/// A table of functions that one side offers to the other.
#[derive(Clone, Copy)]
pub struct Table(abi::Extension);

impl Table {
    /// Offers a table.
    pub fn of<T: StableAbi + Sync>(table: &'static T) -> Self {
        Self(abi::Extension { pointer: std::ptr::from_ref(table).cast(), layout: T::LAYOUT })
    }

    #[doc(hidden)]
    #[must_use]
    pub fn into_abi(self) -> abi::Extension {
        self.0
    }
}

/// Asks the host for an extension by its id; call it in any callback. None if the host does not have it, or has it with
/// a layout that does not fit `T`.
#[must_use]
pub fn of_host<T: StableAbi + Sync>(id: &str) -> Option<&'static T> {
    checked(crate::export::host_extension(id)?)
}

/// The table behind an answer, if its layout fits `T`.
#[doc(hidden)]
#[must_use]
pub fn checked<T: StableAbi + Sync>(extension: abi::Extension) -> Option<&'static T> {
    if !fits(T::LAYOUT, extension.layout) {
        return None;
    }
    // SAFETY: the layout of the pointee is compatible with `T`, and `Extension` promises a `'static` value.
    unsafe { extension.pointer.cast::<T>().as_ref() }
}

/// Whether two layouts are compatible: `abi_stable` accepts a wider implementation behind a narrower interface only, so
/// an older side against a newer one needs the check with the roles swapped.
#[doc(hidden)]
#[must_use]
pub fn fits(wanted: &'static TypeLayout, found: &'static TypeLayout) -> bool {
    check_layout_compatibility(wanted, found).is_ok() || check_layout_compatibility(found, wanted).is_ok()
}
