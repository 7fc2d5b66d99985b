//! The seats of one organization or enterprise, and how GitHub hands them out.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::people::Crowd;

/// The seats of an organization or enterprise.
#[derive(Debug, Clone, PartialEq)]
pub struct Seats {
    /// One object for each seat, in the order in which they are listed.
    pub rows: Vec<Value>,
    /// Further seats, listed after those, of which no row is kept.
    pub crowd: Option<Crowd>,
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
            crowd: None,
            total_seats: TotalSeats::People,
            paging: Paging::Last,
        }
    }

    /// The seats of that many people in an organization, always the same, as [`Crowd::organization`] has them.
    pub fn people(n: usize) -> Self {
        Self::of_all(&Crowd::organization(n))
    }

    /// The seats of that many people in an enterprise, always the same, as [`Crowd::enterprise`] has them.
    pub fn enterprise_people(n: usize) -> Self {
        Self::of_all(&Crowd::enterprise(n))
    }

    /// The seats of people of whom no row is kept: for lists so long that they would take gigabytes.
    pub fn crowd(crowd: Crowd) -> Self {
        Self {
            crowd: Some(crowd),
            ..Self::rows([] as [Value; 0])
        }
    }

    fn of_all(crowd: &Crowd) -> Self {
        Self::rows((0..crowd.rows()).map(|i| crowd.row(i)))
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

    /// How many rows there are.
    pub(crate) fn count(&self) -> usize {
        self.rows.len() + self.crowd.as_ref().map_or(0, Crowd::rows)
    }

    /// The body of a page, as JSON. `page` counts from 1.
    pub(crate) fn body(&self, start: usize, per_page: usize, page: usize) -> String {
        let total = match &self.total_seats {
            TotalSeats::People => json!(self.count_people()),
            TotalSeats::Rows => json!(self.count()),
            TotalSeats::Fixed(total) => json!(total),
            TotalSeats::PerPage(totals) => {
                json!(totals.get(page.saturating_sub(1)).or(totals.last()))
            }
            TotalSeats::NotANumber => json!("many"),
            TotalSeats::Null | TotalSeats::Missing => Value::Null,
        };
        let rows = (start..self.count().min(start + per_page))
            .map(|i| self.row(i))
            .collect::<Vec<_>>()
            .join(",");
        if self.total_seats == TotalSeats::Missing {
            format!(r#"{{"seats":[{rows}]}}"#)
        } else {
            format!(r#"{{"total_seats":{total},"seats":[{rows}]}}"#)
        }
    }

    /// The `i`-th row as JSON, counting from 0.
    fn row(&self, i: usize) -> String {
        match (self.rows.get(i), &self.crowd) {
            (None, Some(crowd)) => crowd.row(i - self.rows.len()).value().to_string(),
            (row, _) => row.map_or_else(String::new, Value::to_string),
        }
    }

    fn count_people(&self) -> usize {
        let people = self
            .rows
            .iter()
            .filter_map(|row| row.get("assignee"))
            .filter(|person| !person.is_null());
        let listed = people
            .map(|person| person["id"].to_string())
            .collect::<BTreeSet<_>>()
            .len();
        listed + self.crowd.as_ref().map_or(0, Crowd::people)
    }
}

/// The number GitHub has for an organization or enterprise, by which it links pages.
pub(crate) fn id_of(name: &str) -> u32 {
    let digest = Sha256::digest(name.to_ascii_lowercase().as_bytes());
    u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) + 1
}
