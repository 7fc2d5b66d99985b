//! Variables that somebody set for an input and that nothing reads.
//!
//! A shell can't set `INPUT_COMMIT-TOKEN`, so people write `INPUT_COMMIT_TOKEN`. A run that ignores
//! it does something else than it was asked to, so the variable is refused with the right spelling.

use super::given::Given;
use super::table::{INPUTS, Input, Kind};
use crate::system::text::shown;

/// What the runner puts before the name of an input.
const PREFIX: &str = "INPUT_";

impl Given<'_> {
    /// Finds variables that look like an input and aren't read, or whose values can't be.
    pub(super) fn unread_variables(&mut self) {
        let environment = self.environment;
        for variable in environment.names() {
            let is_set = environment.get(variable).is_some();
            let is_unreadable = environment.is_unreadable(variable);
            let Some(input) = meant_by(variable) else {
                continue;
            };
            if is_read_as(input, variable, self.is_by_hand()) {
                if is_unreadable {
                    self.mistake(input.name, format!("{variable} isn't valid UTF-8 text"));
                }
            } else if variable.starts_with(PREFIX) && (is_set || is_unreadable) {
                let problem = format!(
                    "the variable {} isn't read. {}",
                    shown(variable, 50),
                    way_to(input, self.is_by_hand())
                );
                self.mistake(input.name, problem);
            }
        }
    }
}

/// The variable in which the runner passes an input.
pub(super) fn variable_of(input: &Input) -> String {
    format!("{PREFIX}{}", input.name.to_uppercase())
}

/// The variable that has a secret if the command is started by hand; a shell can set it.
fn by_hand_variable(input: &Input) -> Option<String> {
    match (input.kind, input.name) {
        (Kind::Secret, "token") => Some("GITHUB_TOKEN".to_owned()),
        (Kind::Secret, name) => Some(name.to_uppercase().replace('-', "_")),
        _ => None,
    }
}

fn is_read_as(input: &Input, variable: &str, by_hand: bool) -> bool {
    variable == variable_of(input)
        || (by_hand && by_hand_variable(input).is_some_and(|name| name == variable))
}

/// How to set the input.
fn way_to(input: &Input, by_hand: bool) -> String {
    let (name, variable) = (input.name, variable_of(input));
    let spelled = if variable.contains('-') {
        format!("{variable}, with a hyphen")
    } else {
        variable
    };
    match by_hand_variable(input) {
        _ if !by_hand => {
            format!(
                "Set `{name}` under `with` in the workflow; as a variable it's spelled {spelled}"
            )
        }
        Some(variable) => {
            format!(
                "By hand, set {variable} instead; in a container the variable can also be {spelled}"
            )
        }
        None => {
            format!(
                "By hand, use --{name} instead; in a container the variable can also be {spelled}"
            )
        }
    }
}

/// The input that a variable is for, or that it's most likely a misspelling of.
fn meant_by(variable: &str) -> Option<&'static Input> {
    let by_hand = |input: &&Input| by_hand_variable(input).is_some_and(|name| name == variable);
    let Some(name) = variable.strip_prefix(PREFIX) else {
        return INPUTS.iter().find(by_hand);
    };
    let name = name.to_lowercase().replace('_', "-");
    let edits = |input: &&Input| edits_between(&name, input.name);
    let alike = INPUTS
        .iter()
        .filter(|input| input.name.len().abs_diff(name.len()) <= 2);
    let nearest = alike.min_by_key(edits)?;
    // In a short name a second wrong character makes another word.
    let most = if nearest.name.len() < 8 { 1 } else { 2 };
    (edits(&nearest) <= most).then_some(nearest)
}

/// How many characters to insert, remove or replace to make one text the other (Levenshtein).
fn edits_between(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, c) in (1..).zip(one.chars()) {
        let mut diagonal = std::mem::replace(&mut row[0], line);
        for (place, other) in (1..).zip(&other) {
            let replaced = diagonal + usize::from(c != *other);
            diagonal = row[place];
            row[place] = replaced.min(row[place] + 1).min(row[place - 1] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_as_levenshtein_does() {
        for (one, other, edits) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("organisation", "organization", 1),
            ("ab", "ba", 2),
        ] {
            assert_eq!(edits_between(one, other), edits, "{one} {other}");
        }
    }

    #[test]
    fn no_input_is_mistaken_for_another() {
        for input in INPUTS {
            let meant = meant_by(&variable_of(input)).map(|input| input.name);
            assert_eq!(meant, Some(input.name));
        }
    }
}
