//! Checks that each manifest lists the files that it must list.

use super::{Files, ManifestNode, Verifier};
use crate::history::required::unnamed;
use crate::history::settings;
use crate::history::tombstones::TOMBSTONES;
use crate::report::day::{date, day_of};

impl<F: Files> Verifier<'_, F> {
    /// Checks that each manifest lists every file that a run records. A file of changes is
    /// append-only, so once a manifest lists it, every later one of that year must list it too. The
    /// same applies to [`TOMBSTONES`] in all years.
    pub(super) fn names(&mut self, nodes: &[ManifestNode]) {
        let mut changed_in = [None; 2];
        let mut has_tombstones = false;
        for node in nodes {
            let Some(says) = &node.says else { continue };
            // [`Verifier::reports`] checks the report of the day.
            let mut missing = unnamed(says);
            missing.retain(|name| day_of(name).is_none());
            let year = node.day.year();
            let growing = [format!("changes/{year:04}.csv"), settings::file_of(year)];
            // A manifest with another day's time is out of order, and is reported already.
            let is_in_order = date(says.report_time) == node.day;
            for (changes, changed_in) in growing.into_iter().zip(&mut changed_in) {
                if is_in_order && says.sha256(&changes).is_some() {
                    *changed_in = Some(year);
                } else if is_in_order && *changed_in == Some(year) {
                    missing.push(changes);
                    missing.sort();
                }
            }
            let lists_tombstones = says.sha256(TOMBSTONES).is_some();
            if has_tombstones && !lists_tombstones {
                missing.push(TOMBSTONES.to_owned());
            }
            has_tombstones |= lists_tombstones;
            if !missing.is_empty() {
                let what = format!(
                    "doesn't list {}, so the command can't tell whether the day's version was changed",
                    missing.join(", ")
                );
                self.problem(&node.path, what);
            }
        }
    }
}
