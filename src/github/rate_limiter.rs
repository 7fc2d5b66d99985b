//! Delays requests to GitHub until [`super::rate_limit_state`] allows them.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex as Queue, Notify};

pub(crate) use super::rate_limit_state::MAX_IN_FLIGHT;
use super::rate_limit_state::{Admission, Cost, Outcome, Quota, RateLimitState, Reason};
use crate::report::seat::whole_seconds;
use crate::system::clock::Clock;

/// The longest wait for GitHub that isn't logged.
pub(super) const MAX_SILENT_WAIT: Duration = Duration::from_secs(2);

/// The same for our own pauses. A long list has many of them.
const MAX_SILENT_PAUSE: Duration = Duration::from_secs(5);

/// Lets requests begin when [`RateLimitState`] allows them.
pub(crate) struct RateLimiter {
    clock: Clock,
    /// Only the first request in this queue asks the state, so that none is overtaken forever.
    queue: Queue<()>,
    /// Wakes the first one when a request has ended.
    ended: Notify,
    state: Mutex<State>,
    budget: WaitBudget,
}

/// How long requests can wait in total because GitHub asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitBudget {
    pub(crate) max: Duration,
    /// The name of the input that sets it, if there is one.
    pub(crate) input: Option<&'static str>,
}

#[derive(Default)]
struct State {
    limits: RateLimitState,
    /// How long requests have waited, or are going to wait, because GitHub asked for it.
    waited: Duration,
    /// The time up to which `waited` counts waits.
    counted_until: Duration,
    announced_until: Duration,
    /// Until when GitHub asked to wait, and the response that asked for it.
    held: Option<(Duration, ThrottleResponse)>,
}

/// A response that asks to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ThrottleResponse {
    /// Status, request ID, and GitHub's message.
    pub answer: String,
    /// Whether a rate limit is the reason, rather than an overloaded server.
    pub is_limit: bool,
}

/// GitHub asks for a longer wait than the budget allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct WaitBudgetExceeded {
    wait: Duration,
    end: Timestamp,
    waited: Duration,
    pub(super) budget: WaitBudget,
    throttle: Option<ThrottleResponse>,
}

impl WaitBudgetExceeded {
    /// Returns the response to any request that asked to wait. `None` if only the headers of
    /// successful responses said that no request is left.
    pub(crate) fn answer(&self) -> Option<&str> {
        self.throttle.as_ref().map(|throttle| &*throttle.answer)
    }

    /// Returns whether GitHub's rate limit is the reason.
    pub(crate) fn is_for_a_limit(&self) -> bool {
        self.throttle
            .as_ref()
            .is_none_or(|throttle| throttle.is_limit)
    }
}

impl fmt::Display for WaitBudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asks = if self.is_for_a_limit() {
            "GitHub's rate limit is exhausted"
        } else {
            "GitHub asks clients to wait"
        };
        let (wait, end) = (begun_seconds(self.wait), self.end);
        write!(f, "{asks} for another {wait} s, until {end}, and ")?;
        match self.waited.as_secs() {
            0 => f.write_str("that")?,
            waited => write!(f, "together with the {waited} s already waited, that")?,
        }
        let max = self.budget.max.as_secs();
        match self.budget.input {
            None => write!(f, " is more than the {max} s that this command waits."),
            Some(input) => {
                let minutes = max / 60;
                write!(
                    f,
                    " is more than the {minutes} minutes that `{input}` allows."
                )
            }
        }
    }
}

/// A request that can be sent.
pub(crate) struct Permit<'a> {
    rate_limiter: &'a RateLimiter,
    number: u64,
    token: u64,
    /// The quota that the response reports.
    pub(super) quota: Option<Quota>,
    /// How the request ended. A request that's dropped before it has a response failed.
    pub(super) outcome: Outcome,
}

impl RateLimiter {
    /// Creates a limiter that waits for GitHub no longer than the `budget` in total.
    pub(crate) fn new(clock: Clock, budget: WaitBudget) -> Self {
        Self {
            clock,
            queue: Queue::default(),
            ended: Notify::new(),
            state: Mutex::default(),
            budget,
        }
    }

    /// Waits until a request can be sent.
    pub(crate) async fn admit(
        &self,
        cost: Cost,
        token: u64,
    ) -> Result<Permit<'_>, Box<WaitBudgetExceeded>> {
        let mut turn = self.queue.lock().await;
        loop {
            let wait = {
                let mut state = self.state();
                let now = self.clock.elapsed();
                match state.limits.admit(now, cost, token) {
                    Admission::Now(number) => {
                        return Ok(Permit {
                            rate_limiter: self,
                            number,
                            token,
                            quota: None,
                            outcome: Outcome::default(),
                        });
                    }
                    Admission::Full => None,
                    Admission::At(until, reason) => {
                        let wait = until.saturating_sub(now);
                        let end = end(self.clock.now(), wait);
                        if reason == Reason::Hold {
                            self.count(&mut state, (now, until), end)?;
                        }
                        announce(&mut state, (now, until), end, reason);
                        Some((wait, state.limits.delays_all(now, cost, reason)))
                    }
                }
            };
            match wait {
                None => self.ended.notified().await,
                Some((wait, true)) => {
                    // The wait can be shorter if a request in flight ends sooner than expected.
                    tokio::select! {
                        () = self.clock.sleep(wait) => {}
                        () = self.ended.notified() => {}
                    }
                }
                Some((wait, false)) => {
                    drop(turn);
                    self.clock.sleep(wait).await;
                    turn = self.queue.lock().await;
                }
            }
        }
    }

    /// Lets no request begin for `wait`, because GitHub asked for it in the response `throttle`.
    pub(crate) fn hold(&self, wait: Duration, throttle: ThrottleResponse) {
        let until = self.clock.elapsed() + wait;
        let mut state = self.state();
        state.limits.hold(until);
        if state.held.as_ref().is_none_or(|(held, _)| *held < until) {
            state.held = Some((until, throttle));
        }
    }

    fn count(
        &self,
        state: &mut State,
        (now, until): (Duration, Duration),
        end: Timestamp,
    ) -> Result<(), Box<WaitBudgetExceeded>> {
        let wait = until.saturating_sub(now.max(state.counted_until));
        if state.waited + wait > self.budget.max {
            return Err(Box::new(WaitBudgetExceeded {
                wait: until.saturating_sub(now),
                end,
                waited: state.waited,
                budget: self.budget,
                throttle: state.throttle(until).cloned(),
            }));
        }
        state.waited += wait;
        state.counted_until = state.counted_until.max(until);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records that the request has ended, whether it succeeded or failed.
impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let now = self.rate_limiter.clock.elapsed();
        let request = (self.number, self.token);
        self.rate_limiter
            .state()
            .limits
            .ended(now, request, self.outcome, self.quota);
        self.rate_limiter.ended.notify_one();
    }
}

impl State {
    /// Returns the response that asked to wait until `until`, if there is one.
    fn throttle(&self, until: Duration) -> Option<&ThrottleResponse> {
        let (held, throttle) = self.held.as_ref()?;
        (*held == until).then_some(throttle)
    }
}

fn announce(state: &mut State, (now, until): (Duration, Duration), end: Timestamp, reason: Reason) {
    let wait = until.saturating_sub(now);
    let silent = match reason {
        Reason::Hold => MAX_SILENT_WAIT,
        Reason::Pace => MAX_SILENT_PAUSE,
    };
    // Many requests can wait for the same moment, but it's logged only once.
    if wait <= silent || until <= state.announced_until + silent {
        return;
    }
    state.announced_until = until;
    let why = match (reason, state.throttle(until)) {
        (Reason::Pace, _) => "to stay within GitHub's rate limits.".to_owned(),
        (Reason::Hold, None) => {
            "because of GitHub's rate limit: no request is left until then.".to_owned()
        }
        (Reason::Hold, Some(ThrottleResponse { answer, is_limit })) => {
            let what = if *is_limit {
                "because of GitHub's rate limit"
            } else {
                "because GitHub asks for it"
            };
            format!("{what}: {answer}")
        }
    };
    tracing::info!("Waiting {} s, until {end}, {why}", begun_seconds(wait));
}

/// Rounds up to whole seconds.
fn begun_seconds(time: Duration) -> u128 {
    time.as_millis().div_ceil(1000)
}

/// Returns when a wait is over.
fn end(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    whole_seconds(now.checked_add(wait).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures_util::FutureExt as _;

    use super::*;
    use crate::system::environment::Environment;

    fn rate_limiter() -> RateLimiter {
        let budget = WaitBudget {
            max: Duration::ZERO,
            input: None,
        };
        RateLimiter::new(Clock::system(&Environment::default()), budget)
    }

    fn now<'a>(admitted: impl Future<Output = Admitted<'a>>) -> Option<Permit<'a>> {
        Some(admitted.now_or_never()?.unwrap())
    }

    type Admitted<'a> = Result<Permit<'a>, Box<WaitBudgetExceeded>>;

    #[test]
    fn a_dropped_request_gives_its_place_back() {
        let rate_limiter = rate_limiter();
        let admit = || rate_limiter.admit(Cost::Read, 1);
        let mut permits: Vec<_> = (0..10).map(|_| now(admit()).unwrap()).collect();
        for _ in 0..3 {
            // This also drops a request that waits.
            assert!(now(admit()).is_none());
        }
        // Requests that end without a response halve the number.
        permits.truncate(4);
        permits.extend(now(admit()));
        assert!(permits.len() == 5 && now(admit()).is_none());
    }

    #[test]
    fn requests_begin_in_the_order_in_which_they_ask() {
        let rate_limiter = rate_limiter();
        let admit = || rate_limiter.admit(Cost::Read, 1);
        let mut permits: Vec<_> = (0..10).map(|_| now(admit()).unwrap()).collect();
        let (mut first, mut second) = (Box::pin(admit()), Box::pin(admit()));
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        let mut ended = permits.pop().unwrap();
        ended.outcome = Outcome::Success;
        drop(ended);
        assert!((&mut second).now_or_never().is_none() && now(admit()).is_none());
        assert!((&mut first).now_or_never().is_some());
    }
}
