//! What a manifest must name.

use super::{Files, ManifestNode, Verifier};
use crate::history::required::unnamed;
use crate::report::day::{date, day_of};

impl<F: Files> Verifier<'_, F> {
    /// Each manifest names every file that a run records. A file of changes only grows, so once a
    /// manifest names it, every later one of that year does.
    pub(super) fn names(&mut self, nodes: &[ManifestNode]) {
        let mut changed_in = None;
        for node in nodes {
            let Some(says) = &node.says else { continue };
            // [`Verifier::reports`] covers the report of the day.
            let mut missing = unnamed(says);
            missing.retain(|name| day_of(name).is_none());
            let year = node.day.year();
            let changes = format!("changes/{year:04}.csv");
            // A manifest of another day is a problem already, and out of order.
            let is_in_order = date(says.report_time) == node.day;
            if is_in_order && says.sha256(&changes).is_some() {
                changed_in = Some(year);
            } else if is_in_order && changed_in == Some(year) {
                missing.push(changes);
                missing.sort();
            }
            if !missing.is_empty() {
                let what = format!(
                    "doesn't name {}, so the command can't tell whether the day's version was changed",
                    missing.join(", ")
                );
                self.problem(&node.path, what);
            }
        }
    }
}
