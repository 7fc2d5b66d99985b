//! The ways in which GitHub says no.

use serde_json::json;

use super::asked::Asked;
use crate::http::Answer;
use crate::rule::Rule;

/// GitHub's form of a failure.
pub(super) fn failure(status: u16, message: &str, documentation: &str) -> Answer {
    let body = json!({ "message": message, "documentation_url": documentation, "status": status.to_string() });
    Answer::json(status, &body)
}

/// Nothing here answers that: either it does not exist or the simulator must learn it.
pub(super) fn unknown(asked: Asked<'_>) -> Answer {
    asked.complain("the simulator knows no such endpoint");
    not_found("https://docs.github.com/rest")
}

pub(super) fn bad_credentials() -> Answer {
    failure(401, "Bad credentials", "https://docs.github.com/rest")
}

pub(super) fn not_found(documentation: &str) -> Answer {
    failure(404, "Not Found", documentation)
}

pub(super) fn single_sign_on(url: &str) -> Answer {
    let message = "Resource protected by organization SAML enforcement. You must grant your Personal Access token \
                   access to this organization.";
    failure(403, message, "https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/")
        .header("x-github-sso", format!("required; url={url}"))
}

/// The token may see the repository but not write to it.
pub(super) fn may_not_write(asked: Asked<'_>) -> Answer {
    may_not(asked, "contents=write")
}

/// The token lacks that permission.
pub(super) fn may_not(asked: Asked<'_>, permission: &str) -> Answer {
    failure(403, inaccessible(asked), "https://docs.github.com/rest")
        .header("x-accepted-github-permissions", permission)
}

/// What GitHub says when a token lacks a permission.
pub(crate) fn inaccessible(asked: Asked<'_>) -> &'static str {
    if asked.token.is_bot() {
        "Resource not accessible by integration"
    } else {
        "Resource not accessible by personal access token"
    }
}

pub(super) fn unprocessable(message: &str) -> Answer {
    failure(422, message, "https://docs.github.com/rest")
}

pub(super) fn conflict(message: &str) -> Answer {
    failure(409, message, "https://docs.github.com/rest")
}

pub(super) fn empty_repository() -> Answer {
    failure(
        409,
        "Git Repository is empty.",
        "https://docs.github.com/rest/git",
    )
}

/// Nothing is written to an archived repository.
pub(super) fn archived() -> Answer {
    failure(
        403,
        "Repository was archived so is read-only.",
        "https://docs.github.com/rest",
    )
}

/// The text of a broken branch rule.
pub(crate) fn broken_rule(rule: Rule) -> String {
    format!("Repository rule violations found\n\n{}\n\n", rule.refusal())
}
