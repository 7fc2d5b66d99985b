//! Sends a request until its response is understood or a retry is pointless.

use std::time::Duration;

use http::StatusCode;

use super::authorization::Authorize;
use super::error::GitHubError;
use super::exchange::Exchange;
use super::rate_limiter::MAX_SILENT_WAIT;
use super::request::Request;
use super::response::Response;
use super::retry_policy::{RetryPolicy, Verdict};

/// Sends a request with the authorization from `who`, and retries it as [`super::retry_policy`]
/// decides, until `read` understands the response.
pub(super) async fn send_with_retry<T>(
    exchange: &Exchange,
    who: &impl Authorize,
    request: &Request<'_>,
    read: impl Fn(&Response) -> Result<T, GitHubError>,
) -> Result<(T, Response), GitHubError> {
    let (clock, rate_limiter) = (&exchange.clock, &exchange.rate_limiter);
    let began = clock.elapsed();
    let mut tries = RetryPolicy::default();
    let mut renewed = false;
    loop {
        // Comes before the request takes a slot, because getting a new token takes a slot too.
        let authorization = who.authorization(request.purpose, clock.now()).await?;
        let outcome = match exchange.send(request, &authorization).await {
            Ok(response) => read(&response).map(|read| (read, response)),
            Err(error) => Err(error),
        };
        let error = match outcome {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let now = clock.now();
        if !renewed
            && let Some(api_error) = error.api_error()
            && api_error.status == StatusCode::UNAUTHORIZED
            && who.renew(api_error, &authorization, now).await
        {
            renewed = true;
            tracing::debug!("Retrying with new credentials: {error}");
            continue;
        }
        let Verdict { hold, retry } = tries.after(&error, request.repeatable, now);
        if let (Some(hold), Some(throttle)) = (hold, error.throttle()) {
            rate_limiter.hold(hold, throttle);
        }
        // Later requests wait, but one that a run can do without isn't sent again.
        let is_left_out = hold.is_some() && request.purpose.is_optional();
        match retry.filter(|_| !is_left_out) {
            Some(Duration::ZERO) => {
                let wait = hold.unwrap_or_default().as_secs();
                tracing::debug!("GitHub asks clients to wait {wait} s: {error}");
            }
            Some(wait) => {
                log_wait(wait, &error);
                clock.sleep(wait).await;
            }
            None => {
                return Err(GitHubError {
                    tries: (tries.count(), clock.elapsed().saturating_sub(began)),
                    by_app: who.is_app(),
                    ..error
                });
            }
        }
    }
}

/// Logs the wait before the next try after this error, but a short one only if someone looks for
/// problems.
pub(super) fn log_wait(wait: Duration, error: &GitHubError) {
    let line = format!(
        "Retrying in {:.1} s: {}",
        wait.as_secs_f64(),
        error.in_one_line()
    );
    if wait > MAX_SILENT_WAIT {
        tracing::info!("{line}");
    } else {
        tracing::debug!("{line}");
    }
}
