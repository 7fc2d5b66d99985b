//! One request and its answer: the one place where the governor is asked, something is sent, a
//! redirect is followed and a body is read.

use bytes::{Bytes, BytesMut};
use http::header::AGE;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use reqwest::Url;

use super::super::answer::{Answer, origin};
use super::super::credentials::Authorization;
use super::super::error::{Again, GitHubError, Problem, Refusal, RequestId, Unreachable};
use super::super::pacing::Quota;
use super::Client;
use super::request::{Accept, Request, asked};

/// The largest other answer that is taken. A page of a hundred seats has some 200 KB.
const LARGEST_JSON: usize = 32 * 1024 * 1024;

/// How much is read of an answer that is no success, of which only words for people are needed.
const LARGEST_REFUSAL: usize = 1024 * 1024;

/// How many redirects of one request are followed.
const REDIRECTS: usize = 5;

impl Client {
    /// Sends a request once, and follows redirects where it only reads.
    pub(super) async fn once(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
    ) -> Result<Answer, GitHubError> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.exchange(request, authorization, &url).await?;
            if !answer.status.is_redirection() {
                return Ok(answer);
            }
            let next = answer.redirect()?;
            if !self.address.owns(&next) {
                return Err(answer.failed(Problem::Foreign {
                    address: origin(&next),
                }));
            }
            if request.method != Method::GET {
                return Err(answer.unusable("it is a redirect, which is not followed when writing"));
            }
            url = next;
        }
        Err(request.failed(Problem::Unusable {
            status: StatusCode::FOUND,
            request_id: RequestId::default(),
            what: format!("more than {REDIRECTS} redirects one after another"),
        }))
    }

    async fn exchange(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
        url: &Url,
    ) -> Result<Answer, GitHubError> {
        let failed = |problem| {
            let asked = asked(&request.method, url);
            GitHubError::new(request.purpose.clone(), asked, problem)
        };
        if !self.address.owns(url) {
            return Err(failed(Problem::Foreign {
                address: origin(url),
            }));
        }
        let mut admitted = self
            .pacer
            .admit(request.cost, self.quota)
            .await
            .map_err(|limit| failed(Problem::TooLong(limit)))?;
        let exchanged = tokio::time::timeout(
            self.clock.patience(request.within()),
            self.send(request, authorization, url),
        )
        .await
        .unwrap_or_else(|_| {
            let timeout = Unreachable::timeout(request.within());
            Err(Box::new(timeout.by_way(self.http.via(url)).into()))
        });
        let (status, headers, body) = exchanged.map_err(|problem| failed(*problem))?;
        if let Some(date) = github_date(&headers) {
            self.clock.observe(date);
        }
        if let Some(quota) = self.quota_in(&headers) {
            admitted.tell(quota);
        }
        if !status.is_success() && !status.is_redirection() {
            return Err(failed(Problem::Refused(Refusal::new(
                status, &headers, &body,
            ))));
        }
        Ok(Answer {
            purpose: request.purpose.clone(),
            asked: asked(&request.method, url),
            url: url.clone(),
            status,
            headers,
            body,
        })
    }

    async fn send(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
        url: &Url,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Box<Problem>> {
        let broken = |error: &(dyn std::error::Error + 'static)| -> Box<Problem> {
            Box::new(Unreachable::new(error).by_way(self.http.via(url)).into())
        };
        let asked = asked(&request.method, url);
        tracing::debug!("{asked}");
        let response = self
            .octocrab
            .send(
                request
                    .build(authorization, url)
                    .map_err(|error| broken(&error))?,
            )
            .await
            .map_err(|error| broken(&error))?;
        let (parts, mut incoming) = response.into_parts();
        let request_id = RequestId::of(&parts.headers);
        tracing::debug!("{asked}: {}{request_id}", parts.status);
        let most = match request.accept {
            _ if !parts.status.is_success() => LARGEST_REFUSAL,
            Accept::Json => LARGEST_JSON,
            Accept::Raw => request.expected,
        };
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(data) = frame.data_ref() {
                if body.len() + data.len() > most {
                    if !parts.status.is_success() {
                        break;
                    }
                    return Err(Box::new(Problem::Unusable {
                        status: parts.status,
                        request_id,
                        what: format!("it is larger than {most} bytes"),
                    }));
                }
                body.extend_from_slice(data);
            }
        }
        Ok((parts.status, parts.headers, body.freeze()))
    }

    fn quota_in(&self, headers: &HeaderMap) -> Option<Quota> {
        let again = Again::of(headers);
        Some(Quota {
            remaining: again.remaining?,
            reset: self.pacer.after(again.hour(self.clock.now())?),
        })
    }
}

/// GitHub's time, if the answer comes from GitHub itself: a proxy's page has no request ID, and what
/// a cache kept has an age.
fn github_date(headers: &HeaderMap) -> Option<Timestamp> {
    let is_github = headers.contains_key("x-github-request-id") && !headers.contains_key(AGE);
    Again::of(headers).date.filter(|_| is_github)
}
