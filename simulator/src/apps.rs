//! GitHub Apps: their keys, and where they are installed.

use std::collections::BTreeMap;

use jiff::SignedDuration;

/// A GitHub App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The public half of its key, as PKCS#1 has it.
    pub public_key: Vec<u8>,
    /// Where it is installed.
    pub installations: Vec<Installation>,
    /// How long its tokens last: an hour at GitHub.
    pub tokens_last: SignedDuration,
    /// For how many requests a token is good, where it ends before its time.
    pub tokens_serve: Option<usize>,
}

impl App {
    /// An App with that key, installed nowhere.
    pub fn new(public_key: &[u8]) -> Self {
        Self {
            public_key: public_key.to_owned(),
            installations: Vec::new(),
            tokens_last: SignedDuration::from_hours(1),
            tokens_serve: None,
        }
    }

    /// Installs it.
    pub fn installed(mut self, installation: Installation) -> Self {
        self.installations.push(installation);
        self
    }

    /// Lets its tokens end after that time.
    pub fn tokens_last(mut self, time: SignedDuration) -> Self {
        self.tokens_last = time;
        self
    }

    /// Lets its tokens end after so many requests.
    pub fn tokens_serve(mut self, requests: usize) -> Self {
        self.tokens_serve = Some(requests);
        self
    }
}

/// Where an App is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// On an organization.
    Organization,
    /// On an enterprise.
    Enterprise,
}

/// An App on an organization or enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// On which of both.
    pub target: Target,
    /// The organization's name or the enterprise's slug.
    pub name: String,
    /// What it was given: a permission's name and level.
    pub permissions: BTreeMap<String, String>,
    /// Whether it may read the seats of the enterprise. GitHub's pages call the
    /// permission "Enterprise Copilot license management"; its name in the API is not known.
    pub reads_enterprise_seats: bool,
    /// Repositories it may read.
    pub repositories: Vec<String>,
    /// Whether somebody stopped it for the time being.
    pub suspended: bool,
}

impl Installation {
    fn of(target: Target, name: &str) -> Self {
        Self {
            target,
            name: name.to_owned(),
            permissions: BTreeMap::new(),
            reads_enterprise_seats: false,
            repositories: Vec::new(),
            suspended: false,
        }
    }

    /// On an organization, with permission to read its seats.
    pub fn organization(name: &str) -> Self {
        Self::of(Target::Organization, name)
            .permission("organization_copilot_seat_management", "read")
    }

    /// On an enterprise, with permission to read its seats.
    pub fn enterprise(slug: &str) -> Self {
        Self {
            reads_enterprise_seats: true,
            ..Self::of(Target::Enterprise, slug)
        }
    }

    /// Gives it a permission.
    pub fn permission(mut self, name: &str, level: &str) -> Self {
        self.permissions.insert(name.to_owned(), level.to_owned());
        self
    }

    /// Takes all permissions from it.
    pub fn without_permissions(mut self) -> Self {
        self.permissions.clear();
        self.reads_enterprise_seats = false;
        self
    }

    /// Lets it see repositories, which every App that sees some may ask about.
    pub fn repositories<'a>(mut self, full_names: impl IntoIterator<Item = &'a str>) -> Self {
        self.repositories
            .extend(full_names.into_iter().map(str::to_owned));
        self.permission("metadata", "read")
    }

    /// Stops it for the time being.
    pub fn suspended(mut self) -> Self {
        self.suspended = true;
        self
    }
}
