//! Which organizations, or which enterprise, the reports are about: names, or patterns such as
//! `acme-*`, and `!` for those to leave out.

use std::fmt;

use super::raw::RawInputs;
use crate::report::scope::{Scope, ScopeKind};

/// The longest pattern in characters. A name isn't longer either.
const MAX_PATTERN: usize = 100;

/// What the reports are about.
#[derive(Debug, Clone)]
pub(crate) enum Selection {
    /// These, without duplicates. There's at least one.
    Named(Vec<Scope>),
    /// The organizations that match, of those that GitHub lists.
    Matching(Patterns),
}

/// Which organizations to include, and which to leave out. Case doesn't matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patterns {
    given: Vec<String>,
    names: Vec<Scope>,
    included: Vec<Pattern>,
    excluded: Vec<Pattern>,
}

/// A name in which each `*` matches any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(String);

/// Why a text can't be a pattern for names of organizations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} can't be a pattern for organizations: patterns have only letters, digits, `-`, `_`, and `*`, and at most {MAX_PATTERN} characters"
)]
struct PatternError(String);

impl Pattern {
    fn parse(text: &str) -> Result<Self, PatternError> {
        let fits = (1..=MAX_PATTERN).contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*'));
        fits.then(|| Self(text.to_ascii_lowercase()))
            .ok_or_else(|| PatternError(text.chars().take(MAX_PATTERN).collect()))
    }

    /// Returns whether the whole name matches.
    fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.to_ascii_lowercase());
        let name = name.as_bytes();
        let (mut at, mut in_name) = (0, 0);
        // Where to continue if the last `*` has to match one more character.
        let mut star: Option<(usize, usize)> = None;
        while in_name < name.len() {
            match (pattern.get(at), star) {
                (Some(b'*'), _) => {
                    star = Some((at + 1, in_name));
                    at += 1;
                }
                (Some(c), _) if *c == name[in_name] => {
                    at += 1;
                    in_name += 1;
                }
                (_, Some((after, matched))) => {
                    star = Some((after, matched + 1));
                    at = after;
                    in_name = matched + 1;
                }
                (_, None) => return false,
            }
        }
        pattern[at..].iter().all(|c| *c == b'*')
    }
}

impl Patterns {
    /// Returns the entries as the user wrote them.
    pub(crate) fn given(&self) -> &[String] {
        &self.given
    }

    /// Returns the organizations that the user named. They're included whatever GitHub lists.
    pub(crate) fn names(&self) -> &[Scope] {
        &self.names
    }

    /// Returns whether an organization of this name belongs to the reports.
    pub(crate) fn selects(&self, name: &str) -> bool {
        self.is_named(name) || (self.covers(name) && !self.leaves_out(name))
    }

    /// Returns whether it would belong to them if nothing were left out.
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.is_named(name) || self.included.iter().any(|pattern| pattern.matches(name))
    }

    fn is_named(&self, name: &str) -> bool {
        let mut names = self.names.iter();
        names.any(|known| known.name().eq_ignore_ascii_case(name))
    }

    fn leaves_out(&self, name: &str) -> bool {
        self.excluded.iter().any(|pattern| pattern.matches(name))
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given.join(", "))
    }
}

impl RawInputs<'_> {
    pub(super) fn selection(&mut self) -> Option<Selection> {
        let organizations = self.get("organization").map(str::to_owned);
        let enterprise = self.get("enterprise").map(str::to_owned);
        match (organizations, enterprise) {
            (Some(_), Some(_)) => {
                self.refuse(
                    "enterprise",
                    "can't be used together with `organization`. Set only one of them.",
                );
                None
            }
            (Some(names), None) => self.organizations(&names),
            (None, Some(name)) => {
                let scope = Scope::new(ScopeKind::Enterprise, &name);
                let scope = self.parse("enterprise", scope)?;
                Some(Selection::Named(vec![scope]))
            }
            (None, None) => match self.environment.get("GITHUB_REPOSITORY_OWNER") {
                Some(owner) => {
                    let scope = Scope::new(ScopeKind::Organization, owner.trim());
                    let scope = self.parse("organization", scope)?;
                    Some(Selection::Named(vec![scope]))
                }
                None => {
                    self.refuse(
                        "organization",
                        "isn't set. Set it to an organization, or set `enterprise` to an enterprise.",
                    );
                    None
                }
            },
        }
    }

    /// Parses the entries of `organization`.
    fn organizations(&mut self, entries: &str) -> Option<Selection> {
        const INPUT: &str = "organization";
        let mut patterns = Patterns::default();
        let mut good = true;
        for entry in entries.split([',', '\n', '\r']).map(str::trim) {
            if entry.is_empty() {
                continue;
            }
            let (is_left_out, name) = match entry.strip_prefix('!') {
                Some(name) => (true, name.trim_start()),
                None => (false, entry),
            };
            let good_entry = if name.contains('*') {
                let pattern = self.parse(INPUT, Pattern::parse(name));
                let patterns = match is_left_out {
                    true => &mut patterns.excluded,
                    false => &mut patterns.included,
                };
                pattern.map(|pattern| patterns.push(pattern)).is_some()
            } else {
                let scope = self.parse(INPUT, Scope::new(ScopeKind::Organization, name));
                let is_good = scope.is_some();
                match scope {
                    Some(_) if is_left_out => {
                        patterns.excluded.push(Pattern(name.to_ascii_lowercase()));
                    }
                    Some(scope) if !patterns.is_named(name) => patterns.names.push(scope),
                    _ => {}
                }
                is_good
            };
            good &= good_entry;
            let mark = if is_left_out { "!" } else { "" };
            patterns.given.push(format!("{mark}{name}"));
        }
        let both = patterns.names.iter().find(|scope| {
            let name = scope.name().to_ascii_lowercase();
            patterns.excluded.contains(&Pattern(name))
        });
        if let Some(both) = both {
            self.refuse(
                INPUT,
                format!("names {both} and also leaves it out. Remove `{both}` or `!{both}`."),
            );
            good = false;
        }
        if good && patterns.names.is_empty() && patterns.included.is_empty() {
            self.refuse(
                INPUT,
                match patterns.excluded.is_empty() {
                    true => "contains no names",
                    false => {
                        "only leaves organizations out. To include all others, add `*` in front."
                    }
                },
            );
            good = false;
        }
        good.then_some(match patterns.included.is_empty() {
            true => Selection::Named(patterns.names),
            false => Selection::Matching(patterns),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_star_matches_any_characters_and_nothing_else_is_special() {
        for (pattern, name, expected) in [
            ("*", "acme", true),
            ("acme", "ACME", true),
            ("acme-*", "acme-", true),
            ("ACME-*", "acme-tools", true),
            ("acme-*", "acme", false),
            ("acme-*", "my-acme-tools", false),
            ("*-test", "acme-test", true),
            ("*-test", "acme-test-2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*b*", "abc", true),
            ("**", "x", true),
            ("a-b", "a_b", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_name_is_stronger_than_a_pattern_that_leaves_it_out() {
        let patterns = Patterns {
            names: vec![Scope::new(ScopeKind::Organization, "acme-core").unwrap()],
            included: vec![Pattern("*".to_owned())],
            excluded: vec![Pattern("acme-*".to_owned())],
            ..Patterns::default()
        };
        for (name, expected) in [("globex", true), ("acme-test", false), ("Acme-Core", true)] {
            assert_eq!(patterns.selects(name), expected, "{name}");
            assert!(patterns.covers(name));
        }
    }

    proptest! {
        #[test]
        fn a_pattern_made_of_parts_of_a_name_matches_it(
            parts in prop::collection::vec("[a-z0-9-]{0,4}", 1..6), between in "[a-z-]{0,3}",
        ) {
            let name = parts.join(&between);
            let pattern = parts.join("*") + "*";
            prop_assert!(matches(&pattern, &name), "{} {}", pattern, name);
            let (exact, longer) = (Pattern(name.clone()), name.clone() + "x");
            prop_assert!(exact.matches(&name) && !exact.matches(&longer), "{}", name);
        }
    }
}
