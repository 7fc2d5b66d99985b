//! Downloads GitHub's Copilot activity report on a schedule.
//!
//! GitHub shows who has a Copilot seat, and when they last used it, only if a person presses a
//! button. This action reads the same data from GitHub's public API, writes it in the format of
//! GitHub's own file, and delivers it as a workflow artifact, as a commit to a repository, or both.
//!
//! Data flows one way, and you can read the code in the same order:
//!
//! - [`inputs`]: what the user asks for, checked.
//! - [`run`]: one run from start to end: fetch, write, record, upload, and report the results.
//! - [`github`]: GitHub's public API: seats, repositories, commits, pull requests.
//! - [`report`]: the report: rows, order, formats, completeness. No I/O.
//! - [`history`]: what an audit repository keeps of all reports. No I/O.
//! - [`pages`]: the Markdown pages and the job summary.
//! - [`audit`]: the audit repository: what it holds, and how a report gets into it.
//! - [`runner`]: the Actions runner's protocols: artifact, outputs, annotations, masking.
//! - [`commands`]: the commands for a clone: `verify`, `rebuild`, `import`, `retire`, `erase`,
//!   `pseudonym`.
//! - [`system`]: the edges: environment, clock, files, network, console.
//!
//! `tests/it/shape/metadata.rs` checks which module uses which. The binary starts at [`start`]. To
//! see the action at work, run `cargo run --example demo`. `CONTRIBUTING.md` shows where things are.

#[cfg(test)]
mod arbitrary_text;
mod audit;
mod commands;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod github;
mod history;
mod inputs;
mod pages;
mod report;
mod run;
mod runner;
mod system;
#[doc(hidden)]
pub mod testing;

use std::ffi::OsString;
use std::process::ExitCode;

use commands::{FAILURE, UNUSABLE_INPUTS};
use inputs::Inputs;
use run::journal::Journal;
use runner::context;
use runner::log::{self, Stream};
use system::console::Console;
pub use system::environment::Environment;
use system::signals::Signals;

/// Runs the action with these command-line `arguments` (the first is the program's name) in this
/// `environment`. The exit code is 0 if everything was done, 1 if something wasn't, and 2 if the
/// inputs can't be used.
//
// Not generic, so that the whole run is compiled once, and not again for each program that calls it.
pub fn start(arguments: Vec<OsString>, environment: &Environment) -> ExitCode {
    let console = Console::of_process(environment);
    let flags = inputs::command(&commands::definitions()).try_get_matches_from(arguments);
    let stream = match &flags {
        Ok(flags) if flags.subcommand().is_none() => Stream::Output,
        _ => Stream::Error,
    };
    for secret in context::secrets(environment) {
        log::mask_on(stream, environment, &secret);
    }
    log::begin_on(stream, environment, &console);

    let flags = match flags {
        Ok(flags) => flags,
        // Also `--help` and `--version`, which are no failures.
        Err(error) => {
            let _ignored = error.print();
            return if error.use_stderr() {
                UNUSABLE_INPUTS.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    if let Some(done) = commands::start(&flags, environment) {
        return done;
    }
    let inputs = match Inputs::read(&flags, environment, console.output_is_terminal()) {
        Ok(inputs) => inputs,
        Err(mistakes) => {
            tracing::error!(title = "The inputs aren't valid", "{mistakes}");
            run::refuse_inputs(environment, &mistakes);
            return UNUSABLE_INPUTS.into();
        }
    };
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let journal = Journal::default();
            let done = runtime.block_on(async {
                let mut signals = Signals::listen()?;
                tokio::select! {
                    // A cancelled workflow, or a person, ends the run by a signal.
                    signal = journal.end_by(&mut signals) => Err(journal.interrupted(signal).into()),
                    done = run::run(&inputs, environment, &console, &journal) => done,
                }
            });
            // Names may be looked up on threads that nothing waits for any more.
            runtime.shutdown_background();
            done
        });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => FAILURE.into(),
        Err(error) => {
            tracing::error!("{error:#}");
            FAILURE.into()
        }
    }
}
