//! Starts the action with the process's arguments and environment.

use std::process::ExitCode;

use copilot_activity_report::Environment;

fn main() -> ExitCode {
    copilot_activity_report::start(std::env::args_os().collect(), &Environment::read())
}
