//! Reads GitHub's second count of an organization's seats, and its Copilot settings ("Get Copilot
//! seat information and settings for an organization"). It needs the same permission as the list of
//! seats.

use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;

use super::client::Client;
use super::error::{ErrorKind, GitHubError, Purpose};
use crate::report::control::{Control, SeatBreakdown, Settings};
use crate::report::scope::{Scope, ScopeKind};

/// The longest value of a setting. GitHub's are short words such as `assign_selected`.
const MAX_VALUE: usize = 50;

/// GitHub's second count, or why there's none, and the settings.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) control: Control,
    body: Option<Body>,
}

#[derive(Debug, Clone, Deserialize)]
struct Body {
    seat_breakdown: SeatBreakdown,
    seat_management_setting: Option<String>,
    public_code_suggestions: Option<String>,
    ide_chat: Option<String>,
    platform_chat: Option<String>,
    cli: Option<String>,
    plan_type: Option<String>,
}

/// Reads the count and the settings of an organization that the token might not be able to read.
///
/// Returns `Err` if it can't. That counts for its seats too, because they need the same permission.
/// Any other failure says nothing about that, so it's `Ok(None)`, and reading the seats reports it.
pub(crate) async fn probe(client: &Client, scope: &Scope) -> Result<Option<Counted>, Unreadable> {
    match get(client, scope).await {
        Ok(counted) => Ok(Some(counted)),
        Err(error) => {
            tracing::debug!("{error}");
            let refusals = [403, 404, 422];
            let status = error.status().map(|status| status.as_u16());
            match !error.is_limit() && status.is_some_and(|status| refusals.contains(&status)) {
                true => Err(Unreadable),
                false => Ok(None),
            }
        }
    }
}

/// The token can't read the seats of an organization.
pub(crate) struct Unreadable;

/// Reads the count and the settings. Returns `None` for an enterprise, because GitHub has nothing
/// of the kind for it.
///
/// Never fails, because a report doesn't need the count. What went wrong is in the result, without
/// anyone else's words, because it's recorded.
pub(crate) async fn read(client: &Client, scope: &Scope) -> Option<Counted> {
    if scope.kind() == ScopeKind::Enterprise {
        return None;
    }
    Some(get(client, scope).await.unwrap_or_else(|error| {
        tracing::info!(
            "GitHub's billing count and the settings of {scope} couldn't be read. The manifest has no count, and the last known settings. {}.",
            error.in_one_line()
        );
        let answer = error.answer();
        let control = Control {
            path: url(client, scope).path().to_owned(),
            status: answer.as_ref().map(|answer| answer.status),
            request_id: answer.and_then(|answer| answer.request_id),
            seats: None,
            problem: Some(problem(&error).to_owned()),
        };
        Counted {
            control,
            body: None,
        }
    }))
}

async fn get(client: &Client, scope: &Scope) -> Result<Counted, GitHubError> {
    let url = url(client, scope);
    let path = url.path().to_owned();
    let purpose = Purpose::Billing(scope.clone());
    let (body, response) = client.get::<Body>(&purpose, url).await?;
    let answer = response.answer();
    let control = Control {
        path,
        status: Some(answer.status),
        request_id: answer.request_id,
        problem: match body.seat_breakdown.total {
            Some(_) => None,
            None => Some("The response has no total".to_owned()),
        },
        seats: Some(body.seat_breakdown.clone()),
    };
    Ok(Counted {
        control,
        body: Some(body),
    })
}

fn url(client: &Client, scope: &Scope) -> Url {
    client.address().of_scope(scope, &["copilot", "billing"])
}

impl Counted {
    /// Returns the count, and the settings for a report of `time`.
    pub(crate) fn at(self, time: Timestamp) -> (Control, Option<Settings>) {
        (self.control, self.body.map(|body| body.settings(time)))
    }
}

impl Body {
    fn settings(self, as_of: Timestamp) -> Settings {
        Settings {
            as_of,
            seat_management_setting: known(self.seat_management_setting),
            public_code_suggestions: known(self.public_code_suggestions),
            ide_chat: known(self.ide_chat),
            platform_chat: known(self.platform_chat),
            cli: known(self.cli),
            plan_type: known(self.plan_type),
        }
    }
}

/// Returns the value of a setting, unless GitHub says that it's unknown, or it isn't a word.
fn known(value: Option<String>) -> Option<String> {
    let is_word = |value: &String| {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        (1..=MAX_VALUE).contains(&value.len()) && value.chars().all(is_plain)
    };
    value.filter(|value| is_word(value) && value != "unknown")
}

/// Describes what went wrong.
fn problem(error: &GitHubError) -> &'static str {
    match *error.kind {
        _ if error.is_limit() => "GitHub asked to wait",
        _ if error
            .status()
            .is_some_and(|status| status.is_server_error()) =>
        {
            "GitHub failed"
        }
        ErrorKind::Refused(_) => "GitHub refused the request",
        ErrorKind::Transport(_) => "GitHub didn't respond",
        _ => "The response couldn't be used",
    }
}
