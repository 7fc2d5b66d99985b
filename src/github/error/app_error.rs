//! Why a GitHub App can't read the seats of an organization or enterprise.

/// Why an App cannot read the seats of an organization or enterprise that it is installed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AppError {
    /// Somebody stopped the installation for the time being.
    #[error("answer: 200 OK, the App is installed there\n  missing: the installation is suspended since {since}{by}, and a suspended one can read nothing", by = somebody(.by.as_deref()))]
    Suspended {
        /// Since when.
        since: String,
        /// By whom, where GitHub says it.
        by: Option<String>,
        /// The installation's page.
        page: String,
    },
    /// It was not given the permission to read seats, or nobody approved it.
    #[error(
        "answer: 200 OK, the App is installed there\n  missing: the organization permission \"GitHub Copilot Business\" (read), which the installation was not given"
    )]
    Permission {
        /// The installation's page.
        page: String,
    },
    /// The system gives no random numbers.
    #[error(
        "answer: none, nothing was sent\n  missing: random numbers, which the system does not give"
    )]
    Unsigned,
}

fn somebody(login: Option<&str>) -> String {
    login.map_or_else(String::new, |login| format!(" by {login}"))
}

impl AppError {
    pub(super) fn advice(&self) -> String {
        match self {
            Self::Suspended { page, .. } => format!(
                "whoever suspended it lifts that: an owner of the organization or enterprise with \"Unsuspend\" on the installation's page{}, or the App's owner in the App's settings under \"Install App\"",
                at(page)
            ),
            Self::Permission { page } => format!(
                "the App's owner adds it in the App's settings under \"Permissions & events\", and then an owner of the organization approves it on the installation's page{}",
                at(page)
            ),
            Self::Unsigned => "run the workflow again, on another runner if it stays".to_owned(),
        }
    }
}

fn at(page: &str) -> String {
    if page.is_empty() {
        String::new()
    } else {
        format!(" ({page})")
    }
}
