//! Delays requests to GitHub until [`super::rate_limit_state`] allows them.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::rate_limit_state::{Admission, Cost, Quota, RateLimitState, Reason};
use crate::report::seat::whole_seconds;
use crate::system::clock::Clock;

/// The maximum number of requests in flight at once. GitHub allows a hundred ("Rate limits for the
/// REST API", "About secondary rate limits") in total for everything that uses the token.
pub(crate) const MAX_IN_FLIGHT: usize = 10;

/// The longest wait for GitHub that isn't logged.
pub(super) const MAX_SILENT_WAIT: Duration = Duration::from_secs(2);

/// The same for our own pauses. A long list has many of them.
const MAX_SILENT_PAUSE: Duration = Duration::from_secs(5);

/// Lets requests begin when [`RateLimitState`] allows them.
pub(crate) struct RateLimiter {
    clock: Clock,
    slots: Semaphore,
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
    _slot: Option<SemaphorePermit<'a>>,
}

impl RateLimiter {
    /// Creates a limiter that waits for GitHub no longer than the `budget` in total.
    pub(crate) fn new(clock: Clock, budget: WaitBudget) -> Self {
        Self {
            clock,
            slots: Semaphore::new(MAX_IN_FLIGHT),
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
        // The semaphore is never closed. Even without a slot, the limits apply.
        let slot = self.slots.acquire().await.ok();
        loop {
            let (now, until) = {
                let mut state = self.state();
                let now = self.clock.elapsed();
                match state.limits.admit(now, cost, token) {
                    Admission::Now(number) => {
                        return Ok(Permit {
                            rate_limiter: self,
                            number,
                            token,
                            quota: None,
                            _slot: slot,
                        });
                    }
                    Admission::At(until, reason) => {
                        let end = end(self.clock.now(), until.saturating_sub(now));
                        if reason == Reason::Hold {
                            self.count(&mut state, (now, until), end)?;
                        }
                        announce(&mut state, (now, until), end, reason);
                        (now, until)
                    }
                }
            };
            self.clock.sleep(until.saturating_sub(now)).await;
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
        self.rate_limiter
            .state()
            .limits
            .ended(now, self.number, self.token, self.quota);
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
    // Ten requests can wait for the same moment, but it's logged only once.
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
