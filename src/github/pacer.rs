//! Waiting for the governor: every request to GitHub passes here before it is sent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::pacing::{Admission, Cost, Governor, Quota, Reason, Ticket};
use crate::clock::Clock;

/// How many requests are under way at once. GitHub allows a hundred ("Rate limits for the REST
/// API", "About secondary rate limits"), over all that use the token.
pub const AT_ONCE: usize = 10;

/// A wait longer than this is announced.
const ANNOUNCED: Duration = Duration::from_secs(5);

/// Lets requests begin when the governor allows it.
pub struct Pacer {
    clock: Clock,
    slots: Semaphore,
    state: Mutex<State>,
    /// How long may be waited in all because GitHub said so.
    most: Duration,
}

#[derive(Default)]
struct State {
    governor: Governor,
    /// How long was waited because GitHub said so, or will be.
    waited: Duration,
    /// Until when waits are counted in `waited`.
    counted_until: Duration,
    announced_until: Duration,
    /// The answer by which GitHub said to wait.
    said: Option<String>,
}

/// GitHub wants to be left alone for longer than the user wants to wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "GitHub's rate limit leaves no request for another {} s, and together with the {} s waited before that is more than the {} minutes that `max-wait-minutes` allows",
    .wait.as_secs(), .waited.as_secs(), .most.as_secs() / 60
)]
pub struct TooLong {
    wait: Duration,
    waited: Duration,
    most: Duration,
    said: Option<String>,
}

impl TooLong {
    /// The answer by which GitHub said to wait, to whichever request; nothing where only the
    /// headers of good answers said that no request is left.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.said.as_deref()
    }
}

/// A request that may be sent.
pub struct Admitted<'a> {
    pacer: &'a Pacer,
    ticket: Ticket,
    token: u64,
    quota: Option<Quota>,
    _slot: Option<SemaphorePermit<'a>>,
}

impl Pacer {
    /// A pacer that waits for GitHub no longer than `most` in all.
    #[must_use]
    pub fn new(clock: Clock, most: Duration) -> Self {
        Self {
            clock,
            slots: Semaphore::new(AT_ONCE),
            state: Mutex::default(),
            most,
        }
    }

    /// Waits until a request may be sent.
    ///
    /// # Errors
    /// At once, where the wait would be longer than allowed.
    pub async fn admit(&self, cost: Cost, token: u64) -> Result<Admitted<'_>, TooLong> {
        // Never closed; without a slot the governor's limits hold all the same.
        let slot = self.slots.acquire().await.ok();
        loop {
            let (now, until) = {
                let mut state = self.state();
                let now = self.clock.elapsed();
                match state.governor.admit(now, cost, token) {
                    Admission::Now(ticket) => {
                        state.said = None;
                        return Ok(Admitted {
                            pacer: self,
                            ticket,
                            token,
                            quota: None,
                            _slot: slot,
                        });
                    }
                    Admission::At(until, reason) => {
                        if reason == Reason::Hold {
                            self.count(&mut state, now, until)?;
                        }
                        announce(&mut state, now, until, reason, self.clock.now());
                        (now, until)
                    }
                }
            };
            self.clock.sleep(until.saturating_sub(now)).await;
        }
    }

    /// Lets nothing begin for `wait`, because GitHub `said` so.
    pub fn hold(&self, wait: Duration, said: Option<String>) {
        let until = self.clock.elapsed() + wait;
        let mut state = self.state();
        state.governor.hold(until);
        state.said = said;
    }

    /// The moment of a Unix time, in the governor's time.
    #[must_use]
    pub fn moment(&self, unix_seconds: i64) -> Duration {
        let left = unix_seconds.saturating_sub(self.clock.now().as_second());
        self.clock.elapsed() + Duration::from_secs(u64::try_from(left).unwrap_or_default())
    }

    fn count(&self, state: &mut State, now: Duration, until: Duration) -> Result<(), TooLong> {
        let wait = until.saturating_sub(now.max(state.counted_until));
        if state.waited + wait > self.most {
            return Err(TooLong {
                wait: until.saturating_sub(now),
                waited: state.waited,
                most: self.most,
                said: state.said.clone(),
            });
        }
        state.waited += wait;
        state.counted_until = state.counted_until.max(until);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted<'_> {
    /// Notes the quota that the answer told.
    pub fn tell(&mut self, quota: Quota) {
        self.quota = Some(quota);
    }
}

/// A request has ended, however it ended.
impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let now = self.pacer.clock.elapsed();
        self.pacer
            .state()
            .governor
            .ended(now, self.ticket, self.token, self.quota);
    }
}

fn announce(
    state: &mut State,
    now: Duration,
    until: Duration,
    reason: Reason,
    clock: jiff::Timestamp,
) {
    let wait = until.saturating_sub(now);
    // Ten requests wait for the same moment; it is said once.
    if wait < ANNOUNCED || until <= state.announced_until + ANNOUNCED {
        return;
    }
    state.announced_until = until;
    let end = SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| clock.checked_add(wait).ok())
        .map(|end| crate::report::seat::whole_seconds(end).to_string())
        .unwrap_or_default();
    let why = match reason {
        Reason::Pace => "to keep to GitHub's rate limits",
        Reason::Hold => "because GitHub says so (rate limit)",
    };
    tracing::info!("Waiting {} s, until {end}, {why}.", wait.as_secs());
}
