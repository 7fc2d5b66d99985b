//! Rebuilds `seats.csv`: keeps the readable lines, and adds a line for each seat of the newest
//! report that they don't cover.

use std::collections::HashMap;

use super::super::header;
use super::super::identities::Identities;
use super::super::seats::{self, SEATS};
use super::RebuildError;
use super::source::Source;
use crate::report::manifest::Continuity;
use crate::report::seat::Seat;

/// The readable parts of the file.
pub(super) struct Lines {
    pub(super) readable: Vec<Seat>,
    /// Whether the whole file is readable.
    is_whole: bool,
    /// Whether everything except the header and the line endings is undamaged.
    is_intact: bool,
}

impl Lines {
    pub(super) fn read(source: &Source) -> Self {
        let file = source.content(SEATS).unwrap_or_default();
        let recorded = source.newest.manifest.sha256(SEATS);
        let (readable, is_whole) = match seats::read(file) {
            Ok(seats) => (seats, true),
            Err(_) => (seats::read_lines(file), false),
        };
        Self {
            readable,
            is_whole,
            is_intact: recorded.is_some_and(|recorded| header::is_intact(file, recorded)),
        }
    }

    /// Writes the file, with a line for each seat in the newest report, unless all of it is
    /// readable.
    pub(super) fn write(
        &self,
        source: &Source,
        newest: &[Seat],
        identities: &Identities,
    ) -> Result<Option<Vec<u8>>, RebuildError> {
        if self.is_whole {
            return Ok(None);
        }
        let key = |seat: &Seat| {
            let (login, organization) = (seat.login(), seat.organization());
            (login.to_lowercase(), organization.to_lowercase())
        };
        let mut there: HashMap<_, usize> = HashMap::new();
        for seat in &self.readable {
            *there.entry(key(seat)).or_default() += 1;
        }
        let mut all = self.readable.clone();
        for seat in newest {
            if let Some(count) = there.get_mut(&key(seat)).filter(|count| **count > 0) {
                *count -= 1;
                continue;
            }
            let mut seat = seat.clone();
            let time = source.newest.day.time;
            if let Some(account) = &mut seat.assignee {
                *account = identities.account(&account.login, time);
            }
            all.push(seat);
        }
        all.sort_by(Seat::order);
        Ok(Some(seats::write(&all)?))
    }

    /// From when on the seats are known without a break, if that differs from the newest manifest.
    /// Seats that were lost with the file can look new in the next report.
    pub(super) fn continuity(&self, source: &Source, is_damaged: bool) -> Option<Continuity> {
        let is_lost = (is_damaged || !self.is_whole) && !self.is_intact;
        let newest = &source.newest;
        is_lost.then(|| Continuity {
            tracked_since: newest.day.time,
            // The file has a line for each seat again, unless someone edited it.
            baseline: !self.is_whole && newest.manifest.showed_every_seat(),
            total_excess: newest.manifest.total_excess,
        })
    }
}
