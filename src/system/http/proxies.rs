//! Reads and validates the proxy variables in the environment.
//!
//! The HTTP client could read these variables itself, but it silently ignores invalid values.
//! Requests would then bypass the proxy. Therefore, this module reads the variables and reports
//! invalid values as input errors.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy, Url};

use crate::system::environment::Environment;

/// The URL schemes of SOCKS proxies, which the HTTP client is built without.
const SOCKS: [&str; 5] = ["socks", "socks4", "socks4a", "socks5", "socks5h"];

/// GitHub's website, unless the runner sets a different one.
const GITHUB_URL: &str = "https://github.com";

/// An example of an artifact store ("Communication requirements for GitHub-hosted runners").
const BLOB_URL: &str = "https://productionresultssa0.blob.core.windows.net";

/// The proxies for requests, by the scheme of the request's URL.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<ConfiguredProxy>,
    https: Option<ConfiguredProxy>,
    /// The hosts that don't use a proxy.
    except: String,
    /// Decides which requests use a proxy, like the HTTP client.
    matcher: Option<Arc<Matcher>>,
}

/// A proxy, and the variable that sets it.
#[derive(Clone)]
struct ConfiguredProxy {
    variable: &'static str,
    address: Url,
}

/// The proxy for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyChoice {
    /// Scheme, host, and port only, because the rest might be secret.
    address: String,
    /// The variable that sets it.
    pub variable: &'static str,
}

/// All variables with an invalid proxy URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ProxyErrors(pub Vec<ProxyError>);

/// A variable with an invalid proxy URL. Its value might contain a password, so it's never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ProxyError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub problem: ProxyProblem,
}

/// What is wrong with a proxy URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyProblem {
    /// It has no host, an invalid port, or a part that proxy URLs can't have.
    #[error(
        "it is not a valid proxy URL, such as `http://proxy.example:3128`. In a user name or password, characters such as `/`, `#`, `?`, and `@` must be percent-encoded."
    )]
    NotAnAddress,
    /// It's the URL of a SOCKS proxy, with this scheme.
    #[error(
        "it starts with `{0}://`, and SOCKS proxies aren't supported. Use a proxy with an http:// or https:// URL."
    )]
    Socks(&'static str),
    /// It has an unknown scheme.
    #[error("a proxy URL must start with http:// or https://")]
    Scheme,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, and `NO_PROXY`, and also `ALL_PROXY` if one of the first
    /// two is missing. Lowercase names have precedence, as in GitHub's runner ("Using a proxy
    /// server with self-hosted runners").
    ///
    /// Requests go to the API's URLs in `api`, to GitHub's website, to the artifact service, and to
    /// its store. An invalid variable is ignored if none of these requests would use it.
    ///
    /// # Errors
    /// Returns all invalid variables that a request would use.
    pub fn from_environment(environment: &Environment, api: &[&Url]) -> Result<Self, ProxyErrors> {
        let except = ["no_proxy", "NO_PROXY"];
        let except = except.iter().find_map(|name| environment.get(name));
        let except = understood(except.unwrap_or_default());
        let stand_in = Matcher::builder()
            .all("http://proxy.example")
            .no(except.clone())
            .build();
        let others = asked(environment);
        let is_asked = |scheme: &str| {
            let urls = api.iter().copied().chain(&others);
            urls.filter(|url| url.scheme() == scheme).any(|url| {
                let uri = url.as_str().parse();
                uri.is_ok_and(|uri| stand_in.intercept(&uri).is_some())
            })
        };
        let all = configured(environment, ["all_proxy", "ALL_PROXY"]);
        let mut errors = Vec::new();
        let mut read = |scheme, variables| {
            let configured = match configured(environment, variables) {
                Ok(None) => all.clone(),
                configured => configured,
            };
            match configured {
                Ok(configured) => configured,
                Err(error) => {
                    if is_asked(scheme) && !errors.contains(&error) {
                        errors.push(error);
                    }
                    None
                }
            }
        };
        let https = read("https", ["https_proxy", "HTTPS_PROXY"]);
        let http = read("http", ["http_proxy", "HTTP_PROXY"]);
        if !errors.is_empty() {
            return Err(ProxyErrors(errors));
        }
        let address = |configured: &Option<ConfiguredProxy>| {
            let address = configured.as_ref().map(|proxy| proxy.address.to_string());
            address.unwrap_or_default()
        };
        let matcher = Matcher::builder()
            .http(address(&http))
            .https(address(&https))
            .no(except.clone())
            .build();
        Ok(Self {
            http,
            https,
            except,
            matcher: Some(Arc::new(matcher)),
        })
    }

    /// The proxy for a request to `url`.
    pub fn via(&self, url: &Url) -> Option<ProxyChoice> {
        let uri = url.as_str().parse().ok()?;
        self.matcher.as_ref()?.intercept(&uri)?;
        let configured = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }?;
        Some(ProxyChoice {
            address: configured.address.origin().ascii_serialization(),
            variable: configured.variable,
        })
    }

    /// Makes the client use these proxies and no others.
    pub(super) fn apply(
        &self,
        client: reqwest::ClientBuilder,
    ) -> reqwest::Result<reqwest::ClientBuilder> {
        let except = NoProxy::from_string(&self.except);
        let mut client = client.no_proxy();
        if let Some(ConfiguredProxy { address, .. }) = &self.http {
            client = client.proxy(Proxy::http(address.clone())?.no_proxy(except.clone()));
        }
        if let Some(ConfiguredProxy { address, .. }) = &self.https {
            client = client.proxy(Proxy::https(address.clone())?.no_proxy(except));
        }
        Ok(client)
    }
}

/// The URLs that might be requested in addition to the API: GitHub's website, the artifact service,
/// and an example of its store, because only the service knows the actual URL.
fn asked(environment: &Environment) -> Vec<Url> {
    let pages = environment.get("GITHUB_SERVER_URL");
    let service = environment.get("ACTIONS_RESULTS_URL");
    let addresses = [
        Some(pages.unwrap_or(GITHUB_URL)),
        service,
        service.map(|_| BLOB_URL),
    ];
    let urls = addresses.into_iter().flatten().map(Url::parse);
    urls.filter_map(Result::ok).collect()
}

/// Converts the entries of `NO_PROXY` to the HTTP client's format. GitHub's runner also supports
/// `*.github.com`, and `github.com:443` for HTTPS. An entry with a different port applies to
/// something else, so it stays as it is.
fn understood(except: &str) -> String {
    let entries = except.split(',').map(|entry| {
        let entry = entry.trim();
        let entry = entry.strip_suffix(":443").unwrap_or(entry);
        match entry.strip_prefix('*') {
            Some(domain) if domain.starts_with('.') => domain,
            // For the client, `*` matches every host name, but no IP address.
            Some("") => "*,0.0.0.0/0,::/0",
            _ => entry,
        }
    });
    entries.collect::<Vec<_>>().join(",")
}

fn configured(
    environment: &Environment,
    variables: [&'static str; 2],
) -> Result<Option<ConfiguredProxy>, ProxyError> {
    let unreadable = |variable: &&&str| environment.is_unreadable(variable);
    if let Some(variable) = variables.iter().find(unreadable) {
        let problem = ProxyProblem::NotAnAddress;
        return Err(ProxyError { variable, problem });
    }
    let given = variables
        .iter()
        .find_map(|variable| Some((*variable, environment.get(variable)?)));
    let Some((variable, value)) = given else {
        return Ok(None);
    };
    match parse(value.trim()) {
        Ok(address) => Ok(Some(ConfiguredProxy { variable, address })),
        Err(problem) => Err(ProxyError { variable, problem }),
    }
}

/// Parses a proxy URL. Without a scheme, it means plain http.
fn parse(text: &str) -> Result<Url, ProxyProblem> {
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("http://{text}"))
    };
    let url = url.map_err(|_| ProxyProblem::NotAnAddress)?;
    if let Some(socks) = SOCKS.into_iter().find(|socks| *socks == url.scheme()) {
        return Err(ProxyProblem::Socks(socks));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ProxyProblem::Scheme);
    }
    // If a password contains `/`, `?`, or `#`, the rest ends up in one of these parts, and the URL
    // has the wrong host.
    let is_bare = matches!(url.path(), "" | "/") && url.query().or(url.fragment()).is_none();
    // The HTTP client would ignore a URL that it parses differently.
    let matcher = Matcher::builder().all(url.to_string()).build();
    let is_taken = matcher.intercept(&http::Uri::from_static("https://github.com"));
    if is_bare && is_taken.is_some() {
        Ok(url)
    } else {
        Err(ProxyProblem::NotAnAddress)
    }
}

impl fmt::Display for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {} in {}", self.address, self.variable)
    }
}

/// Doesn't print URLs, because they might contain passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let configured = [&self.http, &self.https].into_iter().flatten();
        f.debug_list()
            .entries(configured.map(|configured| configured.variable))
            .finish()
    }
}
