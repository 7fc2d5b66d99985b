//! Replaces a person in a manifest, and keeps every other byte.

use std::ops::Range;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::lines::Without;

/// What a manifest has in place of an erased person.
const ERASED: &[u8] = b"\"erased\"";

#[derive(Deserialize)]
struct Manifest<'m> {
    report_time: Timestamp,
    #[serde(borrow)]
    run: Option<&'m RawValue>,
}

#[derive(Deserialize)]
struct Run<'m> {
    #[serde(borrow)]
    actor: Option<&'m RawValue>,
}

/// Replaces the person who started the run, if `is_theirs` is true of the login at the report's
/// time.
pub(super) fn without(file: &[u8], is_theirs: impl Fn(Timestamp, &str) -> bool) -> Without {
    match actor(file, is_theirs) {
        Some(place) => {
            let mut rest = file.to_vec();
            rest.splice(place, ERASED.iter().copied());
            Without::Rest(rest)
        }
        None => Without::Same,
    }
}

/// The place of the person in the file. `None` if it's another one, or not a manifest.
fn actor(file: &[u8], is_theirs: impl Fn(Timestamp, &str) -> bool) -> Option<Range<usize>> {
    let text = std::str::from_utf8(file).ok()?;
    let manifest: Manifest<'_> = serde_json::from_str(text).ok()?;
    let run: Run<'_> = serde_json::from_str(manifest.run?.get()).ok()?;
    let actor = run.actor?.get();
    let login: String = serde_json::from_str(actor).ok()?;
    // Both borrow from the file.
    let start = actor.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    is_theirs(manifest.report_time, &login).then_some(start..start + actor.len())
}
