//! The one HTTP client of the binary: everything that is sent to GitHub, to the artifact service
//! and to its blob store goes through it.

use std::time::Duration;

use anyhow::Context as _;

use crate::environment::Environment;

/// How long to try to reach a server.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What every file of certificates in the form PEM has.
const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What the binary calls itself towards servers.
pub const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Makes the client.
///
/// Proxies come from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, also
/// in lower case), certificate authorities from the system or from `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`. How long a request may take depends on what it carries, so each sets its own limit. Redirects
/// are not followed: whoever follows one has to look at where it leads
/// before a token goes there.
///
/// # Errors
/// Where no certificate authority can be found, or the file in `SSL_CERT_FILE` is none of them.
pub fn client(environment: &Environment) -> anyhow::Result<reqwest::Client> {
    if let Some(path) = environment.get("SSL_CERT_FILE") {
        let file = std::fs::read(path)
            .with_context(|| format!("SSL_CERT_FILE names {path:?}, which cannot be read"))?;
        if !file.windows(MARK.len()).any(|window| window == MARK) {
            anyhow::bail!("SSL_CERT_FILE names {path:?}, which has no certificate in it (PEM)");
        }
    }
    // Fails only where a provider is installed already, which is then the one to use.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
        .context(
            "The HTTP client cannot be set up. Most often there are no certificate authorities: install `ca-certificates`, or name a file of them in SSL_CERT_FILE",
        )
}
