//! Exit codes of the command.

use std::process::ExitCode;

/// The exit code if something wasn't done.
pub(crate) const FAILURE: u8 = 1;
/// The exit code if the inputs can't be used. Nothing was sent.
pub(crate) const UNUSABLE_INPUTS: u8 = 2;

/// The result of a subcommand.
#[derive(Debug)]
pub(crate) enum Exit {
    /// Everything is OK.
    Good,
    /// Something is wrong, or wasn't done.
    Bad,
    /// The arguments or inputs can't be used.
    Unusable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Good => Self::SUCCESS,
            Exit::Bad => FAILURE.into(),
            Exit::Unusable => UNUSABLE_INPUTS.into(),
        }
    }
}
