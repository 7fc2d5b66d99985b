//! Sends a request until its response is understood or a retry is pointless.

use http::StatusCode;

use super::authorization::Authorize;
use super::error::GitHubError;
use super::exchange::Exchange;
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
    let (clock, rate_limiter) = (exchange.clock(), exchange.rate_limiter());
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
        let throttle = error.throttle();
        let mut next = tries.after(&error, request.repeatable, now);
        let mut held = error.retry_after();
        // The wait applies to all later requests, but this one isn't sent again.
        if let Verdict::Hold(wait) | Verdict::HoldThenAfter(wait, _) = next
            && request.purpose.is_optional()
        {
            (next, held) = (Verdict::GiveUp, Some(wait));
        }
        match next {
            Verdict::GiveUp => {
                if let (Some(wait), Some(throttle)) = (held, throttle) {
                    rate_limiter.hold(wait, throttle);
                }
                let over = clock.elapsed().saturating_sub(began);
                return Err(GitHubError {
                    tries: (tries.count(), over),
                    by_app: who.is_app(),
                    ..error
                });
            }
            Verdict::Hold(wait) => {
                tracing::debug!("GitHub asks clients to wait {} s: {error}", wait.as_secs());
                if let Some(throttle) = throttle {
                    rate_limiter.hold(wait, throttle);
                }
            }
            Verdict::HoldThenAfter(asked, wait) => {
                if let Some(throttle) = throttle {
                    rate_limiter.hold(asked, throttle);
                }
                tracing::debug!("Retrying in {} ms: {error}", wait.as_millis());
                clock.sleep(wait).await;
            }
            Verdict::After(wait) => {
                tracing::debug!("Retrying in {} ms: {error}", wait.as_millis());
                clock.sleep(wait).await;
            }
        }
    }
}
