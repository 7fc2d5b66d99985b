//! Looks up fields of the repository with few requests. Many reports are read at the same time, and
//! what's ready to be looked up goes out as one query.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

use super::Committer;
use crate::github::error::GitHubError;

/// How much one query looks up. A file's size counts 1, and everything else in relation to that.
/// GitHub ends queries that take longer than ten seconds ("Rate limits and query limits for the
/// GraphQL API").
const MAX_WEIGHT: usize = 100;

/// A field of GraphQL's `Repository`.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The field with its arguments and selections.
    pub(super) text: String,
    /// How much of [`MAX_WEIGHT`] it takes.
    pub(super) weight: usize,
}

/// Splits fields into groups that each fit in one query.
pub(super) fn in_queries(fields: Vec<Field>) -> Vec<Vec<Field>> {
    let mut queries: Vec<Vec<Field>> = Vec::new();
    let mut left = 0;
    for field in fields {
        match queries.last_mut().filter(|_| field.weight <= left) {
            Some(query) => {
                left -= field.weight;
                query.push(field);
            }
            None => {
                left = MAX_WEIGHT.saturating_sub(field.weight);
                queries.push(vec![field]);
            }
        }
    }
    queries
}

/// What's waiting to be looked up.
#[derive(Debug)]
pub(super) struct Lookups {
    waiting: RefCell<VecDeque<Waiting>>,
    /// One query is sent at a time. The next one fills up until then.
    turn: Semaphore,
}

#[derive(Debug)]
struct Waiting {
    fields: Vec<Field>,
    found: oneshot::Sender<Vec<Option<Value>>>,
}

impl Default for Lookups {
    fn default() -> Self {
        Self {
            waiting: RefCell::default(),
            turn: Semaphore::new(1),
        }
    }
}

impl Lookups {
    /// Takes what fits in one query, without what nobody waits for anymore.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|waiting| !waiting.found.is_closed());
        let (mut taken, mut weight) = (Vec::new(), 0);
        while let Some(next) = waiting.front() {
            weight += next.fields.iter().map(|field| field.weight).sum::<usize>();
            if weight > MAX_WEIGHT && !taken.is_empty() {
                break;
            }
            taken.extend(waiting.pop_front());
        }
        taken
    }
}

impl Committer<'_> {
    /// Looks up fields of the repository, in the order of `fields`. A field that's null is `None`.
    /// What others look up at that time goes into the same query.
    ///
    /// Fails like [`Client::graphql`](crate::github::client::Client::graphql), and only because of
    /// these fields.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        fields: Vec<Field>,
    ) -> Result<Vec<Option<T>>, GitHubError> {
        let lookups = &self.book.lookups;
        let (sender, mut own) = oneshot::channel();
        lookups.waiting.borrow_mut().push_back(Waiting {
            fields: fields.clone(),
            found: sender,
        });
        // Everything that's ready to be looked up gets in line first.
        tokio::task::yield_now().await;
        // The semaphore is never closed.
        let turn = lookups.turn.acquire().await;
        let found = loop {
            match own.try_recv() {
                Ok(found) => break Some(found),
                Err(TryRecvError::Closed) => break None,
                // Only one is waiting, so it's this one, which can report its own error.
                Err(TryRecvError::Empty) => match lookups.take() {
                    taken if taken.len() < 2 => break None,
                    taken => self.look_up_together(taken).await,
                },
            }
        };
        let read = |found: Vec<Option<Value>>| {
            let fields = found
                .into_iter()
                .map(|field| field.map(serde_json::from_value).transpose());
            fields.collect::<Result<_, _>>().ok()
        };
        match found.and_then(read) {
            Some(found) => {
                drop(turn);
                Ok(found)
            }
            None => self.ask(&texts(&fields)).await,
        }
    }

    /// Looks up the fields of all in one query. Tells nobody if that fails, so each of them asks
    /// alone.
    async fn look_up_together(&self, taken: Vec<Waiting>) {
        // Many need the same field, such as the folder that has all of theirs.
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut distinct = Vec::new();
        for field in taken.iter().flat_map(|waiting| &waiting.fields) {
            numbers.entry(&field.text).or_insert_with(|| {
                distinct.push(&*field.text);
                distinct.len() - 1
            });
        }
        let found: Vec<Option<Value>> = match self.ask(&distinct).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!("Looking up many fields at once failed: {error}");
                return;
            }
        };
        let found_of = |waiting: &Waiting| {
            let numbers = waiting.fields.iter().map(|field| numbers.get(&*field.text));
            let found = numbers.map(|number| found.get(*number?).cloned());
            found.collect::<Option<Vec<_>>>()
        };
        let all: Vec<_> = taken.iter().map(found_of).collect();
        for (waiting, found) in taken.into_iter().zip(all) {
            if let Some(found) = found {
                // The one that was waiting may have been canceled.
                let _ = waiting.found.send(found);
            }
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        fields: &[&str],
    ) -> Result<Vec<Option<T>>, GitHubError> {
        let repository = &self.repository;
        let variables = json!({ "owner": repository.owner(), "name": repository.name() });
        let mut query = String::from(
            "query($owner: String!, $name: String!) {\n  repository(owner: $owner, name: $name) {\n",
        );
        for (number, field) in fields.iter().enumerate() {
            query.push_str(&format!("    field{number}: {field}\n"));
        }
        query.push_str("  }\n}");
        let mut found: HashMap<String, Option<T>> = self.query(&query, &variables).await?;
        let found =
            (0..fields.len()).map(|number| found.remove(&format!("field{number}")).flatten());
        Ok(found.collect())
    }
}

fn texts(fields: &[Field]) -> Vec<&str> {
    fields.iter().map(|field| &*field.text).collect()
}
