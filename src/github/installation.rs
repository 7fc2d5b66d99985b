//! What GitHub says about an installation of a GitHub App (schema `installation` of GitHub's API
//! description), and whether the installation can read seats.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::AppError;
use crate::report::scope::ScopeKind;
use crate::system::text::shown;

/// The permission that an App needs to read the seats of an organization (schema `app-permissions`
/// of GitHub's API description). On an enterprise, GitHub's pages call it "Enterprise Copilot
/// license management". Its name in the API isn't documented, so the code can't check an
/// installation for it.
const PERMISSION: &str = "organization_copilot_seat_management";

/// An installation as GitHub describes it.
#[derive(Deserialize)]
pub(super) struct InstallationBody {
    pub(super) id: u64,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    permissions: BTreeMap<String, serde_json::Value>,
    pub(super) suspended_at: Option<String>,
    suspended_by: Option<Account>,
    /// The kind of account that it's on: `Organization`, `User`, or `Enterprise`.
    #[serde(default)]
    pub(super) target_type: String,
    /// What it's on. An enterprise has no login.
    pub(super) account: Option<Account>,
}

/// An account that an App is installed on, or a person.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) login: Option<String>,
    pub(super) id: Option<u64>,
}

/// An installation that can read seats.
#[derive(Debug, Clone)]
pub(super) struct ResolvedInstallation {
    pub(super) id: u64,
    /// The permissions to limit its token to. `None` for all of the App's permissions.
    pub(super) permissions: Option<BTreeMap<&'static str, &'static str>>,
}

/// An installation from GitHub's list, so that no one has to look it up again.
#[derive(Debug, Clone)]
pub(crate) struct ListedInstallation {
    /// The method and URL of the request that listed it.
    pub(super) asked: String,
    pub(super) resolved: Result<ResolvedInstallation, AppError>,
}

impl InstallationBody {
    /// Checks that the installation can read the seats of an organization or an enterprise.
    pub(super) fn resolve(self, kind: ScopeKind) -> Result<ResolvedInstallation, AppError> {
        let page = shown(&self.html_url, 200);
        if let Some(since) = &self.suspended_at {
            let by = self.suspended_by.and_then(|by| by.login);
            return Err(AppError::Suspended {
                since: shown(since, 50),
                by: by.map(|by| shown(&by, 100)),
                page,
            });
        }
        let permissions = match kind {
            ScopeKind::Organization if !self.permissions.contains_key(PERMISSION) => {
                return Err(AppError::Permission { page });
            }
            ScopeKind::Organization => {
                let mut needed = BTreeMap::from([(PERMISSION, "read")]);
                // With this permission, the token can also be used to look up repositories.
                if self.permissions.contains_key("metadata") {
                    needed.insert("metadata", "read");
                }
                Some(needed)
            }
            // "Enterprise account installations … cannot be scoped down using the `permissions`
            // parameter" (operation `apps/create-installation-access-token`).
            ScopeKind::Enterprise => None,
        };
        Ok(ResolvedInstallation {
            id: self.id,
            permissions,
        })
    }
}
