//! Validates names of repositories and branches, and paths in repositories, so that none can be
//! mistaken for another.

use std::fmt;

/// A repository: `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepositoryName {
    owner: String,
    name: String,
}

/// A branch, without `refs/heads/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BranchName(String);

/// The path of a file or folder from the root of a repository, with `/` between the segments. Empty
/// for the root itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RepositoryPath(String);

/// Why a name can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// It isn't `owner/name`, or has characters that GitHub doesn't allow.
    #[error(
        "a repository must have the format `owner/name`, with only letters, digits, `-`, `_`, and `.`"
    )]
    Repository,
    /// Git doesn't allow this branch name (`git help check-ref-format`).
    #[error("this can't be the name of a branch ({0})")]
    Branch(&'static str),
    /// The path leaves its folder, or could be mistaken for another path.
    #[error("this can't be a folder in a repository ({0})")]
    Path(&'static str),
    /// Writing workflows needs a permission that no one should grant for this.
    #[error("reports are not allowed in .github/workflows")]
    Workflows,
}

impl RepositoryName {
    /// Parses `owner/name`.
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let fits = |part: &str| {
            (1..=100).contains(&part.len())
                && part != "."
                && part != ".."
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        match text.split_once('/') {
            Some((owner, name)) if fits(owner) && fits(name) => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(NameError::Repository),
        }
    }

    /// Returns the account that owns it.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// Returns its name within the account.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl BranchName {
    /// Parses a branch name, with or without `refs/heads/`.
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let name = text.strip_prefix("refs/heads/").unwrap_or(text);
        let why = if name.is_empty() {
            Some("it's empty")
        } else if name.starts_with("refs/") {
            Some("it's another kind of reference")
        } else if name.starts_with('-') || name == "@" || name == "HEAD" {
            Some("Git reserves that name")
        } else if name.contains("..") || name.contains("@{") {
            Some("it has `..` or `@{`")
        } else if name
            .chars()
            .any(|c| c.is_control() || " ~^:?*[\\".contains(c))
        {
            Some("it has a space, a control character, or one of ~^:?*[\\")
        } else if name.split('/').any(|part| {
            part.is_empty()
                || part.starts_with('.')
                || part.ends_with('.')
                || part.ends_with(".lock")
        }) {
            Some("a part of it is empty, starts or ends with a dot, or ends with .lock")
        } else if name.len() > 200 {
            Some("it's too long")
        } else {
            None
        };
        match why {
            None => Ok(Self(name.to_owned())),
            Some(why) => Err(NameError::Branch(why)),
        }
    }

    /// Returns its name, without `refs/heads/`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns its full name, `refs/heads/…`.
    pub(crate) fn reference(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RepositoryPath {
    /// Parses a folder. `.` is the root of the repository, and a trailing slash is ignored.
    ///
    /// Fails if the path leaves the repository, enters `.git` (or another system's name for it) or
    /// `.github/workflows`, or has characters that a checkout on some system can't handle.
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.strip_prefix("./").unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        if text == "." {
            return Ok(Self(String::new()));
        }
        for segment in text.split('/') {
            let why = if segment.is_empty() {
                Some("it starts with a slash or has an empty part")
            } else if segment == "." || segment == ".." {
                Some("it has a part `.` or `..`")
            } else if is_git(segment) {
                Some("Git reserves `.git`")
            } else if segment.ends_with('.') || segment.ends_with(' ') {
                Some("a part of it ends with a dot or a space")
            } else if segment.chars().any(|c| {
                c.is_control() || crate::system::text::is_invisible(c) || "\\:*?\"<>|".contains(c)
            }) {
                Some("it has a control character or one of \\:*?\"<>|")
            } else if segment.len() > 200 {
                Some("a part of it is too long")
            } else {
                None
            };
            if let Some(why) = why {
                return Err(NameError::Path(why));
            }
        }
        let lower = text.to_lowercase();
        if lower == ".github/workflows" || lower.starts_with(".github/workflows/") {
            return Err(NameError::Workflows);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the path of a file or folder below this folder.
    pub(crate) fn join(&self, below: &str) -> Result<Self, NameError> {
        if self.0.is_empty() {
            Self::parse(below)
        } else {
            Self::parse(below)?;
            Self::parse(&format!("{}/{below}", self.0))
        }
    }

    /// Returns the path as Git and GitHub write it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for RepositoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

/// Returns whether any file system treats `segment` as `.git`. macOS and Windows ignore case.
/// Windows also drops trailing dots and spaces, and accepts `git~1`.
fn is_git(segment: &str) -> bool {
    let lower = segment.to_lowercase();
    let bare = lower.trim_end_matches(['.', ' ']);
    bare == ".git" || bare == "git~1"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    #[test]
    fn a_path_never_leaves_the_repository_or_enters_git_or_workflow_folders() {
        for path in [
            "",
            "/",
            "/etc",
            "a//b",
            "../a",
            "a/../b",
            "a/..",
            ".git",
            "a/.GIT/hooks",
            ".git./x",
            "git~1",
            ".github/workflows",
            ".GitHub/Workflows/x",
            "./.github/workflows",
            "a\\b",
            "C:x",
            "a\nb",
            "a ",
            "a\u{202e}b",
        ] {
            assert!(RepositoryPath::parse(path).is_err(), "{path:?}");
        }
        for (path, read) in [
            ("copilot-activity", "copilot-activity"),
            ("a/b c/ü/", "a/b c/ü"),
            (".", ""),
            ("./a", "a"),
            (".github/reports", ".github/reports"),
            ("a/.github/workflows", "a/.github/workflows"),
        ] {
            assert_eq!(RepositoryPath::parse(path).unwrap().as_str(), read);
        }
    }

    #[test]
    fn a_file_below_a_folder_stays_below_it() {
        let folder = RepositoryPath::parse("reports").unwrap();
        assert_eq!(
            folder.join("acme/latest.csv").unwrap().as_str(),
            "reports/acme/latest.csv"
        );
        assert!(folder.join("../latest.csv").is_err());
        assert!(folder.join(".").is_err());
        let workflows = RepositoryPath::parse(".github").unwrap();
        assert!(workflows.join("workflows/x.yml").is_err());
        assert_eq!(
            RepositoryPath::parse(".")
                .unwrap()
                .join("acme")
                .unwrap()
                .as_str(),
            "acme"
        );
    }

    #[test]
    fn a_branch_is_one_that_git_allows() {
        for name in ["main", "refs/heads/main", "audit/copilot", "a.b", "ü"] {
            assert!(BranchName::parse(name).is_ok(), "{name:?}");
        }
        for name in [
            "",
            "refs/tags/v1",
            "a..b",
            "a b",
            "-x",
            "a/",
            "/a",
            ".a",
            "a.lock",
            "HEAD",
            "@",
            "a@{1}",
            "a\n",
            "a~1",
        ] {
            assert!(BranchName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_repository_is_owner_and_name() {
        assert_eq!(
            RepositoryName::parse("octo/audit.log").unwrap().to_string(),
            "octo/audit.log"
        );
        for name in [
            "",
            "octo",
            "octo/",
            "/audit",
            "a/b/c",
            "octo/..",
            "octo/a b",
            "https://github.com/octo/audit",
        ] {
            assert!(RepositoryName::parse(name).is_err(), "{name:?}");
        }
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn an_accepted_path_stays_below_its_folder(folder in arbitrary_text::text(), below in arbitrary_text::text()) {
            if let Ok(folder) = RepositoryPath::parse(&folder)
                && let Ok(path) = folder.join(&below)
            {
                let inside = path.as_str().strip_prefix(folder.as_str());
                prop_assert!(inside.is_some_and(|rest| !rest.is_empty()), "{}", path);
                for segment in path.segments() {
                    prop_assert!(!matches!(segment, "" | "." | ".."));
                    prop_assert!(!segment.to_lowercase().starts_with(".git.") && !is_git(segment));
                    prop_assert!(!segment.contains(['\\', ':', '\n', '\0']));
                }
                prop_assert_eq!(RepositoryPath::parse(path.as_str()), Ok(path.clone()));
            }
        }

        #[test]
        fn an_accepted_repository_has_two_plain_segments(text in arbitrary_text::text()) {
            for text in [text.clone(), format!("octo/{text}"), format!("{text}/audit")] {
                if let Ok(name) = RepositoryName::parse(&text) {
                    prop_assert_eq!(name.to_string(), text);
                    for part in [name.owner(), name.name()] {
                        prop_assert!(part.chars().all(|c| c.is_ascii_graphic() && c != '/'));
                        prop_assert!(!matches!(part, "" | "." | ".."));
                    }
                }
            }
        }

        #[test]
        fn an_accepted_branch_is_below_refs_heads(text in arbitrary_text::text()) {
            if let Ok(branch) = BranchName::parse(&text) {
                let reference = branch.reference();
                prop_assert!(reference.starts_with("refs/heads/") && !reference.contains(".."));
                prop_assert!(!reference.chars().any(|c| c.is_control() || c == ' '));
                prop_assert!(!reference.split('/').any(str::is_empty));
            }
        }
    }
}
