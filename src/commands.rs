//! What the command does with the files of a clone: [`verify`] checks a history against its
//! manifests, [`rebuild`] computes damaged files again from its reports, and [`import`] begins one
//! from files that were downloaded in the past. None of them needs GitHub, a token, or Git.

pub(crate) mod import;
pub(crate) mod pseudonym;
pub(crate) mod rebuild;
pub(crate) mod verify;

use std::process::ExitCode;

use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::environment::Environment;

/// Something asked for was not done.
pub(crate) const FAILURE: u8 = 1;
/// The inputs cannot be used; nothing was sent.
pub(crate) const UNUSABLE_INPUTS: u8 = 2;

/// What came of a command.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All is well.
    Good,
    /// Something is not as it should be, or was not done.
    Bad,
    /// What was asked for cannot be.
    Unusable,
}

/// Does what a subcommand asks for; nothing where `flags` have none.
pub(crate) fn start(flags: &clap::ArgMatches, environment: &Environment) -> Option<ExitCode> {
    let (name, flags) = flags.subcommand()?;
    let outcome = match name {
        verify::COMMAND => verify::start(flags, environment),
        rebuild::COMMAND => rebuild::start(flags, environment),
        pseudonym::COMMAND => pseudonym::start(flags, environment),
        _ => import::start(flags, environment, &Clock::system(environment)),
    };
    let outcome = outcome.unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        Outcome::Bad
    });
    Some(match outcome {
        Outcome::Good => ExitCode::SUCCESS,
        Outcome::Bad => FAILURE.into(),
        Outcome::Unusable => UNUSABLE_INPUTS.into(),
    })
}

/// The value of an argument that the command line requires or has a default for.
fn required<'a, T: Clone + Send + Sync + 'static>(
    flags: &'a clap::ArgMatches,
    name: &str,
) -> anyhow::Result<&'a T> {
    flags
        .get_one(name)
        .ok_or_else(|| anyhow::anyhow!("{name} is missing"))
}

/// `1 day`, `2 days`.
fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// A file name, fit to be shown.
fn shown(name: &str) -> String {
    crate::system::text::shown(name, 300)
}

/// Says what cannot be, and what to do instead.
fn unusable(environment: &Environment, what: &str) -> Outcome {
    log::finding(environment, what);
    Outcome::Unusable
}
