//! The one HTTP client of the binary: everything that is sent to GitHub, to the artifact service
//! and to its blob store goes through it.

mod body;
mod proxies;
mod transport_error;

use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Url;

use crate::system::environment::Environment;
pub(crate) use body::read_body;
pub use proxies::Proxies;
pub(crate) use proxies::{ProxyChoice, ProxyError, ProxyErrors};
pub(crate) use transport_error::{TransportError, TransportErrorKind};

/// How long to try to reach a server.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a file of certificates is looked at, in bytes. All authorities that a system trusts
/// need less than a tenth of it, and a path such as `/dev/zero` has no end.
const MAX_CERTIFICATES_SIZE: u64 = 10_000_000;

/// What every file of certificates in the form PEM has.
const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What the binary calls itself towards servers.
pub(crate) const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The client, and the proxies that it goes by.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    proxies: Proxies,
}

impl Http {
    /// Makes the client, which goes by `proxies`.
    ///
    /// Certificate authorities come from the system or from `SSL_CERT_FILE` and `SSL_CERT_DIR`. How
    /// long a request may take depends on what it carries, so each sets its own limit. Redirects
    /// are not followed: whoever follows one has to look at where it leads before a token goes
    /// there.
    ///
    /// # Errors
    /// Where no certificate authority can be found, or the file in `SSL_CERT_FILE` is none of them.
    pub fn new(environment: &Environment, proxies: Proxies) -> anyhow::Result<Self> {
        if let Some(path) = environment.get("SSL_CERT_FILE") {
            let file = File::open(path).and_then(|file| {
                let mut start = Vec::new();
                file.take(MAX_CERTIFICATES_SIZE)
                    .read_to_end(&mut start)
                    .map(|_| start)
            });
            let file = file.with_context(|| {
                format!("SSL_CERT_FILE is set to {path:?}, which can't be read")
            })?;
            if !file.windows(MARK.len()).any(|window| window == MARK) {
                anyhow::bail!(
                    "SSL_CERT_FILE is set to {path:?}, which has no PEM certificate in it."
                );
            }
        }
        // Fails only where a provider is installed already, which is then the one to use.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT);
        let client = proxies
            .apply(client)
            .map_err(reqwest::Error::without_url)
            .context("A proxy can't be used")?
            .build()
            .context(
                "Couldn't set up the HTTP client. The usual cause is missing CA certificates. Install `ca-certificates`, or set SSL_CERT_FILE to a file of CA certificates",
            )?;
        Ok(Self { client, proxies })
    }

    /// What sends requests.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The proxy that a request to `url` goes by.
    pub fn via(&self, url: &Url) -> Option<ProxyChoice> {
        self.proxies.via(url)
    }
}

/// Whether an address leads to this machine, where nothing can be overheard on the way.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
