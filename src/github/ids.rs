//! The IDs of organizations, enterprises, and people. They keep their IDs if they're renamed, so an
//! ID distinguishes a rename from another account.

use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::rate_limit_state::Cost;
use crate::report::scope::{Scope, ScopeKind};

const ENTERPRISE: &str = "query($slug: String!) {\n  enterprise(slug: $slug) { databaseId }\n}";

/// What's read of an organization or a person.
#[derive(Deserialize)]
struct Account {
    id: u64,
}

/// Looks up the ID of the account with that login ("Get a user").
pub(crate) async fn of_user(client: &Client, login: &str) -> Result<u64, GitHubError> {
    let url = client.address().rest(["users", login]);
    let (user, _) = client.get::<Account>(&Purpose::User, url).await?;
    Ok(user.id)
}

/// Looks up the ID of a scope with "Get an organization", whose public part any token can read, or
/// with GraphQL's `Enterprise.databaseId`, because no REST endpoint describes an enterprise.
pub(crate) async fn of_scope(client: &Client, scope: &Scope) -> Result<u64, GitHubError> {
    #[derive(Deserialize)]
    struct Data {
        enterprise: Enterprise,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Enterprise {
        database_id: u64,
    }
    let purpose = Purpose::Identity(scope.clone());
    match scope.kind() {
        ScopeKind::Organization => {
            let url = client.address().rest(["orgs", scope.name()]);
            let (organization, _) = client.get::<Account>(&purpose, url).await?;
            Ok(organization.id)
        }
        ScopeKind::Enterprise => {
            let variables = json!({ "slug": scope.name() });
            let data: Data = client
                .graphql(&purpose, Cost::Query, ENTERPRISE, &variables)
                .await?;
            Ok(data.enterprise.database_id)
        }
    }
}
