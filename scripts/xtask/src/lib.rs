//! The benchmarks of the whole system: what the budgets are about, measured on the built programs.
//!
//! One run goes: [`bench::run`] copies the built plugins under thirty-one ids, drives a single runner through the real
//! supervisor, then whole hosts through their programs, and prints one table: what, measured, the baseline of the same
//! run and the ratio to it, budget, verdict.
//!
//! Invariant: nothing here decides whether a build is good. Times depend on the machine, so these figures are read by
//! people and never asserted by a test.

pub mod bench;
