//! Decides how many requests can be in flight at once.
//!
//! Starts low and grows while GitHub responds quickly. Every sign that GitHub has enough to do
//! halves the number: it asks to wait, it fails, it doesn't respond, or it becomes slow. TCP
//! controls congestion in a similar way.

use std::time::Duration;

use http::StatusCode;

use super::MAX_IN_FLIGHT;

/// The number at the start, and how much it grows after each round that went well. This many are
/// always fine if responses are only slow.
const STEP: usize = 10;

/// How many times as long as usual a single response takes if it's a sign of trouble.
const MAX_FACTOR: u32 = 5;

/// How much it grows after a round once GitHub failed or asked to wait.
const CAREFUL_STEP: usize = 1;

/// How a request ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// GitHub carried it out.
    Success,
    /// GitHub refused it, which says nothing about the load.
    Refusal,
    /// GitHub didn't respond, or reported that it failed.
    #[default]
    Failure,
}

impl Outcome {
    /// Returns how a request with this response ended.
    pub(crate) fn of(status: StatusCode) -> Self {
        if status.is_success() {
            Self::Success
        } else if status.is_server_error() {
            Self::Failure
        } else {
            Self::Refusal
        }
    }
}

/// The maximum number of requests in flight, which adapts to GitHub's responses.
pub(super) struct InFlightLimit {
    limit: usize,
    step: usize,
    /// The shortest average length of a round since the limit was last at most [`STEP`]. `None`
    /// before the first round.
    best: Option<Duration>,
    round: Round,
    /// The number of the first request that began under this limit. Earlier ones say nothing about
    /// it.
    first: u64,
}

/// As many requests as can be in flight at once.
#[derive(Default)]
struct Round {
    count: usize,
    total: Duration,
}

impl Default for InFlightLimit {
    fn default() -> Self {
        Self {
            limit: STEP,
            step: STEP,
            best: None,
            round: Round::default(),
            first: 0,
        }
    }
}

impl InFlightLimit {
    /// Returns the limit, which is always between 1 and [`MAX_IN_FLIGHT`].
    pub(super) fn get(&self) -> usize {
        self.limit
    }

    /// Records that request `number` ended after `lasted`, with `in_flight` in flight including
    /// itself. `next` is the number that the next request gets.
    pub(super) fn ended(
        &mut self,
        (number, next): (u64, u64),
        outcome: Outcome,
        lasted: Duration,
        in_flight: usize,
    ) {
        if number < self.first {
            return;
        }
        match outcome {
            Outcome::Refusal => {}
            Outcome::Failure => self.struggles(next),
            Outcome::Success if self.is_much_slower(lasted) => self.is_slow(next),
            // Requests that leave most of the limit unused show nothing about it.
            Outcome::Success if in_flight * 2 < self.limit => {}
            Outcome::Success => {
                self.round.count += 1;
                self.round.total += lasted;
                if self.round.count >= self.limit {
                    self.end_round(next);
                }
            }
        }
    }

    /// Records that GitHub asked to wait. `next` is the number that the next request gets.
    pub(super) fn held(&mut self, next: u64) {
        // Many requests can get the same response at once, and it counts only once.
        if next > self.first {
            self.struggles(next);
        }
    }

    fn end_round(&mut self, next: u64) {
        let average = self.round.total / u32::try_from(self.round.count).unwrap_or(u32::MAX);
        self.round = Round::default();
        let best = self.best.filter(|_| self.limit > STEP).unwrap_or(average);
        self.best = Some(best.min(average));
        if average > best * 2 {
            self.is_slow(next);
        } else if average <= best + best / 2 {
            self.limit = (self.limit + self.step).min(MAX_IN_FLIGHT);
        }
    }

    fn is_much_slower(&self, lasted: Duration) -> bool {
        let best = self.best.filter(|_| self.limit > STEP);
        best.is_some_and(|best| lasted > best * MAX_FACTOR)
    }

    fn struggles(&mut self, next: u64) {
        self.step = CAREFUL_STEP;
        self.fall_back_to(self.limit / 2, next);
    }

    fn is_slow(&mut self, next: u64) {
        self.fall_back_to((self.limit / 2).max(STEP.min(self.limit)), next);
    }

    fn fall_back_to(&mut self, limit: usize, next: u64) {
        self.limit = limit.max(1);
        self.round = Round::default();
        self.first = next;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// Ends rounds of requests that use the whole limit and last `ms` each.
    fn rounds(limit: &mut InFlightLimit, next: &mut u64, count: usize, ms: u64) {
        for _ in 0..count {
            let size = limit.get();
            for _ in 0..size {
                *next += 1;
                let numbers = (*next - 1, *next);
                limit.ended(numbers, Outcome::Success, Duration::from_millis(ms), size);
            }
        }
    }

    #[test]
    fn it_grows_up_to_the_maximum_while_responses_are_quick() {
        let (mut limit, mut next) = (InFlightLimit::default(), 0);
        assert_eq!(limit.get(), 10);
        rounds(&mut limit, &mut next, 1, 200);
        assert_eq!(limit.get(), 20);
        rounds(&mut limit, &mut next, 100, 200);
        assert_eq!(limit.get(), MAX_IN_FLIGHT);
    }

    #[test]
    fn it_does_not_grow_if_it_is_not_used() {
        let mut limit = InFlightLimit::default();
        for number in 0..100 {
            let numbers = (number, number + 1);
            limit.ended(numbers, Outcome::Success, Duration::from_millis(200), 4);
        }
        assert_eq!(limit.get(), 10);
    }

    #[test]
    fn it_stops_growing_if_that_only_makes_responses_slower() {
        let (mut limit, mut next) = (InFlightLimit::default(), 0);
        // Something on the way handles one request at a time.
        for _ in 0..200 {
            let ms = 10 * limit.get() as u64;
            rounds(&mut limit, &mut next, 1, ms);
            assert!(limit.get() <= 20, "{}", limit.get());
        }
    }

    #[test]
    fn slow_responses_halve_it_once() {
        let (mut limit, mut next) = (InFlightLimit::default(), 0);
        rounds(&mut limit, &mut next, 3, 200);
        assert_eq!(limit.get(), 40);
        let began = next;
        next += 40;
        for number in began..next {
            limit.ended((number, next), Outcome::Success, Duration::from_secs(2), 40);
        }
        assert_eq!(limit.get(), 20);
        rounds(&mut limit, &mut next, 1, 200);
        assert_eq!(limit.get(), 30);
    }

    #[test]
    fn each_sign_of_trouble_halves_it_once_and_lets_it_grow_slowly() {
        for is_hold in [true, false] {
            let (mut limit, mut next) = (InFlightLimit::default(), 0);
            rounds(&mut limit, &mut next, 3, 200);
            let began = next;
            next += 40;
            for number in began..next {
                if is_hold {
                    limit.held(next);
                } else {
                    limit.ended((number, next), Outcome::Failure, Duration::ZERO, 40);
                }
            }
            assert_eq!(limit.get(), 20);
            rounds(&mut limit, &mut next, 2, 200);
            assert_eq!(limit.get(), 22);
        }
    }

    #[test]
    fn a_github_that_stays_slow_gets_used_to() {
        let (mut limit, mut next) = (InFlightLimit::default(), 0);
        rounds(&mut limit, &mut next, 10, 200);
        rounds(&mut limit, &mut next, 10, 2_000);
        assert_eq!(limit.get(), MAX_IN_FLIGHT);
    }

    #[test]
    fn a_refusal_changes_nothing() {
        let mut limit = InFlightLimit::default();
        for number in 0..100 {
            let numbers = (number, number + 1);
            limit.ended(numbers, Outcome::Refusal, Duration::from_secs(9), 10);
        }
        assert_eq!(limit.get(), 10);
    }

    proptest! {
        #[test]
        fn it_is_always_between_1_and_the_maximum(
            events in prop::collection::vec((0_u8..20, 0_u64..20_000, 1_usize..100), 0..2_000),
        ) {
            let mut limit = InFlightLimit::default();
            for (number, (event, ms, in_flight)) in (0_u64..).zip(events) {
                let before = limit.get();
                let (numbers, lasted) = ((number, number + 1), Duration::from_millis(ms));
                match event {
                    0 => limit.held(number + 1),
                    1 => limit.ended(numbers, Outcome::Failure, lasted, in_flight),
                    2 => limit.ended(numbers, Outcome::Refusal, lasted, in_flight),
                    _ => limit.ended(numbers, Outcome::Success, lasted, in_flight),
                }
                prop_assert!((1..=MAX_IN_FLIGHT).contains(&limit.get()));
                if event < 2 {
                    prop_assert_eq!(limit.get(), (before / 2).max(1));
                }
            }
        }
    }
}
