//! The user ID of a login.

use serde::Deserialize;

use super::client::Client;
use super::error::{GitHubError, Purpose};

#[derive(Deserialize)]
struct UserBody {
    id: u64,
}

/// Looks up the ID of the account with that login ("Get a user").
pub(crate) async fn id(client: &Client, login: &str) -> Result<u64, GitHubError> {
    let url = client.address().rest(["users", login]);
    let (body, _): (UserBody, _) = client.get(&Purpose::User, url).await?;
    Ok(body.id)
}
