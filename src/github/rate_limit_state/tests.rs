//! Rate limits on simulated time, with neither a clock nor a socket.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BinaryHeap;

use super::*;

/// What happened to each request of a simulated run.
struct Run {
    requests: Vec<(Duration, Duration)>,
}

impl Run {
    /// Simulates `count` reads of `lasting` each, ten at once, as fast as the limits allow.
    fn reads(count: usize, lasting: impl Fn(usize) -> Duration) -> Self {
        let mut limits = RateLimitState::default();
        let mut now = Duration::ZERO;
        let mut in_flight: BinaryHeap<std::cmp::Reverse<(Duration, u64)>> = BinaryHeap::new();
        let mut requests = Vec::new();
        while requests.len() < count {
            let wait = if in_flight.len() == 10 {
                None
            } else {
                match limits.admit(now, Cost::Read, 1) {
                    Admission::Now(number) => {
                        let end = now + lasting(requests.len());
                        requests.push((now, end));
                        in_flight.push(std::cmp::Reverse((end, number)));
                        continue;
                    }
                    Admission::At(at, reason) => {
                        assert_eq!(reason, Reason::Pace);
                        assert!(at > now);
                        Some(at)
                    }
                }
            };
            let end = in_flight.peek().map(|std::cmp::Reverse((end, _))| *end);
            match (wait, end) {
                (Some(at), Some(end)) if at < end => now = at,
                (Some(at), None) => now = at,
                (_, Some(end)) => {
                    now = end;
                    let std::cmp::Reverse((_, number)) = in_flight.pop().unwrap();
                    limits.ended(now, number, 1, None);
                }
                (None, None) => panic!("nothing under way and nothing to wait for"),
            }
        }
        Self { requests }
    }

    fn took(&self) -> Duration {
        self.requests.iter().map(|(_, end)| *end).max().unwrap()
    }

    /// Checks every minute of the run against the published limits themselves.
    fn keeps_the_published_limits(&self) {
        let begun_before =
            |time: Duration| self.requests.partition_point(|(began, _)| *began < time);
        for (start, _) in &self.requests {
            let end = *start + MINUTE;
            let (first, last) = (begun_before(*start), begun_before(end));
            assert!(last - first <= 900);
            // No request lasts longer than ten seconds here.
            let in_flight = begun_before(start.saturating_sub(Duration::from_secs(10)));
            let server_time: Duration = self.requests[in_flight..last]
                .iter()
                .map(|(began, ended)| (*ended).min(end).saturating_sub((*began).max(*start)))
                .sum();
            assert!(server_time <= Duration::from_secs(90), "{server_time:?}");
        }
    }
}

#[test]
fn a_million_seats_at_400_ms_stay_within_every_limit_with_little_delay() {
    let page = Duration::from_millis(400);
    let run = Run::reads(10_000, |_| page);
    run.keeps_the_published_limits();
    // Server time is the limiting factor: 90 seconds of it in 60 seconds.
    let allowed = (page * 10_000).mul_f64(60.0 / 90.0);
    assert!(
        run.took() <= allowed.mul_f64(1.1),
        "{:?} of {allowed:?}",
        run.took()
    );
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
    assert_eq!(run.took(), Duration::from_secs(2));
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
    for cost in [Cost::Read, Cost::Write, Cost::Query, Cost::Mutation] {
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
        handle,
        1,
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
                limits.ended(now + Duration::from_millis(300), handle, 1, None);
            }
            Admission::At(at, _) => now = at,
        }
    }
    assert!(
        began
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= MIN_WRITE_INTERVAL)
    );
    assert!(began.windows(501).all(|hour| hour[500] - hour[0] >= HOUR));
}
