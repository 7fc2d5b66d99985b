//! Tests of the action's promises on the built binary. Each folder has the tests of one promise.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

mod support;

/// The report is byte for byte the file that GitHub offers for download.
mod report_file {
    mod json;
    mod manifest;
    mod report;
}

/// The page shows what the report and the history say, and nothing else.
mod page {
    mod contents;
    mod delivery;
}

/// The report is complete, or it isn't published.
mod complete {
    mod completeness;
    mod control;
    mod revocations;
    mod selection;
}

/// If something fails, nothing is lost, nothing is delivered twice, and the error says what was
/// delivered.
mod delivery {
    mod artifact;
    mod commit;
    pub mod faults;
    mod interruption;
    mod killed_runs;
    mod large_commits;
    mod many_organizations;
    mod pull_request;
    mod pull_request_faults;
    mod shared_pull_requests;
}

/// A run over many organizations counts people once, and says what happened in each.
mod organizations {
    mod blocked_folders;
    mod combined;
    mod coverage;
    mod page;
    mod people;
    mod results;
    mod summary;
}

/// The audit repository keeps what GitHub forgets.
mod history {
    mod audited_year;
    mod changes;
    mod damaged_files;
    mod erase;
    mod history_damage;
    mod import;
    mod index;
    mod missed_days;
    mod rebuild;
    mod repository;
    mod repository_checks;
    mod retire;
    pub mod scenarios;
    mod scopes;
    mod settings;
    mod soak;
    mod tombstones;
    mod verify;
}

/// Every failure says what failed, what GitHub answered, what's missing, and how to fix it.
mod errors {
    mod app;
    mod commit_rejections;
    mod failures;
    mod inputs;
    mod rules;
    mod summaries;
    mod texts;
}

/// Requests stay within GitHub's limits, and responses within the machine's memory.
mod resource_use {
    mod memory_200k_seats;
    mod proxies;
    mod rate_limits;
    mod response_shapes;
    mod response_size_limits;
}

/// Personal data reaches a public place only on request, and no name or secret is misinterpreted.
mod privacy {
    mod hostile;
    mod pseudonyms;
    mod public;
    mod runner;
}

/// The action also runs on the command line.
mod command_line {
    mod cli;
    mod streams;
}

/// The code, the documentation, and the release agree.
mod shape {
    mod cycles;
    mod language;
    mod metadata;
    mod release;
    mod troubleshooting;
}
