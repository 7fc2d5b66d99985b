//! Queries GitHub's GraphQL API, which reports errors with status 200.

use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::error::{ErrorKind, GitHubError, GraphqlError, Purpose, RequestId, RetryHeaders};
use super::super::rate_limit_state::Cost;
use super::super::request::Request;
use super::super::response::Response;
use super::super::strict::{MapOnly, deserialize_bounded};
use super::Client;

impl Client {
    /// Sends a GraphQL query or mutation, as `cost` says. Retries transient errors of a query. Like
    /// [`Client::write`], never repeats a mutation blindly.
    ///
    /// Fails like [`Client::get`], and also if the response lists errors. GraphQL reports those
    /// with status 200, and a partial response isn't used.
    pub(crate) async fn graphql<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        cost: Cost,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        let request = self.question(purpose, cost, query, variables)?;
        let (data, _) = self.send(&request, graphql_data).await?;
        Ok(data)
    }

    /// Sends a GraphQL query, and also returns a partial response. A field that GitHub refuses is
    /// null in it. Returns whether the response is whole.
    ///
    /// Fails like [`Client::graphql`] if the rest of the response can't be used either.
    pub(crate) async fn graphql_in_part<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<(T, bool), GitHubError> {
        let request = self.question(purpose, Cost::Query, query, variables)?;
        let (found, _) = self.send(&request, graphql_part).await?;
        Ok(found)
    }

    fn question<'p>(
        &self,
        purpose: &'p Purpose,
        cost: Cost,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<Request<'p>, GitHubError> {
        #[derive(Serialize)]
        struct Question<'a, V> {
            query: &'a str,
            variables: &'a V,
        }
        let question = Question { query, variables };
        let url = self.address().graphql().clone();
        Request::sending(purpose, Method::POST, url, cost, &question)
    }
}

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

/// Returns the data of a GraphQL response, and whether it's without errors.
fn graphql_part<T: DeserializeOwned>(response: &Response) -> Result<(T, bool), GitHubError> {
    let Errors { errors } = response.json()?;
    if !errors.is_empty()
        && !errors.iter().any(GraphqlError::is_limit)
        && let Ok(Reply {
            data: Some(MapOnly(data)),
        }) = response.json()
    {
        return Ok((data, false));
    }
    graphql_data(response).map(|data| (data, true))
}

/// Returns the data of a GraphQL response, or its errors.
fn graphql_data<T: DeserializeOwned>(response: &Response) -> Result<T, GitHubError> {
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

/// Reads the first errors of a list, because one response has room for millions.
fn first_errors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<GraphqlError>, D::Error> {
    deserialize_bounded::<_, _, 20>(deserializer).map(|(errors, _)| errors)
}
