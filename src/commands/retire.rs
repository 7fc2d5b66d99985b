//! `copilot-activity-report retire DIR`: removes old files of histories.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, Command};
use jiff::civil::Date;

use super::removal::{
    REASON, REMAINS, Staged, apply, intact_histories, print_how_to_commit, reason_option,
};
use super::shared::{count, day, folder, required, shown, stop_by_signal, unusable};
use crate::history::people::PEOPLE;
use crate::history::retire::{files_before, has_report_from};
use crate::history::tombstones::TOMBSTONES;
use crate::history::totals::TOTALS;
use crate::history::verify::Files as _;
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::environment::Environment;

/// The subcommand's name.
pub(super) const COMMAND: &str = "retire";

/// Its option: the first day to keep.
const BEFORE: &str = "before";

/// Returns the definition of the subcommand.
pub(super) fn command() -> Command {
    Command::new(COMMAND)
        .about("Remove old reports from a history")
        .long_about(
            "Removes the reports and manifests of days before a day, and files of changes of years of which no report stays, from all histories in a clone. people.csv and totals.csv stay. Adds a line for each file to tombstones.csv, so that `verify` knows about it. Works offline, without a token and without Git.\n\nThe files stay in the Git history.",
        )
        .after_help(
            "Exit status:\n  0  The files were removed, or there were none\n  1  Failure\n  2  Nothing to remove from, or invalid arguments",
        )
        .arg(folder(
            "Clone, or a directory in it. Files are removed from every history in it",
        ))
        .arg(
            Arg::new(BEFORE)
                .long(BEFORE)
                .value_name("DAY")
                .required(true)
                .value_parser(day)
                .help("First day to keep, such as 2024-01-01"),
        )
        .arg(reason_option(
            "Why, for tombstones.csv. One line, without names of people",
        ))
}

/// Removes the old files, and prints the result.
pub(crate) fn start(
    flags: &clap::ArgMatches,
    environment: &Environment,
    clock: &Clock,
) -> anyhow::Result<ExitCode> {
    let top: &PathBuf = required(flags, "DIR")?;
    let before: &Date = required(flags, BEFORE)?;
    let reason: &String = required(flags, REASON)?;
    let name = shown(top);
    if !top.is_dir() {
        return Ok(unusable(environment, &format!("{name} isn't a directory.")));
    }
    let go_on = stop_by_signal()?;
    let histories = intact_histories(top)?;
    if histories.is_empty() {
        let what = format!("No history was found in {name}. Nothing was removed.");
        return Ok(unusable(environment, &what));
    }
    let mut staged = Vec::new();
    for (folder, history) in &histories {
        let folder = top.join(folder);
        if !has_report_from(history, *before) {
            let what = format!(
                "{} has no report from {before} on. Nothing was removed, because the next run needs the newest report. Use an earlier day, or name only the folders of other histories.",
                shown(&folder)
            );
            return Ok(unusable(environment, &what));
        }
        let mut removals = Staged::new(&folder, history, clock, reason)?;
        for path in files_before(history, *before) {
            go_on()?;
            let file = history
                .read(path)
                .with_context(|| format!("{path} can't be read. Nothing was removed"))?;
            removals.add(path, &file, None)?;
        }
        staged.push(removals);
    }
    let mut files = 0;
    for (folder, removed) in apply(&staged)? {
        files += removed;
        log::answer(&format!(
            "{}: removed {} from before {before}.",
            shown(folder),
            count(removed, "file")
        ));
    }
    if files == 0 {
        log::answer(&format!(
            "Nothing to remove in {name} from before {before}."
        ));
        return Ok(ExitCode::SUCCESS);
    }
    log::answer(&format!(
        "{PEOPLE} and {TOTALS} stay, and {TOMBSTONES} lists each removed file. {REMAINS}"
    ));
    print_how_to_commit(top, &format!("Retire the reports from before {before}"));
    Ok(ExitCode::SUCCESS)
}
