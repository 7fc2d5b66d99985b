//! Validates the names of artifacts and of the files in them.
//!
//! The service rejects certain characters, because artifacts are unpacked on all kinds of systems.
//! Like the official client, we reject them before the upload (actions/toolkit,
//! `packages/artifact/src/internal/upload/path-and-artifact-name-validation.ts`).

use std::fmt;

/// The name of an artifact, which is unique in its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactName(String);

impl ArtifactName {
    /// Validates `text` as a name.
    ///
    /// # Errors
    ///
    /// Fails if the name is empty, `.`, or `..`, or has a character that the service rejects.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() {
            return Err(NameError::Empty);
        }
        if matches!(text, "." | "..") {
            return Err(NameError::Relative);
        }
        refuse_characters(text, "\":<>|*?\\/")?;
        Ok(Self(text.to_owned()))
    }

    /// The name as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name to try if this one and all numbered ones before `number` are already used.
    pub(super) fn numbered(&self, number: u32) -> Self {
        match number {
            0 | 1 => self.clone(),
            _ => Self(format!("{}-{number}", self.0)),
        }
    }
}

impl ArtifactName {
    /// The same for a name that's also the name of a file, which keeps its extension.
    pub(super) fn numbered_file(&self, number: u32) -> Self {
        match (number, self.0.rsplit_once('.')) {
            (0 | 1, _) | (_, None | Some(("", _))) => self.numbered(number),
            (_, Some((stem, extension))) => Self(format!("{stem}-{number}.{extension}")),
        }
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a name is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It's empty or contains only white space.
    #[error("the name is empty")]
    Empty,
    /// It's `.` or `..`, or a path with such a component, which refers to a directory.
    #[error("a name can't be or contain the folders `.` and `..`")]
    Relative,
    /// It's an absolute path.
    #[error("a name can't start with `/`")]
    Absolute,
    /// It contains a character that some systems don't allow in file names.
    #[error("the name contains {}, which artifacts can't have", described(*.0))]
    Character(char),
}

fn described(character: char) -> String {
    match character {
        '\r' => "a carriage return".to_owned(),
        '\n' => "a line feed".to_owned(),
        _ if character.is_control() => {
            format!("the control character U+{:04X}", u32::from(character))
        }
        _ => format!("the character {character}"),
    }
}

/// Validates the name of a file in an artifact. `/` separates directories.
pub(super) fn check_entry(name: &str) -> Result<(), NameError> {
    if name.trim().is_empty() || name.ends_with('/') {
        return Err(NameError::Empty);
    }
    if name.starts_with('/') {
        return Err(NameError::Absolute);
    }
    if name
        .split(['/', '\\'])
        .any(|part| matches!(part, "." | ".." | ""))
    {
        return Err(NameError::Relative);
    }
    refuse_characters(name, "\":<>|*?\\")
}

fn refuse_characters(text: &str, refused: &str) -> Result<(), NameError> {
    match text
        .chars()
        .find(|character| refused.contains(*character) || character.is_control())
    {
        Some(character) => Err(NameError::Character(character)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    #[test]
    fn every_character_the_service_refuses_is_refused_by_name() {
        for refused in "\":<>|*?\r\n\\/\0\t\u{7f}\u{85}".chars() {
            assert_eq!(
                ArtifactName::parse(&format!("a{refused}b")),
                Err(NameError::Character(refused)),
            );
        }
        let text = |name| ArtifactName::parse(name).unwrap_err().to_string();
        assert!(text("a*b").contains("the character *"));
        assert!(text("a\nb").contains("a line feed"));
        assert!(text("a\tb").contains("U+0009"));
    }

    #[test]
    fn invalid_names_are_refused() {
        assert_eq!(ArtifactName::parse(""), Err(NameError::Empty));
        assert_eq!(ArtifactName::parse(" "), Err(NameError::Empty));
        assert_eq!(ArtifactName::parse("."), Err(NameError::Relative));
        assert_eq!(ArtifactName::parse(".."), Err(NameError::Relative));
        for fine in ["copilot-activity-report", "a b", "Bericht für März", "..."] {
            assert_eq!(ArtifactName::parse(fine).unwrap().as_str(), fine);
        }
    }

    #[test]
    fn numbered_names_continue_with_2() {
        let name = ArtifactName::parse("report").unwrap();
        let names: Vec<String> = (1..=3).map(|n| name.numbered(n).to_string()).collect();
        assert_eq!(names, ["report", "report-2", "report-3"]);
        for (name, second) in [
            ("report.html", "report-2.html"),
            ("a.b.html", "a.b-2.html"),
            ("report", "report-2"),
            (".html", ".html-2"),
        ] {
            let name = ArtifactName::parse(name).unwrap();
            assert_eq!(name.numbered_file(1), name);
            assert_eq!(name.numbered_file(2).as_str(), second);
        }
    }

    #[test]
    fn a_file_cannot_leave_the_folder_it_is_unpacked_into() {
        for refused in [
            "../a", "a/../b", "/a", "a//b", "a/", "", "..", "..\\a", "a\\b", "a:b",
        ] {
            assert!(check_entry(refused).is_err(), "{refused}");
        }
        for fine in ["report.csv", "acme/latest.csv", ".hidden", "a..b"] {
            assert_eq!(check_entry(fine), Ok(()));
        }
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn an_accepted_name_never_leaves_its_folder_on_any_system(text in arbitrary_text::text()) {
            if let Ok(name) = ArtifactName::parse(&text) {
                prop_assert_eq!(name.as_str(), text.as_str());
                prop_assert!(!text.contains(['/', '\\', ':', '\n', '\r', '\0', '"', '*']));
                prop_assert!(!matches!(text.as_str(), "." | ".."));
            }
            if check_entry(&text).is_ok() {
                let path = std::path::Path::new(&text);
                let below = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(path.components().all(below), "{:?}", text);
                prop_assert!(!text.contains(['\\', ':', '\n', '\r', '\0']));
            }
        }
    }
}
