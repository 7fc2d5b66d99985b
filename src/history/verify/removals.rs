//! Checks the lines of `tombstones.csv`: what was removed on purpose.
//!
//! A removed or shortened file is fine if a line says what was recorded before, and what is left.
//! This shows that the right version was changed, and that nothing changed it since. It doesn't show
//! what was removed, so every such line is counted, and the hashes that nothing can confirm anymore
//! are too.

use super::{Files, ManifestNode, Verifier, altered, shown};
use crate::history::changes::year_of;
use crate::history::page::README;
use crate::history::people::PEOPLE;
use crate::history::table;
use crate::history::tombstones::{COLUMNS, Left, RemovalKind, TOMBSTONES, Tombstone, Tombstones};
use crate::history::totals::TOTALS;
use crate::report::day::{date, day_of};
use crate::report::manifest::{FileEntry, RecordedManifest};

/// What a file must be now, according to a manifest and the removals since then.
pub(super) struct Expected {
    /// Its content.
    pub(super) entry: FileEntry,
    /// Whether lines of it were erased.
    pub(super) is_erased: bool,
}

impl<F: Files> Verifier<'_, F> {
    /// Reads the lines.
    pub(super) fn read_tombstones(&mut self) {
        if !self.has(TOMBSTONES) {
            return;
        }
        // An error is reported with the files that only grow.
        let file = self.files.read(TOMBSTONES).unwrap_or_default();
        self.tombstones = Tombstones::read(&file);
        if !table::has_columns(&file, &COLUMNS) {
            self.problem(TOMBSTONES, "doesn't start with its header");
        }
        let damaged = std::mem::take(&mut self.tombstones.damaged);
        for line in damaged.into_iter().filter(|line| *line > 1) {
            self.problem(TOMBSTONES, format!("line {line} can't be read"));
        }
        self.verdict.removals = self.tombstones.summary();
    }

    /// What a file must be now if a manifest lists it as `recorded`.
    pub(super) fn expected(&mut self, recorded: &FileEntry) -> Expected {
        let (left, followed) = self.tombstones.follow(recorded);
        let (entry, is_erased) = match left {
            Left::Rest(entry) => (entry, true),
            Left::Unchanged | Left::Nothing => (recorded.clone(), false),
        };
        if is_erased {
            self.confirmed.extend(followed);
        }
        Expected { entry, is_erased }
    }

    /// Whether the file that a manifest lists as `recorded` was retired.
    pub(super) fn is_retired_as(&mut self, recorded: &FileEntry) -> bool {
        let (left, followed) = self.tombstones.follow(recorded);
        self.confirmed.extend(followed);
        left == Left::Nothing
    }

    /// Describes a file that differs from what it must be.
    pub(super) fn differs(
        manifest: &str,
        recorded: &FileEntry,
        expected: &Expected,
        (size, sha256): (u64, &str),
    ) -> String {
        if !expected.is_erased {
            return altered(manifest, recorded, size, sha256);
        }
        if (recorded.size, &*recorded.sha256) == (size, sha256) {
            return UNFINISHED_ERASURE.to_owned();
        }
        altered(TOMBSTONES, &expected.entry, size, sha256)
    }

    /// Checks that each line is about a file as it was recorded, and that retired files are gone.
    pub(super) fn removals(&mut self, nodes: &[ManifestNode]) {
        let lines = std::mem::take(&mut self.tombstones);
        let counted = self.counted_days();
        let mut uncounted: Vec<&Tombstone> = Vec::new();
        for (place, line) in lines.all().iter().enumerate() {
            let day = day_of(&line.path);
            let is_before = |since| day.unwrap_or_else(|| date(line.removed_at)) < since;
            if self.since.is_some_and(is_before) {
                continue;
            }
            let mut around = lines.of(&line.path);
            let before = around.rfind(|(other, _)| *other < place);
            let before = before.map(|(_, line)| line);
            let is_newest = lines.of(&line.path).all(|(other, _)| other <= place);
            let is_gone = !self.has(&line.path) && lines.is_retired(&line.path);
            let is_uncounted = |day| !counted.is_empty() && !counted.contains(&day);
            let what = match line.kind {
                RemovalKind::Retired if is_gone && is_newest && day.is_some_and(is_uncounted) => {
                    uncounted.push(line);
                    None
                }
                RemovalKind::Retired => self.wrong_retirement(line, before, is_newest, nodes),
                RemovalKind::Erased if line.removes_nothing() => Some(format!(
                    "is in {TOMBSTONES} as erased on {}, but no line can have been erased, because the file didn't get smaller",
                    date(line.removed_at)
                )),
                RemovalKind::Erased if self.confirmed.contains(&place) => None,
                // The line about the retirement has to continue it.
                RemovalKind::Erased if is_gone => None,
                // The command was interrupted, and ran again after the next report.
                RemovalKind::Erased if lines.has(line, place) => None,
                RemovalKind::Erased => self.wrong_erasure((&lines, place), is_newest, nodes),
            };
            if let Some(what) = what {
                self.problem(&line.path, what);
            }
        }
        // If the totals were lost, that's one problem and not one for each file.
        if let [first, others @ ..] = &*uncounted {
            let others = match others.len() {
                0 => String::new(),
                1 => format!(". The same applies to {}", others[0].path),
                more => format!(
                    ". The same applies to {more} more files up to {}",
                    others[more - 1].path
                ),
            };
            let what = format!(
                "is in {TOMBSTONES} as retired on {}, but {TOTALS} has no line for the day{others}",
                date(first.removed_at)
            );
            self.problem(&first.path, what);
        }
        self.tombstones = lines;
    }

    /// What's wrong with a line about a file that was removed.
    fn wrong_retirement(
        &mut self,
        line: &Tombstone,
        before: Option<&Tombstone>,
        is_newest: bool,
        nodes: &[ManifestNode],
    ) -> Option<String> {
        let on = date(line.removed_at);
        if !is_newest {
            return None;
        }
        if self.has(&line.path) {
            return Some(format!(
                "is still there, but {TOMBSTONES} says that it was retired on {on}. Run the `retire` command again to finish it"
            ));
        }
        let (day, year) = (day_of(&line.path), year_of(&line.path));
        let is_kept = |node: &ManifestNode| {
            day.is_some_and(|day| node.day <= day) || year == Some(node.day.year())
        };
        if !line.is_possible() {
            return Some(format!(
                "is in {TOMBSTONES} as retired on {on}, but only reports, manifests, and files of changes can be retired"
            ));
        }
        if nodes.iter().any(is_kept) {
            return Some(format!(
                "is in {TOMBSTONES} as retired on {on}, but files of the same time or older ones are still there. Only the oldest files can be retired"
            ));
        }
        if let Some(before) = before
            && before.after().is_some_and(|after| after != line.before())
        {
            return Some(format!(
                "is in {TOMBSTONES} as retired on {on}, but not as it was left on {}",
                date(before.removed_at)
            ));
        }
        None
    }

    /// What's wrong with a line about an erasure that doesn't start from a recorded file.
    fn wrong_erasure(
        &mut self,
        (lines, place): (&Tombstones, usize),
        is_newest: bool,
        nodes: &[ManifestNode],
    ) -> Option<String> {
        let line = lines.all().get(place)?;
        let path = &*line.path;
        let on = date(line.removed_at);
        // The manifests that list earlier years' changes can be before the checked days.
        let is_unlisted = self.since.is_some() && year_of(path).is_some();
        // Runs and rebuilds write these again.
        let is_replaced = [README, PEOPLE].contains(&path);
        if is_unlisted || is_replaced {
            return None;
        }
        if !line.is_possible() {
            return Some(format!(
                "is in {TOMBSTONES} as erased on {on}, but the `erase` command never changes it"
            ));
        }
        let of_path = nodes.iter().position(|node| node.path == path);
        let lists = |node: &&ManifestNode| {
            let says = node.says.as_ref();
            says.is_some_and(|says| says.sha256(path).is_some())
        };
        let listing = match of_path {
            Some(node) => nodes.get(node + 1).or(nodes.get(node)),
            None => nodes.iter().rev().find(lists),
        };
        let Some(listing) = listing else {
            return Some(format!(
                "is in {TOMBSTONES} as erased on {on}, but no manifest lists it"
            ));
        };
        // What was recorded later replaced it, or lists the file as the erasure left it.
        if lines.is_before(place, listing.says.as_ref()?) {
            return None;
        }
        if listing.path != path {
            return Some(format!(
                "had lines erased on {on} according to {TOMBSTONES}, but {} lists other content for that time",
                listing.path
            ));
        }
        // No other manifest lists the newest one.
        let after = line.after().filter(|_| is_newest)?;
        if (after.size, &after.sha256) == (listing.size, &listing.sha256)
            || self.has_other_line_ends(path, &[&after], true)
        {
            return None;
        }
        if (listing.size, &listing.sha256) == (line.before().size, &line.before().sha256) {
            return Some(UNFINISHED_ERASURE.to_owned());
        }
        Some(altered(TOMBSTONES, &after, listing.size, &listing.sha256))
    }

    /// Which versions of a growing file can still be checked after erasures from it. Each earlier
    /// version was the beginning of a file that no longer exists. Reports an erasure that didn't
    /// start from the recorded file.
    pub(super) fn still_checked<'e>(
        &mut self,
        path: &str,
        said: &[(&'e ManifestNode, &'e FileEntry)],
    ) -> Growing {
        let lines = std::mem::take(&mut self.tombstones);
        let counted = self.counted_days();
        let mut growing = Growing::default();
        let mut earlier: Option<&Tombstone> = None;
        for (place, line) in lines.of(path) {
            if line.kind != RemovalKind::Erased || !line.is_possible() {
                continue;
            }
            self.confirmed.insert(place);
            let before = line.before();
            let is_later = |(node, _): &(&ManifestNode, &FileEntry)| {
                let says = node.says.as_ref();
                says.is_some_and(|says| lines.is_before(place, says))
            };
            let exact = said.iter().rposition(|(_, entry)| **entry == before);
            let next = said.iter().position(is_later).unwrap_or(said.len());
            let from = exact.map_or(next, |last| last + 1).max(growing.from);
            let follows = earlier.and_then(Tombstone::after).as_ref() == Some(&before);
            // A later run on the same day replaces the manifest that listed the file, and so does a
            // rebuild or a run that read the seats before the erasure.
            let is_replaced = said.get(next).is_some_and(|(node, _)| {
                let is_by_time = |says: &RecordedManifest| says.report_time > line.removed_at;
                node.day == date(line.removed_at) || !node.says.as_ref().is_some_and(is_by_time)
            });
            let last = said[..from].last();
            let on = date(line.removed_at);
            let is_lost = |node: &ManifestNode| {
                let is_listed = |day| said.iter().any(|(node, _)| node.day == day);
                let mut between = counted.range(node.day..=on);
                between.any(|day| !is_listed(*day))
            };
            if let Some((node, entry)) = last
                && exact.is_none()
                && !follows
                && !is_replaced
                && !is_lost(node)
            {
                let what = format!(
                    "had {} bytes with SHA-256 {}… before lines were erased on {}, according to {TOMBSTONES}, but {} says {} bytes with another SHA-256",
                    before.size,
                    shown(before.sha256.get(..12).unwrap_or_default()),
                    on,
                    node.path,
                    entry.size
                );
                self.problem(path, what);
            }
            growing.confirmed += usize::from(exact.is_some_and(|last| last + 1 == from));
            growing.from = from;
            growing.before = Some(before);
            growing.after = line.after();
            earlier = Some(line);
        }
        self.tombstones = lines;
        growing
    }
}

/// What's left to check of a file that only grows.
#[derive(Default)]
pub(super) struct Growing {
    /// The first manifest that was written after all erasures.
    pub(super) from: usize,
    /// How many of the earlier manifests list exactly what was there before an erasure.
    pub(super) confirmed: usize,
    /// What the last erasure started from.
    pub(super) before: Option<FileEntry>,
    /// What the last erasure left.
    pub(super) after: Option<FileEntry>,
}

/// The message for an erasure that was interrupted.
pub(super) const UNFINISHED_ERASURE: &str = "still has the lines that `tombstones.csv` lists as erased. Run the `erase` command again to finish it";
