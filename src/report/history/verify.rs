//! Whether the history of a scope still is what its manifests say of it.
//!
//! Each day's manifest gives the SHA-256 of the day's files and of the manifest before it, so what
//! was altered, taken out or put in shows. Files that only grow are held against every manifest:
//! what each of them says is the beginning of today's file. All of it finds accidents and careless
//! edits; whoever may write everything can write manifests that fit, too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::totals::{TOTALS, Totals};
use crate::report::day::{REPORTS, date, stem_of};
use crate::report::manifest::{FileEntry, RecordedManifest, SCHEMA_VERSION};

/// The folder of a scope, wherever its files are.
pub trait Files {
    /// The paths of everything in it that is no folder, with `/` between the names.
    fn paths(&self) -> &BTreeSet<String>;

    /// Opens one of them.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn open(&self, path: &str) -> io::Result<impl Read>;
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, by its path in the folder of the scope.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

/// What was found in the folder of a scope.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Whose reports they are, as the first manifest says it.
    pub scope: Option<String>,
    /// The first and the last day that has a report or a manifest.
    pub span: Option<(Date, Date)>,
    /// How many days have one.
    pub days: usize,
    /// How many files, manifests among them, were held against a manifest.
    pub files: usize,
    /// What is not as it should be, by path.
    pub problems: Vec<Problem>,
}

/// Holds `files` against the manifests among them.
pub fn verify(files: &impl Files) -> Verdict {
    let mut check = Check {
        files,
        verdict: Verdict::default(),
    };
    let days = check.days();
    let links = check.links(&days);
    check.scopes(&links);
    check.chain(&links);
    check.reports(&links);
    check.growth(&links);
    check.newest(&links);
    check.verdict.days = days.len();
    check.verdict.span = days.first().copied().zip(days.last().copied());
    check.verdict.problems.sort();
    check.verdict
}

/// Whether a path in a folder is the report or the manifest of a day, and of which.
#[must_use]
pub fn day_of(path: &str) -> Option<Date> {
    let stem = path
        .strip_suffix(".json")
        .or_else(|| path.strip_suffix(".csv"))?;
    let day: Date = stem.rsplit('/').next()?.parse().ok()?;
    (stem_of(day) == stem).then_some(day)
}

/// The manifest of a day.
struct Link {
    day: Date,
    path: String,
    size: u64,
    sha256: String,
    /// What it says; nothing where it cannot be read.
    says: Option<RecordedManifest>,
}

struct Check<'f, F> {
    files: &'f F,
    verdict: Verdict,
}

impl<F: Files> Check<'_, F> {
    fn problem(&mut self, path: &str, what: impl Into<String>) {
        self.verdict.problems.push(Problem {
            path: path.to_owned(),
            what: what.into(),
        });
    }

    fn has(&self, path: &str) -> bool {
        self.files.paths().contains(path)
    }

    /// The days that have a report or a manifest. Nothing else belongs among them.
    fn days(&mut self) -> BTreeSet<Date> {
        let mut days = BTreeSet::new();
        for path in self.files.paths() {
            if let Some(day) = day_of(path) {
                days.insert(day);
            } else if path
                .strip_prefix(REPORTS)
                .is_some_and(|rest| rest.starts_with('/'))
            {
                self.problem(path, "is neither the report nor the manifest of a day");
            }
        }
        days
    }

    fn links(&mut self, days: &BTreeSet<Date>) -> Vec<Link> {
        let mut links = Vec::new();
        for &day in days {
            let path = format!("{}.json", stem_of(day));
            if !self.has(&path) {
                self.problem(
                    &path,
                    format!("is missing, and the day has a report, {}.csv", stem_of(day)),
                );
                continue;
            }
            let mut content = Vec::new();
            let read = self
                .files
                .open(&path)
                .and_then(|mut file| file.read_to_end(&mut content));
            let says = match read.map(|_| RecordedManifest::read(&content)) {
                Err(error) => Err(error.to_string()),
                Ok(Err(error)) => Err(format!("it is no manifest: {error}")),
                Ok(Ok(says)) if says.schema_version > SCHEMA_VERSION => Err(format!(
                    "it is of version {}, and this program knows {SCHEMA_VERSION}; take a newer one",
                    says.schema_version
                )),
                Ok(Ok(says)) => Ok(says),
            };
            let says = says
                .map_err(|why| self.problem(&path, format!("cannot be read: {why}")))
                .ok();
            if let Some(says) = &says
                && date(says.report_time) != day
            {
                let what = format!(
                    "speaks of a report of {}, which is another day",
                    says.report_time
                );
                self.problem(&path, what);
            }
            links.push(Link {
                day,
                path,
                size: content.len() as u64,
                sha256: super::folder::hash(&content),
                says,
            });
        }
        links
    }

    /// All manifests are of one scope.
    fn scopes(&mut self, links: &[Link]) {
        let mut said = links.iter().filter_map(|link| {
            let scope = &link.says.as_ref()?.scope;
            Some((link, format!("{} {}", scope.kind, scope.name)))
        });
        let Some((_, first)) = said.next() else {
            return;
        };
        let others: Vec<_> = said
            .filter(|(_, other)| !other.eq_ignore_ascii_case(&first))
            .collect();
        for (link, other) in others {
            self.problem(
                &link.path,
                format!("is of the {other}, the first of the {first}"),
            );
        }
        self.verdict.scope = Some(first);
    }

    /// Each manifest names the one before it.
    fn chain(&mut self, links: &[Link]) {
        let counted = self.counted_days();
        let mut before: Option<&Link> = None;
        for link in links {
            if let Some(says) = &link.says {
                self.link(before, link, says.previous.as_ref(), &counted);
            }
            before = Some(link);
        }
        let after = |day: &&Date| before.is_none_or(|last| **day > last.day);
        let lost: Vec<Date> = counted.iter().filter(after).copied().collect();
        if let Some(day) = lost.last() {
            let what = format!("is missing: {TOTALS} counts the day{}", others(&lost, *day));
            self.problem(&format!("{}.json", stem_of(*day)), what);
        }
    }

    fn link(
        &mut self,
        before: Option<&Link>,
        link: &Link,
        named: Option<&FileEntry>,
        counted: &[Date],
    ) {
        match (before, named) {
            (None, None) => {}
            (Some(before), None) => {
                let what = format!("names no manifest before it, and {} is there", before.path);
                self.problem(&link.path, what);
            }
            (Some(before), Some(named)) if named.name == before.path => {
                self.verdict.files += 1;
                if (named.size, &named.sha256) != (before.size, &before.sha256) {
                    let what = altered(&link.path, named, before.size, &before.sha256);
                    self.problem(&before.path, what);
                }
            }
            (before, Some(named)) if self.has(&named.name) => {
                let stands = before.map_or_else(
                    || "is the first".to_owned(),
                    |before| format!("follows {}", before.path),
                );
                let what = format!("{stands}, but says that it follows {}", named.name);
                self.problem(&link.path, what);
            }
            (before, Some(named)) => {
                let between = |day: &&Date| {
                    **day < link.day && before.is_none_or(|before| **day > before.day)
                };
                let lost: Vec<Date> = counted.iter().filter(between).copied().collect();
                let others = day_of(&named.name).map_or_else(String::new, |day| others(&lost, day));
                let what = format!(
                    "is missing: {} says that it is the manifest before it{others}",
                    link.path
                );
                self.problem(&named.name, what);
            }
        }
    }

    /// The days of which `totals.csv` has a line, in order.
    fn counted_days(&self) -> Vec<Date> {
        let mut content = Vec::new();
        if self.has(TOTALS)
            && let Ok(mut file) = self.files.open(TOTALS)
        {
            // Where it cannot be read, that is told where it is held against the manifests.
            let _ = file.read_to_end(&mut content);
        }
        let (totals, _) = Totals::read(&content);
        let days: BTreeSet<Date> = totals.days().map(|day| date(day.report_time)).collect();
        days.into_iter().collect()
    }

    /// Each day has the report that its manifest says, and no other.
    fn reports(&mut self, links: &[Link]) {
        for link in links {
            let report = format!("{}.csv", stem_of(link.day));
            let Some(says) = &link.says else { continue };
            match says.files.iter().find(|entry| entry.name == report) {
                Some(entry) => self.whole(&link.path, entry),
                None if self.has(&report) => {
                    self.problem(&report, format!("is not named in {}", link.path));
                }
                None => self.problem(&link.path, "names no report of its day"),
            }
        }
    }

    /// The files that only grow: each manifest speaks of the beginning of today's file.
    fn growth(&mut self, links: &[Link]) {
        let mut growing: BTreeMap<&str, Vec<(&Link, &FileEntry)>> = BTreeMap::new();
        for link in links {
            let entries = link.says.iter().flat_map(|says| &says.files);
            for entry in entries.filter(|entry| grows(&entry.name)) {
                growing.entry(&entry.name).or_default().push((link, entry));
            }
        }
        for path in self.files.paths() {
            if grows(path) && !growing.contains_key(&**path) {
                self.problem(path, "is named in no manifest");
            }
        }
        let damaged = links.iter().rfind(|link| link.says.is_none());
        for (path, said) in growing {
            let Some((newest, last)) = said.last() else {
                continue;
            };
            if !self.has(path) {
                self.problem(path, format!("is missing, and {} names it", newest.path));
                continue;
            }
            self.verdict.files += 1;
            let sizes: BTreeSet<u64> = said.iter().map(|(_, entry)| entry.size).collect();
            let (size, found) = match self
                .files
                .open(path)
                .and_then(|file| beginnings(file, &sizes))
            {
                Ok(found) => found,
                Err(error) => {
                    self.problem(path, format!("cannot be read: {error}"));
                    continue;
                }
            };
            // A manifest that cannot be read may have named more.
            let is_all = damaged.is_none_or(|damaged| damaged.day < newest.day);
            let wrong: Vec<_> = said
                .iter()
                .filter(|(_, entry)| found.get(&entry.size) != Some(&entry.sha256))
                .collect();
            if let Some((link, entry)) = wrong.first() {
                let what = match found.get(&entry.size) {
                    Some(sha256) => altered(&link.path, entry, entry.size, sha256),
                    None => altered(&link.path, entry, size, ""),
                };
                let more = match wrong.len() {
                    1 => String::new(),
                    all => format!("; it does not fit {} later manifests either", all - 1),
                };
                self.problem(path, format!("{what}{more}"));
            } else if is_all && last.size != size {
                let what = format!(
                    "was altered: {} bytes were added to what {} says",
                    size - last.size,
                    newest.path
                );
                self.problem(path, what);
            }
        }
    }

    /// The other files are as the newest manifest says.
    fn newest(&mut self, links: &[Link]) {
        let Some(newest) = links.last() else { return };
        let entries = newest.says.iter().flat_map(|says| &says.files);
        for entry in entries.filter(|entry| !grows(&entry.name) && day_of(&entry.name).is_none()) {
            self.whole(&newest.path, entry);
        }
    }

    /// Holds a whole file against what a manifest says of it.
    fn whole(&mut self, manifest: &str, entry: &FileEntry) {
        if !self.has(&entry.name) {
            self.problem(&entry.name, format!("is missing, and {manifest} names it"));
            return;
        }
        self.verdict.files += 1;
        match self
            .files
            .open(&entry.name)
            .and_then(|file| beginnings(file, &BTreeSet::from([u64::MAX])))
        {
            Err(error) => self.problem(&entry.name, format!("cannot be read: {error}")),
            Ok((size, found)) => {
                let sha256 = found.get(&u64::MAX).map_or("", String::as_str);
                if (size, sha256) != (entry.size, &*entry.sha256) {
                    self.problem(&entry.name, altered(manifest, entry, size, sha256));
                }
            }
        }
    }
}

/// Whether a file only grows.
fn grows(path: &str) -> bool {
    path == TOTALS || path.starts_with("changes/")
}

/// The size of a file, and the SHA-256 of as many of its first bytes as each of `sizes` says.
/// [`u64::MAX`] stands for all of them; other sizes that it does not have are left out.
fn beginnings(
    mut file: impl Read,
    sizes: &BTreeSet<u64>,
) -> io::Result<(u64, BTreeMap<u64, String>)> {
    let mut found = BTreeMap::new();
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; 1 << 16];
    for &wanted in sizes {
        while size < wanted {
            let room = usize::try_from(wanted - size)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let read = match file.read(&mut buffer[..room]) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hash.update(&buffer[..read]);
            size += read as u64;
        }
        if size == wanted || wanted == u64::MAX {
            found.insert(wanted, hex::encode(hash.clone().finalize()));
        }
    }
    size += io::copy(&mut file, &mut io::sink())?;
    Ok((size, found))
}

fn altered(manifest: &str, said: &FileEntry, size: u64, sha256: &str) -> String {
    let bytes = |size: u64, sha256: &str| match sha256.get(..12) {
        Some(start) => format!("{size} bytes with SHA-256 {start}…"),
        None => format!("{size} bytes"),
    };
    format!(
        "was altered: {manifest} says {}, found are {}",
        bytes(said.size, &shown(&said.sha256)),
        bytes(size, sha256)
    )
}

/// The days besides `day` that were lost with it, as far as a line has room.
fn others(lost: &[Date], day: Date) -> String {
    const SHOWN: usize = 5;
    let others: Vec<String> = lost
        .iter()
        .filter(|other| **other != day)
        .map(Date::to_string)
        .collect();
    match others.len() {
        0 => String::new(),
        few if few <= SHOWN => format!("; so are those of {}", others.join(", ")),
        many => format!(
            "; so are those of {} and {} more days up to {}",
            others[..SHOWN].join(", "),
            many - SHOWN,
            others[many - 1]
        ),
    }
}

fn shown(text: &str) -> String {
    crate::text::shown(text, 200)
}
