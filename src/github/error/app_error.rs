//! Why a GitHub App can't read the seats of an organization or enterprise.

use crate::system::prose::Prose;

/// Why an App can't read the seats of an organization or enterprise that it's installed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AppError {
    /// Someone suspended the installation.
    #[error("Response: 200 OK, the App is installed there\n  Missing: The installation has been suspended since {since}{by}. A suspended installation can't read anything.", by = somebody(.by.as_deref()))]
    Suspended {
        /// When it was suspended.
        since: String,
        /// Who suspended it, if GitHub says so.
        by: Option<String>,
        /// The URL of the installation's page.
        page: String,
    },
    /// It wasn't granted the permission to read seats, or no one approved the permission.
    #[error(
        "Response: 200 OK, the App is installed there\n  Missing: The organization permission \"GitHub Copilot Business\" (read), which the installation doesn't have."
    )]
    Permission {
        /// The URL of the installation's page.
        page: String,
    },
    /// The system provides no random numbers.
    #[error(
        "Response: none, nothing was sent\n  Missing: Random numbers, which the system doesn't provide."
    )]
    Unsigned,
}

fn somebody(login: Option<&str>) -> String {
    login.map_or_else(String::new, |login| format!(" by {login}"))
}

impl AppError {
    pub(super) fn advice(&self) -> Prose {
        match self {
            Self::Suspended { page, .. } => {
                let first = "Unsuspend the installation. If an owner of the organization or enterprise suspended it, use \"Unsuspend\" on the installation's page";
                with_page(first, page).and(
                    ". If the App's owner suspended it, use \"Install App\" in the App's settings.",
                )
            }
            Self::Permission { page } => {
                let first = "Have the App's owner add it in the App's settings under \"Permissions & events\". Then an owner of the organization must approve it on the installation's page";
                with_page(first, page).and(".")
            }
            Self::Unsigned => {
                Prose::own("Run the workflow again. If the problem persists, use another runner.")
            }
        }
    }
}

fn with_page(text: &str, page: &str) -> Prose {
    let text = Prose::own(text);
    if page.is_empty() {
        text
    } else {
        text.and(" (").and_link(page).and(")")
    }
}
