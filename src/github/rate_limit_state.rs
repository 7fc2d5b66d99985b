//! Decides when the next request to GitHub can begin.
//!
//! GitHub publishes its limits ("Rate limits for the REST API", "Rate limits and query limits for
//! the GraphQL API") and asks clients to keep to them. All requests of a run count toward one
//! state, which keeps every limit at once. A burst can use what's left of the minute, and a long
//! run settles at the rate that GitHub allows. If GitHub asks to wait, every request waits.
//! [`in_flight`] decides how many requests can be in flight.
//!
//! The state only calculates. Times are relative to an arbitrary start. It uses neither clocks nor
//! sockets; [`super::rate_limiter`] does the waiting.

mod in_flight;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use in_flight::InFlightLimit;
pub(crate) use in_flight::Outcome;

/// The window of most limits.
const MINUTE: Duration = Duration::from_secs(60);

/// The window of the limit on writing.
const HOUR: Duration = Duration::from_secs(3600);

/// GitHub allows 900 points per minute for requests to the REST API. Some are held back, because
/// GitHub's minute doesn't start when ours does.
const MAX_REST_POINTS: u64 = 880;

/// GitHub allows 2,000 points per minute for requests to GraphQL.
const MAX_GRAPHQL_POINTS: u64 = 1_960;

/// GitHub allows 90 seconds of server time per 60 seconds, "estimated by the total response time".
/// Some is held back, because a request's time is known only when it has ended.
const MAX_SERVER_TIME: Duration = Duration::from_millis(89_000);

/// GitHub allows 60 seconds of that server time for GraphQL.
const MAX_GRAPHQL_SERVER_TIME: Duration = Duration::from_millis(58_000);

/// GitHub asks for a second between requests that write ("Best practices for using the REST API").
const MIN_WRITE_INTERVAL: Duration = Duration::from_secs(1);

/// GitHub allows 500 requests per hour that create content. [`MIN_WRITE_INTERVAL`] keeps to the 80
/// per minute.
const MAX_WRITES_PER_HOUR: u64 = 490;

/// The assumed duration of a request before any has ended.
const FIRST_GUESS: Duration = Duration::from_millis(500);

/// The maximum number of requests in flight at once. GitHub allows a hundred in total ("Rate limits
/// for the REST API", "About secondary rate limits"), but that many would use up the server time of
/// a minute as soon as each takes a second. A whole minute's requests are hardly faster with more.
pub(crate) const MAX_IN_FLIGHT: usize =
    (MAX_SERVER_TIME.as_millis() / MIN_RESERVE.as_millis()) as usize;

/// The server time that's reserved for each request in flight: this many times its typical length.
/// GitHub can become slow at any moment, and requests in flight can't be taken back.
const RESERVE: u32 = 2;

/// The least that's reserved.
const MIN_RESERVE: Duration = Duration::from_millis(1_500);

/// The most that's reserved. GitHub ends a request after 10 seconds ("Troubleshooting the REST
/// API", "Timeouts").
const MAX_RESERVE: Duration = Duration::from_secs(10);

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// A request to the REST API that reads: 1 point.
    Read,
    /// One that writes: 5 points.
    Write,
    /// One that creates an installation token. 5 points like any other `POST` request, but it
    /// creates no content.
    Token,
    /// A GraphQL query: 1 point.
    Query,
    /// A GraphQL mutation: 5 points.
    Mutation,
}

impl Cost {
    fn points(self) -> u64 {
        match self {
            Self::Read | Self::Query => 1,
            Self::Write | Self::Token | Self::Mutation => 5,
        }
    }

    fn creates_content(self) -> bool {
        matches!(self, Self::Write | Self::Mutation)
    }

    fn is_graphql(self) -> bool {
        matches!(self, Self::Query | Self::Mutation)
    }
}

/// Whether a request can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It can, and counts from now on until [`RateLimitState::ended`] gets this number.
    Now(u64),
    /// Not before that time. Ask again then.
    At(Duration, Reason),
    /// Too many are in flight. Ask again when one has ended.
    Full,
}

/// Why a request has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// To keep to GitHub's rate limits, at our own pace.
    Pace,
    /// GitHub said to wait.
    Hold,
}

/// The primary limit of one token, as a response's headers report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Requests left.
    pub remaining: u64,
    /// When the quota resets.
    pub reset: Duration,
}

/// A sliding window. Entries leave it in the order in which they entered.
#[derive(Default)]
struct Window {
    /// When each entry leaves, and its amount.
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

    /// Returns when `more` fits below `max`: now, or when enough has left. If it never fits,
    /// returns when the last entry has left.
    fn room(&self, now: Duration, more: u64, max: u64) -> Duration {
        let mut sum = self.sum;
        let mut earliest = now;
        for (leaves, amount) in &self.entries {
            if sum + more <= max {
                break;
            }
            sum -= amount;
            earliest = *leaves;
        }
        earliest
    }
}

struct InFlight {
    cost: Cost,
    began: Duration,
}

/// What counts toward the limits of the REST API alone, or of GraphQL alone.
#[derive(Default)]
struct Api {
    /// Points of the requests that began within the last minute.
    points: Window,
    /// Server time, in microseconds, of the requests that ended within the last minute.
    server_time: Window,
}

/// Counts the requests of a run.
#[derive(Default)]
pub(crate) struct RateLimitState {
    rest: Api,
    graphql: Api,
    in_flight: HashMap<u64, InFlight>,
    /// The writes of the last hour.
    writes: Window,
    typical: Option<Duration>,
    limit: InFlightLimit,
    next_number: u64,
    hold_until: Duration,
    /// The quota of each token for REST and for GraphQL (`true`), minus the requests sent since.
    quotas: HashMap<(u64, bool), Quota>,
}

impl RateLimitState {
    /// Asks whether a request of `token` (a number that identifies the token) can begin at `now`.
    pub(crate) fn admit(&mut self, now: Duration, cost: Cost, token: u64) -> Admission {
        self.forget(now);
        if self.hold_until > now {
            return Admission::At(self.hold_until, Reason::Hold);
        }
        let quota = self.quotas.get(&(token, cost.is_graphql()));
        if let Some(Quota {
            remaining: 0,
            reset,
        }) = quota
        {
            return Admission::At(*reset, Reason::Hold);
        }
        if self.in_flight.len() >= self.limit.get() {
            return Admission::Full;
        }
        let Some(earliest) = self.server_time_allows(now, cost) else {
            return Admission::Full;
        };
        let earliest = earliest
            .max(self.points_allow(now, cost))
            .max(self.writing_allows(now, cost));
        if earliest > now {
            return Admission::At(earliest, Reason::Pace);
        }
        let number = self.next_number;
        self.next_number += 1;
        self.in_flight.insert(number, InFlight { cost, began: now });
        let points = cost.points();
        self.api(cost).points.add(now + MINUTE, points);
        if cost.creates_content() {
            self.writes.add(now + HOUR, 1);
        }
        if let Some(quota) = self.quotas.get_mut(&(token, cost.is_graphql())) {
            quota.remaining = quota.remaining.saturating_sub(1);
        }
        Admission::Now(number)
    }

    /// Returns whether a wait that [`Self::admit`] asked for at `now` applies to most other requests
    /// too, rather than only to one token or to requests of this cost.
    pub(crate) fn delays_all(&self, now: Duration, cost: Cost, reason: Reason) -> bool {
        self.hold_until > now || (reason == Reason::Pace && cost == Cost::Read)
    }

    /// Records that a request ended at `now`, how, and the quota that its response reported.
    pub(crate) fn ended(
        &mut self,
        now: Duration,
        (number, token): (u64, u64),
        outcome: Outcome,
        quota: Option<Quota>,
    ) {
        let in_flight = self.in_flight.len();
        let Some(InFlight { cost, began }) = self.in_flight.remove(&number) else {
            return;
        };
        let lasted = now.saturating_sub(began);
        self.limit
            .ended((number, self.next_number), outcome, lasted, in_flight);
        self.api(cost)
            .server_time
            .add(now + MINUTE, microseconds(lasted));
        self.typical = Some(match self.typical {
            Some(typical) => typical.mul_f64(0.9) + lasted.mul_f64(0.1),
            None => lasted,
        });
        if let Some(reported) = quota {
            let known = self
                .quotas
                .entry((token, cost.is_graphql()))
                .or_insert(reported);
            // Responses come in any order. Within an hour, the smaller number is newer.
            if reported.reset.abs_diff(known.reset) < MINUTE {
                known.remaining = known.remaining.min(reported.remaining);
            } else if reported.reset > known.reset {
                *known = reported;
            }
        }
    }

    /// Lets no request begin before `until`, because GitHub asked for it.
    pub(crate) fn hold(&mut self, until: Duration) {
        self.limit.held(self.next_number);
        self.hold_until = self.hold_until.max(until);
    }

    fn api(&mut self, cost: Cost) -> &mut Api {
        if cost.is_graphql() {
            &mut self.graphql
        } else {
            &mut self.rest
        }
    }

    /// Drops what no longer counts toward any limit.
    fn forget(&mut self, now: Duration) {
        for api in [&mut self.rest, &mut self.graphql] {
            api.points.forget(now);
            api.server_time.forget(now);
        }
        self.writes.forget(now);
        self.quotas.retain(|_, quota| quota.reset > now);
    }

    /// Returns when the points of the last minute leave room for `cost`.
    fn points_allow(&self, now: Duration, cost: Cost) -> Duration {
        let (api, max) = if cost.is_graphql() {
            (&self.graphql, MAX_GRAPHQL_POINTS)
        } else {
            (&self.rest, MAX_REST_POINTS)
        };
        api.points.room(now, cost.points(), max)
    }

    /// Returns when the server time of the last minute leaves room for one more request of the
    /// typical length, or `None` if it does when a request in flight has ended. A request in flight
    /// counts as the time that it has taken so far, but at least the typical length.
    fn server_time_allows(&self, now: Duration, cost: Cost) -> Option<Duration> {
        let typical = self.typical.unwrap_or(FIRST_GUESS);
        let in_flight = |least: Duration, graphql_only: bool| {
            let counted = self
                .in_flight
                .values()
                .filter(|request| !graphql_only || request.cost.is_graphql());
            let time: Duration = counted
                .map(|request| least.max(now.saturating_sub(request.began)))
                .sum();
            microseconds(time + least)
        };
        let max = microseconds(MAX_SERVER_TIME);
        let all = in_flight(typical, false);
        let ended = self.rest.server_time.sum + self.graphql.server_time.sum;
        if !self.in_flight.is_empty() {
            let reserve = (typical * RESERVE).min(MAX_RESERVE).max(typical);
            let reserved = in_flight(reserve.max(MIN_RESERVE), false);
            // It's enough that a request in flight ends sooner than the reserve.
            if all > max || (ended + all <= max && ended + reserved > max) {
                return None;
            }
        }
        // REST and GraphQL share this limit, and each can use what the other leaves.
        let mut earliest = self
            .rest
            .server_time
            .room(now, all + self.graphql.server_time.sum, max);
        if cost.is_graphql() {
            let max = microseconds(MAX_GRAPHQL_SERVER_TIME);
            let graphql = in_flight(typical, true);
            earliest = earliest.max(self.graphql.server_time.room(now, graphql, max));
        }
        Some(earliest)
    }

    /// Returns when writing is allowed: a second after the last write, and not too often in an
    /// hour.
    fn writing_allows(&self, now: Duration, cost: Cost) -> Duration {
        if !cost.creates_content() {
            return now;
        }
        let in_the_hour = self.writes.room(now, 1, MAX_WRITES_PER_HOUR);
        match self.writes.entries.back() {
            Some((leaves, _)) => in_the_hour.max(*leaves - HOUR + MIN_WRITE_INTERVAL),
            None => in_the_hour,
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
