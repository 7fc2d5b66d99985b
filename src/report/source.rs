//! Where a list of seats was read from: who read it, and which requests GitHub answered.

use serde::Serialize;

/// The version of GitHub's REST API that the action uses ("API versions").
pub(crate) const API_VERSION: &str = "2022-11-28";

/// Who read a list. Never has the value of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Reader {
    /// A GitHub App.
    App {
        /// Its client ID, or its App ID.
        client_id: String,
    },
    /// The owner of a token.
    Token {
        /// The type of the token by its format, such as `classic personal access token`.
        #[serde(rename = "type")]
        form: &'static str,
    },
}

/// The requests for the pages of a list, in the reading that the report is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// The path of the first request, without the host.
    pub path: String,
    /// The parameters of the first request, except the number of the page.
    pub parameters: std::collections::BTreeMap<String, String>,
    /// The first page.
    pub first: PageAnswer,
    /// The last page. The same as the first one, if there's only one.
    pub last: PageAnswer,
}

/// How GitHub answered the request for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageAnswer {
    /// The number of the page, counted from 1.
    pub page: usize,
    /// How GitHub answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// How GitHub answered a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The request ID, which GitHub Support asks for. `None` if the response has none.
    pub request_id: Option<String>,
}
