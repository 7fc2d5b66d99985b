//! The Actions runner: what it tells a step, and what a step tells it.

pub(crate) mod artifact;
pub(crate) mod context;
pub(crate) mod log;
pub(crate) mod outputs;
pub(crate) mod workflow_commands;
