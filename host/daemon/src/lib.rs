//! The host program: command line, configuration and wiring.
//!
//! One start goes: `main` → [`cli`] reads the arguments → [`commands`] picks what to do → [`config`] reads
//! `marquee.toml`, the environment and the flags → [`logging`] begins → the host runs, or [`client`] asks the host
//! that already runs.
//!
//! Invariant: this package decides nothing about plugins, frames or pictures; it connects the packages that do. A
//! command ends with an exit code and, if it failed, one [`errors::CliError`] on standard error.

pub mod cli;
pub mod commands;
pub mod config;
pub mod logging;

pub mod app;
pub mod screen;

pub mod client;
pub mod doctor;
pub mod errors;
