//! Reads seats: every page of "List all Copilot seat assignments" for an organization or an
//! enterprise.
//!
//! Pagination follows only the `Link` header, because GitHub silently reduces `per_page` above 100
//! to 100, counts people rather than rows in an enterprise's `total_seats`, and doesn't document
//! that inner pages are full.

mod body;

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::HeaderMap;
use reqwest::Url;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::link::Links;
use super::rate_limiter::MAX_IN_FLIGHT;
use super::response::Response;
#[cfg(feature = "fuzzing")]
use super::strict::MapOnly;
use crate::report::Report;
use crate::report::completeness::{IncompleteReason, Reading};
use crate::report::pseudonym_key::PseudonymKey;
use crate::report::scope::Scope;
use crate::report::seat::Seat;
use crate::report::source::{Answer, PageAnswer, Requests};
use crate::system::clock::Clock;
use body::{PageBody, Shared};

/// GitHub's largest page.
const PER_PAGE: &str = "100";

/// How many times a list that changed during reading is read again.
const MAX_REREADS: usize = 3;

/// How long to wait before reading it again.
pub(crate) const REREAD_DELAY: Duration = Duration::from_secs(2);

/// More pages than any company has seats. A response that links to more is damaged.
const MAX_PAGES: usize = 100_000;

/// The maximum number of rows that memory is reserved for after only the first page was read.
const MAX_PREALLOCATED_ROWS: usize = 1_000_000;

/// A report to read.
pub(crate) struct Source<'a> {
    /// Sends the requests.
    pub client: &'a Client,
    /// Provides the time of the report.
    pub clock: &'a Clock,
    /// The organization or enterprise that the report is about.
    pub scope: &'a Scope,
    /// Replaces people by pseudonyms, if there's a key.
    pub pseudonyms: Option<&'a PseudonymKey>,
    /// Gets the progress after each page: how many were read, and how many there are, if GitHub
    /// links to the last one.
    pub on_progress: &'a dyn Fn(usize, Option<usize>),
}

/// Reads a report. A list that changed during reading is read again, until its pages fit together
/// or it stays the same.
///
/// Fails if any page can't be read. [`Report::incomplete_reasons`] says whether the pages fit
/// together.
pub(crate) async fn read(source: &Source<'_>) -> Result<Report, GitHubError> {
    let mut before: Option<Report> = None;
    let mut left = MAX_REREADS;
    loop {
        let report = read_once(source).await?;
        let reasons = report.incomplete_reasons();
        let moved = reasons.iter().any(IncompleteReason::is_transient);
        let doubts: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        if before.is_some_and(|before| report.agrees_with(&before)) {
            return Ok(report.confirmed());
        }
        if left == 0 || !moved {
            return Ok(report);
        }
        left -= 1;
        let scope = source.scope;
        tracing::info!(
            "{scope}: reading the list of seats again: {}.",
            doubts.join("; ")
        );
        source.clock.sleep(REREAD_DELAY).await;
        before = Some(report);
    }
}

async fn read_once(source: &Source<'_>) -> Result<Report, GitHubError> {
    let Source {
        client,
        clock,
        scope,
        ..
    } = *source;
    let purpose = Purpose::Seats(scope.clone());
    let shared = RefCell::default();
    let started_at = clock.machine();
    let url = first_page(client, scope);
    let first = Page::read(client, &purpose, &shared, url.clone()).await?;
    let numbered = first.numbered_pages_after(client)?;
    let total = match first.links.next {
        None => Some(1),
        Some(_) => (!numbered.is_empty()).then_some(numbered.len() + 1),
    };
    let tell = |pages: &Pages| (source.on_progress)(pages.totals.len(), total);
    let mut pages = Pages::beginning_with(first);
    tell(&pages);
    // Moving the rows to larger allocations again and again would leave equally large holes in
    // memory.
    let expected = numbered.len().saturating_mul(pages.rows.len());
    pages
        .rows
        .reserve_exact(expected.min(MAX_PREALLOCATED_ROWS));
    let mut later = stream::iter(numbered)
        .map(|url| Page::read(client, &purpose, &shared, url))
        .buffered(MAX_IN_FLIGHT);
    while let Some(page) = later.try_next().await? {
        pages.add(page);
        tell(&pages);
    }
    while let Some(next) = pages.next(client)? {
        pages.add(Page::read(client, &purpose, &shared, next).await?);
        tell(&pages);
    }

    let reading = Reading {
        // The first response may have corrected the clock.
        started_at: clock.correct(started_at),
        ended_at: clock.now(),
        pages: pages.totals.len(),
        partial: pages.partial,
        reader: Some(client.reader()),
        requests: Some(pages.requests(&url)),
        totals: pages.totals,
    };
    let mut rows = pages.rows;
    if let Some(key) = source.pseudonyms {
        rows.iter_mut().for_each(|seat| key.replace(seat));
    }
    Ok(Report::new(scope.clone(), reading, rows))
}

fn first_page(client: &Client, scope: &Scope) -> Url {
    let below = ["copilot", "billing", "seats"];
    let mut url = client.address().of_scope(scope, &below);
    url.query_pairs_mut()
        .append_pair("per_page", PER_PAGE)
        .append_pair("page", "1");
    url
}

/// All pages read so far. Keeps only the rows, and anything that indicates a problem with a page.
struct Pages {
    rows: Vec<Seat>,
    /// What each page said the total is.
    totals: Vec<Option<u64>>,
    partial: bool,
    visited: HashSet<Url>,
    first: Answer,
    last: Page,
}

impl Pages {
    fn beginning_with(mut first: Page) -> Self {
        Self {
            rows: std::mem::take(&mut first.seats),
            totals: vec![first.total_seats],
            partial: first.partial,
            visited: HashSet::from([first.response.url.clone()]),
            first: first.answer.clone(),
            last: first,
        }
    }

    fn add(&mut self, mut page: Page) {
        self.rows.append(&mut page.seats);
        self.totals.push(page.total_seats);
        self.partial |= page.partial;
        self.visited.insert(page.response.url.clone());
        self.last = page;
    }

    /// Describes the requests. `url` is that of the first one.
    fn requests(&self, url: &Url) -> Requests {
        let parameters = url.query_pairs().filter(|(name, _)| name != "page");
        let page = |page, answer: &Answer| PageAnswer {
            page,
            answer: answer.clone(),
        };
        Requests {
            path: url.path().to_owned(),
            parameters: parameters
                .map(|(a, b)| (a.into_owned(), b.into_owned()))
                .collect(),
            first: page(1, &self.first),
            last: page(self.totals.len(), &self.last.answer),
        }
    }

    /// Returns the URL of the next page, if there is one.
    fn next(&mut self, client: &Client) -> Result<Option<Url>, GitHubError> {
        let Page {
            links, response, ..
        } = &self.last;
        let Some(next) = &links.next else {
            return Ok(None);
        };
        let next = response.linked(next, client.address())?;
        if self.totals.len() >= MAX_PAGES || !self.visited.insert(next.clone()) {
            return Err(response.unusable("its pagination links don't end"));
        }
        Ok(Some(next))
    }
}

/// One page, with its rows in our own format. The JSON isn't kept.
struct Page {
    total_seats: Option<u64>,
    seats: Vec<Seat>,
    links: Links,
    /// Whether GitHub says that it left something out.
    partial: bool,
    answer: Answer,
    response: Response,
}

impl Page {
    async fn read(
        client: &Client,
        purpose: &Purpose,
        shared: &RefCell<Shared>,
        url: Url,
    ) -> Result<Self, GitHubError> {
        let (body, mut response): (PageBody, Response) = client.get(purpose, url).await?;
        let links = Links::of(&response.headers);
        let partial = response
            .headers
            .get("x-github-sso")
            .is_some_and(|value| value.as_bytes().starts_with(b"partial-results"));
        let answer = response.answer();
        // Later pages wait for earlier ones, and only their rows are needed.
        response.body.clear();
        response.headers = HeaderMap::new();
        Ok(Self {
            total_seats: body.total_seats,
            seats: shared.borrow_mut().seats(body.seats),
            links,
            partial,
            answer,
            response,
        })
    }

    /// Returns the URLs of all further pages if this one links to the last page and pages have
    /// numbers. Otherwise returns none, and each page leads to the next.
    fn numbered_pages_after(&self, client: &Client) -> Result<Vec<Url>, GitHubError> {
        let Some(last) = &self.links.last else {
            return Ok(Vec::new());
        };
        let last = self.response.linked(last, client.address())?;
        let number = last
            .query_pairs()
            .find(|(name, _)| name == "page")
            .and_then(|(_, value)| value.parse::<usize>().ok());
        let Some(number) = number else {
            return Ok(Vec::new());
        };
        if number > MAX_PAGES {
            return Err(self
                .response
                .unusable(&format!("it links to page {number}")));
        }
        Ok((2..=number).map(|number| numbered(&last, number)).collect())
    }
}

/// Returns the seats on a page, as [`read`] reads them.
#[cfg(feature = "fuzzing")]
pub(crate) fn on_page(json: &[u8]) -> Option<Vec<Seat>> {
    let MapOnly::<PageBody>(body) = serde_json::from_slice(json).ok()?;
    Some(Shared::default().seats(body.seats))
}

/// Returns `url` with another page number.
fn numbered(url: &Url, number: usize) -> Url {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "page")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair("page", &number.to_string());
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_page_number_keeps_the_other_parts_of_the_address() {
        let last = Url::parse(
            "https://api.github.com/organizations/1/copilot/billing/seats?page=9&per_page=100",
        )
        .unwrap();
        assert_eq!(
            numbered(&last, 3).as_str(),
            "https://api.github.com/organizations/1/copilot/billing/seats?per_page=100&page=3"
        );
    }
}
