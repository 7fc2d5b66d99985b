//! The credentials of requests: a given token, or the installation token of a GitHub App.
//!
//! A given token stays the same. The token of an App's installation is created when it's first
//! needed. It's replaced shortly before it expires and when GitHub refuses it, because reading very
//! many seats takes longer than the hour that it's valid.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::app::App;
use super::authorization::{Authorization, Authorize, TokenError, quota_of};
use super::error::{ApiError, AppError, ErrorKind, GitHubError, Purpose, date_of};
use super::exchange::Exchange;
use super::installation::{InstallationBody, ListedInstallation, ResolvedInstallation};
use super::rate_limit_state::Cost;
use super::request::Request;
use super::response::Response;
use super::retry::send_with_retry;
use super::strict::MapOnly;
use crate::report::scope::Scope;
use crate::report::source::Reader;

/// How long before its expiry a token is replaced. A token that's valid for less than twice this
/// time is used for half of its lifetime.
const REFRESH_MARGIN: Duration = Duration::from_secs(5 * 60);

/// Masks a secret in all later output.
pub(crate) type Mask = Arc<dyn Fn(&str) + Send + Sync>;

/// Who sends requests.
#[derive(Clone)]
pub(super) enum Credentials {
    /// The owner of this token.
    Token(Authorization),
    /// An App as itself.
    App(Arc<AppItself>),
    /// An App for an organization or enterprise that it's installed on.
    Installation(Arc<Installation>),
}

/// An installation of an App.
pub(super) struct Installation {
    app: AppItself,
    scope: Scope,
    /// What GitHub's list said, if it was read.
    listed: Option<ListedInstallation>,
    exchange: Exchange,
    cache: Mutex<Cache>,
    quota: u64,
}

/// An App that authenticates as itself.
pub(super) struct AppItself {
    app: App,
    mask: Mask,
    quota: u64,
}

/// What GitHub returned, kept for later requests.
#[derive(Default)]
struct Cache {
    installation: Option<ResolvedInstallation>,
    token: Option<CachedToken>,
}

#[derive(Clone)]
struct CachedToken {
    authorization: Authorization,
    /// By [`Clock::elapsed`](crate::system::clock::Clock::elapsed).
    usable_until: Duration,
}

impl Credentials {
    pub(super) fn token(token: &SecretString, now: Timestamp) -> Result<Self, TokenError> {
        let quota = quota_of(token.expose_secret());
        Authorization::new(token.clone(), quota, now).map(Self::Token)
    }

    pub(super) fn app(app: &App, mask: Mask) -> Self {
        Self::App(Arc::new(AppItself::new(app, mask)))
    }

    pub(super) fn installation(
        exchange: Exchange,
        app: &App,
        scope: &Scope,
        listed: Option<&ListedInstallation>,
        mask: Mask,
    ) -> Self {
        let id = app.client_id().as_str();
        let quota = quota_of(&format!("{id} {} {scope}", scope.kind()));
        Self::Installation(Arc::new(Installation {
            app: AppItself::new(app, mask),
            scope: scope.clone(),
            listed: listed.cloned(),
            exchange,
            cache: Mutex::default(),
            quota,
        }))
    }

    /// Returns whether this is a person's token, judging by its format. A token without a known
    /// format may be an App's.
    pub(super) fn are_a_persons(&self) -> bool {
        let Self::Token(token) = self else {
            return false;
        };
        form_of(&token.token).is_some_and(|form| form.is_a_persons)
    }

    /// Returns who sends the requests.
    pub(super) fn reader(&self) -> Reader {
        match self {
            Self::Token(token) => Reader::Token {
                form: form_of(&token.token).map_or("unknown", |form| form.name),
            },
            Self::App(app) => app.reader(),
            Self::Installation(installation) => installation.app.reader(),
        }
    }
}

/// Returns whether a token is that of an App's installation, judging by its format.
pub(crate) fn is_of_installation(token: &SecretString) -> bool {
    form_of(token).is_some_and(|form| !form.is_a_persons)
}

/// A type of token.
struct TokenForm {
    prefix: &'static str,
    name: &'static str,
    is_a_persons: bool,
}

/// The types of tokens by their prefixes ("About authentication to GitHub", "GitHub's token
/// formats").
const FORMS: [TokenForm; 5] = [
    TokenForm {
        prefix: "ghp_",
        name: "classic personal access token",
        is_a_persons: true,
    },
    TokenForm {
        prefix: "github_pat_",
        name: "fine-grained personal access token",
        is_a_persons: true,
    },
    TokenForm {
        prefix: "gho_",
        name: "OAuth access token",
        is_a_persons: true,
    },
    TokenForm {
        prefix: "ghu_",
        name: "GitHub App user access token",
        is_a_persons: true,
    },
    TokenForm {
        prefix: "ghs_",
        name: "GitHub App installation access token",
        is_a_persons: false,
    },
];

fn form_of(token: &SecretString) -> Option<&'static TokenForm> {
    let token = token.expose_secret();
    FORMS.iter().find(|form| token.starts_with(form.prefix))
}

impl Authorize for Credentials {
    fn is_app(&self) -> bool {
        !matches!(self, Self::Token(_))
    }

    async fn authorization(
        &self,
        purpose: &Purpose,
        now: Timestamp,
    ) -> Result<Authorization, GitHubError> {
        match self {
            Self::Token(token) => Ok(token.clone()),
            Self::App(app) => app.authorization(purpose, now).await,
            Self::Installation(installation) => installation.authorization().await,
        }
    }

    async fn renew(&self, api_error: &ApiError, used: &Authorization, now: Timestamp) -> bool {
        match self {
            Self::Token(..) => false,
            Self::App(app) => app.renew(api_error, used, now).await,
            Self::Installation(installation) => {
                let mut cache = installation.cache.lock().await;
                // If many requests are refused at once, the first one drops the token for all.
                cache.token.take_if(|known| {
                    known.authorization.token.expose_secret() == used.token.expose_secret()
                });
                true
            }
        }
    }
}

impl AppItself {
    fn new(app: &App, mask: Mask) -> Self {
        Self {
            app: app.clone(),
            mask,
            quota: quota_of(app.client_id().as_str()),
        }
    }

    fn reader(&self) -> Reader {
        Reader::App {
            client_id: self.app.client_id().as_str().to_owned(),
        }
    }
}

impl Authorize for AppItself {
    fn is_app(&self) -> bool {
        true
    }

    async fn authorization(
        &self,
        purpose: &Purpose,
        now: Timestamp,
    ) -> Result<Authorization, GitHubError> {
        let signed = self.app.assertion(now).and_then(|assertion| {
            (self.mask)(assertion.expose_secret());
            Authorization::new(assertion, self.quota, now).ok()
        });
        signed.ok_or_else(|| {
            let asked = "nothing, because the App's JWT couldn't be signed".to_owned();
            let kind = ErrorKind::App(AppError::Unsigned);
            GitHubError::new(purpose.clone(), asked, kind)
        })
    }

    async fn renew(&self, api_error: &ApiError, used: &Authorization, now: Timestamp) -> bool {
        self.app.should_resign(api_error, used.made, now)
    }
}

impl Installation {
    async fn authorization(&self) -> Result<Authorization, GitHubError> {
        let mut cache = self.cache.lock().await;
        if let Some(token) = &cache.token
            && self.exchange.clock.elapsed() < token.usable_until
        {
            return Ok(token.authorization.clone());
        }
        let installation = match cache.installation.take() {
            Some(installation) => installation,
            None => self.find().await?,
        };
        let token = self.token(&installation).await?;
        cache.installation = Some(installation);
        cache.token = Some(token.clone());
        Ok(token.authorization)
    }

    /// Finds the installation, and checks that it can read seats.
    async fn find(&self) -> Result<ResolvedInstallation, GitHubError> {
        let purpose = Purpose::Installation(self.scope.clone());
        if let Some(ListedInstallation { asked, resolved }) = &self.listed {
            return resolved
                .clone()
                .map_err(|error| GitHubError::new(purpose, asked.clone(), ErrorKind::App(error)));
        }
        let address = &self.exchange.address;
        let url = address.of_scope(&self.scope, &["installation"]);
        let request = Request::reading(&purpose, url);
        let (body, response): (InstallationBody, _) =
            send_with_retry(&self.exchange, &self.app, &request, Response::json).await?;
        let resolved = body.resolve(self.scope.kind());
        let resolved = resolved.map_err(|error| response.failed(ErrorKind::App(error)))?;
        let (id, scope) = (self.app.app.client_id().as_str(), &self.scope);
        tracing::debug!("The App {id} is installed on {scope}.");
        Ok(resolved)
    }

    /// Creates a token.
    async fn token(&self, installation: &ResolvedInstallation) -> Result<CachedToken, GitHubError> {
        #[derive(serde::Serialize)]
        struct TokenRequest<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            permissions: &'a Option<BTreeMap<&'static str, &'static str>>,
        }
        #[derive(Deserialize)]
        struct Body {
            token: SecretString,
            expires_at: Timestamp,
        }
        let id = installation.id.to_string();
        let address = &self.exchange.address;
        let url = address.rest(["app", "installations", &id, "access_tokens"]);
        let purpose = Purpose::AppToken(self.scope.clone());
        let wanted = TokenRequest {
            permissions: &installation.permissions,
        };
        let request = Request {
            // A second token does no harm.
            repeatable: true,
            ..Request::sending(&purpose, Method::POST, url, Cost::Token, &wanted)?
        };
        // The error doesn't show the values, because they include the token.
        let read = |response: &Response| {
            serde_json::from_slice(&response.body)
                .map(|MapOnly(read)| read)
                .map_err(|_| {
                    response.of_another_form("it doesn't have the format that GitHub documents")
                })
        };
        let clock = &self.exchange.clock;
        let asked_at = clock.elapsed();
        let (body, response): (Body, _) =
            send_with_retry(&self.exchange, &self.app, &request, read).await?;
        (self.app.mask)(body.token.expose_secret());
        let authorization = Authorization::new(body.token, self.quota, clock.now())
            .map_err(|_| response.unusable("the token in it can't be used in a header"))?;
        // Counts the lifetime by the clock of the response, which can differ from ours.
        let begins = date_of(&response.headers).unwrap_or_else(|| clock.now());
        let lasts = Duration::try_from(body.expires_at.duration_since(begins)).unwrap_or_default();
        let used_for = lasts.saturating_sub(REFRESH_MARGIN).max(lasts / 2);
        tracing::debug!(
            "A token for {} is used for {} s.",
            self.scope,
            used_for.as_secs()
        );
        Ok(CachedToken {
            authorization,
            usable_until: asked_at + used_for,
        })
    }
}
