//! The seats that the next report is compared with.

use crate::report::seat::Seat;

/// The seats that the next report is compared with.
#[derive(Debug)]
pub(super) enum Baseline {
    /// None are known: the next report is the first.
    Nothing,
    /// Those of `seats.csv`.
    Seats(Vec<Seat>),
    /// Those of `latest.csv` alone, of which less is known.
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
