//! The ID of an organization or enterprise. A renamed organization keeps its ID, so the ID
//! distinguishes a rename from another organization.

use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use crate::report::scope::{Scope, ScopeKind};

const ENTERPRISE: &str = "query($slug: String!) {\n  enterprise(slug: $slug) { databaseId }\n}";

/// Looks up the ID with "Get an organization", whose public part any token can read, or with
/// GraphQL's `Enterprise.databaseId`, because no REST endpoint describes an enterprise.
pub(crate) async fn id(client: &Client, scope: &Scope) -> Result<u64, GitHubError> {
    #[derive(Deserialize)]
    struct Organization {
        id: u64,
    }
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
            let (organization, _) = client.get::<Organization>(&purpose, url).await?;
            Ok(organization.id)
        }
        ScopeKind::Enterprise => {
            let variables = json!({ "slug": scope.name() });
            let data: Data = client.query(&purpose, ENTERPRISE, &variables).await?;
            Ok(data.enterprise.database_id)
        }
    }
}
