//! Exchanges data with the GitHub Actions runner: its environment variables, the log, outputs, and
//! artifacts.

pub(crate) mod artifact;
pub(crate) mod context;
pub(crate) mod log;
pub(crate) mod outputs;
pub(crate) mod workflow_commands;
