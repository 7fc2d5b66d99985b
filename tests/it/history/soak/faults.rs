//! One fault in every three requests, in each run.

use std::collections::BTreeMap;

use simulator::{At, Fault, Kind, Nth, Simulator};
use std::time::Duration;

use super::super::scenarios::random::Random;
use crate::delivery::faults::{FAILURES, Failure};

const EVERY: usize = 3;

/// More than the requests of a run, in threes.
const PLANNED: usize = 100;

/// What GitHub answers during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// All faults that a run must survive.
    Rough,
    /// The same without GitHub asking to wait, so that optional requests are sent again, too.
    Gentle,
    /// One fault isn't temporary, so the run may fail.
    Stormy,
}

pub struct Faults {
    random: Random,
    planned: Vec<(usize, &'static str)>,
    requests_before: usize,
    pub counts: BTreeMap<&'static str, usize>,
}

impl Faults {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random(seed ^ 0xfa17),
            planned: Vec::new(),
            requests_before: 0,
            counts: BTreeMap::new(),
        }
    }

    /// Sets the faults of the next run.
    pub fn plan(&mut self, simulator: &Simulator, weather: Weather) {
        simulator.clear_faults();
        self.requests_before = simulator.request_count();
        let storm = self.random.below(8);
        // A run waits for seconds until a stalled request times out, so few runs have one.
        let stall = self.random.happens(3).then(|| self.random.below(8));
        self.planned.clear();
        for place in 0..PLANNED {
            let is_lasting = weather == Weather::Stormy && place == storm;
            let (name, kind) = if is_lasting {
                self.failure(simulator, |failure| !failure.passing)
            } else if stall == Some(place) {
                self.failure(simulator, |failure| failure.name == "stall")
            } else if weather != Weather::Gentle && self.random.happens(20) {
                self.limit()
            } else {
                // `refuse` needs fixed ports.
                let others = ["stall", "refuse"];
                let is_limit = |name| weather == Weather::Gentle && name == "429";
                self.failure(simulator, |failure| {
                    let name = failure.name;
                    failure.passing && !others.contains(&name) && !is_limit(name)
                })
            };
            // At random, because uploads that run at the same time would meet the same fault again
            // and again.
            let which = EVERY * place + 1 + self.random.below(EVERY);
            simulator.fault(Fault {
                at: At::path("", ""),
                nth: Nth::Only(which),
                kind,
            });
            self.planned.push((which, name));
        }
    }

    /// Counts the faults of the run.
    pub fn end(&mut self, simulator: &Simulator) {
        let requests = simulator.request_count() - self.requests_before;
        assert!(requests < EVERY * PLANNED, "{requests} requests");
        for (_, name) in self.planned.iter().filter(|(which, _)| *which <= requests) {
            *self.counts.entry(name).or_default() += 1;
        }
    }

    /// A fault, with or without GitHub carrying out the request.
    fn failure(
        &mut self,
        simulator: &Simulator,
        is_allowed: impl Fn(&Failure) -> bool,
    ) -> (&'static str, Kind) {
        let failures = FAILURES.iter().filter(|failure| is_allowed(failure));
        let failures: Vec<&Failure> = failures.collect();
        let failure = self.random.pick(&failures).unwrap();
        let kind = (failure.kind)(simulator);
        if self.random.happens(40) {
            return (failure.name, kind.after_effect());
        }
        (failure.name, kind)
    }

    /// GitHub asks to wait, or takes its time.
    fn limit(&mut self) -> (&'static str, Kind) {
        let wait = |kind: Kind| kind.header("retry-after", "1");
        match self.random.below(3) {
            0 => (
                "429 with Retry-After",
                wait(Kind::status(429, "Too Many Requests")),
            ),
            1 => (
                "503 with Retry-After",
                wait(Kind::status(503, "Service Unavailable")),
            ),
            _ => ("a slow response", Kind::Late(Duration::from_millis(5))),
        }
    }
}
