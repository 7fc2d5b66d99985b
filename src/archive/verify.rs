//! `copilot-activity-report verify DIR`: holds the histories in a clone against their manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Outcome, count, required, shown, unusable};
use crate::environment::Environment;
use crate::report::history::verify::{Files, Verdict, day_of, verify};
use crate::runner::log;

/// The subcommand's name.
pub const COMMAND: &str = "verify";

/// Verifies the folder that `flags` name and prints what was found.
///
/// # Errors
/// Where the folder cannot be read.
pub fn start(flags: &clap::ArgMatches, environment: &Environment) -> anyhow::Result<Outcome> {
    let top: &PathBuf = required(flags, "DIR")?;
    let name = shown(&top.to_string_lossy());
    if !top.is_dir() {
        return Ok(unusable(environment, &format!("{name} is no folder.")));
    }
    let histories = histories(top)?;
    if histories.is_empty() {
        return Ok(unusable(
            environment,
            &format!(
                "No history was found in {name}: no folder in it has manifests as `reports/2026/2026-11-22.json`. Name a clone, or the folder of an organization or enterprise in it."
            ),
        ));
    }
    let mut problems = 0;
    for (folder, history) in &histories {
        let verdict = verify(history);
        problems += verdict.problems.len();
        tell(environment, &top.join(folder), &verdict);
    }
    if problems == 0 {
        log::answer("All is as the manifests say.");
        return Ok(Outcome::Good);
    }
    let what = format!(
        "Not all is as the manifests say: {}.",
        count(problems, "problem")
    );
    log::finding(environment, &what);
    Ok(Outcome::Bad)
}

fn tell(environment: &Environment, folder: &Path, verdict: &Verdict) {
    for problem in &verdict.problems {
        let path = folder.join(&problem.path);
        let what = crate::text::shown(&problem.what, 1_000);
        let line = format!("{} {what}", shown(&path.to_string_lossy()));
        log::finding(environment, &line);
    }
    let scope = verdict.scope.as_deref().unwrap_or("nobody knows whom");
    let span = verdict.span.map_or_else(String::new, |(first, last)| {
        format!(" from {first} to {last}")
    });
    let line = format!(
        "{}: {}, {}{span}, {} checked, {}.",
        shown(&folder.to_string_lossy()),
        shown(scope),
        count(verdict.days, "day"),
        count(verdict.files, "file"),
        count(verdict.problems.len(), "problem"),
    );
    log::answer(&line);
}

/// The folder of a scope on the disk.
#[derive(Debug)]
struct History {
    folder: PathBuf,
    paths: BTreeSet<String>,
}

impl Files for History {
    fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    fn open(&self, path: &str) -> io::Result<impl Read> {
        let path = self.folder.join(path);
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_symlink() {
            return Err(io::Error::other(
                "it is a symbolic link, and none is followed",
            ));
        }
        if !kind.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        File::open(path)
    }
}

/// The folders below `top` that hold a history, by their paths in it.
fn histories(top: &Path) -> anyhow::Result<BTreeMap<String, History>> {
    let mut all = Vec::new();
    walk(top, "", &mut all)?;
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    for path in &all {
        let Some(folder) = history_of(path) else {
            continue;
        };
        histories
            .entry(folder.to_owned())
            .or_insert_with(|| History {
                folder: top.join(folder),
                paths: BTreeSet::new(),
            });
    }
    for (folder, history) in &mut histories {
        let below = |path: &String| {
            let rest = path.strip_prefix(folder.as_str())?;
            let rest = if folder.is_empty() {
                rest
            } else {
                rest.strip_prefix('/')?
            };
            Some(rest.to_owned())
        };
        history.paths = all.iter().filter_map(below).collect();
    }
    Ok(histories)
}

/// The folder that has a file of that path as the report or manifest of a day.
fn history_of(path: &str) -> Option<&str> {
    let mut slashes = path.rmatch_indices('/').map(|(place, _)| place);
    let below = match slashes.nth(2) {
        Some(place) => place + 1,
        None => 0,
    };
    day_of(&path[below..])?;
    Some(path[..below].trim_end_matches('/'))
}

/// Finds everything below a folder that is no folder itself, but for git's own.
fn walk(folder: &Path, name: &str, found: &mut Vec<String>) -> anyhow::Result<()> {
    let unread = || format!("{} could not be read", shown(&folder.to_string_lossy()));
    for entry in fs::read_dir(folder).with_context(unread)? {
        let entry = entry.with_context(unread)?;
        let own = entry.file_name().to_string_lossy().into_owned();
        let path = if name.is_empty() {
            own.clone()
        } else {
            format!("{name}/{own}")
        };
        // The kind of a link is that of the link, so none is followed.
        if !entry.file_type().with_context(unread)?.is_dir() {
            found.push(path);
        } else if own != ".git" {
            walk(&entry.path(), &path, found)?;
        }
    }
    Ok(())
}
