//! Rate limits on simulated time, with neither a clock nor a socket.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

/// What happened to each request of a simulated run.
struct Run {
    requests: Vec<(Duration, Duration)>,
    max_in_flight: usize,
}

impl Run {
    /// Simulates `count` reads of `lasting` each, as fast as the limits allow.
    fn reads(count: usize, lasting: impl Fn(usize) -> Duration) -> Self {
        let mut limits = RateLimitState::default();
        let mut now = Duration::ZERO;
        let mut in_flight: BinaryHeap<Reverse<(Duration, u64)>> = BinaryHeap::new();
        let mut run = Self {
            requests: Vec::new(),
            max_in_flight: 0,
        };
        while run.requests.len() < count {
            let wait = match limits.admit(now, Cost::Read, 1) {
                Admission::Now(number) => {
                    run.begins_within_server_time(now);
                    let end = now + lasting(run.requests.len());
                    run.requests.push((now, end));
                    in_flight.push(Reverse((end, number)));
                    run.max_in_flight = run.max_in_flight.max(in_flight.len());
                    continue;
                }
                Admission::At(at, reason) => {
                    assert_eq!(reason, Reason::Pace);
                    assert!(at > now);
                    Some(at)
                }
                Admission::Full => None,
            };
            let end = in_flight.peek().map(|Reverse((end, _))| *end);
            match (wait, end) {
                (Some(at), Some(end)) if at < end => now = at,
                (Some(at), None) => now = at,
                (_, Some(end)) => {
                    now = end;
                    let Reverse((_, number)) = in_flight.pop().unwrap();
                    limits.ended(now, (number, 1), Outcome::Success, None);
                }
                (None, None) => panic!("nothing under way and nothing to wait for"),
            }
        }
        run
    }

    /// Checks that the server time of the minute up to now isn't used up.
    fn begins_within_server_time(&self, now: Duration) {
        let start = now.saturating_sub(MINUTE);
        // No request lasts longer than ten seconds here.
        let first = self.begun_before(start.saturating_sub(Duration::from_secs(10)));
        let used: Duration = self.requests[first..]
            .iter()
            .map(|(began, ended)| (*ended).min(now).saturating_sub((*began).max(start)))
            .sum();
        assert!(used <= Duration::from_secs(90), "{used:?}");
    }

    fn begun_before(&self, time: Duration) -> usize {
        self.requests.partition_point(|(began, _)| *began < time)
    }

    fn took(&self) -> Duration {
        self.requests.iter().map(|(_, end)| *end).max().unwrap()
    }

    /// Checks every minute of the run against the published limits themselves.
    fn keeps_the_published_limits(&self) {
        self.keeps_points_and_concurrency();
        for (start, _) in &self.requests {
            let end = *start + MINUTE;
            // No request lasts longer than ten seconds here.
            let first = self.begun_before(start.saturating_sub(Duration::from_secs(10)));
            let server_time: Duration = self.requests[first..self.begun_before(end)]
                .iter()
                .map(|(began, ended)| (*ended).min(end).saturating_sub((*began).max(*start)))
                .sum();
            assert!(server_time <= Duration::from_secs(90), "{server_time:?}");
        }
    }

    fn keeps_points_and_concurrency(&self) {
        for (start, _) in &self.requests {
            assert!(self.begun_before(*start + MINUTE) - self.begun_before(*start) <= 900);
        }
        assert!(self.max_in_flight <= 100);
    }
}

#[test]
fn a_million_seats_stay_within_every_limit_with_little_delay() {
    for ms in [200, 400, 800, 1_600] {
        let page = Duration::from_millis(ms);
        let run = Run::reads(10_000, |_| page);
        run.keeps_the_published_limits();
        // Server time is the limiting factor: 90 seconds of it in 60 seconds.
        let allowed = (page * 10_000).mul_f64(60.0 / 90.0);
        assert!(
            run.took() <= allowed.mul_f64(1.1),
            "{ms} ms: {:?} of {allowed:?}",
            run.took()
        );
    }
}

#[test]
fn fast_pages_are_limited_by_points() {
    let run = Run::reads(5_000, |_| Duration::from_millis(20));
    run.keeps_the_published_limits();
    // 900 begin at once, and 900 more each minute, so the last of 5,000 begin after five minutes.
    let allowed = MINUTE * 5;
    assert!(
        run.took() <= allowed.mul_f64(1.1),
        "{:?} of {allowed:?}",
        run.took()
    );
}

#[test]
fn a_burst_uses_what_the_minute_allows() {
    let run = Run::reads(100, |_| Duration::from_millis(200));
    // 10, 20, 30, and 40 at once.
    assert_eq!(run.took(), Duration::from_millis(800));
    assert_eq!(run.max_in_flight, 40);
    let run = Run::reads(880, |_| Duration::from_millis(50));
    let most = 50..=MAX_IN_FLIGHT;
    assert!(most.contains(&run.max_in_flight), "{}", run.max_in_flight);
    assert!(run.took() <= Duration::from_secs(2), "{:?}", run.took());
    // Slow requests leave room for others to become even slower.
    let run = Run::reads(100, |_| Duration::from_millis(800));
    run.keeps_the_published_limits();
    assert!(run.took() <= Duration::from_secs(6), "{:?}", run.took());
    assert!(
        (20..=45).contains(&run.max_in_flight),
        "{}",
        run.max_in_flight
    );
}

#[test]
fn pages_that_become_slow_stay_within_the_limits_too() {
    let run = Run::reads(2_000, |n| {
        Duration::from_millis(if n % 500 < 250 { 50 } else { 1_500 })
    });
    run.keeps_the_published_limits();
}

#[test]
fn everything_waits_if_github_asks_to_wait() {
    let mut limits = RateLimitState::default();
    limits.hold(Duration::from_secs(60));
    let costs = [
        Cost::Read,
        Cost::Write,
        Cost::Token,
        Cost::Query,
        Cost::Mutation,
    ];
    for cost in costs {
        for token in [1, 2] {
            assert_eq!(
                limits.admit(Duration::from_secs(1), cost, token),
                Admission::At(Duration::from_secs(60), Reason::Hold)
            );
        }
    }
    assert!(matches!(
        limits.admit(Duration::from_secs(60), Cost::Read, 1),
        Admission::Now(_)
    ));
}

#[test]
fn the_hourly_quota_is_not_exceeded_by_requests_in_flight() {
    let mut limits = RateLimitState::default();
    let second = Duration::from_secs(1);
    let Admission::Now(handle) = limits.admit(second, Cost::Read, 1) else {
        panic!("the first request has to wait");
    };
    let reset = Duration::from_secs(1_000);
    limits.ended(
        second,
        (handle, 1),
        Outcome::Success,
        Some(Quota {
            remaining: 2,
            reset,
        }),
    );
    for _ in 0..2 {
        assert!(matches!(
            limits.admit(second, Cost::Read, 1),
            Admission::Now(_)
        ));
    }
    assert_eq!(
        limits.admit(second, Cost::Read, 1),
        Admission::At(reset, Reason::Hold)
    );
    // Another token and another resource have their own quotas.
    assert!(matches!(
        limits.admit(second, Cost::Read, 2),
        Admission::Now(_)
    ));
    assert!(matches!(
        limits.admit(second, Cost::Query, 1),
        Admission::Now(_)
    ));
    for number in 1..5 {
        limits.ended(second * 2, (number, 1), Outcome::Success, None);
    }
    assert!(matches!(
        limits.admit(reset, Cost::Read, 1),
        Admission::Now(_)
    ));
}

#[test]
fn writes_are_a_second_apart_and_limited_per_hour() {
    let mut limits = RateLimitState::default();
    let mut now = Duration::ZERO;
    let mut began = Vec::new();
    while began.len() < 1_000 {
        match limits.admit(now, Cost::Mutation, 1) {
            Admission::Now(handle) => {
                began.push(now);
                let end = now + Duration::from_millis(300);
                limits.ended(end, (handle, 1), Outcome::Success, None);
            }
            Admission::At(at, _) => now = at,
            Admission::Full => panic!("nothing is in flight"),
        }
    }
    assert!(
        began
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= MIN_WRITE_INTERVAL)
    );
    assert!(began.windows(501).all(|hour| hour[500] - hour[0] >= HOUR));
}

#[test]
fn tokens_take_points_but_are_not_writes() {
    let mut limits = RateLimitState::default();
    for _ in 0..MAX_REST_POINTS / 5 {
        let Admission::Now(number) = limits.admit(Duration::ZERO, Cost::Token, 1) else {
            panic!("a token has to wait");
        };
        limits.ended(Duration::ZERO, (number, 1), Outcome::Success, None);
    }
    assert_eq!(
        limits.admit(Duration::ZERO, Cost::Read, 1),
        Admission::At(MINUTE, Reason::Pace)
    );
}

#[test]
fn a_hold_halves_the_number_in_flight() {
    let mut limits = RateLimitState::default();
    let admitted = |limits: &mut RateLimitState, now| {
        std::iter::from_fn(|| match limits.admit(now, Cost::Read, 1) {
            Admission::Now(number) => Some(number),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    let second = Duration::from_secs(1);
    let first = admitted(&mut limits, Duration::ZERO);
    assert_eq!(first.len(), 10);
    // GitHub limits all of them at once.
    for number in first {
        limits.ended(second, (number, 1), Outcome::Refusal, None);
        limits.hold(second * 60);
    }
    assert_eq!(admitted(&mut limits, second * 60).len(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each of the requests in flight can suddenly become this slow.
    #[test]
    fn no_limit_is_exceeded_by_requests_of_up_to_a_second_and_a_half(
        ms in prop::collection::vec(1_u64..=1_500, 1..2_000),
    ) {
        Run::reads(ms.len(), |n| Duration::from_millis(ms[n])).keeps_the_published_limits();
    }

    #[test]
    fn no_limit_is_exceeded_if_requests_suddenly_take_almost_twice_as_long(
        start in 20_u64..3_000,
        factors in prop::collection::vec(1_u64..=36, 1..10),
    ) {
        let mut ms = vec![start];
        for factor in factors {
            // From a twentieth to almost twice as long.
            ms.push((ms[ms.len() - 1] * factor / 20).clamp(20, 5_000));
        }
        Run::reads(ms.len() * 200, |n| Duration::from_millis(ms[n / 200]))
            .keeps_the_published_limits();
    }

    /// No request begins after the server time is used up. What those in flight take is up to
    /// GitHub.
    #[test]
    fn no_request_begins_beyond_a_limit_whatever_the_requests_take(
        ms in prop::collection::vec(prop_oneof![1_u64..300, 1_u64..10_000], 1..1_000),
    ) {
        Run::reads(ms.len(), |n| Duration::from_millis(ms[n])).keeps_points_and_concurrency();
    }
}
