//! The configuration: what is read from where, and what a mistake in it says.

mod errors;
mod folders;
mod random;
mod support;
mod values;
