//! What shall go wrong, where, and how often.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::github::GitHub;
use crate::http::{Answer, Call, Operation, Service};
use crate::page::Page;
use crate::pull_request::Ending;

/// Something that goes wrong. Faults apply in the order in which they were added; the first that matches a request
/// and is due decides.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Which requests it is about.
    pub at: At,
    /// Which of those it spoils.
    pub nth: Nth,
    /// What happens.
    pub kind: Kind,
}

impl Fault {
    /// Spoils the first `n` requests.
    pub fn first(n: usize, at: At, kind: Kind) -> Self {
        Self {
            at,
            nth: Nth::First(n),
            kind,
        }
    }

    /// Spoils one request.
    pub fn once(at: At, kind: Kind) -> Self {
        Self::first(1, at, kind)
    }

    /// Spoils every request.
    pub fn always(at: At, kind: Kind) -> Self {
        Self {
            at,
            nth: Nth::Always,
            kind,
        }
    }
}

/// Which of the matching requests are spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nth {
    /// The first so many.
    First(usize),
    /// That one, counting from 1.
    Only(usize),
    /// That one, counting from 1, and all after it.
    From(usize),
    /// All.
    Always,
}

impl Nth {
    /// Whether the `n`-th matching request, counting from 1, is spoilt.
    pub(crate) fn is_due(self, n: usize) -> bool {
        match self {
            Self::First(count) => n <= count,
            Self::Only(which) => n == which,
            Self::From(first) => n >= first,
            Self::Always => true,
        }
    }
}

/// Which requests a fault is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// All to one of the three services.
    Service(Service),
    /// Any page of seats.
    Seats,
    /// That page of seats, counting from 1.
    SeatsPage(u32),
    /// Asking for an organization itself, by its name.
    Organization,
    /// Requests of that method whose path and query contain the text. An empty method means any.
    Path {
        /// Such as `PUT`.
        method: String,
        /// Part of the path or query.
        contains: String,
    },
    /// GraphQL requests.
    Graphql(Operation),
    /// Creating an artifact.
    CreateArtifact,
    /// Finishing an artifact.
    FinalizeArtifact,
    /// Listing artifacts.
    ListArtifacts,
    /// Asking for an artifact's address.
    SignedUrl,
    /// Uploading a block.
    Block,
    /// Putting the blocks together.
    BlockList,
    /// Downloading an artifact.
    Download,
}

impl At {
    /// Requests of that method whose path and query contain the text.
    pub fn path(method: &str, contains: &str) -> Self {
        Self::Path {
            method: method.to_owned(),
            contains: contains.to_owned(),
        }
    }
}

/// What happens to a request. It is not carried out, but for those kinds that say so.
#[derive(Debug, Clone)]
pub enum Kind {
    /// That answer.
    Status {
        /// The status.
        status: u16,
        /// Headers besides the usual ones; they replace those of the same name.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// The usual answer with these headers besides; they replace those of the same name.
    Headers(Vec<(String, String)>),
    /// The usual answer, but its JSON says something else.
    Rewrite(Rewrite),
    /// A page for people, as a proxy or an overloaded GitHub sends, with that status.
    Html(u16),
    /// The connection is closed without an answer.
    Reset,
    /// The service is gone for that long: its connections are closed without an answer, and new ones are refused. Give
    /// it ports of your own ([`crate::Ports`]) outside the system's range of free ones, or another program may take
    /// the port meanwhile.
    Refuse(Duration),
    /// There is no answer, and the connection stays open.
    Stall,
    /// The answer ends in the middle: its length is right, half of it comes, the connection closes. A request that
    /// only reads gets half of its true answer.
    Truncate,
    /// The answer says it is compressed, and is not.
    BadGzip,
    /// The answer never ends. It is not compressed.
    Endless,
    /// Go there instead (302, or 307 where something was sent).
    RedirectTo(String),
    /// Half an answer whose length says that it is all. A request that only reads gets half of its true answer.
    WrongLength,
    /// Nothing wrong, but that much later.
    Late(Duration),
    /// Something changes just before the request is carried out as usual.
    Change(Change),
    /// Somebody else commits to the branch just before the request is carried out as usual. Where the request names
    /// no branch: to the default branch of its repository.
    MoveHead,
    /// The oldest open pull request of each repository ends so before the request is carried out.
    EndPullRequest(Ending),
    /// A GraphQL answer (status 200) with this error.
    GraphqlError {
        /// Such as `NOT_FOUND`; some of GitHub's errors have none.
        error_type: Option<String>,
        /// What it says.
        message: String,
    },
    /// The request is carried out, and then this happens to its answer; with [`Kind::Change`], [`Kind::MoveHead`]
    /// and [`Kind::Late`] the answer stays as it is.
    AfterEffect(Box<Kind>),
}

impl Kind {
    /// An answer with GitHub's usual body for a failure.
    pub fn status(status: u16, message: &str) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body: serde_json::json!({ "message": message, "status": status.to_string() })
                .to_string(),
        }
    }

    /// The same with one header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } | Self::Headers(headers) = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same, but only after the request was carried out.
    pub fn after_effect(self) -> Self {
        Self::AfterEffect(Box::new(self))
    }

    /// A usual answer that says something else.
    pub fn rewrite(rewrite: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Rewrite(Arc::new(rewrite)))
    }

    /// A change of what there is.
    pub fn change(change: impl Fn(&mut GitHub) + Send + Sync + 'static) -> Self {
        Self::Change(Change(Arc::new(change)))
    }
}

/// A change of what an answer says.
#[derive(Clone)]
pub struct Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>);

impl Rewrite {
    pub(crate) fn of(&self, answer: Answer) -> Answer {
        let Ok(mut json) = serde_json::from_slice(&answer.body) else {
            return answer;
        };
        (self.0)(&mut json);
        Answer {
            body: json.to_string().into_bytes(),
            ..answer
        }
    }
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rewrite")
    }
}

/// A change of what there is, made between two requests.
#[derive(Clone)]
pub struct Change(pub(crate) Arc<dyn Fn(&mut GitHub) + Send + Sync>);

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change")
    }
}

impl At {
    /// Whether the fault is about this request.
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
            Self::Organization => {
                let segments = call.segments();
                call.service == Service::Api && segments.len() == 2 && segments[0] == "orgs"
            }
            Self::Path { method, contains } => {
                (method.is_empty() || call.method.eq_ignore_ascii_case(method))
                    && call.path_and_query.contains(contains)
            }
            Self::Graphql(operation) => call.is_graphql() && call.operation() == *operation,
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
