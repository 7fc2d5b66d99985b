//! What there is on this GitHub, as plain data that tests describe and change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apps::App;
use crate::rule::Rule;
use crate::seats::{Seats, id_of};

/// Whose seats are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Organization,
    Enterprise,
}

/// All there is: who has seats, which repositories there are, and what each token may do.
///
/// Names are looked up as GitHub does it, without regard to case.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// The seats of each organization.
    pub organizations: BTreeMap<String, Seats>,
    /// The seats of each enterprise, by its slug.
    pub enterprises: BTreeMap<String, Seats>,
    /// The numbers of organizations and enterprises, by name in lower case, unless they follow from the name.
    pub numbers: BTreeMap<String, u32>,
    /// The repositories, by `owner/name`.
    pub repositories: BTreeMap<String, Repository>,
    /// The tokens, by their secret.
    pub tokens: BTreeMap<String, Token>,
    /// The GitHub Apps, by their client ID.
    pub apps: BTreeMap<String, App>,
    /// How long each request takes at least until it is answered.
    pub latency: Duration,
    /// The newest artifact version the results service knows: 7 as GitHub's own, 4 as the services of act and
    /// Gitea, which refuse fields they do not know and answer in camel case.
    pub known_artifact_version: u32,
    /// Artifact names that cannot be created any more, as after an upload that failed in an earlier attempt. They
    /// are not listed.
    pub taken_artifact_names: BTreeSet<String>,
}

impl Default for GitHub {
    fn default() -> Self {
        Self::new()
    }
}

impl GitHub {
    /// A GitHub with nothing on it, which answers at once and knows artifacts of version 7.
    pub fn new() -> Self {
        Self {
            organizations: BTreeMap::new(),
            enterprises: BTreeMap::new(),
            numbers: BTreeMap::new(),
            repositories: BTreeMap::new(),
            tokens: BTreeMap::new(),
            apps: BTreeMap::new(),
            latency: Duration::ZERO,
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

    /// Gives an organization or an enterprise another name. It keeps its number, and who may read its seats still
    /// may. The old name is free: whoever takes it has another number.
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

    /// The number by which GitHub knows an organization or an enterprise.
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

    /// Makes every request take at least this long.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Sets the newest artifact version the results service knows: 7 or 4.
    pub fn known_artifact_version(mut self, version: u32) -> Self {
        self.known_artifact_version = version;
        self
    }

    /// Takes an artifact's name, so that creating it is refused.
    pub fn taken_artifact_name(mut self, name: &str) -> Self {
        self.taken_artifact_names.insert(name.to_owned());
        self
    }
}

/// The entry of that name, whatever its case.
pub(crate) fn named<'a, V>(map: &'a BTreeMap<String, V>, name: &str) -> Option<(&'a str, &'a V)> {
    map.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(key, value)| (key.as_str(), value))
}

/// What a token may do. A new one may do nothing but read what is public, as the workflow's own token without
/// permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Token {
    /// Organizations whose seats it may read.
    pub copilot: BTreeSet<String>,
    /// Enterprises whose seats it may read.
    pub enterprises: BTreeSet<String>,
    /// Repositories it may read and write.
    pub contents_write: BTreeSet<String>,
    /// Repositories it may read.
    pub contents_read: BTreeSet<String>,
    /// Repositories whose pull requests it may read and write.
    pub pulls_write: BTreeSet<String>,
    /// The scopes of a person's classic token, sent as `X-OAuth-Scopes`. Without them the token belongs to an App.
    pub scopes: Option<String>,
    /// The address at which the token must first be authorized for single sign-on.
    pub sso: Option<String>,
    /// When it ends.
    pub ends: Option<jiff::Timestamp>,
    /// For how many more requests it is good, where it ends before its time.
    pub serves: Option<usize>,
}

impl Token {
    /// A token of an App that may do nothing but read what is public.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets it read the seats of these organizations.
    pub fn copilot<S: Into<String>>(mut self, organizations: impl IntoIterator<Item = S>) -> Self {
        self.copilot
            .extend(organizations.into_iter().map(Into::into));
        self
    }

    /// Lets it read the seats of these enterprises.
    pub fn enterprise<S: Into<String>>(mut self, slugs: impl IntoIterator<Item = S>) -> Self {
        self.enterprises.extend(slugs.into_iter().map(Into::into));
        self
    }

    /// Lets it read and write these repositories.
    pub fn contents_write<S: Into<String>>(
        mut self,
        repositories: impl IntoIterator<Item = S>,
    ) -> Self {
        self.contents_write
            .extend(repositories.into_iter().map(Into::into));
        self
    }

    /// Lets it read and write the pull requests of these repositories.
    pub fn pulls_write<S: Into<String>>(
        mut self,
        repositories: impl IntoIterator<Item = S>,
    ) -> Self {
        self.pulls_write
            .extend(repositories.into_iter().map(Into::into));
        self
    }

    /// Lets it read these repositories.
    pub fn read<S: Into<String>>(mut self, repositories: impl IntoIterator<Item = S>) -> Self {
        self.contents_read
            .extend(repositories.into_iter().map(Into::into));
        self
    }

    /// Makes it a person's classic token with these scopes. They are only shown: what it may do is said by the
    /// other methods.
    pub fn scopes(mut self, scopes: &str) -> Self {
        self.scopes = Some(scopes.to_owned());
        self
    }

    /// Refuses it until it is authorized for single sign-on at that address.
    pub fn sso_required(mut self, url: &str) -> Self {
        self.sso = Some(url.to_owned());
        self
    }

    /// Whether it belongs to an App, so that GitHub signs the commits it makes over REST.
    pub(crate) fn is_bot(&self) -> bool {
        self.scopes.is_none()
    }

    pub(crate) fn may_read_seats(&self, scope: Scope, name: &str) -> bool {
        let names = match scope {
            Scope::Organization => &self.copilot,
            Scope::Enterprise => &self.enterprises,
        };
        holds(names, name)
    }

    pub(crate) fn may_write(&self, full_name: &str) -> bool {
        holds(&self.contents_write, full_name)
    }

    pub(crate) fn may_write_pulls(&self, full_name: &str) -> bool {
        holds(&self.pulls_write, full_name)
    }

    /// A person's token that sees a repository sees its pull requests; others need the permission.
    pub(crate) fn may_see_pulls(&self, full_name: &str) -> bool {
        !self.is_bot() || self.may_write_pulls(full_name)
    }

    pub(crate) fn may_read(&self, full_name: &str) -> bool {
        self.may_write(full_name) || holds(&self.contents_read, full_name)
    }
}

fn holds(names: &BTreeSet<String>, name: &str) -> bool {
    names.iter().any(|held| held.eq_ignore_ascii_case(name))
}

/// Who may see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Those with access.
    Private,
    /// The members of the enterprise; here, those with access.
    Internal,
}

impl Visibility {
    /// As REST spells it; GraphQL has it in capitals.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Internal => "internal",
        }
    }
}

/// What GitHub says of the signatures of the commits it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatures {
    /// Signed by GitHub and verified.
    Valid,
    /// Signed, but not verified.
    Invalid,
    /// Not signed.
    Absent,
}

/// A repository. Its commits are in a real git repository: see [`crate::Simulator::git_dir`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it begins without a commit, instead of one with a `README.md`.
    pub empty: bool,
    /// The default branch.
    pub default_branch: String,
    /// What holds for branches; without a name, for the default branch. A name may end with `*`.
    pub rules: Vec<(Option<String>, Rule)>,
    /// The tokens, by their secret, that can bypass all rules.
    pub bypassed_by: BTreeSet<String>,
    /// Whether GitHub tells a token if it can bypass a ruleset. It isn't described what it tells Apps.
    pub tells_who_can_bypass: bool,
    /// Whether nothing can be written any more.
    pub archived: bool,
    /// Whether GitHub has disabled it.
    pub disabled: bool,
    /// Whether it has pull requests.
    pub has_pull_requests: bool,
    /// Who opens pull requests: `all` or `collaborators_only`.
    pub pull_request_creation_policy: String,
    /// The signatures of the commits that GitHub makes.
    pub signatures: Signatures,
    /// Whether Actions may create and approve pull requests. Here every token without scopes counts as that of a
    /// workflow.
    pub actions_open_pulls: bool,
    /// Whether the branch of a pull request is deleted when that is merged.
    pub deletes_merged_branches: bool,
}

impl Repository {
    fn of(visibility: Visibility) -> Self {
        Self {
            visibility,
            empty: false,
            default_branch: "main".to_owned(),
            rules: Vec::new(),
            bypassed_by: BTreeSet::new(),
            tells_who_can_bypass: true,
            archived: false,
            disabled: false,
            has_pull_requests: true,
            pull_request_creation_policy: "all".to_owned(),
            signatures: Signatures::Valid,
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

    /// Begins without a commit.
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

    /// Protects a branch, or all whose names begin with what is before a `*`.
    pub fn protected_branch(mut self, branch: &str, rule: Rule) -> Self {
        self.rules.push((Some(branch.to_owned()), rule));
        self
    }

    /// Lets a token bypass all rules.
    pub fn bypassed_by(mut self, secret: &str) -> Self {
        self.bypassed_by.insert(secret.to_owned());
        self
    }

    /// Keeps GitHub from telling a token whether it can bypass a ruleset.
    pub fn silent_about_bypassing(mut self) -> Self {
        self.tells_who_can_bypass = false;
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

    /// Switches its pull requests off.
    pub fn without_pull_requests(mut self) -> Self {
        self.has_pull_requests = false;
        self
    }

    /// Lets only collaborators open pull requests. Here no token without scopes counts as one.
    pub fn pulls_by_collaborators(mut self) -> Self {
        self.pull_request_creation_policy = "collaborators_only".to_owned();
        self
    }

    /// Keeps Actions from creating pull requests, as new repositories do.
    pub fn without_pulls_of_actions(mut self) -> Self {
        self.actions_open_pulls = false;
        self
    }

    /// Deletes the branches of pull requests that are merged.
    pub fn deleting_merged_branches(mut self) -> Self {
        self.deletes_merged_branches = true;
        self
    }

    /// Commits are not signed, as where no signing is set up.
    pub fn unsigned(mut self) -> Self {
        self.signatures = Signatures::Absent;
        self
    }

    /// Commits are signed, but their signatures are not valid.
    pub fn badly_signed(mut self) -> Self {
        self.signatures = Signatures::Invalid;
        self
    }

    /// The rules that hold for a branch.
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
