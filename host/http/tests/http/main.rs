//! The API over real TCP, on loopback, with requests written by hand so that nothing between is polite.
//!
//! Invariant: tests wait for what happens, never for time to pass; every wait ends after [`support::PATIENCE`].

mod frames;
mod lifecycle;
mod refusals;
mod routes;
mod support;
