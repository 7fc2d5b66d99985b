//! The Actions runner: what it tells a step, and what a step tells it.

pub mod artifact;
pub mod commands;
pub mod context;
pub mod log;
pub mod outputs;
