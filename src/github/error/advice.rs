//! The advice that ends the error of a failed request.

use http::StatusCode;

use super::{ApiError, ErrorKind, GitHubError, GraphqlError, Purpose};
use crate::github::names::RepositoryName;
use crate::github::rate_limiter::WaitBudgetExceeded;
use crate::report::scope::{Scope, ScopeKind};
use crate::system::http::{ProxyChoice, TransportError, TransportErrorKind};
use crate::system::prose::Prose;

impl GitHubError {
    /// Returns what the person who reads the error can do. Only the URLs come from a server.
    pub(super) fn advice(&self) -> Prose {
        match &*self.kind {
            ErrorKind::App(kind) => kind.advice(),
            ErrorKind::Refused(ApiError {
                single_sign_on: Some(address),
                ..
            }) if !self.is_about_an_archive() => {
                let token = self.token();
                Prose::own(format!("Authorize {token} for single sign-on at ")).and_link(address)
            }
            _ => Prose::own(self.own_advice()),
        }
    }

    fn is_about_an_archive(&self) -> bool {
        self.purpose.repository().is_some() && self.words().contains("archived so is read-only")
    }

    /// Returns advice that has no words of others.
    fn own_advice(&self) -> String {
        if let Some(repository) = self.purpose.repository()
            && self.is_about_an_archive()
        {
            return format!(
                "Unarchive {repository} in its settings, or set `repository` to another one."
            );
        }
        match &*self.kind {
            ErrorKind::Refused(api_error) => self.advice_on(api_error),
            ErrorKind::Transport(error) => advice_on_transport(error),
            ErrorKind::Unusable { is_complete: false, .. } => "Run the workflow again. If the problem persists, check whether a proxy answers instead of GitHub, and report the request ID to GitHub.".to_owned(),
            ErrorKind::Unusable { is_complete: true, .. } => "Update the action. GitHub's responses have changed, or something between GitHub and the runner changes them. If the latest version fails too, report this with the request ID to the action's maintainers.".to_owned(),
            ErrorKind::WaitBudgetExceeded(wait) => advice_on_wait(wait),
            ErrorKind::Graphql { errors, .. } => self.advice_on_graphql(errors),
            ErrorKind::App(_) | ErrorKind::Foreign(_) => "Check that GITHUB_API_URL is GitHub's own URL and that no proxy changes its responses.".to_owned(),
        }
    }

    /// Returns whose credentials were used.
    fn token(&self) -> &'static str {
        match &self.purpose {
            _ if self.by_app => "the GitHub App",
            Purpose::Seats(_)
            | Purpose::Billing(_)
            | Purpose::Identity(_)
            | Purpose::Installation(_)
            | Purpose::Installations
            | Purpose::Organizations
            | Purpose::AppToken(_) => "`token`",
            Purpose::Visibility(_)
            | Purpose::Commit(_)
            | Purpose::History(_)
            | Purpose::Protection(_)
            | Purpose::PullRequest(_) => "`commit-token`",
            Purpose::User => "GITHUB_TOKEN",
        }
    }

    fn advice_on(&self, api_error: &ApiError) -> String {
        let token = self.token();
        match api_error.status {
            StatusCode::UNAUTHORIZED if self.by_app => {
                if api_error.message.contains("claim ('") {
                    "Correct the runner's clock. It differs from GitHub's.".to_owned()
                } else {
                    APP_UNKNOWN.to_owned()
                }
            }
            StatusCode::UNAUTHORIZED => format!(
                "Use a valid token in {token}. This one is wrong, has expired, or was revoked."
            ),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => match &self.purpose {
                Purpose::Seats(scope) | Purpose::Billing(scope) if self.by_app => {
                    seats_advice_for_app(scope)
                }
                Purpose::Seats(scope) | Purpose::Billing(scope) => seats_advice(scope),
                Purpose::Identity(scope) => identity_advice(scope, token),
                Purpose::Installation(_) if api_error.message.contains("Integration") => {
                    APP_UNKNOWN.to_owned()
                }
                Purpose::Installation(scope) => installation_advice(scope),
                Purpose::Installations => APP_UNKNOWN.to_owned(),
                Purpose::Organizations => LIST_ADVICE.to_owned(),
                Purpose::AppToken(scope) => format!(
                    "On the installation's page, check whether the GitHub App is still installed on the {} {scope}, and whether it's suspended.",
                    scope.kind()
                ),
                Purpose::Visibility(repository) => format!(
                    "Check the name, and give {token} access to {repository} with the `metadata: read` permission."
                ),
                Purpose::Commit(repository)
                | Purpose::History(repository)
                | Purpose::Protection(repository) => commit_advice(repository),
                Purpose::PullRequest(repository) => pull_request_advice(repository, api_error),
                Purpose::User => "Check the login. No account has it, or no longer has it. If you use the user ID instead, the command doesn't need to ask GitHub.".to_owned(),
            },
            StatusCode::UNPROCESSABLE_ENTITY => match &self.purpose {
                Purpose::Seats(scope) => format!(
                    "Check that the {} {scope} has a Copilot Business or Copilot Enterprise subscription.",
                    scope.kind()
                ),
                _ => "Resolve the problem that GitHub's message describes.".to_owned(),
            },
            status if status.is_server_error() => {
                let when = match api_error.retry_headers.retry_after {
                    Some(wait) => format!("after the {} s that GitHub asks for", wait.as_secs()),
                    None => "later".to_owned(),
                };
                format!("Run the workflow again {when}. For GitHub's status, see https://www.githubstatus.com.")
            }
            _ => "Resolve the problem that GitHub's message describes. If it doesn't describe one, report the request ID to GitHub.".to_owned(),
        }
    }

    fn advice_on_graphql(&self, errors: &[GraphqlError]) -> String {
        let mut kinds = errors.iter().filter_map(|error| error.kind.as_deref());
        if kinds.any(|kind| matches!(kind, "FORBIDDEN" | "NOT_FOUND" | "INSUFFICIENT_SCOPES"))
            && let Purpose::Commit(repository) | Purpose::History(repository) = &self.purpose
        {
            commit_advice(repository)
        } else {
            "Resolve the problem that GitHub's message describes. If it doesn't describe one, run the workflow again. For GitHub's status, see https://www.githubstatus.com.".to_owned()
        }
    }
}

fn advice_on_wait(wait: &WaitBudgetExceeded) -> String {
    let Some(input) = wait.budget.input else {
        return "Run the command again after that time.".to_owned();
    };
    let if_it_stays = if wait.is_for_a_limit() {
        "If this happens often, use a separate token for the report."
    } else {
        "For GitHub's status, see https://www.githubstatus.com."
    };
    format!("Run the workflow again after that time, or increase `{input}`. {if_it_stays}")
}

fn advice_on_transport(error: &TransportError) -> String {
    let advice = match (&error.via, error.kind) {
        (_, TransportErrorKind::Certificate) => {
            "If a proxy or server uses a private CA, save the CA's certificate in a file and set SSL_CERT_FILE to its path."
        }
        (Some(ProxyChoice { variable, .. }), _) => {
            return format!(
                "Check {variable} and NO_PROXY, that the proxy is running, and that it allows requests to GitHub's API. Then run the workflow again."
            );
        }
        (None, TransportErrorKind::Name) => {
            "Check the URL, and that the runner can resolve host names. Behind a proxy, set HTTPS_PROXY."
        }
        (None, _) => {
            "Check that the runner can reach GitHub's API (a firewall, a proxy in HTTPS_PROXY), and run the workflow again. For GitHub's status, see https://www.githubstatus.com."
        }
    };
    advice.to_owned()
}

const APP_UNKNOWN: &str = "Check that `app-client-id` and `app-private-key` belong to the same GitHub App on this GitHub, and that the key wasn't deleted in the App's settings.";

/// Says which tokens GitHub lists organizations for ("List organizations for the authenticated
/// user").
const LIST_ADVICE: &str = "To list organizations, `token` must be a classic token with the `read:org` scope. Fine-grained tokens and the tokens of an App's installation can't list them. You can also use a GitHub App with `app-client-id`, or name each organization in `organization`.";

/// Says where an App must be installed. Each organization has its own installation, and an
/// enterprise has one that's separate from those of its organizations.
fn installation_advice(scope: &Scope) -> String {
    match scope.kind() {
        ScopeKind::Organization => format!(
            "Check the name, and have an owner of {scope} install the GitHub App on that organization (the App's settings, \"Install App\"). Another owner's private App can't be installed. The App needs the organization permission \"GitHub Copilot Business\" (read)."
        ),
        ScopeKind::Enterprise => format!(
            "Check the enterprise's slug (github.com/enterprises/{scope}), and have an owner install the GitHub App on the enterprise itself. An installation on its organizations isn't enough. The App needs the enterprise permission \"Enterprise Copilot license management\" (read)."
        ),
    }
}

/// Any token can see the public part of an organization. Only a token with read access to the
/// enterprise can see an enterprise.
fn identity_advice(scope: &Scope, token: &str) -> String {
    match scope.kind() {
        ScopeKind::Organization => {
            format!("Check the name {scope}, and that {token} can read the organization.")
        }
        ScopeKind::Enterprise => format!(
            "Allow {token} to read the enterprise {scope} (a classic token needs the `read:enterprise` scope). You can also ignore this, because the report doesn't need the ID."
        ),
    }
}

/// Says what an App needs to read the seats, if it's installed and GitHub still refuses.
fn seats_advice_for_app(scope: &Scope) -> String {
    match scope.kind() {
        ScopeKind::Organization => format!(
            "Check that {scope} has Copilot, and that the GitHub App's installation there has the organization permission \"GitHub Copilot Business\" (read). After you change the App's permissions, an owner must approve the change on the installation's page."
        ),
        ScopeKind::Enterprise => format!(
            "Check that {scope} has Copilot, and that the GitHub App's installation on the enterprise itself has the enterprise permission \"Enterprise Copilot license management\" (read), which an owner of the enterprise must approve on the installation's page. If GitHub refuses the App anyway, GitHub doesn't allow Apps to list an enterprise's seats. Use `token` instead."
        ),
    }
}

fn commit_advice(repository: &RepositoryName) -> String {
    format!(
        "Check the name, and give `commit-token` access to {repository} with the `contents: write` permission. The workflow's GITHUB_TOKEN can access only its own repository. For another one, use a GitHub App's token or a fine-grained token."
    )
}

/// GitHub doesn't let the workflow's own token open pull requests until a setting allows it,
/// regardless of the token's permissions ("Managing GitHub Actions settings for a repository",
/// "Preventing GitHub Actions from creating or approving pull requests").
fn pull_request_advice(repository: &RepositoryName, api_error: &ApiError) -> String {
    if api_error.message.contains("not permitted to create") {
        return format!(
            "Turn on \"Allow GitHub Actions to create and approve pull requests\" in the settings of {repository} (Actions, General, Workflow permissions). If you can't turn it on there, the organization or the enterprise forbids it. You can also set `commit-token` to a GitHub App's token, which this setting doesn't affect."
        );
    }
    format!(
        "Give `commit-token` the `pull-requests: write` permission on {repository}, in addition to `contents: write`."
    )
}

/// Says who can read seats, according to GitHub's REST documentation of the two endpoints, "List
/// all Copilot seat assignments for an organization" and "… for an enterprise".
fn seats_advice(scope: &Scope) -> String {
    match scope.kind() {
        ScopeKind::Organization => format!(
            "Check the name, and that {scope} has Copilot. `token` must belong to an owner of the organization. It can be a classic token with the `manage_billing:copilot` or `read:org` scope, or a fine-grained token or a GitHub App's token with the organization permission \"GitHub Copilot Business\" (read). The workflow's GITHUB_TOKEN can't read seats. GitHub also responds with 404 if a permission is missing."
        ),
        ScopeKind::Enterprise => format!(
            "Check the enterprise's slug (github.com/enterprises/{scope}). `token` must belong to an owner or billing manager of the enterprise. It must be a classic token with the `manage_billing:copilot` or `read:enterprise` scope. A GitHub App needs the enterprise permission \"Enterprise Copilot license management\" (read). The workflow's GITHUB_TOKEN can't read seats. GitHub also responds with 404 if a permission is missing."
        ),
    }
}
