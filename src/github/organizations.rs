//! Lists organizations: those that a GitHub App is installed on ("List installations for the
//! authenticated app"), or those of a token's owner ("List organizations for the authenticated
//! user").

use std::collections::{BTreeMap, HashSet};

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::installation::{InstallationBody, ListedInstallation};
use super::link::Links;
use super::response::Response;
use super::seats::REREAD_DELAY;
use crate::report::scope::{Scope, ScopeKind};
use crate::system::clock::Clock;
use crate::system::text::shown;

/// How many times a list that changed during reading is read again.
const MAX_REREADS: usize = 3;

/// More pages than any App has installations. A response that links to more is damaged.
const MAX_PAGES: usize = 1000;

/// An organization from one of the lists.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    /// Its login and ID.
    pub scope: Scope,
    /// The App's installation on it. `None` if a token listed it.
    pub installation: Option<ListedInstallation>,
    /// Whether the installation is suspended.
    pub is_suspended: bool,
}

/// An entry of a list, with the same ID in every reading.
trait Entry: DeserializeOwned {
    fn id(&self) -> u64;
}

impl Entry for InstallationBody {
    fn id(&self) -> u64 {
        self.id
    }
}

/// What's read of an organization (schema `organization-simple`).
#[derive(Deserialize)]
struct OrganizationBody {
    login: String,
    id: u64,
}

impl Entry for OrganizationBody {
    fn id(&self) -> u64 {
        self.id
    }
}

/// Lists the organizations that the App of `client` is installed on. Leaves out other accounts.
pub(crate) async fn of_app(
    client: &Client,
    clock: &Clock,
) -> Result<Vec<Organization>, GitHubError> {
    let url = client.address().rest(["app", "installations"]);
    let list = List::new(client, clock, Purpose::Installations, url);
    let (installations, _): (Vec<InstallationBody>, _) = list.read().await?;
    let asked = list.asked();
    let organizations = installations
        .into_iter()
        .filter(|installation| installation.target_type == "Organization")
        .filter_map(|installation| {
            let account = installation.account.as_ref();
            let account = account.and_then(|account| Some((account.login.as_ref()?, account.id)));
            let scope = account.and_then(|(login, id)| organization(login, id));
            let Some(scope) = scope else {
                tracing::warn!(
                    "GitHub doesn't name the organization of the App's installation {}, so it's left out.",
                    installation.id
                );
                return None;
            };
            Some(Organization {
                scope,
                is_suspended: installation.suspended_at.is_some(),
                installation: Some(ListedInstallation {
                    asked: asked.clone(),
                    resolved: installation.resolve(ScopeKind::Organization),
                }),
            })
        });
    Ok(organizations.collect())
}

/// Lists the organizations that the owner of the token of `client` belongs to, as far as the token
/// can see them. For a fine-grained token, GitHub's list is empty.
pub(crate) async fn of_token(
    client: &Client,
    clock: &Clock,
) -> Result<Vec<Organization>, GitHubError> {
    let url = client.address().rest(["user", "orgs"]);
    let list = List::new(client, clock, Purpose::Organizations, url);
    let (bodies, left_out): (Vec<OrganizationBody>, _) = list.read().await?;
    if let Some(ids) = left_out {
        tracing::warn!(
            "GitHub left out organizations that `token` isn't authorized for by single sign-on, so a pattern can't match them. To include them, authorize the token for each. Their IDs: {ids}"
        );
    }
    let organizations = bodies.into_iter().filter_map(|body| {
        let scope = organization(&body.login, Some(body.id));
        if scope.is_none() {
            let login = shown(&body.login, 100);
            tracing::warn!("GitHub lists an organization {login:?}, which can't be the name of one, so it's left out.");
        }
        Some(Organization {
            scope: scope?,
            installation: None,
            is_suspended: false,
        })
    });
    Ok(organizations.collect())
}

fn organization(login: &str, id: Option<u64>) -> Option<Scope> {
    let scope = Scope::new(ScopeKind::Organization, login).ok()?;
    Some(match id {
        Some(id) => scope.with_id(id),
        None => scope,
    })
}

/// A list of GitHub's that can have several pages.
struct List<'a> {
    client: &'a Client,
    clock: &'a Clock,
    purpose: Purpose,
    first: Url,
}

/// One reading of a list.
struct Reading<T> {
    entries: BTreeMap<u64, T>,
    pages: usize,
    /// The IDs of the organizations that GitHub left out because of single sign-on.
    left_out: Option<String>,
}

impl<'a> List<'a> {
    fn new(client: &'a Client, clock: &'a Clock, purpose: Purpose, mut first: Url) -> Self {
        first.query_pairs_mut().append_pair("per_page", "100");
        Self {
            client,
            clock,
            purpose,
            first,
        }
    }

    fn asked(&self) -> String {
        format!("GET {}", shown(self.first.as_str(), 300))
    }

    /// Reads the list, in the order of the IDs and without duplicates.
    ///
    /// If an entry disappears while the pages are read, those after it move up, and one of them can
    /// be on no page. So a list with several pages is read until two readings are the same. If it
    /// never stays the same, every entry of any reading counts, because an entry that's gone is an
    /// error later, and a skipped one would go unnoticed.
    async fn read<T: Entry>(&self) -> Result<(Vec<T>, Option<String>), GitHubError> {
        let mut last = self.read_once().await?;
        let mut all = BTreeMap::new();
        let mut is_certain = last.pages == 1;
        let mut rereads = 0..MAX_REREADS;
        while !is_certain && let Some(reread) = rereads.next() {
            if reread > 0 {
                self.clock.sleep(REREAD_DELAY).await;
            }
            let again: Reading<T> = self.read_once().await?;
            is_certain = again.entries.keys().eq(last.entries.keys());
            all.append(&mut last.entries);
            last = again;
        }
        if !is_certain {
            tracing::warn!(
                "The list of organizations kept changing while it was read, so the run includes every organization that was on it."
            );
            all.append(&mut last.entries);
            last.entries = all;
        }
        Ok((last.entries.into_values().collect(), last.left_out))
    }

    async fn read_once<T: Entry>(&self) -> Result<Reading<T>, GitHubError> {
        let mut reading = Reading {
            entries: BTreeMap::new(),
            pages: 0,
            left_out: None,
        };
        let mut visited = HashSet::new();
        let mut next = Some(self.first.clone());
        while let Some(url) = next {
            let (page, response): (Vec<T>, Response) =
                self.client.get_list(&self.purpose, url.clone()).await?;
            visited.insert(url);
            reading.pages += 1;
            let entries = page.into_iter().map(|entry| (entry.id(), entry));
            reading.entries.extend(entries);
            reading.left_out = reading.left_out.or_else(|| left_out(&response));
            next = match Links::of(&response.headers).next {
                Some(link) => Some(response.linked(&link, self.client.address())?),
                None => None,
            };
            if let Some(next) = &next
                && (reading.pages >= MAX_PAGES || visited.contains(next))
            {
                return Err(response.unusable("its pagination links don't end"));
            }
        }
        Ok(reading)
    }
}

/// Returns the IDs of the organizations that the response leaves out, because the token isn't
/// authorized for their single sign-on ("Authenticating to the REST API", "Personal access tokens
/// and SAML SSO").
fn left_out(response: &Response) -> Option<String> {
    let header = response.headers.get("x-github-sso")?.to_str().ok()?;
    let ids = header.strip_prefix("partial-results")?;
    let ids = ids.split_once("organizations=").map_or("", |(_, ids)| ids);
    Some(shown(ids, 200))
}
