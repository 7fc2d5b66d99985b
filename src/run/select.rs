//! Selects the organizations of a run, or its enterprise: the named ones, or those of GitHub's list
//! that match the patterns.

use crate::github::billing::Counted;
use crate::github::client::Client;
use crate::github::organizations::{self, Organization};
use crate::inputs::{Access, Inputs, Patterns, Selection};
use crate::report::scope::Scope;
use crate::report::selection::{Known, SelectionState, compare, in_order};
use crate::run::edges::Edges;
use crate::system::text::{self, thousands};

/// How many names of organizations an error lists.
const MAX_NAMES: usize = 20;

/// What a run is about.
pub(crate) struct Selected {
    /// The organizations, or the enterprise. There's at least one.
    pub(crate) scopes: Vec<SelectedScope>,
    /// What GitHub's list had in addition. `None` if all scopes are named.
    pub(crate) selection: Option<Found>,
}

/// A scope of a run.
pub(crate) struct SelectedScope {
    /// The scope, with its ID if a list had it.
    pub(crate) scope: Scope,
    /// The client that reads its report.
    pub(crate) reader: Client,
    /// Whether it's certain that the report can be read. `false` for an organization that only a
    /// token's list has: to read its seats, it's not enough to be a member.
    pub(crate) is_certain: bool,
    /// GitHub's second count, if it was read to find out whether the report can be read.
    pub(crate) counted: Option<Counted>,
}

/// What GitHub's list had that isn't selected.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The patterns.
    pub(crate) patterns: Patterns,
    /// The organizations in which the App's installation is suspended.
    pub(crate) suspended: Vec<Known>,
    /// The organizations whose seats the token can't read.
    pub(crate) unreadable: Vec<Known>,
    /// The names of organizations that match and that the input leaves out.
    pub(crate) excluded: Vec<String>,
    /// Both, with their IDs.
    listed: Vec<Known>,
}

/// No organization matches the patterns.
#[derive(Debug, thiserror::Error)]
#[error(
    "No organization matches `organization: {patterns}`. Nothing was read or delivered.\n  Response: {listed}\n  Fix: {fix}"
)]
struct NoMatch {
    patterns: Patterns,
    listed: String,
    fix: &'static str,
}

impl Selected {
    /// Compares the selected organizations with those in the audit repository. Returns the names of
    /// the new and of the vanished ones. `None` if all scopes are named.
    pub(crate) fn compared(&self, recorded: &[Known]) -> Option<(Vec<String>, Vec<String>)> {
        let found = self.selection.as_ref()?;
        let selected: Vec<Known> = self.scopes.iter().map(|one| known(&one.scope)).collect();
        let selects = |name: &str| found.patterns.selects(name);
        let listed = [&found.listed[..], &found.unreadable].concat();
        Some(compare(&selected, &listed, recorded, selects))
    }

    /// Returns the scope of a run that's about no other one. `None` if there's a pattern, which can
    /// match more organizations on another day.
    pub(crate) fn only_scope(&self) -> Option<&Scope> {
        match (&self.scopes[..], &self.selection) {
            ([one], None) => Some(&one.scope),
            _ => None,
        }
    }

    /// Returns what a manifest says about the selection, as far as it's known without the audit
    /// repository. `None` if all scopes are named.
    pub(crate) fn state(&self) -> Option<SelectionState> {
        let found = self.selection.as_ref()?;
        Some(SelectionState {
            patterns: found.patterns.given().to_vec(),
            covered: self.scopes.len(),
            suspended: in_order(found.suspended.iter().map(|(name, _)| name.clone())),
            excluded: found.excluded.clone(),
            ..SelectionState::default()
        })
    }
}

/// Selects the scopes of a run. Sends requests only if there's a pattern.
///
/// Fails if GitHub's list can't be read, or if no organization matches.
pub(crate) async fn select(inputs: &Inputs, edges: &Edges<'_>) -> anyhow::Result<Selected> {
    let patterns = match &inputs.selection {
        Selection::Named(scopes) => {
            let scopes = scopes.iter().map(|scope| named(inputs, edges, scope));
            return Ok(Selected {
                scopes: scopes.collect::<anyhow::Result<_>>()?,
                selection: None,
            });
        }
        Selection::Matching(patterns) => patterns,
    };
    let lister = edges.lister(inputs)?;
    let listed = match inputs.access {
        Access::App(_) => organizations::of_app(&lister, &edges.clock).await?,
        Access::Token(_) => organizations::of_token(&lister, &edges.clock).await?,
    };
    matching(inputs, edges, patterns, listed)
}

fn named(inputs: &Inputs, edges: &Edges<'_>, scope: &Scope) -> anyhow::Result<SelectedScope> {
    Ok(SelectedScope {
        scope: scope.clone(),
        reader: edges.reader(inputs, scope, None)?,
        is_certain: true,
        counted: None,
    })
}

/// Selects those of the `listed` organizations that match, after the named ones.
fn matching(
    inputs: &Inputs,
    edges: &Edges<'_>,
    patterns: &Patterns,
    mut listed: Vec<Organization>,
) -> anyhow::Result<Selected> {
    // An App that's installed again while the list is read has two installations. The one with the
    // higher ID, which comes later in the list, is the current one.
    listed.reverse();
    listed.sort_by_cached_key(|organization| organization.scope.name().to_ascii_lowercase());
    listed.dedup_by(|older, newer| older.scope.is(&newer.scope));
    let mut scopes = Vec::new();
    for name in patterns.names() {
        let mut places = listed.iter();
        let Some(place) = places.position(|organization| organization.scope.is(name)) else {
            scopes.push(named(inputs, edges, name)?);
            continue;
        };
        let Organization {
            scope,
            installation,
            ..
        } = listed.remove(place);
        scopes.push(SelectedScope {
            reader: edges.reader(inputs, &scope, installation.as_ref())?,
            scope,
            is_certain: true,
            counted: None,
        });
    }
    let (mut suspended, mut excluded) = (Vec::new(), Vec::new());
    for Organization {
        scope,
        installation,
        is_suspended,
    } in &listed
    {
        if !patterns.covers(scope.name()) {
            continue;
        }
        if !patterns.selects(scope.name()) {
            excluded.push(known(scope));
        } else if *is_suspended {
            tracing::warn!(
                "{scope}: the GitHub App's installation is suspended, so there's no report. Unsuspend it, or leave the organization out with `!{scope}`."
            );
            suspended.push(known(scope));
        } else {
            scopes.push(SelectedScope {
                reader: edges.reader(inputs, scope, installation.as_ref())?,
                scope: scope.clone(),
                is_certain: installation.is_some(),
                counted: None,
            });
        }
    }
    if scopes.is_empty() {
        return Err(no_match(inputs, patterns, &listed).into());
    }
    let (covered, of) = (thousands(scopes.len()), thousands(listed.len()));
    tracing::info!(
        "Organizations that `organization: {patterns}` selects: {covered}. Organizations that GitHub listed: {of}."
    );
    let names = |list: &[Known]| in_order(list.iter().map(|(name, _)| name.clone()));
    Ok(Selected {
        scopes,
        selection: Some(Found {
            patterns: patterns.clone(),
            excluded: names(&excluded),
            unreadable: Vec::new(),
            listed: [suspended.clone(), excluded].concat(),
            suspended,
        }),
    })
}

fn known(scope: &Scope) -> Known {
    (scope.name().to_owned(), scope.id())
}

fn no_match(inputs: &Inputs, patterns: &Patterns, listed: &[Organization]) -> NoMatch {
    let names: Vec<String> = listed
        .iter()
        .map(|organization| match organization.is_suspended {
            true => format!("{} (suspended)", organization.scope),
            false => organization.scope.to_string(),
        })
        .collect();
    let shown: Vec<&str> = names.iter().map(String::as_str).collect();
    NoMatch {
        patterns: patterns.clone(),
        listed: match names.is_empty() {
            true => "200 OK, GitHub listed no organizations".to_owned(),
            false => format!("200 OK, GitHub listed {}", text::listed(&shown, MAX_NAMES)),
        },
        fix: match (&inputs.access, names.is_empty()) {
            (_, false) => "Check the patterns in `organization`.",
            (Access::App(_), true) => {
                "Have an owner of each organization install the GitHub App on it."
            }
            (Access::Token(_), true) => {
                "To list organizations, `token` must be a classic token with the `read:org` scope, of a member of the organizations. GitHub's list is empty for a fine-grained token. You can also use a GitHub App with `app-client-id`, or name each organization in `organization`."
            }
        },
    }
}
