//! The URLs of GitHub's API, and which URLs belong to it.

use http::Uri;
use reqwest::Url;

use crate::report::scope::{Scope, ScopeKind};
use crate::system::environment::Environment;
use crate::system::http::is_loopback;

/// The URLs of GitHub's API, on github.com or on GitHub with data residency (`SUBDOMAIN.ghe.com`).
#[derive(Debug, Clone)]
pub(crate) struct ApiAddress {
    rest: Endpoint,
    graphql: Endpoint,
}

/// The URL of an API and the server that it's on.
#[derive(Debug, Clone)]
struct Endpoint {
    url: Url,
    /// Scheme, host, and port.
    origin: Uri,
}

/// Why the URL in a variable can't be used for GitHub's API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// It isn't an absolute http or https URL.
    #[error("{0} is not an http:// or https:// URL")]
    NotAnAddress(&'static str),
    /// The token would be sent unencrypted.
    #[error("{0} must start with https://, so that the token isn't sent unencrypted")]
    NotEncrypted(&'static str),
    /// GitHub Enterprise Server serves its API at `/api/v3`.
    #[error(
        "GITHUB_API_URL points to GitHub Enterprise Server, which doesn't have Copilot seats. You can get the report from github.com and from GitHub with data residency (ghe.com)."
    )]
    EnterpriseServer,
}

impl ApiAddress {
    /// Reads the URLs that the runner sets in `GITHUB_API_URL` and `GITHUB_GRAPHQL_URL`. Defaults
    /// to those of github.com.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, AddressError> {
        let variables = ["GITHUB_API_URL", "GITHUB_GRAPHQL_URL"];
        if let Some(variable) = variables
            .into_iter()
            .find(|variable| environment.is_unreadable(variable))
        {
            return Err(AddressError::NotAnAddress(variable));
        }
        let rest = parse(
            "GITHUB_API_URL",
            environment
                .get("GITHUB_API_URL")
                .unwrap_or("https://api.github.com"),
        )?;
        if rest.url.path().trim_end_matches('/') == "/api/v3" {
            return Err(AddressError::EnterpriseServer);
        }
        let graphql = match environment.get("GITHUB_GRAPHQL_URL") {
            Some(address) => parse("GITHUB_GRAPHQL_URL", address)?,
            None => Endpoint {
                url: beside(&rest.url, ["graphql"]),
                origin: rest.origin.clone(),
            },
        };
        Ok(Self { rest, graphql })
    }

    /// Returns the URL of the REST API without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        self.rest.url.as_str().trim_end_matches('/')
    }

    /// Returns the URLs of REST and GraphQL.
    pub(crate) fn all(&self) -> [&Url; 2] {
        [&self.rest.url, &self.graphql.url]
    }

    /// Returns the servers of REST and GraphQL, which are usually the same.
    pub(super) fn origins(&self) -> [&Uri; 2] {
        [&self.rest.origin, &self.graphql.origin]
    }

    /// Returns the URL of GraphQL.
    pub(crate) fn graphql(&self) -> &Url {
        &self.graphql.url
    }

    /// Returns the URL of a REST resource. Percent-encodes each segment, so that a name in it can't
    /// turn into a different path.
    pub(crate) fn rest<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        beside(&self.rest.url, segments)
    }

    /// Returns the URL of a REST resource of an organization or enterprise.
    pub(super) fn of_scope(&self, scope: &Scope, below: &[&str]) -> Url {
        let kind = match scope.kind() {
            ScopeKind::Organization => "orgs",
            ScopeKind::Enterprise => "enterprises",
        };
        let segments = [kind, scope.name()].into_iter();
        self.rest(segments.chain(below.iter().copied()))
    }

    /// Returns whether `url` is on one of the API's own servers. Only these can get a token.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        self.server_of(url).is_some()
    }

    /// Returns which of [`ApiAddress::origins`] `url` is on.
    pub(super) fn server_of(&self, url: &Url) -> Option<usize> {
        let is_plain = url.username().is_empty() && url.password().is_none();
        let server = self
            .all()
            .iter()
            .position(|own| own.origin() == url.origin());
        server.filter(|_| is_plain)
    }
}

fn beside<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    // The URL standard drops these characters, and a name without them is a different name.
    let segments = segments
        .into_iter()
        .map(|segment| segment.replace(['\t', '\n', '\r'], "\u{fffd}"));
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

fn parse(variable: &'static str, address: &str) -> Result<Endpoint, AddressError> {
    let not_an_address = AddressError::NotAnAddress(variable);
    let url = Url::parse(address.trim())
        .ok()
        .filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        })
        .ok_or_else(|| not_an_address.clone())?;
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(AddressError::NotEncrypted(variable));
    }
    let origin = url.origin().ascii_serialization().parse();
    Ok(Endpoint {
        origin: origin.map_err(|_| not_an_address)?,
        url,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    fn address(rest: &str) -> Result<ApiAddress, AddressError> {
        ApiAddress::from_environment(
            &[("GITHUB_API_URL".to_owned(), rest.to_owned())]
                .into_iter()
                .collect(),
        )
    }

    #[test]
    fn github_com_is_the_default() {
        let api = ApiAddress::from_environment(&Environment::default()).unwrap();
        assert_eq!(api.as_str(), "https://api.github.com");
        assert_eq!(api.graphql().as_str(), "https://api.github.com/graphql");
    }

    #[test]
    fn addresses_that_would_leak_the_token_are_refused() {
        for (rest, ok) in [
            ("https://api.octocorp.ghe.com", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://api.github.localhost", true),
            ("http://api.github.com", false),
            ("http://127.0.0.1.example.com", false),
            ("https://user:pass@api.github.com", false),
            ("ftp://api.github.com", false),
            ("api.github.com", false),
            ("https://ghes.example.com/api/v3", false),
        ] {
            assert_eq!(address(rest).is_ok(), ok, "{rest}");
        }
    }

    #[test]
    fn only_addresses_on_the_apis_origin_belong_to_the_api() {
        let api = address("https://api.github.com").unwrap();
        for (url, own) in [
            ("https://api.github.com/organizations/1?page=2", true),
            ("https://API.github.com:443/x", true),
            ("http://api.github.com/x", false),
            ("https://api.github.com:8443/x", false),
            ("https://api.github.com.example.com/x", false),
            ("https://octocat@api.github.com/x", false),
        ] {
            assert_eq!(api.owns(&Url::parse(url).unwrap()), own, "{url}");
        }
    }

    #[test]
    fn a_name_in_an_address_stays_one_segment() {
        let api = address("https://api.github.com/").unwrap();
        assert_eq!(
            api.rest(["orgs", "a/../b?c#d%2e"]).as_str(),
            "https://api.github.com/orgs/a%2F..%2Fb%3Fc%23d%252e"
        );
        let (one, other) = (api.rest(["repos", "a\nb"]), api.rest(["repos", "ab"]));
        assert_ne!(one, other);
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn no_segment_becomes_another_path_query_or_host(
            segments in proptest::collection::vec(
                arbitrary_text::text().prop_filter("every name has a character", |text| !text.is_empty()),
                1..4,
            ),
        ) {
            let api = address("https://api.github.com").unwrap();
            let url = api.rest(segments.iter().map(String::as_str));
            prop_assert!(api.owns(&url));
            prop_assert_eq!((url.query(), url.fragment()), (None, None));
            let read: Vec<String> = url
                .path_segments()
                .unwrap()
                .map(|segment| {
                    percent_encoding::percent_decode_str(segment).decode_utf8().unwrap().into_owned()
                })
                .collect();
            // Segments that mean a directory can't be in a URL, so they're left out.
            let mut kept: Vec<String> = segments
                .iter()
                .filter(|segment| !matches!(segment.as_str(), "." | ".."))
                .map(|segment| segment.replace(['\t', '\n', '\r'], "\u{fffd}"))
                .collect();
            if kept.is_empty() {
                kept.push(String::new());
            }
            prop_assert_eq!(read, kept);
        }

        #[test]
        fn only_encrypted_addresses_without_extra_parts_are_accepted(text in arbitrary_text::text()) {
            for rest in [text.clone(), format!("https://{text}"), format!("http://{text}")] {
                if let Ok(api) = address(&rest) {
                    let url = &api.rest.url;
                    prop_assert!(url.scheme() == "https" || is_loopback(url), "{}", url);
                    prop_assert!(url.username().is_empty() && url.password().is_none());
                    prop_assert_eq!((url.query(), url.fragment()), (None, None));
                    prop_assert!(api.owns(&api.rest(["orgs", "acme"])));
                }
            }
        }

        #[test]
        fn an_address_on_another_origin_never_belongs_to_the_api(text in arbitrary_text::text()) {
            let api = address("https://api.github.com").unwrap();
            for other in [text.clone(), format!("https://{text}"), format!("https://api.github.com{text}")] {
                if let Ok(url) = api.rest.url.join(&other)
                    && api.owns(&url)
                {
                    prop_assert_eq!(url.host_str(), Some("api.github.com"));
                    prop_assert_eq!((url.scheme(), url.port()), ("https", None));
                }
            }
        }
    }
}
