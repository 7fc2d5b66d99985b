//! The Copilot activity report.

pub mod clock;
pub mod environment;
pub mod github;
pub mod http;
pub mod report;
pub mod text;
