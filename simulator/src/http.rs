//! Requests and responses, independent of any HTTP library.

use bluejay_core::executable::OperationDefinition as _;
use bluejay_core::{AsIter as _, OperationType};
use bluejay_parser::ast::Parse as _;
use bluejay_parser::ast::executable::ExecutableDocument;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// One of the three servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// GitHub's REST and GraphQL API.
    Api,
    /// The artifact service.
    Results,
    /// The blob store with the artifacts' contents.
    Blob,
}

/// The type of a GraphQL operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
}

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The service that received it.
    pub service: Service,
    /// Such as `GET`.
    pub method: String,
    /// As sent, without decoding.
    pub path_and_query: String,
    /// All headers, with lowercase names.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body.
    pub body: Vec<u8>,
    /// The length of the body.
    pub body_length: usize,
    /// How many requests were concurrent at its arrival, including itself. 0 outside GitHub's API.
    pub in_flight: usize,
    /// The status of the response. `None` if there's no response (yet).
    pub status: Option<u16>,
    /// The length of the encoded response. 0 if it's unknown.
    pub response_length: u64,
}

impl RecordedRequest {
    /// The first header with this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body, if it's JSON of at most 64 KiB.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// A request in progress.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) method: String,
    pub(crate) path_and_query: String,
    /// The path alone, without decoding.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub(crate) fn all_headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// The decoded value of a query parameter. A plus sign isn't decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.path_and_query.split_once('?')?;
        query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decode(value))
    }

    /// The decoded segments of the path.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .trim_start_matches('/')
            .split('/')
            .map(decode)
            .collect()
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The token of the only `Authorization` header, if its format is `Bearer <token>`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.authorization()?.strip_prefix("Bearer ")
    }

    /// The token of the only `Authorization` header, in this format or in the older one, which
    /// GitHub also accepts.
    pub(crate) fn token(&self) -> Option<&str> {
        self.bearer()
            .or_else(|| self.authorization()?.strip_prefix("token "))
    }

    fn authorization(&self) -> Option<&str> {
        let mut headers = self.all_headers("authorization");
        headers.next().filter(|_| headers.next().is_none())
    }

    /// The type of the GraphQL operation. A document that can't be parsed counts as a query.
    pub(crate) fn operation(&self) -> Operation {
        let body = self.json().unwrap_or_default();
        let query = body["query"].as_str().unwrap_or_default();
        let document = ExecutableDocument::parse(query).result.ok();
        let mut operations = document
            .iter()
            .flat_map(ExecutableDocument::operation_definitions);
        match operations
            .next()
            .map(|first| first.as_ref().operation_type())
        {
            Some(OperationType::Mutation) => Operation::Mutation,
            _ => Operation::Query,
        }
    }

    pub(crate) fn is_graphql(&self) -> bool {
        self.service == Service::Api && self.path == "/graphql"
    }

    pub(crate) fn is_seats(&self) -> bool {
        self.service == Service::Api
            && self.method == "GET"
            && self.path.ends_with("/copilot/billing/seats")
    }

    pub(crate) fn is_billing(&self) -> bool {
        self.service == Service::Api
            && self.method == "GET"
            && self.path.ends_with("/copilot/billing")
    }

    pub(crate) fn wants_gzip(&self) -> bool {
        self.all_headers("accept-encoding")
            .any(|value| value.contains("gzip"))
    }
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn of(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
        .header("content-type", content_type)
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::of(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Sets a header, and replaces one with the same name.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        let name = name.to_ascii_lowercase();
        self.headers.retain(|(header, _)| *header != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sets a header, unless there is one with the same name.
    pub(crate) fn or_header(self, name: &str, value: impl Into<String>) -> Self {
        if find(&self.headers, name).is_some() {
            self
        } else {
            self.header(name, value)
        }
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
