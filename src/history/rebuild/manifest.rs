//! Updates the newest manifest, which describes the current files, with the hashes of the files
//! that were written again. Everything else in it stays the same, byte for byte.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::super::changes;
use super::super::listing::Listing;
use super::super::required::ALWAYS;
use super::super::settings;
use super::super::tombstones::TOMBSTONES;
use super::super::verify::Files;
use super::RebuildError;
use super::overlay::Overlay;
use super::source::Source;
use crate::report::day::day_of;
use crate::report::manifest::{Continuity, FileEntry};
use crate::system::git::blob_id;

/// A JSON object that keeps the order of its keys and the formatting of its values.
struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(other, _)| other == key)
    }

    /// Sets the value of a key. Inserts a new key before the key `before`, or at the end.
    fn set(&mut self, key: &str, value: &impl Serialize, before: &str) -> serde_json::Result<()> {
        let value = serde_json::to_string_pretty(value)?.replace('\n', "\n  ");
        let value = RawValue::from_string(value)?;
        match self.0.iter_mut().find(|(other, _)| other == key) {
            Some((_, old)) => *old = value,
            None => {
                let place = self.0.iter().position(|(other, _)| other == before);
                let place = place.unwrap_or(self.0.len());
                self.0.insert(place, (key.to_owned(), value));
            }
        }
        Ok(())
    }
}

/// Updates the entries of the newest manifest if any of its files is new.
pub(super) fn update<F: Files>(
    source: &Source,
    new: &mut Overlay<'_, F>,
    continuity: Option<Continuity>,
) -> Result<(), RebuildError> {
    let newest = &source.newest;
    if new.new.is_empty() && continuity.is_none() {
        return Ok(());
    }
    let said = newest.manifest.files.iter().map(|entry| &*entry.name);
    let mut paths: Vec<&str> = said.collect();
    let changes = changes::file_name(newest.day.time);
    for path in ALWAYS.into_iter().chain([&*changes, TOMBSTONES]) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let mut files = Vec::new();
    for path in paths {
        let said = newest.manifest.files.iter().find(|said| said.name == path);
        let entry = match new.read(path) {
            // A rebuild never updates the hash of what it can't compute.
            Ok(file) if day_of(path).is_none() && !path.starts_with(settings::FOLDER) => {
                Some(FileEntry::of(path.to_owned(), &file))
            }
            _ => said.cloned(),
        };
        files.extend(entry);
    }
    let listed = new.paths().iter().filter_map(|path| {
        let id = blob_id(&new.read(path).ok()?);
        Some((path.clone(), id))
    });
    let listing = Listing::new(listed);
    let mut blobs = listing.blobs(&files);
    blobs.extend(listing.changes());

    let mut object: Object = serde_json::from_slice(&newest.content)?;
    object.set("files", &files, "previous")?;
    object.set("git_blobs", &blobs, "previous")?;
    let older = listing.older_reports(newest.day.day);
    if !older.is_empty() || object.has("older_reports") {
        object.set("older_reports", &older, "previous")?;
    }
    if let Some(continuity) = continuity {
        object.set("tracked_since", &continuity.tracked_since, "files")?;
        object.set("baseline", &continuity.baseline, "files")?;
    }
    let mut file = serde_json::to_vec_pretty(&object)?;
    file.push(b'\n');
    new.put(&newest.path, file);
    Ok(())
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    object.push(entry);
                }
                Ok(Object(object))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
