//! The governor: when the next request to GitHub may begin.
//!
//! GitHub publishes its limits ("Rate limits for the REST API", "Rate limits and query limits for
//! the GraphQL API") and asks to keep to them. All requests of a run pass through one governor,
//! which keeps every one of them at once: a burst may use what the minute still allows, a long run
//! settles at the rate that GitHub allows. When GitHub says to wait, everything waits.
//!
//! The governor only calculates. It is told the time, as the time since some beginning, and knows
//! neither clocks nor sockets; [`super::pacer`] waits for it.

use std::collections::VecDeque;
use std::time::Duration;

/// The window of most limits.
const MINUTE: Duration = Duration::from_secs(60);

/// The window of the limit on writing.
const HOUR: Duration = Duration::from_secs(3600);

/// Points a minute that requests to the REST API may cost: 900. Some are kept back, because
/// GitHub's minute does not begin when ours does.
const REST_POINTS: u64 = 880;

/// Points a minute that requests to GraphQL may cost: 2,000.
const GRAPHQL_POINTS: u64 = 1_960;

/// GitHub's servers may work 90 seconds for us in 60 seconds of time, "estimated by the total
/// response time". Some is kept back, because a request's time is known only when it has ended.
const SERVER_TIME: Duration = Duration::from_millis(87_000);

/// Of the server time no more than 60 seconds may be GraphQL's.
const GRAPHQL_SERVER_TIME: Duration = Duration::from_millis(58_000);

/// GitHub asks for a second between requests that write ("Best practices for using the REST API").
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// Requests that create content, an hour: 500. The 80 a minute are kept by [`BETWEEN_WRITES`].
const WRITES_AN_HOUR: usize = 490;

/// How long a request is taken to last before any has ended.
const FIRST_GUESS: Duration = Duration::from_millis(500);

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// A request to the REST API that reads: 1 point.
    Read,
    /// One that writes: 5 points.
    Write,
    /// A GraphQL query: 1 point.
    Query,
    /// A GraphQL mutation: 5 points.
    Mutation,
}

impl Cost {
    fn points(self) -> u64 {
        match self {
            Self::Read | Self::Query => 1,
            Self::Write | Self::Mutation => 5,
        }
    }

    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Mutation)
    }

    fn is_graphql(self) -> bool {
        matches!(self, Self::Query | Self::Mutation)
    }
}

/// Whether a request may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted.
    Now(Ticket),
    /// Not before that time; ask again then.
    At(Duration, Reason),
}

/// Stands for a request that has begun, until it is handed back to [`Governor::ended`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    number: u64,
}

/// Why a request has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// To keep to GitHub's rate limits: the pace is our own.
    Pace,
    /// GitHub said to wait.
    Hold,
}

/// The primary limit of one token, as an answer's headers tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests left.
    pub remaining: u64,
    /// When there are new ones.
    pub reset: Duration,
}

/// What counts within a time that moves along: entries leave it in the order in which they came.
#[derive(Default)]
struct Window {
    /// When an entry leaves, and how much it is.
    entries: VecDeque<(Duration, u64)>,
    sum: u64,
}

impl Window {
    fn add(&mut self, leaves: Duration, amount: u64) {
        self.entries.push_back((leaves, amount));
        self.sum += amount;
    }

    fn forget(&mut self, now: Duration) {
        while let Some((_, amount)) = self.entries.pop_front_if(|(leaves, _)| *leaves <= now) {
            self.sum -= amount;
        }
    }

    /// When `more` has room below `most`: now, or when enough has left. Where all of it leaving
    /// would not be enough, when the last has left.
    fn room(&self, now: Duration, more: u64, most: u64) -> Duration {
        let mut sum = self.sum;
        let mut earliest = now;
        for (leaves, amount) in &self.entries {
            if sum + more <= most {
                break;
            }
            sum -= amount;
            earliest = *leaves;
        }
        earliest
    }
}

struct UnderWay {
    number: u64,
    cost: Cost,
    began: Duration,
}

/// What counts for the REST API or for GraphQL alone.
#[derive(Default)]
struct Api {
    /// Points of the requests begun within the minute.
    points: Window,
    /// Server time, in microseconds, of the requests that ended within the minute.
    server_time: Window,
}

/// Keeps count of the requests of a run.
#[derive(Default)]
pub struct Governor {
    rest: Api,
    graphql: Api,
    under_way: Vec<UnderWay>,
    /// When the writes of the last hour began.
    writes: VecDeque<Duration>,
    typical: Option<Duration>,
    next_number: u64,
    hold_until: Duration,
    /// The quota of each token and resource, less the requests begun since it was told.
    quotas: Vec<(u64, bool, Quota)>,
}

impl Governor {
    /// Asks whether a request of `token` (any number that tells tokens apart) may begin at `now`.
    pub fn admit(&mut self, now: Duration, cost: Cost, token: u64) -> Admission {
        self.forget(now);
        if self.hold_until > now {
            return Admission::At(self.hold_until, Reason::Hold);
        }
        if let Some(reset) = self.exhausted(now, cost, token) {
            return Admission::At(reset, Reason::Hold);
        }
        let earliest = [
            self.points_allow(now, cost),
            self.server_time_allows(now, cost),
            self.writing_allows(now, cost),
        ]
        .into_iter()
        .max()
        .unwrap_or(now);
        if earliest > now {
            return Admission::At(earliest, Reason::Pace);
        }
        let number = self.next_number;
        self.next_number += 1;
        self.under_way.push(UnderWay {
            number,
            cost,
            began: now,
        });
        let points = cost.points();
        self.api(cost).points.add(now + MINUTE, points);
        if cost.writes() {
            self.writes.push_back(now);
        }
        if let Some((_, _, quota)) = self.quota(token, cost) {
            quota.remaining = quota.remaining.saturating_sub(1);
        }
        Admission::Now(Ticket { number })
    }

    /// Takes a request back that has ended at `now`, with the quota its answer told.
    pub fn ended(&mut self, now: Duration, ticket: Ticket, token: u64, quota: Option<Quota>) {
        let Some(place) = self
            .under_way
            .iter()
            .position(|request| request.number == ticket.number)
        else {
            return;
        };
        let UnderWay { cost, began, .. } = self.under_way.swap_remove(place);
        let lasted = now.saturating_sub(began);
        self.api(cost)
            .server_time
            .add(now + MINUTE, microseconds(lasted));
        self.typical = Some(match self.typical {
            Some(typical) => typical.mul_f64(0.9) + lasted.mul_f64(0.1),
            None => lasted,
        });
        if let Some(told) = quota {
            match self.quota(token, cost) {
                // Answers come in any order: within the same hour the smaller number is newer.
                Some((_, _, known)) if told.reset.abs_diff(known.reset) < MINUTE => {
                    known.remaining = known.remaining.min(told.remaining);
                }
                Some((_, _, known)) if told.reset < known.reset => {}
                Some((_, _, known)) => *known = told,
                None => self.quotas.push((token, cost.is_graphql(), told)),
            }
        }
    }

    /// Lets nothing begin before `until`, because GitHub said so.
    pub fn hold(&mut self, until: Duration) {
        self.hold_until = self.hold_until.max(until);
    }

    fn quota(&mut self, token: u64, cost: Cost) -> Option<&mut (u64, bool, Quota)> {
        self.quotas
            .iter_mut()
            .find(|(owner, graphql, _)| *owner == token && *graphql == cost.is_graphql())
    }

    fn exhausted(&mut self, now: Duration, cost: Cost, token: u64) -> Option<Duration> {
        let (_, _, quota) = self.quota(token, cost)?;
        (quota.remaining == 0 && quota.reset > now).then_some(quota.reset)
    }

    fn api(&mut self, cost: Cost) -> &mut Api {
        if cost.is_graphql() {
            &mut self.graphql
        } else {
            &mut self.rest
        }
    }

    /// Drops what no limit counts any more.
    fn forget(&mut self, now: Duration) {
        for api in [&mut self.rest, &mut self.graphql] {
            api.points.forget(now);
            api.server_time.forget(now);
        }
        while self
            .writes
            .pop_front_if(|began| *began + HOUR <= now)
            .is_some()
        {}
        self.quotas.retain(|(_, _, quota)| quota.reset > now);
    }

    /// When the points of the last minute leave room for `cost`.
    fn points_allow(&self, now: Duration, cost: Cost) -> Duration {
        let (api, most) = if cost.is_graphql() {
            (&self.graphql, GRAPHQL_POINTS)
        } else {
            (&self.rest, REST_POINTS)
        };
        api.points.room(now, cost.points(), most)
    }

    /// When the server time of the last minute leaves room for one more request of the typical
    /// length. A request under way counts with what it has taken, or what is typical.
    fn server_time_allows(&self, now: Duration, cost: Cost) -> Duration {
        let typical = self.typical.unwrap_or(FIRST_GUESS);
        let under_way = |graphql_only: bool| {
            let counted = self
                .under_way
                .iter()
                .filter(|request| !graphql_only || request.cost.is_graphql());
            let time: Duration = counted
                .map(|request| typical.max(now.saturating_sub(request.began)))
                .sum();
            microseconds(time + typical)
        };
        let most = microseconds(SERVER_TIME);
        let all = under_way(false);
        // Together they may use what the one leaves to the other.
        let mut earliest =
            self.rest
                .server_time
                .room(now, all + self.graphql.server_time.sum, most);
        if cost.is_graphql() {
            let most = microseconds(GRAPHQL_SERVER_TIME);
            let graphql = under_way(true);
            earliest = earliest.max(self.graphql.server_time.room(now, graphql, most));
        }
        // Those under way alone take all there is: look again soon.
        if all > most && !self.under_way.is_empty() {
            earliest = earliest.max(now + typical);
        }
        earliest
    }

    /// When writing is allowed: a second after the last write, and not too often in an hour.
    fn writing_allows(&self, now: Duration, cost: Cost) -> Duration {
        if !cost.writes() {
            return now;
        }
        let after_last = self
            .writes
            .back()
            .map_or(now, |began| *began + BETWEEN_WRITES);
        let in_the_hour = if self.writes.len() < WRITES_AN_HOUR {
            now
        } else {
            self.writes[self.writes.len() - WRITES_AN_HOUR] + HOUR
        };
        after_last.max(in_the_hour)
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BinaryHeap;

    use super::*;

    /// What happened to each request of a simulated run.
    struct Run {
        requests: Vec<(Duration, Duration)>,
    }

    impl Run {
        /// `count` reads of `lasting` each, ten at once, as fast as the governor lets them.
        fn reads(count: usize, lasting: impl Fn(usize) -> Duration) -> Self {
            let mut governor = Governor::default();
            let mut now = Duration::ZERO;
            let mut under_way: BinaryHeap<std::cmp::Reverse<(Duration, u64)>> = BinaryHeap::new();
            let mut requests = Vec::new();
            while requests.len() < count {
                let wait = if under_way.len() == 10 {
                    None
                } else {
                    match governor.admit(now, Cost::Read, 1) {
                        Admission::Now(ticket) => {
                            let end = now + lasting(requests.len());
                            requests.push((now, end));
                            under_way.push(std::cmp::Reverse((end, ticket.number)));
                            continue;
                        }
                        Admission::At(at, reason) => {
                            assert_eq!(reason, Reason::Pace);
                            assert!(at > now);
                            Some(at)
                        }
                    }
                };
                let end = under_way.peek().map(|std::cmp::Reverse((end, _))| *end);
                match (wait, end) {
                    (Some(at), Some(end)) if at < end => now = at,
                    (Some(at), None) => now = at,
                    (_, Some(end)) => {
                        now = end;
                        let std::cmp::Reverse((_, number)) = under_way.pop().unwrap();
                        governor.ended(now, Ticket { number }, 1, None);
                    }
                    (None, None) => panic!("nothing under way and nothing to wait for"),
                }
            }
            Self { requests }
        }

        fn took(&self) -> Duration {
            self.requests.iter().map(|(_, end)| *end).max().unwrap()
        }

        /// Holds every minute of the run against the published limits themselves.
        fn keeps_the_published_limits(&self) {
            let begun_before =
                |time: Duration| self.requests.partition_point(|(began, _)| *began < time);
            for (start, _) in &self.requests {
                let end = *start + MINUTE;
                let (first, last) = (begun_before(*start), begun_before(end));
                assert!(last - first <= 900);
                // No request lasts longer than ten seconds here.
                let under_way = begun_before(start.saturating_sub(Duration::from_secs(10)));
                let server_time: Duration = self.requests[under_way..last]
                    .iter()
                    .map(|(began, ended)| (*ended).min(end).saturating_sub((*began).max(*start)))
                    .sum();
                assert!(server_time <= Duration::from_secs(90), "{server_time:?}");
            }
        }
    }

    #[test]
    fn a_million_seats_at_400_ms_keep_every_limit_and_take_hardly_longer_than_they_allow() {
        let page = Duration::from_millis(400);
        let run = Run::reads(10_000, |_| page);
        run.keeps_the_published_limits();
        // The server time is what binds: 90 seconds of it in 60 seconds.
        let allowed = (page * 10_000).mul_f64(60.0 / 90.0);
        assert!(
            run.took() <= allowed.mul_f64(1.1),
            "{:?} of {allowed:?}",
            run.took()
        );
    }

    #[test]
    fn quick_pages_are_bound_by_points() {
        let run = Run::reads(5_000, |_| Duration::from_millis(20));
        run.keeps_the_published_limits();
        // 900 at once, and 900 more with each minute: the last of 5,000 begin after five minutes.
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
    fn pages_that_grow_slow_keep_the_limits_too() {
        let run = Run::reads(2_000, |n| {
            Duration::from_millis(if n % 500 < 250 { 50 } else { 1_500 })
        });
        run.keeps_the_published_limits();
    }

    #[test]
    fn when_github_says_wait_everything_waits() {
        let mut governor = Governor::default();
        governor.hold(Duration::from_secs(60));
        for cost in [Cost::Read, Cost::Write, Cost::Query, Cost::Mutation] {
            for token in [1, 2] {
                assert_eq!(
                    governor.admit(Duration::from_secs(1), cost, token),
                    Admission::At(Duration::from_secs(60), Reason::Hold)
                );
            }
        }
        assert!(matches!(
            governor.admit(Duration::from_secs(60), Cost::Read, 1),
            Admission::Now(_)
        ));
    }

    #[test]
    fn an_hours_quota_is_not_overdrawn_by_requests_under_way() {
        let mut governor = Governor::default();
        let second = Duration::from_secs(1);
        let Admission::Now(ticket) = governor.admit(second, Cost::Read, 1) else {
            panic!("the first request has to wait");
        };
        let reset = Duration::from_secs(1_000);
        governor.ended(
            second,
            ticket,
            1,
            Some(Quota {
                remaining: 2,
                reset,
            }),
        );
        for _ in 0..2 {
            assert!(matches!(
                governor.admit(second, Cost::Read, 1),
                Admission::Now(_)
            ));
        }
        assert_eq!(
            governor.admit(second, Cost::Read, 1),
            Admission::At(reset, Reason::Hold)
        );
        // Another token and another resource have quotas of their own.
        assert!(matches!(
            governor.admit(second, Cost::Read, 2),
            Admission::Now(_)
        ));
        assert!(matches!(
            governor.admit(second, Cost::Query, 1),
            Admission::Now(_)
        ));
        assert!(matches!(
            governor.admit(reset, Cost::Read, 1),
            Admission::Now(_)
        ));
    }

    #[test]
    fn writes_are_a_second_apart_and_not_too_many_in_an_hour() {
        let mut governor = Governor::default();
        let mut now = Duration::ZERO;
        let mut began = Vec::new();
        while began.len() < 1_000 {
            match governor.admit(now, Cost::Mutation, 1) {
                Admission::Now(ticket) => {
                    began.push(now);
                    governor.ended(now + Duration::from_millis(300), ticket, 1, None);
                }
                Admission::At(at, _) => now = at,
            }
        }
        assert!(
            began
                .windows(2)
                .all(|pair| pair[1] - pair[0] >= BETWEEN_WRITES)
        );
        assert!(began.windows(501).all(|hour| hour[500] - hour[0] >= HOUR));
    }
}
