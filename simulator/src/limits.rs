//! GitHub's secondary rate limits ("Rate limits for the REST API", "About secondary rate limits").
//!
//! A request that exceeds the limit on concurrent requests or on points is always a violation. If
//! the simulated GitHub enforces its limits, this applies to server time and to creating content
//! too, and GitHub refuses the request.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::http::{Call, Operation, Response};
use crate::sync::lock;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

const MAX_CONCURRENT: usize = 100;
const MAX_REST_POINTS: u32 = 900;
const MAX_GRAPHQL_POINTS: u32 = 2000;
const MAX_SERVER_TIME: Duration = Duration::from_secs(90);
const MAX_GRAPHQL_SERVER_TIME: Duration = Duration::from_secs(60);
const MAX_CONTENT_PER_MINUTE: usize = 80;
const MAX_CONTENT_PER_HOUR: usize = 500;

/// What counts toward the limits.
#[derive(Default)]
pub(crate) struct Usage(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// When each concurrent request began.
    in_flight: Vec<Instant>,
    in_flight_max: usize,
    /// The time, the token and part of the API, and the points of each request.
    points: VecDeque<(Instant, String, u32)>,
    /// When each request of the last minute ended, how long it took, and whether it was for
    /// GraphQL.
    ended: VecDeque<(Instant, Duration, bool)>,
    content: VecDeque<Instant>,
}

/// A concurrent request until it's dropped.
pub(crate) struct InFlight<'a> {
    usage: &'a Usage,
    began: Instant,
    /// How many requests were concurrent when it began, including itself.
    pub(crate) concurrent: usize,
    pub(crate) is_graphql: bool,
}

impl Usage {
    /// Counts a concurrent request.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        let mut counts = lock(&self.0);
        let began = Instant::now();
        counts.in_flight.push(began);
        let concurrent = counts.in_flight.len();
        counts.in_flight_max = counts.in_flight_max.max(concurrent);
        InFlight {
            usage: self,
            began,
            concurrent,
            is_graphql: false,
        }
    }

    /// Forgets all requests that have ended.
    pub(crate) fn forget(&self) {
        let mut counts = lock(&self.0);
        counts.points.clear();
        counts.ended.clear();
        counts.content.clear();
    }

    pub(crate) fn in_flight_max(&self) -> usize {
        lock(&self.0).in_flight_max
    }

    /// Counts a request to GitHub's API, and returns the limits that it exceeds.
    pub(crate) fn exceeded_by(
        &self,
        call: &Call,
        concurrent: usize,
        is_enforced: bool,
    ) -> Vec<String> {
        let mut counts = lock(&self.0);
        let now = Instant::now();
        let mut exceeded = Vec::new();
        if concurrent > MAX_CONCURRENT {
            exceeded.push(format!("more than {MAX_CONCURRENT} concurrent requests"));
        }
        let (api, limit) = if call.is_graphql() {
            ("GraphQL", MAX_GRAPHQL_POINTS)
        } else {
            ("REST", MAX_REST_POINTS)
        };
        let spent = counts.spend(now, call, api);
        if spent > limit {
            exceeded.push(format!(
                "{spent} points in one minute, but GitHub allows {limit} for {api}"
            ));
        }
        if !is_enforced {
            return exceeded;
        }
        let (all, graphql) = counts.server_time(now);
        if all > MAX_SERVER_TIME || graphql > MAX_GRAPHQL_SERVER_TIME {
            exceeded.push(format!(
                "{all:.1?} of server time in one minute, {graphql:.1?} of it for GraphQL"
            ));
        }
        if creates_content(call) {
            let (minute, hour) = counts.create_content(now);
            if minute > MAX_CONTENT_PER_MINUTE || hour > MAX_CONTENT_PER_HOUR {
                exceeded.push(format!(
                    "{minute} requests that create content in one minute, {hour} in one hour"
                ));
            }
        }
        exceeded
    }
}

impl Counts {
    /// Adds the points of a request, and returns the total of its token in the last minute.
    fn spend(&mut self, now: Instant, call: &Call, api: &str) -> u32 {
        let points = if writes(call) { 5 } else { 1 };
        let who = format!("{api} {}", call.token().unwrap_or_default());
        let is_old = |(when, ..): &mut (Instant, String, u32)| now.duration_since(*when) > MINUTE;
        while self.points.pop_front_if(is_old).is_some() {}
        self.points.push_back((now, who.clone(), points));
        let spent = self.points.iter().filter(|(_, spender, _)| *spender == who);
        spent.map(|(.., points)| points).sum()
    }

    /// The server time of the last minute, in total and of GraphQL.
    fn server_time(&mut self, now: Instant) -> (Duration, Duration) {
        let is_old =
            |(when, ..): &mut (Instant, Duration, bool)| now.duration_since(*when) > MINUTE;
        while self.ended.pop_front_if(is_old).is_some() {}
        let so_far = self
            .in_flight
            .iter()
            .map(|began| now.duration_since(*began));
        let ended = self.ended.iter().map(|(_, lasted, _)| *lasted);
        let graphql = self.ended.iter().filter(|(.., is_graphql)| *is_graphql);
        (
            ended.chain(so_far).sum(),
            graphql.map(|(_, lasted, _)| *lasted).sum(),
        )
    }

    /// Counts a request that creates content, and returns those of the last minute and hour.
    fn create_content(&mut self, now: Instant) -> (usize, usize) {
        let is_old = |when: &mut Instant| now.duration_since(*when) > HOUR;
        while self.content.pop_front_if(is_old).is_some() {}
        self.content.push_back(now);
        let in_minute = |when: &&Instant| now.duration_since(**when) <= MINUTE;
        (
            self.content.iter().filter(in_minute).count(),
            self.content.len(),
        )
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut counts = lock(&self.usage.0);
        if let Some(i) = counts
            .in_flight
            .iter()
            .position(|began| *began == self.began)
        {
            counts.in_flight.swap_remove(i);
        }
        let now = Instant::now();
        let lasted = now.duration_since(self.began);
        counts.ended.push_back((now, lasted, self.is_graphql));
    }
}

/// Whether a request costs the points of writing.
fn writes(call: &Call) -> bool {
    if call.is_graphql() {
        call.operation() == Operation::Mutation
    } else {
        call.method != "GET"
    }
}

/// Whether a request creates content. An App's token isn't content.
fn creates_content(call: &Call) -> bool {
    writes(call) && !call.path.ends_with("/access_tokens")
}

/// The refusal of a request that exceeds a limit.
pub(crate) fn refusal() -> Response {
    let body = serde_json::json!({
        "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits",
    });
    Response::json(403, &body).header("retry-after", "60")
}
