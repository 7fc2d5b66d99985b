//! What can go wrong with a request to GitHub, told so that the person reading it at night knows
//! what was asked, what came back, what is missing and what to do.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::names::RepositoryName;
use super::pacer::TooLong;
use crate::report::scope::{Scope, ScopeKind};
use crate::text::shown;

/// What a request is for. It decides which token was used and what the advice is.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// Reading the Copilot seats of a scope, with `token`.
    Seats(Scope),
    /// Asking whether a repository is public.
    Visibility(RepositoryName),
    /// Reading or writing the repository that reports are committed to, with `commit-token`.
    Commit(RepositoryName),
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seats(scope) => write!(
                f,
                "Reading the Copilot seats of the {} {}",
                scope.kind(),
                scope.name()
            ),
            Self::Visibility(repository) => {
                write!(f, "Asking whether the repository {repository} is public")
            }
            Self::Commit(repository) => write!(f, "Committing to the repository {repository}"),
        }
    }
}

/// A request to GitHub that did not bring what it should.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{purpose} failed.\n  asked: {asked}{tried}\n  {problem}\n  what to do: {advice}", tried = self.tries_made(), advice = self.advice())]
pub struct GitHubError {
    /// What the request was for.
    pub purpose: Purpose,
    /// Method and address, which never hold a secret.
    pub asked: String,
    /// What came of it.
    pub problem: Box<Problem>,
    /// How often it was tried, and over what time.
    tries: (u32, Duration),
}

/// What came of a request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Problem {
    /// GitHub answered that it would not.
    #[error("{0}")]
    Refused(Refusal),
    /// No answer came: the network, a proxy, a name, a certificate.
    #[error("answer: none, {0}")]
    Unreachable(#[from] Unreachable),
    /// The answer is not what GitHub documents: a page of HTML from a proxy, JSON that was cut
    /// off, a field of another kind.
    #[error("answer: {status}{request_id}, but it cannot be used: {what}")]
    Unusable {
        /// The answer's status.
        status: StatusCode,
        /// GitHub's number for the request.
        request_id: RequestId,
        /// What is wrong with it.
        what: String,
    },
    /// GraphQL answers a failure with status 200 and a list of errors.
    #[error("answer: 200 OK{request_id}, with errors: {}", listed(.errors))]
    Graphql {
        /// GitHub's number for the request.
        request_id: RequestId,
        /// What went wrong, in GitHub's words.
        errors: Vec<GraphqlError>,
    },
    /// GitHub's rate limit asks for a longer wait than the user wants.
    #[error("answer: {}\n  missing: {limit}", .answer.as_deref().unwrap_or("none, nothing more was sent"))]
    TooLong {
        /// How long the wait would be.
        limit: TooLong,
        /// The answer that said so, where it is of this request.
        answer: Option<String>,
    },
    /// The answer leads to another server, which must not see the token.
    #[error("answer: it leads to {address}, which is not GitHub's API; it was not followed")]
    Foreign {
        /// The address it leads to.
        address: String,
    },
}

/// One of the errors of a GraphQL answer.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct GraphqlError {
    /// The kind, such as `NOT_FOUND`. Not every error has one.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What went wrong.
    #[serde(default)]
    pub message: String,
}

fn listed(errors: &[GraphqlError]) -> String {
    let listed: Vec<String> = errors
        .iter()
        .map(|error| {
            let message = shown(&error.message, MESSAGE);
            match &error.kind {
                Some(kind) => format!("{}: {message}", shown(kind, 50)),
                None => message,
            }
        })
        .collect();
    shown(&listed.join("; "), 2 * MESSAGE)
}

/// GitHub's number for a request, which its support asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(Option<String>);

impl RequestId {
    /// Reads the header `X-GitHub-Request-Id`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self(header(headers, "x-github-request-id").map(|id| shown(id, 100)))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

/// An answer by which GitHub refuses a request, with all it says about why.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// GitHub's number for the request.
    pub request_id: RequestId,
    /// GitHub's own words.
    pub message: String,
    /// `X-OAuth-Scopes`: the scopes of a classic token.
    pub scopes: Option<String>,
    /// `X-Accepted-OAuth-Scopes`: the scopes of which one would do.
    pub accepted_scopes: Option<String>,
    /// `X-Accepted-GitHub-Permissions`: what a fine-grained token or an App would need.
    pub accepted_permissions: Option<String>,
    /// `X-GitHub-SSO`: where the token must be authorized for single sign-on.
    pub single_sign_on: Option<String>,
    /// `Retry-After`: how long GitHub asks to stay away.
    pub retry_after: Option<Duration>,
    /// `X-RateLimit-Remaining`: requests left in this hour.
    pub remaining: Option<u64>,
    /// `X-RateLimit-Reset`: when the hour ends, in Unix seconds.
    pub reset: Option<i64>,
}

impl Refusal {
    /// Reads an answer of that status.
    #[must_use]
    pub fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Body {
            message: String,
            #[serde(default)]
            errors: serde_json::Value,
        }
        let message = match serde_json::from_slice::<Body>(body) {
            Ok(Body { message, errors }) if errors.is_array() => {
                shown(&format!("{message} {errors}"), MESSAGE)
            }
            Ok(Body { message, .. }) => shown(&message, MESSAGE),
            Err(_) => shown(&String::from_utf8_lossy(body), 200),
        };
        let text = |name| header(headers, name).map(|value| shown(value, MESSAGE));
        Self {
            status,
            request_id: RequestId::of(headers),
            message,
            scopes: text("x-oauth-scopes"),
            accepted_scopes: text("x-accepted-oauth-scopes").filter(|scopes| !scopes.is_empty()),
            accepted_permissions: text("x-accepted-github-permissions"),
            single_sign_on: text("x-github-sso").and_then(|value| {
                let (_, address) = value.split_once("url=")?;
                Some(address.trim().to_owned())
            }),
            retry_after: header(headers, "retry-after")
                .and_then(|value| value.trim().parse().ok())
                .map(Duration::from_secs),
            remaining: header(headers, "x-ratelimit-remaining").and_then(|v| v.parse().ok()),
            reset: header(headers, "x-ratelimit-reset").and_then(|v| v.parse().ok()),
        }
    }

    /// Status, number of the request, and GitHub's words.
    fn answer(&self) -> String {
        let colon = if self.message.is_empty() { "" } else { ": " };
        format!("{}{}{colon}{}", self.status, self.request_id, self.message)
    }

    /// Whether it is a rate limit. A 403 is a limit or a missing permission, and only headers and
    /// message tell ("Rate limits for the REST API", "Exceeding the rate limit").
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
            || (self.status == StatusCode::FORBIDDEN
                && (self.retry_after.is_some()
                    || self.remaining == Some(0)
                    || self.message.to_lowercase().contains("rate limit")))
    }
}

/// How much of GitHub's words is shown.
const MESSAGE: usize = 500;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answer: {}", self.answer())?;
        if self.is_limit() {
            let until = match (self.retry_after, self.reset) {
                (Some(wait), _) => format!("for {} s", wait.as_secs()),
                (None, Some(reset)) if self.remaining == Some(0) => {
                    match jiff::Timestamp::from_second(reset) {
                        Ok(time) => format!("until {time}"),
                        Err(_) => "for a while".to_owned(),
                    }
                }
                _ => "for at least a minute".to_owned(),
            };
            return write!(f, "\n  missing: room within GitHub's rate limit, {until}");
        }
        if let Some(accepted) = &self.accepted_scopes
            && let Some(has) = &self.scopes
        {
            if !has_one_of(has, accepted) {
                let has = if has.is_empty() { "none" } else { has };
                write!(
                    f,
                    "\n  missing: a classic token needs one of the scopes {accepted}; this one has {has}"
                )?;
            }
        } else if let Some(permissions) = &self.accepted_permissions {
            write!(
                f,
                "\n  missing: a fine-grained token or an App needs the permission {permissions}"
            )?;
        }
        if self.single_sign_on.is_some() {
            write!(
                f,
                "\n  missing: the token is not authorized for single sign-on"
            )?;
        }
        Ok(())
    }
}

/// Whether one of the scopes that a token `has` is one of the `accepted`, or includes it: `admin:`
/// and `write:` include `read:` ("Scopes for OAuth apps").
fn has_one_of(has: &str, accepted: &str) -> bool {
    let split = |scopes: &str| -> Vec<String> {
        scopes
            .split(',')
            .map(|scope| scope.trim().to_owned())
            .filter(|scope| !scope.is_empty())
            .collect()
    };
    let has = split(has);
    split(accepted).iter().any(|accepted| {
        let wider = accepted.strip_prefix("read:").map(|what| {
            has.contains(&format!("write:{what}")) || has.contains(&format!("admin:{what}"))
        });
        has.contains(accepted) || wider == Some(true)
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl GitHubError {
    /// A request for `purpose`, `asked` once.
    #[must_use]
    pub fn new(purpose: Purpose, asked: String, problem: Problem) -> Self {
        Self {
            purpose,
            asked,
            problem: Box::new(problem),
            tries: (1, Duration::ZERO),
        }
    }

    /// The same, tried so many times over that time.
    #[must_use]
    pub fn tried(mut self, times: u32, over: Duration) -> Self {
        self.tries = (times.max(1), over);
        self
    }

    /// The same, where `earlier` is the rate limit that made us wait: what GitHub said then
    /// belongs to the answer.
    #[must_use]
    pub fn after_limit(mut self, earlier: Option<Self>) -> Self {
        if let Some(earlier) = earlier
            && let Problem::TooLong { answer, .. } = &mut *self.problem
        {
            *answer = earlier.refusal().map(Refusal::answer);
        }
        self
    }

    fn tries_made(&self) -> String {
        match self.tries {
            (0 | 1, _) => String::new(),
            (times, over) => format!(" ({times} times over {} s)", over.as_secs()),
        }
    }

    /// The answer by which GitHub refused, where it gave one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &*self.problem {
            Problem::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The status of the answer, where there was a refusal.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// GitHub's own words; empty where it answered with none.
    #[must_use]
    pub fn words(&self) -> String {
        match &*self.problem {
            Problem::Refused(refusal) => refusal.message.clone(),
            Problem::Graphql { errors, .. } => listed(errors),
            _ => String::new(),
        }
    }

    /// Whether the same request may well succeed in a moment: no answer came, a server stumbled,
    /// or the answer was damaged on its way.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match &*self.problem {
            Problem::Refused(refusal) => refusal.status.is_server_error(),
            Problem::Unreachable(unreachable) => unreachable.is_passing(),
            Problem::Unusable { .. } => true,
            // GitHub's words where one of its servers failed; other errors say what is wrong.
            Problem::Graphql { errors, .. } => errors.iter().all(|error| {
                error.kind.is_none() && error.message.contains("Something went wrong")
            }),
            Problem::Foreign { .. } | Problem::TooLong { .. } => false,
        }
    }

    fn advice(&self) -> String {
        match &*self.problem {
            Problem::Refused(refusal) => self.advice_on(refusal),
            Problem::Unreachable(unreachable) => unreachable.advice().to_owned(),
            Problem::Unusable { .. } => "run the workflow again; if it stays, look whether a proxy answers in GitHub's place, and report the request's number to GitHub".to_owned(),
            Problem::TooLong { .. } => "run the workflow again after that time, or let `max-wait-minutes` be longer; if it happens often, give the report a token of its own".to_owned(),
            Problem::Graphql { errors, .. } => self.advice_on_graphql(errors),
            Problem::Foreign { .. } => "look whether GITHUB_API_URL is GitHub's own address and no proxy changes its answers".to_owned(),
        }
    }

    fn advice_on(&self, refusal: &Refusal) -> String {
        let token = match &self.purpose {
            Purpose::Seats(_) => "`token`",
            Purpose::Visibility(_) | Purpose::Commit(_) => "`commit-token`",
        };
        if refusal.is_limit() {
            return "run the workflow again after that time; if it happens often, give the report a token of its own".to_owned();
        }
        if let Some(address) = &refusal.single_sign_on {
            return format!("authorize {token} for single sign-on at {address}");
        }
        match refusal.status {
            StatusCode::UNAUTHORIZED => format!(
                "give a valid token in {token}; this one is wrong, has expired or was revoked"
            ),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => match &self.purpose {
                Purpose::Seats(scope) => seats_advice(scope),
                Purpose::Visibility(repository) => format!(
                    "check the name, and give {token} access to {repository} with the permission `metadata: read`"
                ),
                Purpose::Commit(repository) => commit_advice(repository),
            },
            StatusCode::UNPROCESSABLE_ENTITY => match &self.purpose {
                Purpose::Seats(scope) => format!(
                    "check that the {} {} has a Copilot Business or Copilot Enterprise subscription",
                    scope.kind(),
                    scope.name()
                ),
                _ => "change what GitHub's message names".to_owned(),
            },
            status if status.is_server_error() => "run the workflow again later; GitHub's state is at https://www.githubstatus.com".to_owned(),
            _ => "change what GitHub's message names; if it names nothing, report the request's number to GitHub".to_owned(),
        }
    }
}

impl GitHubError {
    fn advice_on_graphql(&self, errors: &[GraphqlError]) -> String {
        let kinds = || errors.iter().filter_map(|error| error.kind.as_deref());
        if kinds().any(|kind| kind == "RATE_LIMITED") {
            "run the workflow again in an hour; if it happens often, give the report a token of its own".to_owned()
        } else if kinds()
            .any(|kind| matches!(kind, "FORBIDDEN" | "NOT_FOUND" | "INSUFFICIENT_SCOPES"))
            && let Purpose::Commit(repository) = &self.purpose
        {
            commit_advice(repository)
        } else {
            "change what GitHub's message names, or run the workflow again if it names nothing; GitHub's state is at https://www.githubstatus.com".to_owned()
        }
    }
}

fn commit_advice(repository: &RepositoryName) -> String {
    format!(
        "check the name, and give `commit-token` access to {repository} with the permission `contents: write`. The workflow's own token reaches its own repository only; for another one use a GitHub App's or a fine-grained token"
    )
}

/// Who may read seats: GitHub's REST documentation of the two endpoints, "List all Copilot seat
/// assignments for an organization" and "… for an enterprise".
fn seats_advice(scope: &Scope) -> String {
    match scope.kind() {
        ScopeKind::Organization => format!(
            "check the name, and that {} has Copilot. `token` must be of an owner of the organization: a classic token with the scope `manage_billing:copilot` or `read:org`, or a fine-grained token or a GitHub App with the organization permission \"GitHub Copilot Business\" (read). The workflow's own GITHUB_TOKEN cannot read seats. GitHub answers 404 also where a permission is missing",
            scope.name()
        ),
        ScopeKind::Enterprise => format!(
            "check the enterprise's slug (github.com/enterprises/{}). `token` must be of an owner or billing manager of the enterprise: a classic token with the scope `manage_billing:copilot` or `read:enterprise`. The workflow's own GITHUB_TOKEN cannot read seats. GitHub answers 404 also where a permission is missing",
            scope.name()
        ),
    }
}

/// Why no answer came.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind} ({detail})")]
pub struct Unreachable {
    kind: UnreachableKind,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UnreachableKind {
    Name,
    ConnectionRefused,
    Certificate,
    Proxy,
    Timeout,
    Broken,
}

impl fmt::Display for UnreachableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the server's name was not found",
            Self::ConnectionRefused => "the connection was refused",
            Self::Certificate => "the server's certificate is not trusted",
            Self::Proxy => "the proxy did not let the request through",
            Self::Timeout => "the time for the request ran out",
            Self::Broken => "the connection broke",
        })
    }
}

impl Unreachable {
    /// Finds out from an error of the HTTP client why no answer came.
    #[must_use]
    pub fn new(error: &(dyn StdError + 'static)) -> Self {
        let mut kind = UnreachableKind::Broken;
        let mut detail = String::new();
        let mut next = Some(error);
        while let Some(error) = next {
            let is_reqwest = error.downcast_ref::<reqwest::Error>();
            if let Some(error) = is_reqwest
                && error.is_timeout()
            {
                kind = UnreachableKind::Timeout;
            }
            let inner = error
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref)
                .map(|inner| inner as &(dyn StdError + 'static));
            if let Some(io) = error.downcast_ref::<std::io::Error>() {
                match io.kind() {
                    std::io::ErrorKind::ConnectionRefused => {
                        kind = UnreachableKind::ConnectionRefused;
                    }
                    std::io::ErrorKind::TimedOut => kind = UnreachableKind::Timeout,
                    _ => {}
                }
            }
            let text = error.to_string();
            if text.contains("dns error") || text.contains("failed to lookup address") {
                kind = UnreachableKind::Name;
            } else if error.is::<rustls::Error>() && text.contains("certificate") {
                kind = UnreachableKind::Certificate;
            } else if text.contains("tunnel") || text.contains("proxy") {
                kind = UnreachableKind::Proxy;
            }
            if is_reqwest.is_none() {
                detail = text;
            }
            next = inner.or_else(|| error.source());
        }
        Self {
            kind,
            detail: shown(&detail, 300),
        }
    }

    /// No answer came within that time.
    #[must_use]
    pub fn timeout(within: Duration) -> Self {
        Self {
            kind: UnreachableKind::Timeout,
            detail: format!("no whole answer within {} s", within.as_secs()),
        }
    }

    fn is_passing(&self) -> bool {
        !matches!(self.kind, UnreachableKind::Certificate)
    }

    fn advice(&self) -> &'static str {
        match self.kind {
            UnreachableKind::Name => {
                "check the address, and that the runner can resolve names; behind a proxy, set HTTPS_PROXY"
            }
            UnreachableKind::Certificate => {
                "if a proxy or server of your own signs for this address, put its authority's certificate into a file and name it in SSL_CERT_FILE"
            }
            UnreachableKind::Proxy => {
                "check HTTPS_PROXY and NO_PROXY, and that the proxy lets GitHub's API through"
            }
            UnreachableKind::ConnectionRefused
            | UnreachableKind::Timeout
            | UnreachableKind::Broken => {
                "check that the runner reaches GitHub's API (a firewall, a proxy in HTTPS_PROXY), and run the workflow again; GitHub's state is at https://www.githubstatus.com"
            }
        }
    }
}
