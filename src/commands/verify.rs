//! `copilot-activity-report verify DIR`: checks the histories in a clone against their manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, Command};
use jiff::civil::Date;

use super::shared::{count, day, folder, required, shown, unusable};
use crate::history::people::PEOPLE;
use crate::history::seats::SEATS;
use crate::history::tombstones::RemovalKind;
use crate::history::totals::TOTALS;
use crate::history::verify::{Files, Verdict, is_history, verify};
use crate::report::day::REPORTS;
use crate::runner::log;
use crate::system::environment::Environment;

/// The subcommand's name.
pub(super) const COMMAND: &str = "verify";

/// Its option: the first day to check.
const SINCE: &str = "since";

/// Returns the definition of the subcommand.
pub(super) fn command() -> Command {
    Command::new(COMMAND)
        .about("Verify a recorded history")
        .long_about(
            "Verifies the recorded histories in a clone against their manifests, and lists each file that was changed, is missing, or is out of order. Works offline, without a token and without Git. A shallow clone is enough.\n\nThis finds accidents and careless edits. Anyone with write access to all files can also write manifests that match.",
        )
        .after_help(
            "Exit status:\n  0  Verification passed\n  1  Verification failed\n  2  Nothing to verify, or invalid arguments",
        )
        .arg(folder(
            "Clone, or a directory in it. Every history in it is verified",
        ))
        .arg(
            Arg::new(SINCE)
                .long(SINCE)
                .value_name("DAY")
                .value_parser(day)
                .help("First day to verify, such as 2026-11-22. Use it if older days were removed or changed on purpose"),
        )
}

/// Verifies the folder in `flags`, and prints the result.
pub(crate) fn start(
    flags: &clap::ArgMatches,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let top: &PathBuf = required(flags, "DIR")?;
    let since = flags.get_one::<Date>(SINCE).copied();
    let name = shown(top);
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
    let mut problems = 0;
    let mut days = 0;
    for (folder, history) in &histories {
        let verdict = verify(history, history.name().as_deref(), since);
        problems += verdict.problems.len();
        days += verdict.days;
        tell(environment, &top.join(folder), &verdict, since);
    }
    let from = since.map_or_else(String::new, |since| format!(" from {since} on"));
    if problems > 0 {
        let what = format!("Verification failed{from}: {}.", count(problems, "problem"));
        log::finding(environment, &what);
        return Ok(super::FAILURE.into());
    }
    if let (Some(since), 0) = (since, days) {
        let what = format!(
            "--{SINCE} {since}: no report from that day on is in {name}, so nothing was verified. Use the day of a report, or an earlier day."
        );
        return Ok(unusable(environment, &what));
    }
    log::answer(&format!("Verification passed{from}."));
    Ok(ExitCode::SUCCESS)
}

fn tell(environment: &Environment, folder: &Path, verdict: &Verdict, since: Option<Date>) {
    for problem in &verdict.problems {
        let path = folder.join(&problem.path);
        let what = crate::system::text::shown(&problem.what, 1_000);
        let line = format!("{} {what}", shown(path));
        log::finding(environment, &line);
    }
    for removal in &verdict.removals {
        let what = match removal.kind {
            RemovalKind::Retired => "retired",
            RemovalKind::Erased => "lines erased from",
        };
        log::answer(&format!(
            "{}: {what} {} on {}. Reason: {}",
            shown(folder),
            count(removal.files, "file"),
            removal.day,
            crate::system::text::shown(&removal.reason, 300)
        ));
    }
    let unverifiable = match verdict.unverifiable {
        0 => String::new(),
        1 => " 1 recorded version of a file isn't verifiable because of an erasure.".to_owned(),
        many => {
            format!(" {many} recorded versions of files aren't verifiable because of erasures.")
        }
    };
    let scope = verdict
        .scope
        .as_deref()
        .unwrap_or("unknown organization or enterprise");
    let span = verdict.span.map_or_else(String::new, |(first, last)| {
        format!(" from {first} to {last}")
    });
    let left_out = since.map_or_else(String::new, |since| {
        format!(" Days before {since} weren't checked.")
    });
    let line = format!(
        "{}: {}, {}{span}, {} checked, {}.{unverifiable}{left_out}",
        shown(folder),
        shown(scope),
        count(verdict.days, "day"),
        count(verdict.files, "file"),
        count(verdict.problems.len(), "problem"),
    );
    log::answer(&line);
}

/// A scope's folder on disk.
#[derive(Debug)]
pub(super) struct History {
    folder: PathBuf,
    paths: BTreeSet<String>,
}

impl History {
    /// Returns the folder's real name, even if it was given as `.` or as a link.
    pub(super) fn name(&self) -> Option<String> {
        let folder = fs::canonicalize(&self.folder).ok()?;
        Some(folder.file_name()?.to_string_lossy().into_owned())
    }
}

impl Files for History {
    fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + '_>> {
        let path = self.folder.join(path);
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_symlink() {
            return Err(io::Error::other(
                "it's a symbolic link, and the command doesn't follow links",
            ));
        }
        if !kind.is_file() {
            return Err(io::Error::other("it isn't a regular file"));
        }
        Ok(Box::new(File::open(path)?))
    }
}

/// Finds the folders below `top` that have a history, by their relative paths.
pub(super) fn histories(top: &Path) -> anyhow::Result<BTreeMap<String, History>> {
    let all = files_below(top)?;
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    for folder in all.iter().flat_map(|path| folders_of(path)) {
        let history = || History {
            folder: top.join(folder),
            paths: below(&all, folder),
        };
        let entry = histories.entry(folder.to_owned());
        entry.or_insert_with(history);
    }
    histories.retain(|_, history| is_history(history));
    Ok(histories)
}

/// Returns the folders that have a history if a file with this path exists.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_beside = [TOTALS, SEATS].contains(&name);
    let above = folder
        .rsplit_once('/')
        .map(|(above, _)| above)
        .and_then(|above| above.strip_suffix(REPORTS))
        .filter(|above| above.is_empty() || above.ends_with('/'))
        .map(|above| above.trim_end_matches('/'));
    is_beside.then_some(folder).into_iter().chain(above)
}

/// Returns the paths below a folder, relative to it.
fn below(all: &[String], folder: &str) -> BTreeSet<String> {
    let folder = match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let below = all.iter().filter_map(|path| path.strip_prefix(&folder));
    below.map(str::to_owned).collect()
}

/// Finds all files below a folder, except in `.git`. Returns their paths relative to it.
pub(super) fn files_below(top: &Path) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    walk(top, "", &mut all)?;
    Ok(all)
}

/// Finds all files below a folder, except in `.git`, and puts `above` before their paths.
fn walk(folder: &Path, above: &str, found: &mut Vec<String>) -> anyhow::Result<()> {
    let unread = || format!("{} couldn't be read", shown(folder));
    for entry in fs::read_dir(folder).with_context(unread)? {
        let entry = entry.with_context(unread)?;
        let own = entry.file_name();
        let path = format!("{above}{}", own.to_string_lossy());
        // The file type of a link is "link", so this doesn't follow any.
        if !entry.file_type().with_context(unread)?.is_dir() {
            found.push(path);
        } else if own != ".git" {
            walk(&entry.path(), &format!("{path}/"), found)?;
        }
    }
    Ok(())
}
