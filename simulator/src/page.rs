//! The requested page of a list.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use serde_json::Value;

use crate::http::{Call, Response};

/// The requested page of a list.
pub(crate) struct Page {
    pub(crate) per_page: usize,
    pub(crate) start: usize,
}

impl Page {
    /// As on GitHub, the default is 50 per page, the maximum is 100, and invalid values are
    /// ignored.
    pub(crate) fn of(call: &Call) -> Self {
        let number = |name: &str| {
            call.query(name)
                .and_then(|text| text.parse::<usize>().ok())
                .filter(|n| *n > 0)
        };
        let per_page = number("per_page").unwrap_or(50).min(100);
        let start = match call.query("after").as_deref().and_then(offset) {
            Some(offset) => offset,
            None => (number("page").unwrap_or(1) - 1) * per_page,
        };
        Self { per_page, start }
    }

    /// The page of a list of JSON objects, with links to the next and the last one.
    pub(crate) fn of_list(&self, url: &str, list: &[Value]) -> Response {
        let (per_page, page) = (self.per_page, self.number());
        let last = list.len().div_ceil(per_page);
        let rows: Vec<&Value> = list.iter().skip(self.start).take(per_page).collect();
        let response = Response::json(200, &serde_json::json!(rows));
        if page >= last {
            return response;
        }
        let link = |page: usize, rel: &str| {
            format!("<{url}?per_page={per_page}&page={page}>; rel=\"{rel}\"")
        };
        let links = [link(page + 1, "next"), link(last, "last")];
        response.header("link", links.join(", "))
    }

    /// The page number, from 1.
    pub(crate) fn number(&self) -> usize {
        self.start / self.per_page + 1
    }
}

/// The cursor of the row that starts a page.
pub(crate) fn cursor(start: usize) -> String {
    BASE64_STANDARD
        .encode(format!("seat:{start}"))
        .replace('=', "%3D")
}

fn offset(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(BASE64_STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("seat:")?.parse().ok()
}
