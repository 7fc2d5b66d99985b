//! The simulated data on GitHub, which tests describe and change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;

use crate::apps::App;
use crate::rule::Rule;
use crate::seats::{Seats, id_of};
pub(crate) use crate::token::Scope;
pub use crate::token::Token;

/// The simulated data: seats, repositories, and the permissions of tokens.
///
/// Like on GitHub, names are case-insensitive.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// The seats of each organization.
    pub organizations: BTreeMap<String, Seats>,
    /// The seats of each enterprise, by its slug.
    pub enterprises: BTreeMap<String, Seats>,
    /// The IDs of organizations and enterprises by lowercase name, unless they're derived from the
    /// name.
    pub numbers: BTreeMap<String, u32>,
    /// The repositories, by `owner/name`.
    pub repositories: BTreeMap<String, Repository>,
    /// The tokens, by their secret.
    pub tokens: BTreeMap<String, Token>,
    /// The GitHub Apps, by their client ID.
    pub apps: BTreeMap<String, App>,
    /// The minimum latency of each request.
    pub latency: Duration,
    /// How far its clock is ahead of the machine's. Artifacts keep to the machine's.
    pub ahead: SignedDuration,
    /// Whether it refuses requests that exceed a secondary rate limit. Time isn't simulated, so a
    /// client that shortens its waits can't keep to these limits.
    pub enforces_limits: bool,
    /// The newest artifact version that the results service supports. GitHub supports 7. The
    /// services of act and Gitea support 4, reject unknown fields, and respond in camel case.
    pub known_artifact_version: u32,
    /// Artifact names that are taken, as after a failed upload in an earlier attempt. They aren't
    /// listed.
    pub taken_artifact_names: BTreeSet<String>,
}

impl Default for GitHub {
    fn default() -> Self {
        Self::new()
    }
}

impl GitHub {
    /// An empty GitHub without latency that supports artifacts of version 7.
    pub fn new() -> Self {
        Self {
            organizations: BTreeMap::new(),
            enterprises: BTreeMap::new(),
            numbers: BTreeMap::new(),
            repositories: BTreeMap::new(),
            tokens: BTreeMap::new(),
            apps: BTreeMap::new(),
            latency: Duration::ZERO,
            ahead: SignedDuration::ZERO,
            enforces_limits: false,
            known_artifact_version: 7,
            taken_artifact_names: BTreeSet::new(),
        }
    }

    /// Adds an organization.
    pub fn organization(mut self, name: &str, seats: Seats) -> Self {
        self.organizations.insert(name.to_owned(), seats);
        self
    }

    /// Adds an enterprise.
    pub fn enterprise(mut self, slug: &str, seats: Seats) -> Self {
        self.enterprises.insert(slug.to_owned(), seats);
        self
    }

    /// Renames an organization or enterprise. It keeps its ID, and tokens keep their access to its
    /// seats. The old name becomes free, and a new owner of it has another ID.
    pub fn rename(&mut self, old: &str, new: &str) {
        for map in [&mut self.organizations, &mut self.enterprises] {
            if let Some(seats) = map.remove(old) {
                map.insert(new.to_owned(), seats);
            }
        }
        for token in self.tokens.values_mut() {
            for names in [&mut token.copilot, &mut token.enterprises] {
                if names.contains(old) {
                    names.insert(new.to_owned());
                }
            }
        }
        let installations = self
            .apps
            .values_mut()
            .flat_map(|app| &mut app.installations);
        for installation in installations.filter(|one| one.name == old) {
            installation.name = new.to_owned();
        }
        let number = self.number_of(old);
        self.numbers.insert(new.to_ascii_lowercase(), number);
        let next = id_of(&format!("whoever takes {old} after {number}"));
        self.numbers.insert(old.to_ascii_lowercase(), next);
    }

    /// The ID of an organization or enterprise.
    pub fn number_of(&self, name: &str) -> u32 {
        let given = self.numbers.get(&name.to_ascii_lowercase());
        given.copied().unwrap_or_else(|| id_of(name))
    }

    /// Adds a repository, named `owner/name`.
    pub fn repository(mut self, full_name: &str, repository: Repository) -> Self {
        self.repositories.insert(full_name.to_owned(), repository);
        self
    }

    /// Adds a token.
    pub fn token(mut self, secret: &str, token: Token) -> Self {
        self.tokens.insert(secret.to_owned(), token);
        self
    }

    /// Adds a GitHub App.
    pub fn app(mut self, client_id: &str, app: App) -> Self {
        self.apps.insert(client_id.to_owned(), app);
        self
    }

    /// Sets the minimum latency of each request.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Refuses requests that exceed a secondary rate limit.
    pub fn enforcing_limits(mut self) -> Self {
        self.enforces_limits = true;
        self
    }

    /// Sets the newest artifact version that the results service supports: 7 or 4.
    pub fn known_artifact_version(mut self, version: u32) -> Self {
        self.known_artifact_version = version;
        self
    }

    /// Marks an artifact's name as taken, so that creating it fails.
    pub fn taken_artifact_name(mut self, name: &str) -> Self {
        self.taken_artifact_names.insert(name.to_owned());
        self
    }
}

/// The entry with this name, in any case.
pub(crate) fn named<'a, V>(map: &'a BTreeMap<String, V>, name: &str) -> Option<(&'a str, &'a V)> {
    map.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(key, value)| (key.as_str(), value))
}

/// Who can see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone.
    Public,
    /// People with access.
    Private,
    /// The members of the enterprise. In the simulator, people with access.
    Internal,
}

impl Visibility {
    /// As REST spells it. GraphQL uses uppercase.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Internal => "internal",
        }
    }
}

/// What GitHub reports about the signatures of the commits that it creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatures {
    /// Signed by GitHub and verified.
    Valid,
    /// Signed, but not verified.
    Invalid,
    /// Not signed.
    Absent,
}

/// A branch protection rule, as far as people who aren't administrators see it. The simulator only
/// shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BranchProtection {
    /// Whether it allows force pushes.
    pub allows_force_pushes: bool,
    /// Whether it allows deletion.
    pub allows_deletions: bool,
    /// Whether it requires signed commits.
    pub requires_signatures: bool,
}

/// A repository. Its commits are in a real Git repository: see [`crate::Simulator::git_dir`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Who can see it.
    pub visibility: Visibility,
    /// Whether it's created without a commit, instead of with a `README.md`.
    pub empty: bool,
    /// The default branch.
    pub default_branch: String,
    /// The rules by branch. `None` means the default branch. A name can end with `*`.
    pub rules: Vec<(Option<String>, Rule)>,
    /// The branch protection rule of the default branch.
    pub branch_protection: Option<BranchProtection>,
    /// The tokens that can bypass all rules.
    pub bypassed_by: BTreeSet<String>,
    /// Whether GitHub returns to a token if it can bypass a ruleset. What it returns to Apps isn't
    /// documented.
    pub shows_who_can_bypass: bool,
    /// Whether it's archived.
    pub archived: bool,
    /// Whether GitHub has disabled it.
    pub disabled: bool,
    /// Whether it has pull requests.
    pub has_pull_requests: bool,
    /// Who can create pull requests: `all` or `collaborators_only`.
    pub pull_request_creation_policy: String,
    /// The signatures of the commits that GitHub creates.
    pub signatures: Signatures,
    /// How many files a GraphQL commit can add or change. GitHub documents no limit.
    pub max_additions: Option<usize>,
    /// Whether Actions can create and approve pull requests. In the simulator, every token without
    /// scopes counts as a workflow's token.
    pub actions_open_pulls: bool,
    /// Whether GitHub deletes the branch of a merged pull request.
    pub deletes_merged_branches: bool,
}

impl Repository {
    fn of(visibility: Visibility) -> Self {
        Self {
            visibility,
            empty: false,
            default_branch: "main".to_owned(),
            rules: Vec::new(),
            branch_protection: None,
            bypassed_by: BTreeSet::new(),
            shows_who_can_bypass: true,
            archived: false,
            disabled: false,
            has_pull_requests: true,
            pull_request_creation_policy: "all".to_owned(),
            signatures: Signatures::Valid,
            max_additions: None,
            actions_open_pulls: true,
            deletes_merged_branches: false,
        }
    }

    /// A private repository with one commit on `main`.
    pub fn private() -> Self {
        Self::of(Visibility::Private)
    }

    /// A public repository with one commit on `main`.
    pub fn public() -> Self {
        Self::of(Visibility::Public)
    }

    /// An internal repository with one commit on `main`.
    pub fn internal() -> Self {
        Self::of(Visibility::Internal)
    }

    /// Creates it without a commit.
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// Names the default branch.
    pub fn default_branch(mut self, name: &str) -> Self {
        self.default_branch = name.to_owned();
        self
    }

    /// Protects the default branch.
    pub fn protected(mut self, rule: Rule) -> Self {
        self.rules.push((None, rule));
        self
    }

    /// Protects a branch, or all branches with the prefix before a `*`.
    pub fn protected_branch(mut self, branch: &str, rule: Rule) -> Self {
        self.rules.push((Some(branch.to_owned()), rule));
        self
    }

    /// Protects the default branch with a branch protection rule, which isn't part of a ruleset.
    pub fn with_branch_protection(mut self, rule: BranchProtection) -> Self {
        self.branch_protection = Some(rule);
        self
    }

    /// Lets a token bypass all rules.
    pub fn bypassed_by(mut self, secret: &str) -> Self {
        self.bypassed_by.insert(secret.to_owned());
        self
    }

    /// Hides from tokens whether they can bypass a ruleset.
    pub fn hiding_who_can_bypass(mut self) -> Self {
        self.shows_who_can_bypass = false;
        self
    }

    /// Archives it.
    pub fn archived(mut self) -> Self {
        self.archived = true;
        self
    }

    /// Disables it, as GitHub does.
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// Disables its pull requests.
    pub fn without_pull_requests(mut self) -> Self {
        self.has_pull_requests = false;
        self
    }

    /// Lets only collaborators create pull requests. In the simulator, no token without scopes
    /// counts as one.
    pub fn pulls_by_collaborators(mut self) -> Self {
        self.pull_request_creation_policy = "collaborators_only".to_owned();
        self
    }

    /// Prevents Actions from creating pull requests, as in new repositories.
    pub fn without_pulls_of_actions(mut self) -> Self {
        self.actions_open_pulls = false;
        self
    }

    /// Deletes the branches of merged pull requests.
    pub fn deleting_merged_branches(mut self) -> Self {
        self.deletes_merged_branches = true;
        self
    }

    /// Refuses commits that add or change more files than this.
    pub fn max_additions(mut self, max: usize) -> Self {
        self.max_additions = Some(max);
        self
    }

    /// Doesn't sign commits, as on a server without signing keys.
    pub fn unsigned(mut self) -> Self {
        self.signatures = Signatures::Absent;
        self
    }

    /// Signs commits with invalid signatures.
    pub fn badly_signed(mut self) -> Self {
        self.signatures = Signatures::Invalid;
        self
    }

    /// The rules that apply to a branch.
    pub(crate) fn rules_of(&self, branch: &str) -> Vec<Rule> {
        let holds = |name: &str| match name.strip_suffix('*') {
            Some(prefix) => branch.starts_with(prefix),
            None => branch == name,
        };
        self.rules
            .iter()
            .filter(|(name, _)| holds(name.as_deref().unwrap_or(&self.default_branch)))
            .map(|(_, rule)| *rule)
            .collect()
    }
}
