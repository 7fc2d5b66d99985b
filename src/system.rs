//! Interfaces to the operating system: environment variables, the clock, files, the network, and
//! the console.

pub(crate) mod backoff;
pub(crate) mod clock;
pub(crate) mod console;
pub(crate) mod environment;
pub(crate) mod files;
pub(crate) mod git;
pub(crate) mod http;
pub(crate) mod prose;
pub(crate) mod secrets;
pub(crate) mod signals;
pub(crate) mod text;
