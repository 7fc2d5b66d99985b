//! The seats that the next report is compared with.

use crate::report::seat::Seat;

#[derive(Debug)]
pub(super) enum Baseline {
    /// No seats are known, so the next report is the first.
    Nothing,
    /// The seats in `seats.csv`.
    Seats(Vec<Seat>),
    /// The seats in `latest.csv`, which has fewer details.
    Latest(Vec<Seat>),
}

impl Baseline {
    pub(super) fn seats(&self) -> Option<&[Seat]> {
        match self {
            Self::Nothing => None,
            Self::Seats(seats) | Self::Latest(seats) => Some(seats),
        }
    }
}
