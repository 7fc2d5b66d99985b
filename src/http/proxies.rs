//! The proxies that the environment names.
//!
//! The HTTP client would read the same variables by itself, and pass over in silence what it cannot
//! use: requests would go out directly, past the proxy that was to see them. So they are read here,
//! and what cannot be used is a mistake in the inputs.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy, Url};

use crate::environment::Environment;

/// Proxies that go on by the protocol SOCKS, for which the HTTP client is built without.
const SOCKS: [&str; 5] = ["socks", "socks4", "socks4a", "socks5", "socks5h"];

/// The proxies for requests, by the scheme of what is asked for.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Named>,
    https: Option<Named>,
    /// The hosts for which none is used.
    except: String,
    /// Tells which requests go by a proxy, as the HTTP client itself does.
    matcher: Option<Arc<Matcher>>,
}

/// A proxy, and the variable that names it.
#[derive(Clone)]
struct Named {
    variable: &'static str,
    address: Url,
}

/// The proxy that a request goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
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
        "it is not the address of a proxy, such as `http://proxy.example:3128`. In a name or password before the host, characters such as `/`, `#`, `?` and `@` must be percent-encoded"
    )]
    NotAnAddress,
    /// It is that of a proxy of another protocol.
    #[error(
        "it begins with `{0}://`, and SOCKS proxies cannot be used; give a proxy that is reached by http:// or https://"
    )]
    Socks(&'static str),
    /// Nobody knows what it is.
    #[error("a proxy's address begins with http:// or https://, and this one with something else")]
    Scheme,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` where one of them is missing, and `NO_PROXY`,
    /// each also in lower case. A variable that none of the requests would go by is not looked at.
    ///
    /// # Errors
    /// All that cannot be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ProxyErrors> {
        let mut errors = Vec::new();
        let mut read = |variables| match named(environment, variables) {
            Ok(named) => named,
            Err(error) => {
                errors.push(error);
                None
            }
        };
        let is_set = |names: [&str; 2]| names.iter().any(|name| environment.get(name).is_some());
        let (http, https) = (["HTTP_PROXY", "http_proxy"], ["HTTPS_PROXY", "https_proxy"]);
        let all = if is_set(http) && is_set(https) {
            None
        } else {
            read(["ALL_PROXY", "all_proxy"])
        };
        let https = read(https).or_else(|| all.clone());
        let http = read(http).or(all);
        if !errors.is_empty() {
            return Err(ProxyErrors(errors));
        }
        let except = ["NO_PROXY", "no_proxy"];
        let except = except.iter().find_map(|name| environment.get(name));
        let except = except.unwrap_or_default().to_owned();
        let address = |named: &Option<Named>| {
            let address = named.as_ref().map(|named| named.address.to_string());
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
    #[must_use]
    pub fn via(&self, url: &Url) -> Option<Via> {
        let uri = url.as_str().parse().ok()?;
        self.matcher.as_ref()?.intercept(&uri)?;
        let named = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }?;
        Some(Via {
            address: named.address.origin().ascii_serialization(),
            variable: named.variable,
        })
    }

    /// Lets a client that is being made use these, and no others.
    pub(super) fn apply(
        &self,
        client: reqwest::ClientBuilder,
    ) -> reqwest::Result<reqwest::ClientBuilder> {
        let except = NoProxy::from_string(&self.except);
        let mut client = client.no_proxy();
        if let Some(Named { address, .. }) = &self.http {
            client = client.proxy(Proxy::http(address.clone())?.no_proxy(except.clone()));
        }
        if let Some(Named { address, .. }) = &self.https {
            client = client.proxy(Proxy::https(address.clone())?.no_proxy(except));
        }
        Ok(client)
    }
}

fn named(
    environment: &Environment,
    variables: [&'static str; 2],
) -> Result<Option<Named>, ProxyError> {
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
        Ok(address) => Ok(Some(Named { variable, address })),
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

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "by way of the proxy {} in {}",
            self.address, self.variable
        )
    }
}

/// Prints no addresses: they may hold passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [&self.http, &self.https].into_iter().flatten();
        f.debug_list()
            .entries(named.map(|named| named.variable))
            .finish()
    }
}
