//! Why no answer came: the network, a name, a certificate, a proxy.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::system::http::ProxyChoice;
use crate::system::text::shown;

/// Why no answer came.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind} ({detail}){by_way}", by_way = by_way(.via.as_ref()))]
pub(crate) struct Unreachable {
    kind: UnreachableKind,
    detail: String,
    /// The proxy that it was tried by.
    via: Option<ProxyChoice>,
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
    pub(crate) fn new(error: &(dyn StdError + 'static)) -> Self {
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
            via: None,
        }
    }

    /// No answer came within that time.
    pub(crate) fn timeout(within: Duration) -> Self {
        Self {
            kind: UnreachableKind::Timeout,
            detail: format!("no whole answer within {} s", within.as_secs()),
            via: None,
        }
    }

    /// The same, where it was tried by that proxy.
    pub(crate) fn by_way(mut self, via: Option<ProxyChoice>) -> Self {
        self.via = via;
        self
    }

    pub(super) fn is_passing(&self) -> bool {
        !matches!(self.kind, UnreachableKind::Certificate)
    }

    pub(super) fn advice(&self) -> String {
        let advice = match (&self.via, self.kind) {
            (_, UnreachableKind::Certificate) => {
                "if a proxy or server of your own signs for this address, put its authority's certificate into a file and name it in SSL_CERT_FILE"
            }
            (Some(ProxyChoice { variable, .. }), _) => {
                return format!(
                    "check {variable} and NO_PROXY, that the proxy is running, and that it lets GitHub's API through; then run the workflow again"
                );
            }
            (None, UnreachableKind::Name) => {
                "check the address, and that the runner can resolve names; behind a proxy, set HTTPS_PROXY"
            }
            (None, _) => {
                "check that the runner reaches GitHub's API (a firewall, a proxy in HTTPS_PROXY), and run the workflow again; GitHub's state is at https://www.githubstatus.com"
            }
        };
        advice.to_owned()
    }
}

fn by_way(via: Option<&ProxyChoice>) -> String {
    via.map_or_else(String::new, |via| format!(", {via}"))
}
