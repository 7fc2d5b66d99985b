//! The proxies that the environment names.
//!
//! The HTTP client would read the same variables by itself, and pass over in silence what it cannot
//! use: requests would go out directly, past the proxy that was to see them. So they are read here,
//! and what cannot be used is a mistake in the inputs.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy, Url};

use crate::system::environment::Environment;

/// Proxies that go on by the protocol SOCKS, for which the HTTP client is built without.
const SOCKS: [&str; 5] = ["socks", "socks4", "socks4a", "socks5", "socks5h"];

/// GitHub's pages, where the runner names no others.
const GITHUB_URL: &str = "https://github.com";

/// A store of artifacts ("Communication requirements for GitHub-hosted runners").
const BLOB_URL: &str = "https://productionresultssa0.blob.core.windows.net";

/// The proxies for requests, by the scheme of what is asked for.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<ConfiguredProxy>,
    https: Option<ConfiguredProxy>,
    /// The hosts for which none is used.
    except: String,
    /// Tells which requests go by a proxy, as the HTTP client itself does.
    matcher: Option<Arc<Matcher>>,
}

/// A proxy, and the variable that names it.
#[derive(Clone)]
struct ConfiguredProxy {
    variable: &'static str,
    address: Url,
}

/// The proxy that a request goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyChoice {
    /// Scheme, host and port, and nothing that may be secret.
    address: String,
    /// The variable that names it.
    pub variable: &'static str,
}

/// All variables that name no proxy that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ProxyErrors(pub Vec<ProxyError>);

/// A variable that names no proxy that can be used. Its value may hold a password, and is never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ProxyError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub problem: ProxyProblem,
}

/// What is wrong with the address of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyProblem {
    /// It has no host, a port that is none, or a part that no proxy's address has.
    #[error(
        "it is not a valid proxy URL, such as `http://proxy.example:3128`. In a user name or password, characters such as `/`, `#`, `?`, and `@` must be percent-encoded."
    )]
    NotAnAddress,
    /// It is that of a proxy of another protocol.
    #[error(
        "it starts with `{0}://`, and SOCKS proxies aren't supported. Use a proxy with an http:// or https:// URL."
    )]
    Socks(&'static str),
    /// Nobody knows what it is.
    #[error("a proxy URL must start with http:// or https://")]
    Scheme,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` where one of them is missing, and `NO_PROXY`.
    /// Each is looked for in lower case first, as GitHub's runner does ("Using a proxy server with
    /// self-hosted runners"). A variable that no request would go by is nobody's mistake:
    /// requests go to the API's addresses in `api`, to GitHub's pages, the artifact service and its store.
    ///
    /// # Errors
    /// All that a request would go by and that cannot be used.
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
            let address = configured
                .as_ref()
                .map(|configured| configured.address.to_string());
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

    /// The proxy that a request to `url` goes by.
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

    /// Lets a client that is being made use these, and no others.
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

/// What may be asked besides the API: GitHub's pages, the artifact service, and its store, whose
/// address only the service knows.
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

/// The entries of `NO_PROXY` in the forms that the HTTP client knows. GitHub's runner also takes
/// `*.github.com`, and `github.com:443` for what is asked by https; an entry with the port of
/// something else is for something else.
fn understood(except: &str) -> String {
    let entries = except.split(',').map(|entry| {
        let entry = entry.trim();
        let entry = entry.strip_suffix(":443").unwrap_or(entry);
        match entry.strip_prefix('*') {
            Some(domain) if domain.starts_with('.') => domain,
            // To the client that is every name, and no address.
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

/// Reads the address of a proxy, which without a scheme is meant to be reached by plain http.
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
    // A password with such a character would end up here, and the proxy be another.
    let is_bare =
        matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    // What the HTTP client reads otherwise it would pass over.
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

/// Prints no addresses: they may hold passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let configured = [&self.http, &self.https].into_iter().flatten();
        f.debug_list()
            .entries(configured.map(|configured| configured.variable))
            .finish()
    }
}
