//! One row of a response with seats, with all documented fields.

use serde_json::{Map, Value, json};

/// Builds a row: who has the seat, where it's from, and when it was last used.
///
/// ```
/// use simulator::seat::Row;
/// let row = Row::of("octocat", 1).activity("2026-11-20T08:00:00Z").surface("vscode/1.113.0").value();
/// assert_eq!(row["assignee"]["login"], "octocat");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Map<String, Value>);

impl Row {
    /// A seat of a person, granted directly on 2026-01-05 and never used.
    pub fn of(login: &str, id: u64) -> Self {
        let mut row = Map::new();
        row.insert("created_at".to_owned(), json!("2026-01-05T09:00:00Z"));
        row.insert("updated_at".to_owned(), json!("2026-01-05T09:00:00Z"));
        row.insert("pending_cancellation_date".to_owned(), Value::Null);
        row.insert("last_activity_at".to_owned(), Value::Null);
        row.insert("last_activity_editor".to_owned(), Value::Null);
        row.insert("last_authenticated_at".to_owned(), Value::Null);
        row.insert("plan_type".to_owned(), json!("business"));
        row.insert("assignee".to_owned(), user(login, id));
        row.insert("assigning_team".to_owned(), Value::Null);
        Self(row)
    }

    /// Sets any field, even one that GitHub doesn't have.
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a field.
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// When Copilot was last used.
    pub fn activity(self, time: &str) -> Self {
        self.field("last_activity_at", time)
    }

    /// Where Copilot was last used.
    pub fn surface(self, editor: &str) -> Self {
        self.field("last_activity_editor", editor)
    }

    /// Where Copilot was last used, if it's known.
    pub(crate) fn surface_used(&self) -> Option<&str> {
        self.0.get("last_activity_editor")?.as_str()
    }

    /// When the person last authenticated.
    pub fn authenticated(self, time: &str) -> Self {
        self.field("last_authenticated_at", time)
    }

    /// When the seat was last granted.
    pub fn created(self, time: &str) -> Self {
        self.field("created_at", time).field("updated_at", time)
    }

    /// The day when the seat ends.
    pub fn cancelled(self, date: &str) -> Self {
        self.field("pending_cancellation_date", date)
    }

    /// The plan: `business`, `enterprise`, or `unknown`.
    pub fn plan(self, plan: &str) -> Self {
        self.field("plan_type", plan)
    }

    /// The organization that grants the seat, in an enterprise's list.
    pub fn organization(self, login: &str, id: u64) -> Self {
        self.field(
            "organization",
            json!({
                "login": login,
                "id": id,
                "node_id": format!("O_{id}"),
                "url": format!("https://api.github.com/orgs/{login}"),
                "repos_url": format!("https://api.github.com/orgs/{login}/repos"),
                "events_url": format!("https://api.github.com/orgs/{login}/events"),
                "hooks_url": format!("https://api.github.com/orgs/{login}/hooks"),
                "issues_url": format!("https://api.github.com/orgs/{login}/issues"),
                "members_url": format!("https://api.github.com/orgs/{login}/members{{/member}}"),
                "public_members_url": format!("https://api.github.com/orgs/{login}/public_members{{/member}}"),
                "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
                "description": null,
            }),
        )
    }

    /// No organization, which GitHub represents as `null`.
    pub fn no_organization(self) -> Self {
        self.field("organization", Value::Null)
    }

    /// The team of an organization that grants the seat.
    pub fn team(self, name: &str, id: u64) -> Self {
        let slug = slug(name);
        self.field(
            "assigning_team",
            json!({
                "id": id,
                "node_id": format!("T_{id}"),
                "name": name,
                "slug": slug,
                "description": "",
                "privacy": "closed",
                "notification_setting": "notifications_enabled",
                "permission": "pull",
                "url": format!("https://api.github.com/teams/{id}"),
                "html_url": format!("https://github.com/orgs/acme/teams/{slug}"),
                "members_url": format!("https://api.github.com/teams/{id}/members{{/member}}"),
                "repositories_url": format!("https://api.github.com/teams/{id}/repos"),
                "type": "organization",
                "organization_id": 7,
                "parent": null,
            }),
        )
    }

    /// The enterprise team that grants the seat. It doesn't have an organization team's `node_id`,
    /// `privacy`, and `permission`.
    pub fn enterprise_team(self, name: &str, id: u64) -> Self {
        let slug = slug(name);
        self.field(
            "assigning_team",
            json!({
                "id": id,
                "name": name,
                "slug": format!("ent:{slug}"),
                "description": "",
                "url": format!("https://api.github.com/enterprises/globex/teams/ent:{slug}"),
                "html_url": format!("https://github.com/enterprises/globex/teams/ent:{slug}"),
                "members_url": format!("https://api.github.com/enterprises/globex/teams/ent:{slug}/members{{/member}}"),
                "sync_to_organizations": "disabled",
                "organization_selection_type": "disabled",
                "group_id": null,
                "created_at": "2025-06-01T00:00:00Z",
                "updated_at": "2025-06-01T00:00:00Z",
            }),
        )
    }

    /// No person: a seat whose `assignee` is `null`.
    pub fn without_person(self) -> Self {
        self.field("assignee", Value::Null)
    }

    /// The row in GitHub's format.
    pub fn value(self) -> Value {
        Value::Object(self.0)
    }
}

impl From<Row> for Value {
    fn from(row: Row) -> Self {
        row.value()
    }
}

fn slug(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect()
}

/// A person, or an App's bot if the login says so.
fn user(login: &str, id: u64) -> Value {
    let kind = if login.ends_with("[bot]") {
        "Bot"
    } else {
        "User"
    };
    account(login, id, kind)
}

/// A user, bot, or organization as a "simple user" in GitHub's API description.
pub(crate) fn account(login: &str, id: u64, kind: &str) -> Value {
    let in_address = login.replace('[', "%5B").replace(']', "%5D");
    let api = format!("https://api.github.com/users/{in_address}");
    json!({
        "login": login,
        "id": id,
        "node_id": format!("U_{id}"),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        "gravatar_id": "",
        "url": api,
        "html_url": format!("https://github.com/{in_address}"),
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
        "type": kind,
        "user_view_type": "public",
        "site_admin": false,
    })
}
