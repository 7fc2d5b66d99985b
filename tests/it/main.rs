//! The action's promises, tested from outside on the built binary. Each folder holds the tests of
//! one promise.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

mod support;

/// The report is byte for byte the file that GitHub offers for download.
mod same_file {
    mod json;
    mod report;
}

/// The report is complete, or it isn't published.
mod complete {
    mod completeness;
    mod revocations;
}

/// Whatever fails, nothing is lost, nothing is delivered twice, and the error says what was delivered.
mod nothing_lost {
    mod artifact;
    mod commit;
    mod faults;
    mod interruption;
    mod large_commits;
    mod pull_request;
    mod pull_request_faults;
}

/// The audit repository keeps what GitHub forgets.
mod history {
    mod changes;
    mod damaged_files;
    mod history_damage;
    mod import;
    mod rebuild;
    mod repository;
    mod scopes;
    mod seasons;
    mod verify;
}

/// Every failure says what failed, what GitHub answered, what's missing, and how to fix it.
mod answers {
    mod app;
    mod commit_rejections;
    mod failures;
    mod inputs;
    mod rules;
    mod texts;
}

/// Requests stay within GitHub's limits, and responses within the machine's.
mod citizen {
    mod limits;
    mod memory_200k_seats;
    mod proxies;
    mod response_shapes;
    mod response_size_limits;
}

/// No personal data reaches a public place unasked, and no name or secret turns into anything else.
mod discreet {
    mod hostile;
    mod pseudonyms;
    mod public;
    mod runner;
}

/// The command also works outside of workflows.
mod by_hand {
    mod cli;
    mod streams;
}

/// The code, the documentation, and the release agree.
mod shape {
    mod circles;
    mod language;
    mod metadata;
    mod release;
    mod troubleshooting;
}
