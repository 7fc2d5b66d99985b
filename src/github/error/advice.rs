//! What to do about a request that failed: the last line of its error.

use http::StatusCode;

use super::{GitHubError, GraphqlError, Problem, Purpose, Refusal};
use crate::github::names::RepositoryName;
use crate::report::scope::{Scope, ScopeKind};

impl GitHubError {
    /// What the person reading the error can do.
    pub(super) fn advice(&self) -> String {
        match &*self.problem {
            Problem::Refused(refusal) => self.advice_on(refusal),
            Problem::Unreachable(unreachable) => unreachable.advice().to_owned(),
            Problem::Unusable { .. } => "run the workflow again; if it stays, look whether a proxy answers in GitHub's place, and report the request's number to GitHub".to_owned(),
            Problem::TooLong { .. } => "run the workflow again after that time, or let `max-wait-minutes` be longer; if it happens often, give the report a token of its own".to_owned(),
            Problem::Graphql { errors, .. } => self.advice_on_graphql(errors),
            Problem::Foreign { .. } => "look whether GITHUB_API_URL is GitHub's own address and no proxy changes its answers".to_owned(),
        }
    }

    fn advice_on(&self, refusal: &Refusal) -> String {
        let token = match &self.purpose {
            Purpose::Seats(_) => "`token`",
            Purpose::Visibility(_) | Purpose::Commit(_) | Purpose::PullRequest(_) => {
                "`commit-token`"
            }
        };
        if refusal.is_limit() {
            return "run the workflow again after that time; if it happens often, give the report a token of its own".to_owned();
        }
        if let Some(address) = &refusal.single_sign_on {
            return format!("authorize {token} for single sign-on at {address}");
        }
        match refusal.status {
            StatusCode::UNAUTHORIZED => format!(
                "give a valid token in {token}; this one is wrong, has expired or was revoked"
            ),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => match &self.purpose {
                Purpose::Seats(scope) => seats_advice(scope),
                Purpose::Visibility(repository) => format!(
                    "check the name, and give {token} access to {repository} with the permission `metadata: read`"
                ),
                Purpose::Commit(repository) => commit_advice(repository),
                Purpose::PullRequest(repository) => pull_request_advice(repository, refusal),
            },
            StatusCode::UNPROCESSABLE_ENTITY => match &self.purpose {
                Purpose::Seats(scope) => format!(
                    "check that the {} {} has a Copilot Business or Copilot Enterprise subscription",
                    scope.kind(),
                    scope.name()
                ),
                _ => "change what GitHub's message names".to_owned(),
            },
            status if status.is_server_error() => "run the workflow again later; GitHub's state is at https://www.githubstatus.com".to_owned(),
            _ => "change what GitHub's message names; if it names nothing, report the request's number to GitHub".to_owned(),
        }
    }

    fn advice_on_graphql(&self, errors: &[GraphqlError]) -> String {
        let kinds = || errors.iter().filter_map(|error| error.kind.as_deref());
        if kinds().any(|kind| kind == "RATE_LIMITED") {
            "run the workflow again in an hour; if it happens often, give the report a token of its own".to_owned()
        } else if kinds()
            .any(|kind| matches!(kind, "FORBIDDEN" | "NOT_FOUND" | "INSUFFICIENT_SCOPES"))
            && let Purpose::Commit(repository) = &self.purpose
        {
            commit_advice(repository)
        } else {
            "change what GitHub's message names, or run the workflow again if it names nothing; GitHub's state is at https://www.githubstatus.com".to_owned()
        }
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
fn pull_request_advice(repository: &RepositoryName, refusal: &Refusal) -> String {
    if refusal.message.contains("not permitted to create") {
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
            "check the enterprise's slug (github.com/enterprises/{}). `token` must be of an owner or billing manager of the enterprise: a classic token with the scope `manage_billing:copilot` or `read:enterprise`. The workflow's own GITHUB_TOKEN cannot read seats. GitHub answers 404 also where a permission is missing",
            scope.name()
        ),
    }
}
