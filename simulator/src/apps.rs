//! GitHub Apps: their keys, and where they are installed.

use std::collections::BTreeMap;

use jiff::SignedDuration;

/// A GitHub App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its public key in PKCS#1.
    pub public_key: Vec<u8>,
    /// Its installations.
    pub installations: Vec<Installation>,
    /// How long its tokens are valid. On GitHub, it's an hour.
    pub tokens_last: SignedDuration,
    /// How many requests a token can make, if it ends early.
    pub tokens_serve: Option<usize>,
}

impl App {
    /// An App with this key and no installations.
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

    /// Makes its tokens expire after this time.
    pub fn tokens_last(mut self, time: SignedDuration) -> Self {
        self.tokens_last = time;
        self
    }

    /// Makes its tokens expire after this many requests.
    pub fn tokens_serve(mut self, requests: usize) -> Self {
        self.tokens_serve = Some(requests);
        self
    }
}

/// The kind of account that an App is installed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An organization.
    Organization,
    /// An enterprise.
    Enterprise,
    /// A person's account.
    User,
}

/// An installation of an App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The kind of account.
    pub target: Target,
    /// The organization's or person's login, or the enterprise's slug.
    pub name: String,
    /// The names and levels of its permissions.
    pub permissions: BTreeMap<String, String>,
    /// Whether it can read the seats of the enterprise. GitHub's pages call the permission
    /// "Enterprise Copilot license management". Its name in the API isn't documented.
    pub reads_enterprise_seats: bool,
    /// Repositories that it can read.
    pub repositories: Vec<String>,
    /// Whether the installation is suspended.
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

    /// An installation on an organization, with permission to read its seats.
    pub fn organization(name: &str) -> Self {
        Self::of(Target::Organization, name)
            .permission("organization_copilot_seat_management", "read")
    }

    /// An installation on an enterprise, with permission to read its seats.
    pub fn enterprise(slug: &str) -> Self {
        Self {
            reads_enterprise_seats: true,
            ..Self::of(Target::Enterprise, slug)
        }
    }

    /// An installation on a person's account.
    pub fn user(login: &str) -> Self {
        Self::of(Target::User, login).permission("metadata", "read")
    }

    /// Adds a permission.
    pub fn permission(mut self, name: &str, level: &str) -> Self {
        self.permissions.insert(name.to_owned(), level.to_owned());
        self
    }

    /// Removes all permissions.
    pub fn without_permissions(mut self) -> Self {
        self.permissions.clear();
        self.reads_enterprise_seats = false;
        self
    }

    /// Lets it read these repositories. Every App has permission to read their metadata.
    pub fn repositories<'a>(mut self, full_names: impl IntoIterator<Item = &'a str>) -> Self {
        self.repositories
            .extend(full_names.into_iter().map(str::to_owned));
        self.permission("metadata", "read")
    }

    /// Suspends it.
    pub fn suspended(mut self) -> Self {
        self.suspended = true;
        self
    }
}
