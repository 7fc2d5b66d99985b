//! Restores a damaged or lost file of settings from the manifests, which have each day's settings.
//!
//! A day's later report can replace its manifest, so the manifests don't always show when a setting
//! changed. A file is written only if it's byte for byte the one that the manifests list.

use std::collections::BTreeMap;

use super::super::settings::{append, file_name};
use super::super::verify::Files;
use super::RebuildError;
use super::overlay::Overlay;
use super::source::Source;
use crate::report::control::Settings;
use crate::report::manifest::{RecordedManifest, sha256};

/// Restores the files that are damaged or lost.
pub(super) fn restore<F: Files>(
    source: &Source,
    is_damaged: impl Fn(&str) -> bool,
    new: &mut Overlay<'_, F>,
) -> Result<(), RebuildError> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut known: Option<Settings> = None;
    let days = || source.days.iter();
    for day in days() {
        let settings = day.manifest.as_ref().and_then(RecordedManifest::settings);
        let Some(now) = settings else { continue };
        let changes = known.map_or_else(Vec::new, |before| now.changes_since(&before));
        if !changes.is_empty() {
            let file = files.entry(file_name(day.time)).or_default();
            *file = append(file, day.time, &changes)?;
        }
        known = Some(now);
    }
    for (path, file) in files {
        let manifests = days().rev().filter_map(|day| day.manifest.as_ref());
        let mut listed = manifests.filter_map(|manifest| manifest.sha256(&path));
        let is_lost = source.content(&path).is_none();
        if (is_lost || is_damaged(&path)) && listed.next() == Some(&sha256(&file)) {
            new.put(&path, file);
        }
    }
    Ok(())
}
