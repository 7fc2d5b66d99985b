//! `copilot-activity-report verify DIR`: checks the histories in a clone against their manifests,
//! and whether they cover a period.

mod check;
mod json;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command};
use jiff::civil::Date;

use super::histories::histories;
use super::shared::{day, folder, required, shown, unusable};
use crate::history::people::PEOPLE;
use crate::history::seats::SEATS;
use crate::history::totals::TOTALS;
use crate::pages::statement;
use crate::report::seat::whole_seconds;
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::environment::Environment;
use check::{Checked, Expectation, Failure, MaxAge, Request};

/// The subcommand's name.
pub(super) const COMMAND: &str = "verify";

/// Its options.
const FROM: &str = "from";
const TO: &str = "to";
const EXPECT: &str = "expect";
const MAX_AGE: &str = "max-age";
const FORMAT: &str = "format";
const STATEMENT: &str = "statement";

/// Returns the definition of the subcommand.
pub(super) fn command() -> Command {
    let option =
        |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    Command::new(COMMAND)
        .about("Verify a recorded history")
        .long_about(
            "Verifies the recorded histories in a clone against their manifests, and lists each file that was changed, is missing, or is out of order. Also lists the days of the period that have no report. Works offline, without a token and without Git. A shallow clone is enough.\n\nThis detects accidental changes and careless edits. Anyone with write access to all files can also write manifests that match.",
        )
        .after_help(
            "Exit status:\n  0  Verification passed\n  1  A file was altered, lost, or added\n  2  Nothing to verify, or invalid arguments\n  3  No file was altered, but days or weeks have no report\n  4  No file was altered and nothing is missing, but the newest report is too old",
        )
        .arg(folder(
            "Clone, or a directory in it. Every history in it is verified",
        ))
        .arg(
            option(FROM, "DAY")
                .alias("since")
                .value_parser(day)
                .help("First day to verify, such as 2026-07-01. Default: the first recorded day"),
        )
        .arg(option(TO, "DAY").value_parser(day).help(
            "Last day that must have a report. Later days are verified, too, because they protect earlier ones. Default: the newest recorded day",
        ))
        .arg(
            option(EXPECT, "FREQUENCY")
                .value_parser(["daily", "weekly", "any"])
                .help("How often there must be a report. `any` allows gaps. Default: as often as most reports were recorded"),
        )
        .arg(
            option(MAX_AGE, "AGE")
                .value_parser(MaxAge::parse)
                .help("Maximum age of the newest report, such as 36h or 3d"),
        )
        .arg(
            option(FORMAT, "FORMAT")
                .value_parser(["text", "json"])
                .default_value("text")
                .help("Format of the output"),
        )
        .arg(
            Arg::new(STATEMENT)
                .long(STATEMENT)
                .action(ArgAction::SetTrue)
                .conflicts_with(FORMAT)
                .help("Print a statement for auditors about each history, in Markdown"),
        )
}

/// Verifies the folder in `flags`, and prints the result.
pub(crate) fn start(
    flags: &clap::ArgMatches,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let top: &PathBuf = required(flags, "DIR")?;
    let date = |name| flags.get_one::<Date>(name).copied();
    let expect = flags.get_one::<String>(EXPECT);
    let request = Request {
        from: date(FROM),
        to: date(TO),
        expect: expect.map(|name| Expectation::named(name)),
        max_age: flags.get_one::<MaxAge>(MAX_AGE).copied(),
        now: whole_seconds(Clock::system(environment).now()),
    };
    let name = shown(top);
    if let (Some(from), Some(to)) = (request.from, request.to)
        && from > to
    {
        let what = format!("--{FROM} {from} is after --{TO} {to}.");
        return Ok(unusable(environment, &what));
    }
    if !top.is_dir() {
        return Ok(unusable(environment, &format!("{name} isn't a directory.")));
    }
    let histories = histories(top)?;
    if histories.is_empty() {
        return Ok(unusable(
            environment,
            &format!(
                "No history was found in {name}. No folder in it has manifests such as `reports/2026/2026-11-22.json`, `{TOTALS}`, or `{SEATS}` next to `{PEOPLE}`. Use a clone, or the folder of an organization or enterprise in it."
            ),
        ));
    }
    let histories = histories.iter();
    let mut checked: Vec<Checked> = histories
        .map(|(folder, history)| {
            let folder = match folder.as_str() {
                "" => top.clone(),
                folder => top.join(folder),
            };
            Checked::new(&request, folder, history)
        })
        .collect();
    let is_empty = checked.iter().all(Checked::has_nothing);
    if let (Some(from), true) = (request.from, is_empty) {
        let what = format!(
            "--{FROM} {from}: no report from that day on is in {name}, so nothing was verified. Use the day of a report, or an earlier day."
        );
        return Ok(unusable(environment, &what));
    }
    let first = checked.iter().filter_map(Checked::first_day).min();
    if let (Some(to), None, Some(first)) = (request.to, request.from, first)
        && to < first
    {
        let what = format!(
            "--{TO} {to}: the first report in {name} is of {first}. Use a later day, or set --{FROM} to the first day that must have a report."
        );
        return Ok(unusable(environment, &what));
    }
    let last = checked.iter().filter_map(Checked::last_day).max();
    for one in &mut checked {
        one.cover(&request, last);
    }
    if checked.iter().all(Checked::is_retired) {
        let what =
            format!("All reports of the period in {name} were retired, so nothing was verified.");
        return Ok(unusable(environment, &what));
    }
    if flags.get_flag(STATEMENT) {
        let statements = checked
            .iter()
            .map(|checked| statement::write(&checked.facts(&request)));
        log::answer(&statements.collect::<Vec<_>>().join("\n"));
    } else if flags
        .get_one::<String>(FORMAT)
        .is_some_and(|format| format == "json")
    {
        log::answer(&json::write(&request, &checked)?);
    } else {
        text::print(environment, &request, &checked);
    }
    Ok(match Failure::of_all(&checked) {
        None => ExitCode::SUCCESS,
        Some(failure) => failure.exit_code().into(),
    })
}
