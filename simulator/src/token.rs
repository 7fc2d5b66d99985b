//! The tokens that requests can have, and what each can read and write.

use std::collections::BTreeSet;

/// Whose seats are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Organization,
    Enterprise,
}

/// The permissions of a token. A new one can only read public data, like the workflow's token
/// without permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Token {
    /// Organizations whose seats it can read.
    pub copilot: BTreeSet<String>,
    /// Enterprises whose seats it can read.
    pub enterprises: BTreeSet<String>,
    /// Repositories that it can read and write.
    pub contents_write: BTreeSet<String>,
    /// Repositories that it can read.
    pub contents_read: BTreeSet<String>,
    /// Repositories whose pull requests it can read and write.
    pub pulls_write: BTreeSet<String>,
    /// The scopes of a person's classic token, sent as `X-OAuth-Scopes`. Without scopes, the token
    /// belongs to an App.
    pub scopes: Option<String>,
    /// Organizations that its owner belongs to.
    pub organizations: BTreeSet<String>,
    /// Organizations whose single sign-on it isn't authorized for, so that GitHub's list leaves them
    /// out.
    pub left_out: BTreeSet<String>,
    /// The URL where the token must be authorized for single sign-on.
    pub sso: Option<String>,
    /// When it expires.
    pub ends: Option<jiff::Timestamp>,
    /// How many more requests it can make, if it ends early.
    pub serves: Option<usize>,
}

impl Token {
    /// A token of an App that can only read public data.
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

    /// Makes it a person's classic token with these scopes. They're only shown. The other methods
    /// set the permissions.
    pub fn scopes(mut self, scopes: &str) -> Self {
        self.scopes = Some(scopes.to_owned());
        self
    }

    /// Makes its owner a member of these organizations, in addition to those whose seats it can read.
    pub fn member_of<S: Into<String>>(
        mut self,
        organizations: impl IntoIterator<Item = S>,
    ) -> Self {
        self.organizations
            .extend(organizations.into_iter().map(Into::into));
        self
    }

    /// Leaves these organizations out of GitHub's list, because of their single sign-on.
    pub fn left_out<S: Into<String>>(mut self, organizations: impl IntoIterator<Item = S>) -> Self {
        self.left_out
            .extend(organizations.into_iter().map(Into::into));
        self
    }

    /// Requires authorization for single sign-on at this URL.
    pub fn sso_required(mut self, url: &str) -> Self {
        self.sso = Some(url.to_owned());
        self
    }

    /// Whether it belongs to an App, so that GitHub signs the commits that it creates over REST.
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

    /// A person's token for a repository can also read its pull requests. Others need the
    /// permission.
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
