//! An extension as a later version of the contract might bring one: a table with one function, by an id.
//!
//! Invariant: frozen, like the two plugins in `tests/kept` that were made with it.

use abi_stable::StableAbi;

/// The id under which the host offers it.
pub const OF_HOST: &str = "marquee.test.number/1";
/// The id under which a plugin offers it.
pub const OF_PLUGIN: &str = "marquee.test.answer/1";

/// The table.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Number {
    /// A number.
    pub number: extern "C" fn() -> u32,
}
