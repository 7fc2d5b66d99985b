//! GitHub's error responses.

use serde_json::json;

use super::context::Context;
use crate::http::Response;
use crate::rule::Rule;

/// An error in GitHub's format.
pub(super) fn error(status: u16, message: &str, documentation: &str) -> Response {
    let body = json!({ "message": message, "documentation_url": documentation, "status": status.to_string() });
    Response::json(status, &body)
}

/// The simulator doesn't have this endpoint.
pub(super) fn unknown_endpoint(context: Context<'_>) -> Response {
    context.report_violation("the simulator doesn't have this endpoint");
    not_found("https://docs.github.com/rest")
}

pub(super) fn bad_credentials() -> Response {
    error(401, "Bad credentials", "https://docs.github.com/rest")
}

pub(super) fn not_found(documentation: &str) -> Response {
    error(404, "Not Found", documentation)
}

pub(super) fn single_sign_on(url: &str) -> Response {
    let message = "Resource protected by organization SAML enforcement. You must grant your Personal Access token \
                   access to this organization.";
    error(403, message, "https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/")
        .header("x-github-sso", format!("required; url={url}"))
}

/// The token can see the repository but not write to it.
pub(super) fn not_writable(context: Context<'_>) -> Response {
    missing_permission(context, "contents=write")
}

/// The token lacks this permission.
pub(super) fn missing_permission(context: Context<'_>, permission: &str) -> Response {
    error(403, inaccessible(context), "https://docs.github.com/rest")
        .header("x-accepted-github-permissions", permission)
}

/// GitHub's message if a token lacks a permission.
pub(crate) fn inaccessible(context: Context<'_>) -> &'static str {
    if context.token.is_bot() {
        "Resource not accessible by integration"
    } else {
        "Resource not accessible by personal access token"
    }
}

pub(super) fn unprocessable(message: &str) -> Response {
    error(422, message, "https://docs.github.com/rest")
}

pub(super) fn conflict(message: &str) -> Response {
    error(409, message, "https://docs.github.com/rest")
}

pub(super) fn empty_repository() -> Response {
    error(
        409,
        "Git Repository is empty.",
        "https://docs.github.com/rest/git",
    )
}

/// An archived repository is read-only.
pub(super) fn archived() -> Response {
    error(
        403,
        "Repository was archived so is read-only.",
        "https://docs.github.com/rest",
    )
}

/// GitHub's message for a violated branch rule.
pub(crate) fn broken_rule(rule: Rule) -> String {
    format!("Repository rule violations found\n\n{}\n\n", rule.message())
}
