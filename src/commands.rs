//! The subcommands. [`verify`] checks a history in a clone against its manifests, [`rebuild`]
//! recreates damaged files from its reports, and [`import`] creates a history from downloaded
//! files. [`retire`] removes old files, and [`erase`] removes a person. These five don't need
//! GitHub, a token, or Git. [`pseudonym`] prints a person's pseudonym.

mod erase;
mod histories;
mod import;
mod pseudonym;
mod rebuild;
mod removal;
mod retire;
mod shared;
mod verify;

use std::process::ExitCode;

use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::environment::Environment;

/// The exit code if something wasn't done.
pub(crate) const FAILURE: u8 = 1;
/// The exit code if the inputs can't be used. Nothing was sent.
pub(crate) const UNUSABLE_INPUTS: u8 = 2;

/// Returns the definitions of the subcommands, in the order of the help.
pub(crate) fn definitions() -> [clap::Command; 6] {
    [
        verify::command(),
        rebuild::command(),
        import::command(),
        retire::command(),
        erase::command(),
        pseudonym::command(),
    ]
}

/// Runs the subcommand in `flags`, if there is one.
pub(crate) fn start(flags: &clap::ArgMatches, environment: &Environment) -> Option<ExitCode> {
    let (name, flags) = flags.subcommand()?;
    let exit = match name {
        verify::COMMAND => verify::start(flags, environment),
        rebuild::COMMAND => rebuild::start(flags, environment),
        retire::COMMAND => retire::start(flags, environment, &Clock::system(environment)),
        erase::COMMAND => erase::start(flags, environment, &Clock::system(environment)),
        pseudonym::COMMAND => pseudonym::start(flags, environment),
        _ => import::start(flags, environment, &Clock::system(environment)),
    };
    let exit = exit.unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        FAILURE.into()
    });
    if let Some(why) = log::lost() {
        tracing::error!("The result couldn't be written to standard output. {why}");
        return Some(FAILURE.into());
    }
    Some(exit)
}
