//! Checks whether the history of a scope still matches its manifests.
//!
//! Each day's manifest has the SHA-256 of the day's files and of the previous manifest, so it
//! reveals files that were changed, removed, or added. Append-only files are checked against every
//! manifest: each one must match the beginning of the current file. The counts in a manifest are
//! checked against the report and the totals. These checks find accidents and careless edits.
//! Anyone with write access to everything can also write matching manifests.

mod append_only;
mod chain;
mod checkout;
mod counts;
mod facts;
mod named;
mod removals;
mod scopes;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use jiff::civil::Date;

use super::identity_mode::described;
use super::people::PEOPLE;
use super::seats::SEATS;
use super::table;
use super::tombstones::{Removal, TOMBSTONES, Tombstones};
use super::totals::{self, TOTALS};
use crate::report::day::{REPORTS, date, day_of, stem_of};
use crate::report::manifest::{FileEntry, RecordedManifest, SCHEMA_VERSION, sha256};
use crate::system::git::LineEnds;

pub(crate) use facts::ManifestFacts;

/// The folder of a scope, independent of where its files are stored.
pub(crate) trait Files {
    /// The paths of all files in the folder, with `/` as the separator. Includes everything that
    /// isn't a directory.
    fn paths(&self) -> &BTreeSet<String>;

    /// Opens the file at that path.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + '_>>;

    /// Reads the whole file at that path.
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.open(path)?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Reads the newest manifest that can be read.
    fn newest_manifest(&self) -> Option<RecordedManifest> {
        let paths = self.paths().iter().rev();
        let mut manifests = paths.filter(|path| day_of(path).is_some() && path.ends_with(".json"));
        manifests.find_map(|path| RecordedManifest::read(&self.read(path).ok()?).ok())
    }
}

/// A problem with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The path of the file in the folder of the scope.
    pub path: String,
    /// What's wrong with the file.
    pub what: String,
}

impl Problem {
    pub(super) fn new(path: &str, what: impl Into<String>) -> Self {
        let (path, what) = (path.to_owned(), what.into());
        Self { path, what }
    }
}

/// The result of the check of a scope's folder.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The scope of the reports, according to the newest manifest.
    pub scope: Option<String>,
    /// The checked days with a report or a manifest.
    pub days: BTreeSet<Date>,
    /// All days with a report or a manifest, also those before the first day to check.
    pub all_days: BTreeSet<Date>,
    /// What the manifests that can be read say, in the order of the days.
    pub manifests: Vec<ManifestFacts>,
    /// The newest manifest, which no later one protects.
    pub newest: Option<FileEntry>,
    /// The number of files, including manifests, that were checked against a manifest.
    pub files: usize,
    /// The problems, sorted by path.
    pub problems: Vec<Problem>,
    /// The problems that Git caused, through this checkout or Git LFS.
    pub checkout: Vec<Problem>,
    /// The days whose report was removed on purpose.
    pub retired: BTreeSet<Date>,
    /// What was removed on purpose, in order of time.
    pub removals: Vec<Removal>,
    /// How many recorded versions of files can't be checked because of these removals.
    pub unverifiable: usize,
}

/// Checks `files` against the manifests among them. `folder` is the name of the folder, if it's
/// known. With `since`, checks only that day and later: the first manifest from then on counts as
/// the start, regardless of what comes before it.
pub(crate) fn verify(files: &impl Files, folder: Option<&str>, since: Option<Date>) -> Verdict {
    let all_days = files.paths().iter().filter_map(|path| day_of(path));
    let mut verifier = Verifier {
        files,
        since,
        verdict: Verdict {
            all_days: all_days.collect(),
            ..Verdict::default()
        },
        other_line_ends: BTreeMap::new(),
        tombstones: Tombstones::default(),
        confirmed: BTreeSet::new(),
    };
    verifier.read_tombstones();
    let days = verifier.days();
    let nodes = verifier.nodes(&days);
    verifier.scopes(&nodes, folder);
    verifier.keys(&nodes);
    verifier.names(&nodes);
    verifier.chain(&nodes, &days);
    let rows = verifier.reports(&nodes);
    verifier.append_only(&nodes);
    verifier.counts(&nodes, &rows);
    verifier.newest(&nodes);
    verifier.removals(&nodes);
    if nodes.is_empty() {
        verifier.verdict.scope = verifier.scope_before();
    }
    verifier.line_ends();
    let retired = verifier.tombstones.retired_days();
    verifier.verdict.retired = retired.difference(&days).copied().collect();
    verifier.verdict.days = days;
    verifier.verdict.newest = nodes.last().map(|node| FileEntry {
        name: node.path.clone(),
        size: node.size,
        sha256: node.sha256.clone(),
    });
    verifier.verdict.manifests = nodes.into_iter().filter_map(|node| node.facts).collect();
    verifier.verdict.problems.sort();
    verifier.verdict
}

/// Whether a folder holds the history of a scope, or the remains of one.
pub(crate) fn is_history(files: &impl Files) -> bool {
    let paths = files.paths();
    paths.iter().any(|path| day_of(path).is_some())
        || (paths.contains(SEATS) && paths.contains(PEOPLE))
        || (paths.contains(TOTALS) && begins_as_totals(files).unwrap_or(false))
}

/// Checks the header, because other programs also write files with this name.
fn begins_as_totals(files: &impl Files) -> io::Result<bool> {
    const ENOUGH: u64 = 1_000;
    let mut beginning = Vec::new();
    let mut file = files.open(TOTALS)?.take(ENOUGH);
    file.read_to_end(&mut beginning)?;
    Ok(table::has_columns(&beginning, &totals::COLUMNS))
}

/// The manifest of a day, a link in the chain of manifests.
struct ManifestNode {
    day: Date,
    path: String,
    size: u64,
    sha256: String,
    /// Whether the file is a Git LFS pointer.
    is_pointer: bool,
    /// The parsed manifest. `None` if it can't be read.
    says: Option<RecordedManifest>,
    facts: Option<ManifestFacts>,
}

struct Verifier<'f, F> {
    files: &'f F,
    /// The first day to check. `None` if all days are checked.
    since: Option<Date>,
    verdict: Verdict,
    /// The files that match what was recorded except for their line endings, grouped by the
    /// recorded line endings.
    other_line_ends: BTreeMap<LineEnds, BTreeSet<String>>,
    /// What was removed on purpose.
    tombstones: Tombstones,
    /// The places of the lines in them that start from a recorded file.
    confirmed: BTreeSet<usize>,
}

impl<F: Files> Verifier<'_, F> {
    fn problem(&mut self, path: &str, what: impl Into<String>) {
        self.verdict.problems.push(Problem::new(path, what));
    }

    fn has(&self, path: &str) -> bool {
        self.files.paths().contains(path)
    }

    fn is_looked_at(&self, day: Date) -> bool {
        self.since.is_none_or(|since| day >= since)
    }

    /// The days that have a report or a manifest. Reports a problem for any other file among them.
    fn days(&mut self) -> BTreeSet<Date> {
        let mut days = BTreeSet::new();
        for path in self.files.paths() {
            if let Some(day) = day_of(path) {
                if self.is_looked_at(day) {
                    days.insert(day);
                }
            } else if path
                .strip_prefix(REPORTS)
                .is_some_and(|rest| rest.starts_with('/'))
            {
                self.problem(path, "is neither the report nor the manifest of a day");
            }
        }
        days
    }

    /// The scope in the newest manifest, even if it isn't checked.
    fn scope_before(&self) -> Option<String> {
        let scope = self.files.newest_manifest()?.scope;
        Some(format!("{} {}", scope.kind, scope.name))
    }

    fn nodes(&mut self, days: &BTreeSet<Date>) -> Vec<ManifestNode> {
        let mut nodes = Vec::new();
        for &day in days {
            let path = format!("{}.json", stem_of(day));
            if !self.has(&path) {
                self.problem(
                    &path,
                    format!("is missing, but the day has a report, {}.csv", stem_of(day)),
                );
                continue;
            }
            let read = self.files.read(&path);
            let is_pointer = self.is_pointer(&path);
            let says = match read.as_deref().map(RecordedManifest::read) {
                _ if is_pointer => Ok(None),
                Err(error) => Err(format!("can't be read: {error}")),
                Ok(Err(error)) => Err(format!("can't be read: it isn't a manifest: {error}")),
                Ok(Ok(says)) if says.schema_version > SCHEMA_VERSION => Err(format!(
                    "can't be read: it has version {}, but this program supports versions up to {SCHEMA_VERSION}. Use a newer release.",
                    says.schema_version
                )),
                Ok(Ok(says)) => Ok(Some(says)),
            };
            let says = says.unwrap_or_else(|why| {
                self.problem(&path, why);
                None
            });
            if let Some(says) = &says
                && date(says.report_time) != day
            {
                let what = format!(
                    "describes a report of {}, which is another day",
                    says.report_time
                );
                self.problem(&path, what);
            }
            let content = read.unwrap_or_default();
            nodes.push(ManifestNode {
                day,
                path,
                size: content.len() as u64,
                sha256: sha256(&content),
                is_pointer,
                facts: says.as_ref().and_then(|_| ManifestFacts::read(&content)),
                says,
            });
        }
        nodes
    }

    /// Checks that all manifests use logins or the pseudonyms of the same key.
    fn keys(&mut self, nodes: &[ManifestNode]) {
        let mut before: Option<(&ManifestNode, Option<&str>)> = None;
        for node in nodes {
            let Some(says) = &node.says else { continue };
            let key = says.pseudonyms.as_deref();
            if let Some((earlier, other)) = before
                && other != key
            {
                let (ours, theirs) = (described(key), described(other));
                let what = format!("was written {ours}, and {} {theirs}", earlier.path);
                self.problem(&node.path, what);
            }
            before = Some((node, key));
        }
    }

    /// Checks the remaining files against the newest manifest.
    fn newest(&mut self, nodes: &[ManifestNode]) {
        let Some(newest) = nodes.last() else { return };
        let entries = newest.says.iter().flat_map(|says| &says.files);
        for entry in entries.filter(|entry| !grows(&entry.name) && day_of(&entry.name).is_none()) {
            self.check_file(&newest.path, entry);
        }
    }

    /// Checks a whole file against its manifest entry, and returns it if it matches.
    fn check_file(&mut self, manifest: &str, entry: &FileEntry) -> Option<Vec<u8>> {
        if !self.has(&entry.name) {
            self.problem(&entry.name, format!("is missing, but {manifest} lists it"));
            return None;
        }
        self.verdict.files += 1;
        if self.is_pointer(&entry.name) {
            return None;
        }
        let file = match self.files.read(&entry.name) {
            Ok(file) => file,
            Err(error) => {
                self.problem(&entry.name, format!("can't be read: {error}"));
                return None;
            }
        };
        let (size, sha256) = (file.len() as u64, sha256(&file));
        let expected = self.expected(entry);
        if (size, &sha256) != (expected.entry.size, &expected.entry.sha256)
            && !self.has_other_line_ends(&entry.name, &[&expected.entry], true)
        {
            let what = Self::differs(manifest, entry, &expected, (size, &sha256));
            self.problem(&entry.name, what);
            return None;
        }
        self.verdict.unverifiable += usize::from(expected.is_erased);
        Some(file)
    }
}

/// Whether a file is append-only.
fn grows(path: &str) -> bool {
    [TOTALS, TOMBSTONES].contains(&path) || path.starts_with("changes/")
}

fn altered(manifest: &str, said: &FileEntry, size: u64, sha256: &str) -> String {
    let bytes = |size: u64, sha256: &str| match sha256.get(..12) {
        Some(start) => format!("{size} bytes with SHA-256 {start}…"),
        None => format!("{size} bytes"),
    };
    format!(
        "was changed: {manifest} says {}, but the file has {}",
        bytes(said.size, &shown(&said.sha256)),
        bytes(size, sha256)
    )
}

fn shown(text: &str) -> String {
    crate::system::text::shown(text, 200)
}
