//! The seats of one organization or enterprise, and how GitHub lists them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::billing::Billing;
use crate::people::GeneratedPeople;

/// The seats of an organization or enterprise.
#[derive(Debug, Clone, PartialEq)]
pub struct Seats {
    /// One object for each seat, in the order of the list.
    pub rows: Vec<Value>,
    /// More seats at the end of the list. Their rows are generated on demand.
    pub generated: Option<GeneratedPeople>,
    /// The value of `total_seats`.
    pub total_seats: TotalSeats,
    /// How pages link to each other.
    pub paging: Paging,
    /// What GitHub says about the organization's subscription. Not for enterprises.
    pub billing: Billing,
}

/// The value of `total_seats`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TotalSeats {
    /// The number of different people, as on GitHub. Rows without a person don't count.
    People,
    /// The number of rows.
    Rows,
    /// Always this number.
    Fixed(u64),
    /// The field is missing.
    Missing,
    /// The n-th value on the n-th page, then always the last one.
    PerPage(Vec<u64>),
    /// A string instead of a number.
    NotANumber,
    /// `null`.
    Null,
}

/// How a page links to the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// `next`, `last`, `first`, and `prev` with page numbers and the organization's ID, as on
    /// GitHub.
    Last,
    /// Only `next`, with page numbers.
    NextOnly,
    /// `next` and `prev` with a cursor instead of page numbers.
    Cursor,
    /// `next` on another origin, such as `https://example.com`.
    ForeignHost(String),
    /// `next` always points to the first page.
    Loop,
    /// No links, so only the first page can be found.
    None,
}

impl Seats {
    /// These rows, with GitHub's totals and links.
    pub fn rows<R: Into<Value>>(rows: impl IntoIterator<Item = R>) -> Self {
        Self {
            rows: rows.into_iter().map(Into::into).collect(),
            generated: None,
            total_seats: TotalSeats::People,
            paging: Paging::Last,
            billing: Billing::default(),
        }
    }

    /// The seats of this many generated people in an organization, as in [`GeneratedPeople::organization`].
    pub fn people(n: usize) -> Self {
        Self::of_all(&GeneratedPeople::organization(n))
    }

    /// The seats of this many generated people in an enterprise, as in [`GeneratedPeople::enterprise`].
    pub fn enterprise_people(n: usize) -> Self {
        Self::of_all(&GeneratedPeople::enterprise(n))
    }

    /// The seats of generated people without storing the rows, for lists that would take gigabytes.
    pub fn generated(generated: GeneratedPeople) -> Self {
        Self {
            generated: Some(generated),
            ..Self::rows([] as [Value; 0])
        }
    }

    fn of_all(generated: &GeneratedPeople) -> Self {
        Self::rows((0..generated.rows()).map(|i| generated.row(i)))
    }

    /// Sets the value of `total_seats`.
    pub fn total_seats(mut self, total_seats: TotalSeats) -> Self {
        self.total_seats = total_seats;
        self
    }

    /// Sets what GitHub says about the organization's subscription.
    pub fn billing(mut self, billing: Billing) -> Self {
        self.billing = billing;
        self
    }

    /// Sets how pages link to each other.
    pub fn paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// The number of rows.
    pub(crate) fn count(&self) -> usize {
        self.rows.len() + self.generated.as_ref().map_or(0, GeneratedPeople::rows)
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

    /// The body of "Get Copilot seat information and settings for an organization".
    pub(crate) fn billing_body(&self) -> Value {
        let generated = self.generated.as_ref();
        let count = |field: &str, generated: Option<usize>| {
            let rows = self.rows.iter().filter(|row| !row[field].is_null());
            (rows.count() + generated.unwrap_or_default()) as u64
        };
        let people = self.count_people() as u64;
        let canceled = generated.map(GeneratedPeople::canceled);
        let active = count("last_activity_at", generated.map(GeneratedPeople::active));
        let billing = &self.billing;
        let (invited, unlisted) = (billing.pending_invitation, billing.unlisted_cancellation);
        let mut body = json!({
            "seat_breakdown": {
                "total": billing.total.unwrap_or(people + invited + unlisted),
                "added_this_cycle": 0,
                "pending_invitation": invited,
                "pending_cancellation": count("pending_cancellation_date", canceled) + unlisted,
                "active_this_cycle": active.min(people),
                "inactive_this_cycle": people.saturating_sub(active),
            },
        });
        for (name, value) in &billing.settings {
            body[name] = json!(value);
        }
        body
    }

    /// The `i`-th row as JSON, counting from 0.
    fn row(&self, i: usize) -> String {
        match (self.rows.get(i), &self.generated) {
            (None, Some(generated)) => generated.row(i - self.rows.len()).value().to_string(),
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
        listed + self.generated.as_ref().map_or(0, GeneratedPeople::people)
    }
}

/// The ID of an organization or enterprise, which links use.
pub(crate) fn id_of(name: &str) -> u32 {
    let digest = Sha256::digest(name.to_ascii_lowercase().as_bytes());
    u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) + 1
}
