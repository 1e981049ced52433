//! No way to gain privileges, and none kept.
//!
//! Invariant: [`drop_all`] comes after every layer that needs a capability, and before foreign code and other threads
//! exist, so that no thread of a runner ever holds one.

use rustix::{
    io::Errno,
    thread::{
        CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set,
        set_capabilities, set_no_new_privs,
    },
};

use crate::{Layer, LayerReport};

/// Forbids set-uid programs and the like for this process and all it will ever start.
pub(crate) fn forbid_new() -> rustix::io::Result<()> {
    set_no_new_privs(true)
}

/// Empties every set of capabilities. `forbidden` is what [`forbid_new`] said.
pub(crate) fn drop_all(forbidden: rustix::io::Result<()>) -> LayerReport {
    let mut complaints = Vec::new();
    if let Err(errno) = forbidden {
        complaints.push(format!("privileges can be gained by starting a program: {errno}"));
    }
    // The kernel counts capabilities without gaps and answers EINVAL to the first number that it does not know. EPERM
    // is the answer to a process that has none to begin with: it cannot use the bounding set either.
    for number in 0..64 {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1_u64 << number)) {
            Ok(()) => {}
            Err(Errno::INVAL | Errno::PERM) => break,
            Err(errno) => {
                complaints.push(format!("the bounding set of capabilities cannot be emptied: {errno}"));
                break;
            }
        }
    }
    if let Err(errno) = clear_ambient_capability_set() {
        complaints.push(format!("the ambient set of capabilities cannot be emptied: {errno}"));
    }
    let none = CapabilitySet::empty();
    if let Err(errno) =
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
    {
        complaints.push(format!("capabilities cannot be dropped: {errno}"));
    }
    LayerReport::from_complaints(Layer::NoNewPrivs, &complaints)
}
