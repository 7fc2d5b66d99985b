//! Starts, reports a failure, sets the exit status: 0 where all was done, 1 where something was
//! not, 2 where the inputs cannot be used.

use std::process::ExitCode;

use copilot_activity_report::environment::Environment;
use copilot_activity_report::inputs::{self, Inputs};
use copilot_activity_report::runner::{context, log};

const FAILURE: u8 = 1;
const UNUSABLE_INPUTS: u8 = 2;

fn main() -> ExitCode {
    let environment = Environment::read();
    for secret in context::secrets(&environment) {
        log::mask(&environment, &secret);
    }
    log::begin(&environment);

    let flags = match inputs::command().try_get_matches() {
        Ok(flags) => flags,
        // Also `--help` and `--version`, which are no failures.
        Err(error) => {
            let _nobody_to_tell = error.print();
            return if error.use_stderr() {
                UNUSABLE_INPUTS.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let inputs = match Inputs::read(&flags, &environment) {
        Ok(inputs) => inputs,
        Err(mistakes) => {
            tracing::error!("{mistakes}");
            return UNUSABLE_INPUTS.into();
        }
    };
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(copilot_activity_report::run(&inputs, &environment)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            FAILURE.into()
        }
    }
}
