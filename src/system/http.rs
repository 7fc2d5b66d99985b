//! Provides the HTTP client for all requests to GitHub, to the artifact service, and to its blob
//! store.

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

/// The maximum time to connect to a server.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of bytes to read from a certificate file. All CAs that a system trusts need
/// less than a tenth of that, and a path such as `/dev/zero` never ends.
const MAX_CERTIFICATES_SIZE: u64 = 10_000_000;

/// The line that every PEM file of certificates contains.
const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

pub(crate) const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The HTTP client and its proxies.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    proxies: Proxies,
}

impl Http {
    /// Creates a client that uses `proxies`.
    ///
    /// CA certificates come from the system or from `SSL_CERT_FILE` and `SSL_CERT_DIR`. Each
    /// request sets its own timeout, because that depends on its content. The client doesn't follow
    /// redirects, so that the caller can check the target before it sends a token there.
    ///
    /// # Errors
    /// Fails if there are no CA certificates, if `SSL_CERT_FILE` can't be read or doesn't contain
    /// any, or if a proxy can't be used.
    pub fn new(environment: &Environment, proxies: Proxies) -> anyhow::Result<Self> {
        if let Some(path) = environment.get("SSL_CERT_FILE") {
            let mut start = Vec::new();
            File::open(path)
                .and_then(|file| file.take(MAX_CERTIFICATES_SIZE).read_to_end(&mut start))
                .with_context(|| {
                    format!("SSL_CERT_FILE is set to {path:?}, which can't be read")
                })?;
            if !start.windows(MARK.len()).any(|window| window == MARK) {
                anyhow::bail!(
                    "SSL_CERT_FILE is set to {path:?}, which has no PEM certificate in it."
                );
            }
        }
        // Fails only if a provider is already installed, which is then used.
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

    /// The underlying client.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The proxy for a request to `url`.
    pub fn via(&self, url: &Url) -> Option<ProxyChoice> {
        self.proxies.via(url)
    }
}

/// Whether a URL refers to this machine, so that no one can intercept the request.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
