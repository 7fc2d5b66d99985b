//! The edges of the process: its environment, the clock, files, the network, and the console.

pub mod clock;
pub mod console;
pub mod environment;
pub mod files;
pub mod http;
pub mod secrets;
pub(crate) mod signals;
pub mod text;
