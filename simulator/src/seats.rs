//! The seats of one organization or enterprise, and how GitHub hands them out.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::people;

/// The seats of an organization or enterprise.
#[derive(Debug, Clone, PartialEq)]
pub struct Seats {
    /// One object for each seat, in the order in which they are listed.
    pub rows: Vec<Value>,
    /// What `total_seats` says.
    pub total_seats: TotalSeats,
    /// How pages are linked.
    pub paging: Paging,
}

/// What an answer's `total_seats` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TotalSeats {
    /// The number of distinct people, as GitHub counts. Rows without a person do not count.
    People,
    /// The number of rows.
    Rows,
    /// Always this.
    Fixed(u64),
    /// The field is not there.
    Missing,
    /// On the n-th page the n-th value; after them, the last.
    PerPage(Vec<u64>),
    /// A text instead of a number.
    NotANumber,
    /// `null`.
    Null,
}

/// How one page links to the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// `next`, `last`, `first`, `prev` with page numbers, by way of the organization's id, as GitHub does.
    Last,
    /// `next` alone, with page numbers.
    NextOnly,
    /// `next` and `prev` with a cursor instead of page numbers.
    Cursor,
    /// `next` on another origin, such as `https://example.com`.
    ForeignHost(String),
    /// `next` always, and always to the first page.
    Loop,
    /// No links: only the first page can be found.
    None,
}

impl Seats {
    /// These rows, counted and linked as GitHub does.
    pub fn rows<R: Into<Value>>(rows: impl IntoIterator<Item = R>) -> Self {
        Self {
            rows: rows.into_iter().map(Into::into).collect(),
            total_seats: TotalSeats::People,
            paging: Paging::Last,
        }
    }

    /// The seats of that many people in an organization, always the same: `octocat`, `monalisa`, `hubot`,
    /// `mona-0004`, …, with varied surfaces, plans and times, some of them never used.
    pub fn people(n: usize) -> Self {
        Self::rows(people::organization(n))
    }

    /// The seats of that many people in an enterprise of three organizations, always the same. Every fifth person
    /// has seats in two of them, every eleventh in all three, so there are more rows than people.
    pub fn enterprise_people(n: usize) -> Self {
        Self::rows(people::enterprise(n))
    }

    /// Sets what `total_seats` says.
    pub fn total_seats(mut self, total_seats: TotalSeats) -> Self {
        self.total_seats = total_seats;
        self
    }

    /// Sets how pages are linked.
    pub fn paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// The body of a page. `page` counts from 1.
    pub(crate) fn body(&self, start: usize, per_page: usize, page: usize) -> Value {
        let rows = self
            .rows
            .iter()
            .skip(start)
            .take(per_page)
            .collect::<Vec<_>>();
        let total = match &self.total_seats {
            TotalSeats::People => json!(self.count_people()),
            TotalSeats::Rows => json!(self.rows.len()),
            TotalSeats::Fixed(total) => json!(total),
            TotalSeats::PerPage(totals) => {
                json!(totals.get(page.saturating_sub(1)).or(totals.last()))
            }
            TotalSeats::NotANumber => json!("many"),
            TotalSeats::Null => Value::Null,
            TotalSeats::Missing => return json!({ "seats": rows }),
        };
        json!({ "total_seats": total, "seats": rows })
    }

    fn count_people(&self) -> usize {
        let people = self
            .rows
            .iter()
            .filter_map(|row| row.get("assignee"))
            .filter(|person| !person.is_null());
        people
            .map(|person| person["id"].to_string())
            .collect::<BTreeSet<_>>()
            .len()
    }
}

/// The number GitHub has for an organization or enterprise, by which it links pages.
pub(crate) fn id_of(name: &str) -> u32 {
    let digest = Sha256::digest(name.to_ascii_lowercase().as_bytes());
    u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) + 1
}
