//! Who asks: what stands in the `Authorization` header of a request.
//!
//! A token that was given stays the same. The token of an App's installation is asked for when it
//! is first needed, and anew before it ends or where GitHub does not take it any more: reading
//! very many seats lasts longer than the hour that such a token does.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::app::App;
use super::client::{Client, TokenError};
use super::error::{AppProblem, GitHubError, Problem, Purpose, Refusal, date_of};
use crate::report::scope::{Scope, ScopeKind};
use crate::system::clock::Clock;
use crate::system::text::shown;

/// What an App needs to read the seats of an organization (schema `app-permissions` of GitHub's
/// API description). On an enterprise GitHub's pages call it "Enterprise Copilot license management";
/// its name in the API isn't documented, so it can't be looked for in an installation.
const PERMISSION: &str = "organization_copilot_seat_management";

/// How long before its end a token is not used any more; one that lasts no longer than twice that
/// is used for half its time.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// Hides a secret in everything that is printed from then on.
pub(crate) type Mask = Arc<dyn Fn(&str) + Send + Sync>;

/// Who asks.
#[derive(Clone)]
pub(super) enum Credentials {
    /// Whoever was given this token.
    Token(HeaderValue),
    /// An App for itself.
    App(App, Mask),
    /// An App for an organization or enterprise that it is installed on.
    Installation(Arc<Installation>),
}

/// What stands in the header, and which of several tokens it is.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) header: HeaderValue,
    number: u64,
    made: Timestamp,
}

/// An App where it is installed.
pub(super) struct Installation {
    app: App,
    scope: Scope,
    /// Asks as the App itself.
    client: Client,
    clock: Clock,
    mask: Mask,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    found: Option<Found>,
    token: Option<(Authorization, Duration)>,
    number: u64,
}

/// An installation that was found able to read seats.
struct Found {
    id: u64,
    /// What its token shall be able to do; nothing for all that the App may.
    permissions: Option<BTreeMap<&'static str, &'static str>>,
}

impl Credentials {
    pub(super) fn token(token: &SecretString) -> Result<Self, TokenError> {
        Ok(Self::Token(bearer(token)?))
    }

    pub(super) fn installation(
        app: App,
        scope: Scope,
        client: Client,
        clock: Clock,
        mask: Mask,
    ) -> Self {
        Self::Installation(Arc::new(Installation {
            app,
            scope,
            client,
            clock,
            mask,
            held: Mutex::default(),
        }))
    }

    /// A number that tells whose quota is used without being a secret.
    pub(super) fn quota(&self) -> u64 {
        let digest: [u8; 32] = match self {
            Self::Token(header) => Sha256::digest(header.as_bytes()),
            Self::App(app, _) => Sha256::digest(app.client_id().as_str()),
            Self::Installation(at) => {
                let Installation { app, scope, .. } = &**at;
                Sha256::digest(format!("{} {} {scope}", app.client_id(), scope.kind()))
            }
        }
        .into();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Whether an App asks.
    pub(super) fn are_an_apps(&self) -> bool {
        !matches!(self, Self::Token(_))
    }

    /// Whether they are a person's token, by its form ("About authentication to GitHub", "GitHub's
    /// token formats"). A token without a known form may be an App's.
    pub(super) fn are_a_persons(&self) -> bool {
        let Self::Token(header) = self else {
            return false;
        };
        ["ghp_", "github_pat_", "gho_", "ghu_"].iter().any(|form| {
            header
                .as_bytes()
                .starts_with(format!("Bearer {form}").as_bytes())
        })
    }

    /// What stands in the header of the next request for `purpose`.
    pub(super) async fn authorization(
        &self,
        purpose: &Purpose,
        now: Timestamp,
    ) -> Result<Authorization, GitHubError> {
        match self {
            Self::Token(header) => Ok(Authorization {
                header: header.clone(),
                number: 0,
                made: now,
            }),
            Self::App(app, mask) => {
                let assertion = app.assertion(now);
                let header = assertion.and_then(|assertion| {
                    mask(assertion.expose_secret());
                    bearer(&assertion).ok()
                });
                let unsigned = || {
                    let asked = "nothing; the App's assertion could not be signed".to_owned();
                    let problem = Problem::App(AppProblem::Unsigned);
                    GitHubError::new(purpose.clone(), asked, problem)
                };
                Ok(Authorization {
                    header: header.ok_or_else(unsigned)?,
                    number: 0,
                    made: now,
                })
            }
            Self::Installation(installation) => installation.authorization().await,
        }
    }

    /// Whether the same request is worth sending again, once, because what `used` held is not good
    /// any more and there is something better.
    pub(super) async fn are_renewed_after(
        &self,
        refusal: &Refusal,
        used: &Authorization,
        now: Timestamp,
    ) -> bool {
        if refusal.status != StatusCode::UNAUTHORIZED {
            return false;
        }
        match self {
            Self::Token(_) => false,
            Self::App(app, _) => app.can_do_better(refusal, used.made, now),
            Self::Installation(installation) => {
                let mut held = installation.held.lock().await;
                // Of many requests that are refused at once the first drops the token for all.
                held.token.take_if(|(held, _)| held.number == used.number);
                true
            }
        }
    }
}

impl Installation {
    /// Boxed, because the client that asks for the token is one that asks for tokens itself.
    fn authorization(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Authorization, GitHubError>> + '_>> {
        Box::pin(async {
            let mut held = self.held.lock().await;
            if let Some((token, until)) = &held.token
                && self.clock.elapsed() < *until
            {
                return Ok(token.clone());
            }
            let found = match held.found.take() {
                Some(found) => found,
                None => self.find().await?,
            };
            let (header, until) = self.token(&found).await?;
            held.found = Some(found);
            held.number += 1;
            let number = held.number;
            let token = Authorization {
                header,
                number,
                made: self.clock.now(),
            };
            held.token = Some((token.clone(), until));
            Ok(token)
        })
    }

    /// Finds the installation, and looks whether it may read seats.
    async fn find(&self) -> Result<Found, GitHubError> {
        #[derive(Deserialize)]
        struct Body {
            id: u64,
            #[serde(default)]
            html_url: String,
            #[serde(default)]
            permissions: BTreeMap<String, serde_json::Value>,
            suspended_at: Option<String>,
            suspended_by: Option<Somebody>,
        }
        #[derive(Deserialize)]
        struct Somebody {
            login: Option<String>,
        }
        let kind = match self.scope.kind() {
            ScopeKind::Organization => "orgs",
            ScopeKind::Enterprise => "enterprises",
        };
        let name = self.scope.name();
        let url = self.client.address().rest([kind, name, "installation"]);
        let purpose = Purpose::Installation(self.scope.clone());
        let (body, answer): (Body, _) = self.client.get(&purpose, url).await?;
        let page = shown(&body.html_url, 200);
        if let Some(since) = &body.suspended_at {
            let by = body.suspended_by.and_then(|by| by.login);
            return Err(answer.failed(Problem::App(AppProblem::Suspended {
                since: shown(since, 50),
                by: by.map(|by| shown(&by, 100)),
                page,
            })));
        }
        let permissions = match self.scope.kind() {
            ScopeKind::Organization if !body.permissions.contains_key(PERMISSION) => {
                return Err(answer.failed(Problem::App(AppProblem::Permission { page })));
            }
            ScopeKind::Organization => {
                let mut needed = BTreeMap::from([(PERMISSION, "read")]);
                // Repositories can be asked about with it too.
                if body.permissions.contains_key("metadata") {
                    needed.insert("metadata", "read");
                }
                Some(needed)
            }
            // "Enterprise account installations … cannot be scoped down using the `permissions`
            // parameter" (operation `apps/create-installation-access-token`).
            ScopeKind::Enterprise => None,
        };
        let Self { app, scope, .. } = self;
        tracing::debug!("The App {} is installed on {scope}.", app.client_id());
        Ok(Found {
            id: body.id,
            permissions,
        })
    }

    /// A new token, and until when it is used.
    async fn token(&self, found: &Found) -> Result<(HeaderValue, Duration), GitHubError> {
        #[derive(serde::Serialize)]
        struct Wanted<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            permissions: &'a Option<BTreeMap<&'static str, &'static str>>,
        }
        #[derive(Deserialize)]
        struct Body {
            token: SecretString,
            expires_at: Timestamp,
        }
        let id = found.id.to_string();
        let address = self.client.address();
        let url = address.rest(["app", "installations", &id, "access_tokens"]);
        let purpose = Purpose::AppToken(self.scope.clone());
        let wanted = Wanted {
            permissions: &found.permissions,
        };
        let asked_at = self.clock.elapsed();
        let (body, answer): (Body, _) = self.client.obtain(&purpose, url, &wanted).await?;
        (self.mask)(body.token.expose_secret());
        let header = bearer(&body.token)
            .map_err(|_| answer.unusable("the token in it cannot stand in a header"))?;
        // By the clock of the answer: ours may be another.
        let begins = date_of(&answer.headers).unwrap_or_else(|| self.clock.now());
        let lasts = Duration::try_from(body.expires_at.duration_since(begins)).unwrap_or_default();
        let used_for = lasts.saturating_sub(EARLY).max(lasts / 2);
        tracing::debug!(
            "A token for {} is used for {} s.",
            self.scope,
            used_for.as_secs()
        );
        Ok((header, asked_at + used_for))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

fn bearer(token: &SecretString) -> Result<HeaderValue, TokenError> {
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| TokenError)?;
    header.set_sensitive(true);
    Ok(header)
}
