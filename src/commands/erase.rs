//! `copilot-activity-report erase LOGIN-OR-ID DIR`: removes a person from histories.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Arg, Command};

use super::histories::{History, files_below};
use super::removal::{
    REASON, REMAINS, Staged, apply, intact_histories, print_how_to_commit, reason_option,
};
use super::shared::{count, folder, required, shown, stop_by_signal, unusable};
use crate::history::erase::{
    Named, Person, PersonError, Trace, Without, files_about_people, find, mentions,
};
use crate::history::tombstones::TOMBSTONES;
use crate::history::verify::Files as _;
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::environment::Environment;

/// The subcommand's name.
pub(super) const COMMAND: &str = "erase";

/// Its first argument.
const PERSON: &str = "LOGIN-OR-ID";

/// Returns the definition of the subcommand.
pub(super) fn command() -> Command {
    Command::new(COMMAND)
        .about("Remove a person from a history")
        .long_about(
            "Removes everything about a person from all histories in a clone, also under earlier logins. Adds a line for each changed file to tombstones.csv, so that `verify` knows about it. Works offline, without a token and without Git.\n\nThe person must not have a seat anymore. What was removed stays in the Git history.",
        )
        .after_help(
            "Exit status:\n  0  The person was removed, or wasn't there\n  1  Failure\n  2  The person has a seat, or invalid arguments",
        )
        .arg(
            Arg::new(PERSON)
                .required(true)
                .help("The person's login, pseudonym, or user ID. If a login looks like a number, put an @ in front of it"),
        )
        .arg(folder(
            "Clone, or a directory in it. The person is removed from every history in it",
        ))
        .arg(reason_option(
            "Why, for tombstones.csv. One line, without the person's name",
        ))
}

/// Removes the person, and prints the result.
pub(crate) fn start(
    flags: &clap::ArgMatches,
    environment: &Environment,
    clock: &Clock,
) -> anyhow::Result<ExitCode> {
    let named: &String = required(flags, PERSON)?;
    let top: &PathBuf = required(flags, "DIR")?;
    let reason: &String = required(flags, REASON)?;
    let (name, who) = (shown(top), shown(named));
    let refused = |what: &str| Ok(unusable(environment, what));
    if !top.is_dir() {
        return refused(&format!("{name} isn't a directory."));
    }
    let login = named.trim().trim_start_matches('@');
    if login.is_empty() || login.chars().any(|c| !c.is_ascii_graphic() || c == ',') {
        return refused(&format!(
            "`{who}` isn't a login, a pseudonym, or a user ID."
        ));
    }
    let named = match named.trim().parse() {
        Ok(id) => Named::Id(id),
        Err(_) => Named::Login(login.to_owned()),
    };
    let go_on = stop_by_signal()?;
    let histories = intact_histories(top)?;
    if histories.is_empty() {
        return refused(&format!(
            "No history was found in {name}. Nothing was removed."
        ));
    }
    let traces: Vec<Trace> = histories.values().map(Trace::read).collect();
    let person = match find(&traces, &named) {
        Ok(person) => person,
        Err(PersonError::Several(ids)) => {
            let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
            return refused(&format!(
                "Several people had the login {who} at different times. Nothing was removed. Use a user ID from people.csv instead: {}.",
                ids.join(", ")
            ));
        }
    };
    if let Some(found) = person.named_in(reason) {
        return refused(&format!(
            "--{REASON} contains {}, and {TOMBSTONES} keeps it. Nothing was removed. Use other words, such as the number of the request.",
            shown(found)
        ));
    }
    for ((folder, _), trace) in histories.iter().zip(&traces) {
        if trace.holds_seat(&traces, &person) {
            return refused(&format!(
                "{}: {who} still holds a seat. Nothing was removed, because the next run would record the person again. Remove the seat, wait until a run has recorded that, update the clone, and erase again.",
                shown(top.join(folder))
            ));
        }
    }
    let mut staged = Vec::new();
    for ((folder, history), trace) in histories.iter().zip(&traces) {
        let folder = top.join(folder);
        let mut removals = Staged::new(&folder, history, clock, reason)?;
        for path in files_about_people(history) {
            go_on()?;
            let about = (trace, &*traces, &person);
            stage(&folder, history, path, about, &mut removals)?;
        }
        staged.push((trace.links(&person), removals));
    }
    // If this is interrupted, the histories that connect the person's logins are still there.
    staged.sort_by_key(|(links, _)| *links);
    let staged: Vec<Staged> = staged.into_iter().map(|(_, removals)| removals).collect();
    let names: Vec<&str> = person.names().collect();
    if staged.iter().any(Staged::has_files) {
        log::answer(&format!("Logins of {who}: {}.", names.join(", ")));
    }
    let mut files = 0;
    for (folder, changed) in apply(&staged)? {
        files += changed;
        log::answer(&format!(
            "{}: removed {who} from {}.",
            shown(folder),
            count(changed, "file")
        ));
    }
    let left = still_mentioned(top, &person)?;
    if files == 0 {
        log::answer(&format!(
            "Nothing to remove: no history in {name} has {who}.{}",
            match login.parse() {
                Ok(id) if traces.iter().any(|trace| trace.has_id(id)) => format!(
                    " {id} is a user ID there. To erase that person, use it without the `@`."
                ),
                _ => String::new(),
            }
        ));
    }
    print_left(&left);
    if files > 0 {
        log::answer(&format!(
            "{TOMBSTONES} lists each changed file, without names. {REMAINS}"
        ));
        print_how_to_commit(top, "Erase a person");
    }
    Ok(ExitCode::SUCCESS)
}

/// Prepares the removal of the person from one file.
fn stage(
    folder: &Path,
    history: &History,
    path: &str,
    (trace, all, person): (&Trace, &[Trace], &Person),
    removals: &mut Staged,
) -> anyhow::Result<()> {
    let whole = || shown(folder.join(path));
    let file = history
        .read(path)
        .with_context(|| format!("{} can't be read. Nothing was removed", whole()))?;
    match trace.without(all, person, path, &file) {
        Without::Same => Ok(()),
        Without::Rest(rest) => removals.add(path, &file, Some(&rest)),
        Without::Unreadable(line) => bail!(
            "Line {line} of {} can't be read, and it has one of the person's names. Nothing was removed.\n  Fix: Remove or correct the line, and run the same command again.",
            whole()
        ),
    }
}

/// The files in a folder that still have one of the person's names.
fn still_mentioned(top: &Path, person: &Person) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for path in files_below(top)? {
        let whole = top.join(&path);
        let is_file = std::fs::symlink_metadata(&whole).is_ok_and(|found| found.is_file());
        if is_file {
            let file = std::fs::read(&whole)
                .with_context(|| format!("{} can't be read", shown(&whole)))?;
            if person.names().any(|name| mentions(&file, name)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Prints which files still have one of the person's names.
fn print_left(left: &[String]) {
    const SHOWN: usize = 20;
    if left.is_empty() {
        return;
    }
    let mut list: String = left
        .iter()
        .take(SHOWN)
        .map(|path| format!("\n  {}", shown(path)))
        .collect();
    if left.len() > SHOWN {
        list.push_str(&format!("\n  and {} more", left.len() - SHOWN));
    }
    tracing::warn!(
        "{} one of the person's logins. The command removes only what it can attribute to the person. Check whether the rest is about someone else, or about something else, such as a team or a repository. To remove a login from a history without user IDs, name only its folder.{list}",
        match left.len() {
            1 => "1 file still contains".to_owned(),
            many => format!("{many} files still contain"),
        }
    );
}
