//! `copilot-activity-report import DIR --organization acme`: creates a history from downloaded
//! files.
//!
//! The command checks all files before it writes anything. It writes the history to a temporary
//! folder, which then replaces the target. Only one report is in memory at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::{Arg, ArgGroup, Command};
use jiff::{SignedDuration, Timestamp};

use super::shared::{
    count, folder, inactive_after_days, quoted, required, shown, stop_by_signal, unusable,
};
use crate::github::names::RepositoryPath;
use crate::history::import::{BadFile, Download, Plan, plan};
use crate::history::listing::Listing;
use crate::history::{Action, FolderFiles};
use crate::inputs::{default, directory};
use crate::pages;
use crate::report::day::date;
use crate::report::scope::{Scope, ScopeKind};
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::environment::{Environment, PSEUDONYM_KEY};

/// The subcommand's name.
pub(super) const COMMAND: &str = "import";

/// The group of flags for the scope.
const SCOPE: &str = "scope";

/// Returns the definition of the subcommand.
pub(super) fn command() -> Command {
    Command::new(COMMAND)
        .about("Import reports that you downloaded from GitHub")
        .long_about(
            "Creates the history of an organization or enterprise from reports that you downloaded in the past. Run it at the top of a clone that has no history of that organization or enterprise yet. Then commit the new files. The next run of the action continues the history.\n\nThe command checks all files first. If it can't use some of them, it lists each one and writes nothing.",
        )
        .after_help(
            "Exit status:\n  0  The history was created\n  1  Failure. Nothing was written\n  2  Invalid arguments",
        )
        .arg(folder(
            "Directory of the downloaded files. Files that end in .csv are imported, including those of this action",
        ))
        .arg(
            Arg::new("organization")
                .long("organization")
                .value_name("ORG")
                .value_parser(|name: &str| Scope::new(ScopeKind::Organization, name))
                .help("Organization that the reports are about"),
        )
        .arg(
            Arg::new("enterprise")
                .long("enterprise")
                .value_name("SLUG")
                .value_parser(|name: &str| Scope::new(ScopeKind::Enterprise, name))
                .help("Enterprise that the reports are about"),
        )
        .group(
            ArgGroup::new(SCOPE)
                .args(["organization", "enterprise"])
                .required(true),
        )
        .arg(
            Arg::new("directory")
                .long("directory")
                .value_name("DIR")
                .default_value(default("directory"))
                .value_parser(directory)
                .help("Folder in the repository, as in the action's `directory` input"),
        )
        .arg(inactive_after_days())
}

/// Imports the folder in `flags`, and prints the result.
pub(crate) fn start(
    flags: &clap::ArgMatches,
    environment: &Environment,
    clock: &Clock,
) -> anyhow::Result<ExitCode> {
    let is_set = |name: &&str| environment.get(name).is_some() || environment.is_unreadable(name);
    let keys: Vec<&str> = PSEUDONYM_KEY.into_iter().filter(is_set).collect();
    if !keys.is_empty() {
        let problem = format!(
            "Downloaded reports have logins but no user IDs, so the command can't create pseudonyms from them. A history with pseudonyms starts with its first run. Unset {} to import the reports with logins.",
            keys.join(" and "),
        );
        return Ok(unusable(environment, &problem));
    }
    let from: &PathBuf = required(flags, "DIR")?;
    let scope = scope(flags)?;
    let directory: &RepositoryPath = required(flags, "directory")?;
    let days: &u16 = required(flags, "inactive-after-days")?;
    if !from.is_dir() {
        let name = shown(from);
        return Ok(unusable(environment, &format!("{name} isn't a directory.")));
    }
    let target = directory.join(&scope.name().to_ascii_lowercase())?;
    let place = PathBuf::from(target.as_str());
    refuse_taken(&place)?;

    let now = clock.now();
    let plan = look(from, scope, now)?;
    let inactive_after = SignedDuration::from_hours(i64::from(*days) * 24);
    let work = Work {
        from,
        scope,
        inactive_after,
        now,
        go_on: &stop_by_signal()?,
    };
    let days = work.write(&plan, &place)?;
    tell(&target, scope, &plan, days);
    Ok(ExitCode::SUCCESS)
}

/// Returns the organization or enterprise. The command line requires exactly one of the two.
fn scope(flags: &clap::ArgMatches) -> anyhow::Result<&Scope> {
    let name: &clap::Id = required(flags, SCOPE)?;
    required(flags, name.as_str())
}

fn tell(target: &RepositoryPath, scope: &Scope, plan: &Plan, days: usize) {
    let (first, last) = (plan.downloads.first(), plan.downloads.last());
    let span = first.zip(last).map_or_else(String::new, |(first, last)| {
        format!(" from {} to {}", date(first.time), date(last.time))
    });
    let path = quoted(target.as_str());
    let lines = format!(
        "Created {}: the history of the {} {scope}, {}{span}.\nCommit and push it. The next run of the action continues from it:\n  git add -- {path}\n  git commit -m 'Import the Copilot activity history of {scope}'\n  git push",
        shown(target.as_str()),
        scope.kind(),
        count(days, "day"),
    );
    log::answer(&lines);
}

/// Refuses to write to a place that already has something.
fn refuse_taken(place: &Path) -> anyhow::Result<()> {
    let name = shown(place);
    // A dangling link also exists.
    let is_free = match fs::symlink_metadata(place) {
        Ok(found) if found.is_dir() => fs::read_dir(place)
            .with_context(|| format!("{name} couldn't be read"))?
            .next()
            .is_none(),
        Ok(_) => false,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(|| format!("{name} couldn't be read")),
    };
    if !is_free {
        bail!(
            "{name} already exists, and reports can't be added before an existing history. Nothing was written.\n  Fix: Import into a clone without a history of this organization or enterprise, or set another `--directory`."
        );
    }
    Ok(())
}

/// Checks every file, and reports all errors at once.
fn look(from: &Path, scope: &Scope, now: Timestamp) -> anyhow::Result<Plan> {
    let unread = || format!("{} couldn't be read", shown(from));
    let mut names = Vec::new();
    for entry in fs::read_dir(from).with_context(unread)? {
        names.push(entry.with_context(unread)?.file_name());
    }
    names.sort();
    let mut downloads = Vec::new();
    let mut bad = Vec::new();
    for name in names {
        let path = from.join(&name);
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let is_csv = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        if !is_csv || !path.is_file() {
            let what = if path.is_dir() {
                "a directory"
            } else {
                "not a CSV file"
            };
            log::answer(&format!("Skipped {}: it's {what}.", shown(&*name)));
            continue;
        }
        let read = fs::read(&path)
            .map_err(BadFile::Io)
            .and_then(|file| Download::read(&name, &file, scope.name(), now));
        match read {
            Ok(download) => downloads.push(download),
            Err(error) => bad.push((name.into_owned(), error)),
        }
    }
    if downloads.is_empty() && bad.is_empty() {
        bail!(
            "{} contains no CSV files. Nothing was written.",
            shown(from)
        );
    }
    let mut plan = plan(downloads, scope.kind());
    bad.append(&mut plan.bad);
    bad.sort_by(|(one, _), (other, _)| one.cmp(other));
    if !bad.is_empty() {
        let bad: Vec<String> = bad
            .iter()
            .map(|(name, error)| format!("\n  {}: {error}", shown(name)))
            .collect();
        bail!(
            "{} can't be imported. Nothing was written.{}",
            count(bad.len(), "file"),
            bad.concat()
        );
    }
    for (name, other) in &plan.same {
        let (name, other) = (shown(name), shown(other));
        log::answer(&format!("Skipped {name}: it's the same as {other}."));
    }
    Ok(plan)
}

/// The context for recording one download after another.
struct Work<'a> {
    from: &'a Path,
    scope: &'a Scope,
    inactive_after: SignedDuration,
    now: Timestamp,
    go_on: &'a dyn Fn() -> anyhow::Result<()>,
}

impl Work<'_> {
    /// Writes the whole history, which then appears in its `place`. Returns its number of days.
    fn write(&self, plan: &Plan, place: &Path) -> anyhow::Result<usize> {
        let parent = place.parent().unwrap_or(Path::new(""));
        let beside = parent
            .ancestors()
            .find(|folder| folder.is_dir())
            .unwrap_or(Path::new("."));
        let unwritten = || format!("{} couldn't be written", shown(place));
        let here = fs::canonicalize(".").with_context(unwritten)?;
        if !fs::canonicalize(beside)
            .with_context(unwritten)?
            .starts_with(&here)
        {
            bail!(
                "{} leads out of this directory through a symbolic link. Nothing was written.",
                shown(beside)
            );
        }
        // Removed with all of its content, unless it's renamed.
        let temporary = tempfile::Builder::new()
            .prefix(".copilot-activity-import-")
            .tempdir_in(beside)
            .with_context(unwritten)?;
        let folder = temporary.path().join("history");
        fs::create_dir(&folder).with_context(unwritten)?;
        let days = self.record_all(plan, &folder)?;
        (self.go_on)()?;
        fs::create_dir_all(parent).with_context(unwritten)?;
        fs::rename(&folder, place).with_context(unwritten)?;
        Ok(days)
    }

    fn record_all(&self, plan: &Plan, folder: &Path) -> anyhow::Result<usize> {
        let mut days = 0;
        let mut last: Option<&Download> = None;
        let mut listing = Listing::default();
        for download in &plan.downloads {
            (self.go_on)()?;
            let same_day = last.filter(|last| date(last.time) == date(download.time));
            let action = self
                .record(download, folder, &mut listing)
                .with_context(|| format!("{} couldn't be imported", shown(&download.name)))?;
            let name = shown(&download.name);
            match (action, same_day) {
                (Action::Record, Some(last)) => log::answer(&format!(
                    "Skipped {}: {name} is from later on the same day.",
                    shown(&last.name)
                )),
                (Action::Record, None) => days += 1,
                _ => {
                    log::answer(&format!(
                        "Skipped {name}: its seats are the same as in an earlier report of the same day."
                    ));
                    continue;
                }
            }
            last = Some(download);
        }
        Ok(days)
    }

    fn record(
        &self,
        download: &Download,
        folder: &Path,
        listing: &mut Listing,
    ) -> anyhow::Result<Action> {
        let file = Bytes::from(fs::read(self.from.join(&download.name))?);
        let mut files = Vec::new();
        for path in FolderFiles::paths(download.time) {
            files.push(read_if_there(&folder.join(path))?);
        }
        let previous = match listing.manifest_before(date(download.time)) {
            Some(path) => read_if_there(&folder.join(path))?.map(|file| (path.to_owned(), file)),
            None => None,
        };
        let found = FolderFiles::from_files(files, previous).with_listing(std::mem::take(listing));
        let recording = download.record(
            file,
            self.scope,
            self.inactive_after,
            &found,
            (pages::draw, self.now),
        )?;
        *listing = found.listing.unwrap_or_default();
        for warning in recording.warnings {
            tracing::warn!("{}: {warning}", shown(&download.name));
        }
        for (path, content) in recording.files {
            listing.put(&path, &content);
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, content)?;
        }
        Ok(recording.action)
    }
}

fn read_if_there(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
