//! Classifies transport errors, such as name resolution, certificate, and proxy errors.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use super::ProxyChoice;
use crate::system::text::shown;

/// Why there's no response from a server.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind} ({detail}){by_way}", by_way = by_way(.via.as_ref()))]
pub(crate) struct TransportError {
    pub(crate) kind: TransportErrorKind,
    detail: String,
    /// The error and all its causes.
    causes: String,
    /// The proxy of the request.
    pub(crate) via: Option<ProxyChoice>,
}

/// The kinds of errors that the HTTP client's errors distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransportErrorKind {
    #[error("the server's name couldn't be resolved")]
    Name,
    #[error("the connection was refused")]
    ConnectionRefused,
    #[error("the server's certificate isn't trusted")]
    Certificate,
    #[error("the proxy didn't let the request through")]
    Proxy,
    #[error("the request timed out")]
    Timeout,
    #[error("the connection failed")]
    Broken,
}

impl TransportError {
    /// Classifies an error of the HTTP client, for a request that uses the proxy `via`.
    pub(crate) fn new(error: &(dyn StdError + 'static), via: Option<ProxyChoice>) -> Self {
        let mut kind = TransportErrorKind::Broken;
        let mut detail = String::new();
        let mut next = Some(error);
        while let Some(error) = next {
            let io = error.downcast_ref::<io::Error>();
            kind = kind_of(error, io).unwrap_or(kind);
            if !error.is::<reqwest::Error>() {
                detail = error.to_string();
            }
            let inner = io.and_then(io::Error::get_ref);
            next = inner
                .map(|inner| inner as &(dyn StdError + 'static))
                .or_else(|| error.source());
        }
        Self {
            kind,
            detail: shown(&detail, 300),
            causes: causes(error),
            via,
        }
    }

    /// There was no complete response within that time.
    pub(crate) fn timeout(within: Duration, via: Option<ProxyChoice>) -> Self {
        let detail = format!("no complete response within {} s", within.as_secs());
        Self {
            kind: TransportErrorKind::Timeout,
            causes: detail.clone(),
            detail,
            via,
        }
    }

    /// The messages of the error and of all its causes.
    pub(crate) fn words(&self) -> String {
        let by_way = by_way(self.via.as_ref());
        format!("{}{by_way}", shown(&self.causes, 500))
    }

    /// Whether a retry might succeed.
    pub(crate) fn is_transient(&self) -> bool {
        self.kind != TransportErrorKind::Certificate
    }
}

/// The kind of error that one of the causes indicates, if any.
fn kind_of(error: &(dyn StdError + 'static), io: Option<&io::Error>) -> Option<TransportErrorKind> {
    let text = error.to_string();
    if text.contains("dns error") || text.contains("failed to lookup address") {
        return Some(TransportErrorKind::Name);
    }
    if error.is::<rustls::Error>() && text.contains("certificate") {
        return Some(TransportErrorKind::Certificate);
    }
    if text.contains("tunnel") || text.contains("proxy") {
        return Some(TransportErrorKind::Proxy);
    }
    let is_timeout = error
        .downcast_ref::<reqwest::Error>()
        .is_some_and(reqwest::Error::is_timeout);
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Some(TransportErrorKind::ConnectionRefused),
        Some(io::ErrorKind::TimedOut) => Some(TransportErrorKind::Timeout),
        _ => is_timeout.then_some(TransportErrorKind::Timeout),
    }
}

fn causes(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

fn by_way(via: Option<&ProxyChoice>) -> String {
    via.map_or_else(String::new, |via| format!(", {via}"))
}
