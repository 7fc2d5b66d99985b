//! Errors of requests to GitHub. They say what was requested, what came back, what's missing, and
//! what to do, for a reader who knows nothing else about the run.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

mod advice;
mod api_error;
mod app_error;
mod retry_headers;

use super::names::RepositoryName;
use super::rate_limiter::{ThrottleResponse, WaitBudgetExceeded};
use crate::report::scope::Scope;
use crate::report::source::Answer;
use crate::system::http::TransportError;
use crate::system::prose::Prose;
use crate::system::text::shown;

pub(crate) use api_error::ApiError;
pub(crate) use app_error::AppError;
pub(crate) use retry_headers::RetryHeaders;

/// What a request is for. Determines which token was used and what the advice is.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// Reading the Copilot seats of a scope, with `token`.
    Seats(Scope),
    /// Reading GitHub's second count of seats and the settings of an organization, with `token`.
    Billing(Scope),
    /// Reading GitHub's ID of a scope, with `token`.
    Identity(Scope),
    /// Asking whether a repository is public.
    Visibility(RepositoryName),
    /// Finding where the GitHub App is installed.
    Installation(Scope),
    /// Listing where the GitHub App is installed.
    Installations,
    /// Listing the organizations of the owner of `token`.
    Organizations,
    /// Getting a token for the GitHub App.
    AppToken(Scope),
    /// Reading or writing the repository that reports are committed to, with `commit-token`.
    Commit(RepositoryName),
    /// Reading the recorded history from that repository, with `commit-token`.
    History(RepositoryName),
    /// Checking how that repository is protected and who else committed to it, with `commit-token`.
    Protection(RepositoryName),
    /// Finding or opening a pull request in that repository, with `commit-token`.
    PullRequest(RepositoryName),
    /// Looking up the user ID of a login, with `GITHUB_TOKEN`. Only from the command line.
    User,
}

impl Purpose {
    /// Returns the repository that the request is about, if there is one.
    fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Visibility(repository)
            | Self::Commit(repository)
            | Self::History(repository)
            | Self::Protection(repository)
            | Self::PullRequest(repository) => Some(repository),
            Self::Seats(_)
            | Self::Billing(_)
            | Self::Identity(_)
            | Self::Installation(_)
            | Self::Installations
            | Self::Organizations
            | Self::AppToken(_)
            | Self::User => None,
        }
    }

    /// Returns whether a run can do without the response. If so, the request doesn't use the wait
    /// budget, which later requests may need.
    pub(crate) fn is_optional(&self) -> bool {
        matches!(
            self,
            Self::Identity(_) | Self::Billing(_) | Self::Protection(_)
        )
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Seats(_) => "Reading the Copilot seats of",
            Self::Billing(_) => "Reading the billed seats and the settings of",
            Self::Identity(_) => "Reading the ID of",
            Self::Visibility(_) => "Checking whether",
            Self::Installation(_) => "Finding the GitHub App's installation on",
            Self::Installations => "Listing the GitHub App's installations",
            Self::Organizations => "Listing the organizations of the owner of `token`",
            Self::AppToken(_) => "Getting a GitHub App token for",
            Self::Commit(_) => "Committing to",
            Self::History(_) => "Reading the history in",
            Self::Protection(_) => "Checking the protection of",
            Self::PullRequest(_) => "Finding or opening the pull request in",
            Self::User => "Getting the user ID of the login",
        };
        f.write_str(what)?;
        match self {
            Self::Seats(scope)
            | Self::Billing(scope)
            | Self::Identity(scope)
            | Self::Installation(scope)
            | Self::AppToken(scope) => write!(f, " the {} {scope}", scope.kind()),
            Self::Visibility(repository) => write!(f, " the repository {repository} is public"),
            Self::Commit(repository)
            | Self::History(repository)
            | Self::Protection(repository)
            | Self::PullRequest(repository) => write!(f, " the repository {repository}"),
            Self::Installations | Self::Organizations | Self::User => Ok(()),
        }
    }
}

/// A failed request to GitHub.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.prose())]
pub(crate) struct GitHubError {
    /// What the request was for.
    pub purpose: Purpose,
    /// The method and URL, which never contain a secret.
    pub asked: String,
    /// What went wrong.
    pub kind: Box<ErrorKind>,
    /// How many times it was tried, and over what time.
    pub(super) tries: (u32, Duration),
    /// Whether a GitHub App sent the request, rather than the owner of a token.
    pub(super) by_app: bool,
}

/// What went wrong with a request.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ErrorKind {
    /// GitHub refused the request.
    #[error("{0}")]
    Refused(ApiError),
    /// There's no response because of the network, a proxy, a host name, or a certificate.
    #[error("Response: none, {0}")]
    Transport(#[from] TransportError),
    /// The response isn't from GitHub, isn't complete, or doesn't have the format that GitHub
    /// documents.
    #[error("Response: {status}{request_id}, but it can't be used: {what}")]
    Unusable {
        /// The response's status.
        status: StatusCode,
        /// The request ID.
        request_id: RequestId,
        /// What's wrong with it.
        what: String,
        /// Whether it's complete JSON. A retry would get the same response.
        is_complete: bool,
    },
    /// GraphQL reports a failure with status 200 and a list of errors.
    #[error("Response: 200 OK{request_id}, with errors: {}", listed(.errors))]
    Graphql {
        /// The request ID.
        request_id: RequestId,
        /// How long GitHub asks to wait.
        retry_headers: RetryHeaders,
        /// What went wrong, in GitHub's words.
        errors: Vec<GraphqlError>,
    },
    /// GitHub asks for a longer wait than the user allows.
    #[error("Response: {}\n  Missing: {}", .0.answer().unwrap_or("none, nothing more was sent"), .0)]
    WaitBudgetExceeded(Box<WaitBudgetExceeded>),
    /// The GitHub App can't read seats there.
    #[error("{0}")]
    App(AppError),
    /// The response points to another server, which must not get the token.
    #[error(
        "Response: a redirect or link to {0}, which isn't GitHub's API, so the action didn't follow it"
    )]
    Foreign(String),
}

/// One of the errors in a GraphQL response.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct GraphqlError {
    /// The kind, such as `NOT_FOUND`. Not every error has one.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What went wrong.
    #[serde(default)]
    pub message: String,
}

impl GraphqlError {
    /// Returns whether one of GitHub's rate limits, primary or secondary, is the reason.
    pub(crate) fn is_limit(&self) -> bool {
        self.kind.as_deref() == Some("RATE_LIMITED")
            || self.message.to_lowercase().contains("secondary rate limit")
    }
}

fn listed(errors: &[GraphqlError]) -> String {
    let listed: Vec<String> = errors
        .iter()
        .map(|error| {
            let message = shown(&error.message, MAX_MESSAGE_CHARS);
            match &error.kind {
                Some(kind) => format!("{}: {message}", shown(kind, 50)),
                None => message,
            }
        })
        .collect();
    shown(&listed.join("; "), 2 * MAX_MESSAGE_CHARS)
}

/// The ID of a request, which GitHub Support asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestId(Option<String>);

impl RequestId {
    /// Reads the header `X-GitHub-Request-Id`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(header(headers, "x-github-request-id").map(|id| shown(id, 100)))
    }

    /// Returns the ID for a file. Only letters, digits, and colons, as GitHub's IDs have.
    pub(super) fn recorded(&self) -> Option<String> {
        let is_plain = |id: &&String| id.chars().all(|c| c.is_ascii_alphanumeric() || c == ':');
        self.0.as_ref().filter(is_plain).cloned()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(id) => write!(f, " (request ID {id})"),
            None => Ok(()),
        }
    }
}

/// How many characters of GitHub's message are shown.
const MAX_MESSAGE_CHARS: usize = 500;

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Returns when a response was sent, by the server's clock.
pub(super) fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::parse(header(headers, "date")?).ok()?;
    Some(date.timestamp())
}

impl GitHubError {
    /// Creates the error of a request for `purpose`, with `asked` as its method and URL, that an
    /// owner of a token tried once.
    pub(crate) fn new(purpose: Purpose, asked: String, kind: ErrorKind) -> Self {
        Self {
            purpose,
            asked,
            kind: Box::new(kind),
            tries: (1, Duration::ZERO),
            by_app: false,
        }
    }

    /// Returns whether the request was never sent, because an earlier one was asked to wait for too
    /// long.
    pub(super) fn was_never_sent(&self) -> bool {
        matches!(*self.kind, ErrorKind::WaitBudgetExceeded(_)) && self.tries.0 == 0
    }

    /// Returns the error with its words and those of GitHub kept apart.
    pub(crate) fn prose(&self) -> Prose {
        self.prose_without_advice()
            .and("\n  Fix: ")
            .join(self.advice())
    }

    /// Returns the same without the advice, for an error that has better advice.
    pub(crate) fn prose_without_advice(&self) -> Prose {
        let (tried, mut kind) = (self.tries_made(), self.kind.to_string());
        if self.was_never_sent() {
            kind = kind.replacen("Response: ", "Response to an earlier request: ", 1);
        }
        Prose::own(format!("{} failed.\n  Request: ", self.purpose))
            .and_foreign(&self.asked)
            .and(format!("{tried}\n  "))
            .and_foreign(kind)
    }

    /// Returns what failed and the response, on one line.
    pub(crate) fn in_one_line(&self) -> String {
        let kind = self.kind.to_string();
        let first = kind.lines().next().unwrap_or_default();
        let answer = first.strip_prefix("Response: ").unwrap_or(first);
        let answer = answer.strip_prefix("none, ").unwrap_or(answer);
        format!("{} failed: {answer}", self.purpose)
    }

    /// Returns the response, if it asks to wait because of a rate limit or by `Retry-After`.
    pub(crate) fn throttle(&self) -> Option<ThrottleResponse> {
        let (answer, is_limit) = match &*self.kind {
            ErrorKind::Refused(api_error)
                if api_error.is_limit() || api_error.retry_headers.retry_after.is_some() =>
            {
                (api_error.answer(), api_error.is_limit())
            }
            ErrorKind::Graphql {
                request_id, errors, ..
            } if self.limit().is_some() => {
                let listed = listed(errors);
                (format!("200 OK{request_id}, with errors: {listed}"), true)
            }
            _ => return None,
        };
        Some(ThrottleResponse { answer, is_limit })
    }

    /// Returns `Retry-After` of the response, if GitHub refused the request.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.api_error()?.retry_headers.retry_after
    }

    /// Returns the headers that say how long to wait, if a rate limit is the reason.
    pub(crate) fn limit(&self) -> Option<&RetryHeaders> {
        match &*self.kind {
            ErrorKind::Refused(api_error) => {
                api_error.is_limit().then_some(&api_error.retry_headers)
            }
            ErrorKind::Graphql {
                retry_headers,
                errors,
                ..
            } => errors
                .iter()
                .any(GraphqlError::is_limit)
                .then_some(retry_headers),
            _ => None,
        }
    }

    /// Returns whether the reason is a rate limit, or a wait that's too long. GitHub didn't carry
    /// out such a request.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(*self.kind, ErrorKind::WaitBudgetExceeded(_)) || self.limit().is_some()
    }

    fn tries_made(&self) -> String {
        match self.tries {
            (0, _) => ", which wasn't sent".to_owned(),
            (1, _) => String::new(),
            (times, over) => format!(" ({times} times over {} s)", over.as_secs()),
        }
    }

    /// Returns the response with which GitHub refused the request, if it did.
    pub(crate) fn api_error(&self) -> Option<&ApiError> {
        match &*self.kind {
            ErrorKind::Refused(api_error) => Some(api_error),
            _ => None,
        }
    }

    /// Returns how GitHub answered, if it did and a REST request failed.
    pub(super) fn answer(&self) -> Option<Answer> {
        let (status, request_id) = match &*self.kind {
            ErrorKind::Refused(api_error) => (api_error.status, &api_error.request_id),
            ErrorKind::Unusable {
                status, request_id, ..
            } => (*status, request_id),
            _ => return None,
        };
        Some(Answer {
            status: status.as_u16(),
            request_id: request_id.recorded(),
        })
    }

    /// Returns the status of the response, if GitHub refused the request.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.api_error().map(|api_error| api_error.status)
    }

    /// Returns GitHub's message. Empty if there's none.
    pub(crate) fn words(&self) -> String {
        match &*self.kind {
            ErrorKind::Refused(api_error) => api_error.message.clone(),
            ErrorKind::Graphql { errors, .. } => listed(errors),
            _ => String::new(),
        }
    }

    /// Returns whether the same request may succeed soon: there's no response, a server failed, or
    /// the response was damaged in transit.
    pub(crate) fn is_transient(&self) -> bool {
        match &*self.kind {
            ErrorKind::Refused(api_error) => api_error.status.is_server_error(),
            ErrorKind::Transport(error) => error.is_transient(),
            ErrorKind::Unusable { .. } => true,
            // GitHub sends these messages if one of its servers fails. Other errors say what's
            // wrong.
            ErrorKind::Graphql { errors, .. } => errors.iter().all(|error| {
                error.kind.is_none() && error.message.contains("Something went wrong")
            }),
            ErrorKind::Foreign(_) | ErrorKind::WaitBudgetExceeded(_) | ErrorKind::App(_) => false,
        }
    }
}
