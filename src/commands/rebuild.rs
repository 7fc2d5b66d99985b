//! `copilot-activity-report rebuild DIR`: recreates damaged files of a history from its reports.
//!
//! The command first writes all files to a temporary folder. Then it moves each file to its place,
//! the newest manifest last. An interruption leaves no half-written file, and no manifest for files
//! that don't exist.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Command;
use jiff::SignedDuration;

use super::histories::histories;
use super::shared::{
    count, folder, inactive_after_days, lines, quoted, required, shown, stop_by_signal, temporary,
    unusable,
};
use crate::history::rebuild::{RebuildError, Rebuilt, rebuild};
use crate::pages;
use crate::runner::log;
use crate::system::environment::Environment;

/// The subcommand's name.
pub(super) const COMMAND: &str = "rebuild";

/// Returns the definition of the subcommand.
pub(super) fn command() -> Command {
    Command::new(COMMAND)
        .about("Rebuild damaged files of a history from its reports")
        .long_about(
            "Rebuilds damaged or lost files of a history: people.csv, totals.csv, changes/, and the files that depend on them. Works offline, without a token and without Git.\n\nReports show who had a seat and what they did. They don't have user IDs, teams, plans, grants, and cancellations. So the command keeps every line that it can still read, and adds only what's missing. It doesn't touch undamaged files, reports, and manifests, but it writes the hashes of the new files to the newest manifest.\n\nIf an older commit has the undamaged file and nothing was recorded since, restore the file from that commit instead. It has more details than the reports.",
        )
        .after_help(
            "Exit status:\n  0  The history was rebuilt, or nothing was damaged\n  1  Failure. Nothing was written\n  2  Not the folder of a history, or invalid arguments",
        )
        .arg(folder(
            "Folder of an organization or enterprise in a clone, such as copilot-activity/acme",
        ))
        .arg(inactive_after_days())
}

/// Rebuilds the history in the folder in `flags`, and prints the result.
pub(crate) fn start(
    flags: &clap::ArgMatches,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let folder: &PathBuf = required(flags, "DIR")?;
    let days: &u16 = required(flags, "inactive-after-days")?;
    let inactive_after = SignedDuration::from_hours(i64::from(*days) * 24);
    let name = shown(folder);
    if !folder.is_dir() {
        return Ok(unusable(environment, &format!("{name} isn't a directory.")));
    }
    let mut found = histories(folder)?;
    let Some(history) = found.remove("") else {
        let others: Vec<String> = found.keys().map(shown).collect();
        let what = match others.len() {
            0 => format!(
                "{name} isn't the folder of a history: it has no reports such as `reports/2026/2026-11-22.csv`. Nothing was written. Use the folder of an organization or enterprise in a clone."
            ),
            _ => format!(
                "{name} isn't the folder of a history, but a folder above it. Nothing was written. Use one of these folders in it: {}.",
                others.join(", ")
            ),
        };
        return Ok(unusable(environment, &what));
    };
    let go_on = stop_by_signal()?;
    // Removed with all of its content.
    let temporary = temporary(folder, ".copilot-activity-rebuild-")
        .with_context(|| format!("{name} can't be written to"))?;
    let rebuilt = match rebuild(
        &history,
        history.name().as_deref(),
        (inactive_after, pages::draw),
        || go_on().is_err(),
    ) {
        Ok(rebuilt) => rebuilt,
        Err(RebuildError::Interrupted) => bail!("Interrupted. Nothing was written."),
        Err(RebuildError::Checkout(problems)) => {
            bail!(
                "{name} can't be rebuilt, because the files in this checkout differ from the recorded ones. Nothing was written.{}",
                lines(&problems)
            );
        }
        Err(RebuildError::Unreadable(problems)) => {
            bail!(
                "{name} can't be rebuilt without these files. Nothing was written.{}\n  Fix: Restore each file from the commit before it was damaged. To find that commit, run `git log -- FILE`. Then run `git checkout COMMIT -- FILE`.",
                lines(&problems)
            );
        }
        Err(error) => return Err(error).with_context(|| format!("{name} wasn't rebuilt")),
    };
    let unwritten = || format!("{name} can't be written to. Nothing was written");
    let staged = stage(&rebuilt, temporary.path(), folder).with_context(unwritten)?;
    go_on()?;
    for (from, to) in staged {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).with_context(unwritten)?;
        }
        fs::rename(from, &to).with_context(|| {
            format!("{} can't be written; run the same command again", shown(to))
        })?;
    }
    print(folder, &rebuilt);
    Ok(ExitCode::SUCCESS)
}

/// Writes the new files to a temporary folder. Returns their current and their final paths.
fn stage(
    rebuilt: &Rebuilt,
    temporary: &Path,
    folder: &Path,
) -> anyhow::Result<Vec<(PathBuf, PathBuf)>> {
    let mut staged = Vec::new();
    for (number, (path, content)) in rebuilt.files.iter().enumerate() {
        let to = folder.join(path);
        let parents = to.ancestors().skip(1).take_while(|above| *above != folder);
        for parent in parents {
            let is_link = fs::symlink_metadata(parent).is_ok_and(|found| !found.is_dir());
            if is_link {
                bail!("{} isn't a directory", shown(parent));
            }
        }
        let from = temporary.join(number.to_string());
        let mut file = File::create_new(&from)?;
        file.write_all(content)?;
        if let Ok(there) = fs::symlink_metadata(&to)
            && there.is_file()
        {
            file.set_permissions(there.permissions())?;
        }
        file.sync_all()?;
        staged.push((from, to));
    }
    Ok(staged)
}

/// Prints the result, and what `verify` says about it.
fn print(folder: &Path, rebuilt: &Rebuilt) {
    let scope = &rebuilt.scope;
    let name = shown(folder);
    if rebuilt.files.is_empty() {
        log::answer(&format!(
            "Nothing to rebuild in {name}: the files of the {} {scope} already have everything that its reports have.",
            scope.kind()
        ));
    }
    for (path, _) in &rebuilt.files {
        log::answer(&format!("Wrote {}.", shown(folder.join(path))));
    }
    for note in &rebuilt.notes {
        tracing::warn!("{note}");
    }
    let problems = &rebuilt.verdict.problems;
    if problems.is_empty() {
        log::answer("Verification passed.");
    } else {
        tracing::warn!(
            "`verify` still finds {}.{} If an append-only file couldn't be restored byte for byte, use `--from` to verify from the next recorded day on.{}",
            count(problems.len(), "problem"),
            match rebuilt.files.is_empty() {
                true => "",
                false =>
                    " The command rewrote only the newest manifest. Older manifests are evidence, so they still list the files as they were before.",
            },
            lines(problems)
        );
    }
    if !rebuilt.files.is_empty() {
        let path = quoted(&folder.to_string_lossy());
        log::answer(&format!(
            "Review what changed, and then commit and push it:\n  git add --all -- {path}\n  git commit -m 'Rebuild the Copilot activity history of {scope} from its reports' -- {path}\n  git push"
        ));
    }
}
