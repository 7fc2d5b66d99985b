//! The Copilot activity report.

pub mod clock;
pub mod environment;
pub mod report;
