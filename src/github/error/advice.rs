//! The advice that ends the error of a failed request.

use http::StatusCode;

use super::{ApiError, ErrorKind, GitHubError, GraphqlError, Purpose};
use crate::github::names::RepositoryName;
use crate::github::rate_limiter::WaitBudgetExceeded;
use crate::report::scope::{Scope, ScopeKind};
use crate::system::http::{ProxyChoice, TransportError, TransportErrorKind};

impl GitHubError {
    /// What the person reading the error can do.
    pub(super) fn advice(&self) -> String {
        if let Some(repository) = self.purpose.repository()
            && self.words().contains("archived so is read-only")
        {
            return format!(
                "unarchive {repository} in its settings, or name another one in `repository`"
            );
        }
        match &*self.kind {
            ErrorKind::Refused(api_error) => self.advice_on(api_error),
            ErrorKind::Transport(error) => advice_on_transport(error),
            ErrorKind::Unusable { .. } => "run the workflow again; if it stays, look whether a proxy answers in GitHub's place, and report the request's number to GitHub".to_owned(),
            ErrorKind::UnexpectedForm { .. } => "update the action: GitHub's answers have changed, or something between it and the runner changes them; if the newest version fails too, report this, with the request's number, to whoever maintains the action".to_owned(),
            ErrorKind::WaitBudgetExceeded(wait) => advice_on_wait(wait),
            ErrorKind::Graphql { errors, .. } => self.advice_on_graphql(errors),
            ErrorKind::App(kind) => kind.advice(),
            ErrorKind::Foreign { .. } => "look whether GITHUB_API_URL is GitHub's own address and no proxy changes its answers".to_owned(),
        }
    }

    fn advice_on(&self, api_error: &ApiError) -> String {
        let token = match &self.purpose {
            _ if self.by_app => "the GitHub App",
            Purpose::Seats(_)
            | Purpose::Identity(_)
            | Purpose::Installation(_)
            | Purpose::AppToken(_) => "`token`",
            Purpose::Visibility(_)
            | Purpose::Commit(_)
            | Purpose::History(_)
            | Purpose::PullRequest(_) => "`commit-token`",
            Purpose::User => "GITHUB_TOKEN",
        };
        if let Some(address) = &api_error.single_sign_on {
            return format!("authorize {token} for single sign-on at {address}");
        }
        match api_error.status {
            StatusCode::UNAUTHORIZED if self.by_app => {
                if api_error.message.contains("claim ('") {
                    "set the clock of the runner: GitHub's is another".to_owned()
                } else {
                    APP_UNKNOWN.to_owned()
                }
            }
            StatusCode::UNAUTHORIZED => format!(
                "give a valid token in {token}; this one is wrong, has expired or was revoked"
            ),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => match &self.purpose {
                Purpose::Seats(scope) if self.by_app => seats_advice_for_app(scope),
                Purpose::Seats(scope) => seats_advice(scope),
                Purpose::Identity(scope) => identity_advice(scope, token),
                Purpose::Installation(_) if api_error.message.contains("Integration") => {
                    APP_UNKNOWN.to_owned()
                }
                Purpose::Installation(scope) => installation_advice(scope),
                Purpose::AppToken(scope) => format!(
                    "look on the installation's page whether the GitHub App is still installed on the {} {}, and whether it is suspended",
                    scope.kind(),
                    scope.name()
                ),
                Purpose::Visibility(repository) => format!(
                    "check the name, and give {token} access to {repository} with the permission `metadata: read`"
                ),
                Purpose::Commit(repository) | Purpose::History(repository) => {
                    commit_advice(repository)
                }
                Purpose::PullRequest(repository) => pull_request_advice(repository, api_error),
                Purpose::User => "check the login: nobody has it, or not any more. With the person's number instead GitHub need not be asked".to_owned(),
            },
            StatusCode::UNPROCESSABLE_ENTITY => match &self.purpose {
                Purpose::Seats(scope) => format!(
                    "check that the {} {} has a Copilot Business or Copilot Enterprise subscription",
                    scope.kind(),
                    scope.name()
                ),
                _ => "change what GitHub's message names".to_owned(),
            },
            status if status.is_server_error() => {
                let when = match api_error.retry_headers.retry_after {
                    Some(wait) => format!("after the {} s that GitHub asks for", wait.as_secs()),
                    None => "later".to_owned(),
                };
                format!("run the workflow again {when}; GitHub's state is at https://www.githubstatus.com")
            }
            _ => "change what GitHub's message names; if it names nothing, report the request's number to GitHub".to_owned(),
        }
    }

    fn advice_on_graphql(&self, errors: &[GraphqlError]) -> String {
        let mut kinds = errors.iter().filter_map(|error| error.kind.as_deref());
        if kinds.any(|kind| matches!(kind, "FORBIDDEN" | "NOT_FOUND" | "INSUFFICIENT_SCOPES"))
            && let Purpose::Commit(repository) | Purpose::History(repository) = &self.purpose
        {
            commit_advice(repository)
        } else {
            "change what GitHub's message names, or run the workflow again if it names nothing; GitHub's state is at https://www.githubstatus.com".to_owned()
        }
    }
}

fn advice_on_wait(wait: &WaitBudgetExceeded) -> String {
    let Some(input) = wait.input() else {
        return "start the command again after that time".to_owned();
    };
    let if_it_stays = if wait.is_for_a_limit() {
        "if it happens often, give the report a token of its own"
    } else {
        "GitHub's state is at https://www.githubstatus.com"
    };
    format!("run the workflow again after that time, or let `{input}` be longer; {if_it_stays}")
}

fn advice_on_transport(error: &TransportError) -> String {
    let advice = match (error.via(), error.kind()) {
        (_, TransportErrorKind::Certificate) => {
            "if a proxy or server of your own signs for this address, put its authority's certificate into a file and name it in SSL_CERT_FILE"
        }
        (Some(ProxyChoice { variable, .. }), _) => {
            return format!(
                "check {variable} and NO_PROXY, that the proxy is running, and that it lets GitHub's API through; then run the workflow again"
            );
        }
        (None, TransportErrorKind::Name) => {
            "check the address, and that the runner can resolve names; behind a proxy, set HTTPS_PROXY"
        }
        (None, _) => {
            "check that the runner reaches GitHub's API (a firewall, a proxy in HTTPS_PROXY), and run the workflow again; GitHub's state is at https://www.githubstatus.com"
        }
    };
    advice.to_owned()
}

const APP_UNKNOWN: &str = "check that `app-client-id` and `app-private-key` are of the same GitHub App, on this GitHub, and that the key was not deleted in the App's settings";

/// Where an App must be installed: each organization has its own installation, and an enterprise
/// one that is not that of its organizations.
fn installation_advice(scope: &Scope) -> String {
    let name = scope.name();
    match scope.kind() {
        ScopeKind::Organization => format!(
            "check the name, and let an owner of {name} install the GitHub App on that organization (the App's settings, \"Install App\"; a private App of another owner cannot be). It needs the organization permission \"GitHub Copilot Business\" (read)"
        ),
        ScopeKind::Enterprise => format!(
            "check the enterprise's slug (github.com/enterprises/{name}), and let an owner install the GitHub App on the enterprise itself: being installed on its organizations is not enough. It needs the enterprise permission \"Enterprise Copilot license management\" (read)"
        ),
    }
}

/// Any token sees the public part of an organization. Nothing but a token that may read the
/// enterprise sees an enterprise.
fn identity_advice(scope: &Scope, token: &str) -> String {
    let name = scope.name();
    match scope.kind() {
        ScopeKind::Organization => {
            format!("check the name {name}, and that {token} can read the organization")
        }
        ScopeKind::Enterprise => format!(
            "let {token} read the enterprise {name} (for a classic token, the scope `read:enterprise`), or leave it: the report doesn't need the ID"
        ),
    }
}

/// What an App needs for the seats, where it is installed and GitHub refuses all the same.
fn seats_advice_for_app(scope: &Scope) -> String {
    let name = scope.name();
    match scope.kind() {
        ScopeKind::Organization => format!(
            "check that {name} has Copilot, and that the GitHub App's installation there has the organization permission \"GitHub Copilot Business\" (read); after a change of the App's permissions an owner approves it on the installation's page"
        ),
        ScopeKind::Enterprise => format!(
            "check that {name} has Copilot, and that the GitHub App's installation on the enterprise itself has the enterprise permission \"Enterprise Copilot license management\" (read), which an owner of the enterprise approves on the installation's page. If GitHub refuses the App anyway, it doesn't let Apps list an enterprise's seats: use `token` instead"
        ),
    }
}

fn commit_advice(repository: &RepositoryName) -> String {
    format!(
        "check the name, and give `commit-token` access to {repository} with the permission `contents: write`. The workflow's own token reaches its own repository only; for another one use a GitHub App's or a fine-grained token"
    )
}

/// GitHub keeps the workflow's own token from opening pull requests until a setting allows it,
/// whatever its permissions ("Managing GitHub Actions settings for a repository", "Preventing
/// GitHub Actions from creating or approving pull requests").
fn pull_request_advice(repository: &RepositoryName, api_error: &ApiError) -> String {
    if api_error.message.contains("not permitted to create") {
        return format!(
            "switch on \"Allow GitHub Actions to create and approve pull requests\" in the settings of {repository} (Actions, General, Workflow permissions); where it cannot be switched on there, the organization or the enterprise forbids it. Or give a GitHub App's token in `commit-token`, for which this setting does not count"
        );
    }
    format!(
        "give `commit-token` the permission `pull-requests: write` on {repository}, besides `contents: write`"
    )
}

/// Who may read seats: GitHub's REST documentation of the two endpoints, "List all Copilot seat
/// assignments for an organization" and "… for an enterprise".
fn seats_advice(scope: &Scope) -> String {
    match scope.kind() {
        ScopeKind::Organization => format!(
            "check the name, and that {} has Copilot. `token` must be of an owner of the organization: a classic token with the scope `manage_billing:copilot` or `read:org`, or a fine-grained token or a GitHub App with the organization permission \"GitHub Copilot Business\" (read). The workflow's own GITHUB_TOKEN cannot read seats. GitHub answers 404 also where a permission is missing",
            scope.name()
        ),
        ScopeKind::Enterprise => format!(
            "check the enterprise's slug (github.com/enterprises/{}). `token` must be of an owner or billing manager of the enterprise: a classic token with the scope `manage_billing:copilot` or `read:enterprise`. A GitHub App needs the enterprise permission \"Enterprise Copilot license management\" (read). The workflow's own GITHUB_TOKEN cannot read seats. GitHub answers 404 also where a permission is missing",
            scope.name()
        ),
    }
}
