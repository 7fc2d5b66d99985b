//! Asking GitHub's GraphQL API, which says with status 200 what went wrong.

use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::bounded_vec::deserialize_bounded;
use super::super::error::{ErrorKind, GitHubError, GraphqlError, Purpose, RequestId, RetryHeaders};
use super::super::rate_limit_state::Cost;
use super::super::request::Request;
use super::super::response::Response;
use super::super::strict_map::MapOnly;
use super::Client;

impl Client {
    /// Asks GraphQL, and tries again what may pass.
    ///
    /// As [`Client::get`], and where the answer lists errors: GraphQL says so with status 200, and
    /// half of an answer is not used.
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        self.graphql(purpose, Cost::Query, query, variables).await
    }

    /// Sends a GraphQL mutation, once, as [`Client::write`] does.
    pub(crate) async fn mutate<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        mutation: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        self.graphql(purpose, Cost::Mutation, mutation, variables)
            .await
    }

    async fn graphql<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        cost: Cost,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        #[derive(Serialize)]
        struct Question<'a, V> {
            query: &'a str,
            variables: &'a V,
        }
        let question = Question { query, variables };
        let url = self.address().graphql().clone();
        let request = Request::sending(purpose, Method::POST, url, cost, &question)?;
        let (data, _) = self.send(&request, graphql_data).await?;
        Ok(data)
    }
}

/// The data of a GraphQL answer, or its errors.
fn graphql_data<T: DeserializeOwned>(response: &Response) -> Result<T, GitHubError> {
    #[derive(Deserialize)]
    #[serde(bound = "T: DeserializeOwned")]
    struct Reply<T> {
        data: Option<MapOnly<T>>,
    }
    #[derive(Deserialize)]
    struct Errors {
        #[serde(default, deserialize_with = "first_errors")]
        errors: Vec<GraphqlError>,
    }
    let Errors { errors } = response.json()?;
    if !errors.is_empty() {
        return Err(response.failed(ErrorKind::Graphql {
            request_id: RequestId::of(&response.headers),
            retry_headers: RetryHeaders::of(&response.headers),
            errors,
        }));
    }
    let reply: Reply<T> = response.json()?;
    let data = reply.data.map(|MapOnly(data)| data);
    data.ok_or_else(|| response.of_another_form("it has neither data nor errors"))
}

/// The first errors of a list; one answer has room for millions.
fn first_errors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<GraphqlError>, D::Error> {
    deserialize_bounded::<_, _, 20>(deserializer).map(|(errors, _)| errors)
}
