//! Faults: what goes wrong, when, and how often.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::github::GitHub;
use crate::http::{Call, Operation, Response, Service};
use crate::page::Page;
use crate::pull_request::Ending;

/// Something that goes wrong. Faults apply in the order in which they were added. Only the first
/// that matches a request and is due takes effect.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Which requests match.
    pub at: At,
    /// Which of the matching requests are affected.
    pub nth: Nth,
    /// What happens.
    pub kind: Kind,
}

impl Fault {
    /// Affects the first `n` requests.
    pub fn first(n: usize, at: At, kind: Kind) -> Self {
        Self {
            at,
            nth: Nth::First(n),
            kind,
        }
    }

    /// Affects one request.
    pub fn once(at: At, kind: Kind) -> Self {
        Self::first(1, at, kind)
    }

    /// Affects every request.
    pub fn always(at: At, kind: Kind) -> Self {
        Self {
            at,
            nth: Nth::Always,
            kind,
        }
    }
}

/// Which of the matching requests are affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nth {
    /// The first requests, up to this number.
    First(usize),
    /// Only this request, counting from 1.
    Only(usize),
    /// This request, counting from 1, and all later ones.
    From(usize),
    /// All requests.
    Always,
}

impl Nth {
    /// Whether the `n`-th matching request, counting from 1, is affected.
    pub(crate) fn is_due(self, n: usize) -> bool {
        match self {
            Self::First(count) => n <= count,
            Self::Only(which) => n == which,
            Self::From(first) => n >= first,
            Self::Always => true,
        }
    }
}

/// Which requests match a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// All requests to this service.
    Service(Service),
    /// Any page of seats.
    Seats,
    /// This page of seats, counting from 1.
    SeatsPage(u32),
    /// "Get Copilot seat information and settings for an organization".
    Billing,
    /// "Get an organization".
    Organization,
    /// Requests with this method whose path and query contain the text. An empty method matches
    /// any.
    Path {
        /// Such as `PUT`.
        method: String,
        /// Part of the path or query.
        contains: String,
    },
    /// GraphQL requests.
    Graphql(Operation),
    /// GraphQL queries for the text of files.
    FileText,
    /// Creating an artifact.
    CreateArtifact,
    /// Finalizing an artifact.
    FinalizeArtifact,
    /// Listing artifacts.
    ListArtifacts,
    /// Getting an artifact's signed URL.
    SignedUrl,
    /// Uploading a block.
    Block,
    /// Committing the blocks.
    BlockList,
    /// Downloading an artifact.
    Download,
}

impl At {
    /// Requests with this method whose path and query contain the text.
    pub fn path(method: &str, contains: &str) -> Self {
        Self::Path {
            method: method.to_owned(),
            contains: contains.to_owned(),
        }
    }
}

/// What happens to a request. Most kinds don't carry it out.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A response with these contents.
    Status {
        /// The status.
        status: u16,
        /// Additional headers, which replace the usual ones with the same name.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// The usual response with additional headers, which replace the usual ones with the same name.
    Headers(Vec<(String, String)>),
    /// The usual response with changed JSON.
    Rewrite(Rewrite),
    /// An HTML page with this status, as a proxy or an overloaded GitHub sends.
    Html(u16),
    /// The connection closes without a response.
    Reset,
    /// The service is down for this long. It closes its connections without a response, and refuses
    /// new ones. Use fixed ports ([`crate::Ports`]) outside the range that the system assigns, or
    /// another program might take the port in the meantime.
    Refuse(Duration),
    /// There's no response, and the connection stays open.
    Stall,
    /// The connection closes in the middle of the response, which has the right length. For a read
    /// request, it's half of the usual response.
    Truncate,
    /// The response claims to be compressed, and isn't.
    BadGzip,
    /// An endless response. It isn't compressed.
    Endless,
    /// A redirect (302, or 307 for a request with a body).
    RedirectTo(String),
    /// Half a response whose length matches. For a read request, it's half of the usual response.
    WrongLength,
    /// The usual response after this delay.
    Late(Duration),
    /// The simulated data changes just before the request is carried out as usual.
    Change(Change),
    /// Someone else commits to the branch just before the request is carried out as usual. If the
    /// request names no branch, the commit is on the repository's default branch.
    MoveHead,
    /// The oldest open pull request of each repository ends like this before the request is carried
    /// out.
    EndPullRequest(Ending),
    /// A GraphQL response (status 200) with this error.
    GraphqlError {
        /// Such as `NOT_FOUND`. Some of GitHub's errors have none.
        error_type: Option<String>,
        /// The error message.
        message: String,
    },
    /// The request is carried out, and the fault applies to its response. [`Kind::Change`],
    /// [`Kind::MoveHead`] and [`Kind::Late`] don't change the response.
    AfterEffect(Box<Kind>),
}

impl Kind {
    /// A response with GitHub's usual error body.
    pub fn status(status: u16, message: &str) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body: serde_json::json!({ "message": message, "status": status.to_string() })
                .to_string(),
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } | Self::Headers(headers) = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Applies the fault only after the request was carried out.
    pub fn after_effect(self) -> Self {
        Self::AfterEffect(Box::new(self))
    }

    /// The usual response with changed JSON.
    pub fn rewrite(rewrite: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Rewrite(Arc::new(rewrite)))
    }

    /// A change of the simulated data.
    pub fn change(change: impl Fn(&mut GitHub) + Send + Sync + 'static) -> Self {
        Self::Change(Change(Arc::new(change)))
    }
}

/// A change of a response's JSON.
#[derive(Clone)]
pub struct Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>);

impl Rewrite {
    pub(crate) fn of(&self, response: Response) -> Response {
        let Ok(mut json) = serde_json::from_slice(&response.body) else {
            return response;
        };
        (self.0)(&mut json);
        Response {
            body: json.to_string().into_bytes(),
            ..response
        }
    }
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rewrite")
    }
}

/// A change of the simulated data between two requests.
#[derive(Clone)]
pub struct Change(pub(crate) Arc<dyn Fn(&mut GitHub) + Send + Sync>);

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change")
    }
}

impl At {
    /// Whether the fault matches this request.
    pub(crate) fn matches(&self, call: &Call) -> bool {
        let rpc = |name: &str| {
            call.service == Service::Results && call.path.ends_with(&format!("/{name}"))
        };
        let blob = |method: &str, comp: Option<&str>| {
            call.service == Service::Blob
                && call.method == method
                && call.query("comp").as_deref() == comp
        };
        match self {
            Self::Service(service) => call.service == *service,
            Self::Seats => call.is_seats(),
            Self::SeatsPage(page) => call.is_seats() && Page::of(call).number() == *page as usize,
            Self::Billing => call.is_billing(),
            Self::Organization => {
                let segments = call.segments();
                call.service == Service::Api && segments.len() == 2 && segments[0] == "orgs"
            }
            Self::Path { method, contains } => {
                (method.is_empty() || call.method.eq_ignore_ascii_case(method))
                    && call.path_and_query.contains(contains)
            }
            Self::Graphql(operation) => call.is_graphql() && call.operation() == *operation,
            Self::FileText => {
                let body = String::from_utf8_lossy(&call.body);
                call.is_graphql() && body.contains("on Blob { text }")
            }
            Self::CreateArtifact => rpc("CreateArtifact"),
            Self::FinalizeArtifact => rpc("FinalizeArtifact"),
            Self::ListArtifacts => rpc("ListArtifacts"),
            Self::SignedUrl => rpc("GetSignedArtifactURL"),
            Self::Block => blob("PUT", Some("block")),
            Self::BlockList => blob("PUT", Some("blocklist")),
            Self::Download => blob("GET", None),
        }
    }
}
