//! Finds variables that someone set for an input, but that nothing reads.
//!
//! A shell can't set `INPUT_COMMIT-TOKEN`, so people write `INPUT_COMMIT_TOKEN`. If the run ignored
//! the variable, it wouldn't do what the user wants. The run refuses it instead, and shows the
//! right spelling.

use super::raw::RawInputs;
use super::table::{INPUTS, Input, PREFIX, variable_of};
use crate::system::environment::{
    APP_PRIVATE_KEY, COMMIT_TOKEN, PSEUDONYM_KEY, SecretVariables, TOKEN,
};
use crate::system::text::shown;

/// The prefix of variables that are certainly meant for this command.
const OWN_PREFIX: &str = "COPILOT_REPORT_";

impl RawInputs<'_> {
    /// Finds variables that look like an input and aren't read, or that have unreadable values.
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
                    self.refuse(input.name, format!("{variable} isn't valid UTF-8 text"));
                }
            } else if (is_set || is_unreadable)
                && (variable.starts_with(PREFIX) || self.is_missed_in_workflow(input, variable))
            {
                let problem = format!(
                    "the variable {} isn't read. {}",
                    shown(variable, 50),
                    way_to(input, self.is_by_hand())
                );
                self.refuse(input.name, problem);
            }
        }
    }

    /// Returns whether a workflow sets a variable that works only outside workflows, but not the
    /// input. Without its key, a report would have people's names.
    fn is_missed_in_workflow(&self, input: &Input, variable: &str) -> bool {
        !self.is_by_hand() && variable.starts_with(OWN_PREFIX) && self.get(input.name).is_none()
    }
}

/// Returns the variables for a secret outside workflows.
fn by_hand_variables(input: &Input) -> Option<SecretVariables> {
    match input.name {
        "token" => Some(TOKEN),
        "commit-token" => Some(COMMIT_TOKEN),
        "app-private-key" => Some(APP_PRIVATE_KEY),
        "pseudonym-key" => Some(PSEUDONYM_KEY),
        _ => None,
    }
}

fn is_by_hand_variable(input: &Input, variable: &str) -> bool {
    by_hand_variables(input).is_some_and(|variables| variables.contains(&variable))
}

fn is_read_as(input: &Input, variable: &str, by_hand: bool) -> bool {
    variable == variable_of(input) || (by_hand && is_by_hand_variable(input, variable))
}

/// Explains how to set the input.
fn way_to(input: &Input, by_hand: bool) -> String {
    let (name, variable) = (input.name, variable_of(input));
    let spelled = if variable.contains('-') {
        format!("{variable}, with a hyphen")
    } else {
        variable
    };
    match by_hand_variables(input) {
        _ if !by_hand => {
            format!(
                "Set `{name}` under `with` in the workflow. As a variable, it's spelled {spelled}."
            )
        }
        Some([_, variable]) => {
            format!(
                "From the command line, set {variable} instead. In a container, the variable can also be {spelled}."
            )
        }
        None => {
            format!(
                "From the command line, use --{name} instead. In a container, the variable can also be {spelled}."
            )
        }
    }
}

/// Returns the input that a variable is for or most likely misspells.
fn meant_by(variable: &str) -> Option<&'static Input> {
    let Some(name) = variable.strip_prefix(PREFIX) else {
        return INPUTS
            .iter()
            .find(|input| is_by_hand_variable(input, variable));
    };
    let name = name.to_lowercase().replace('_', "-");
    let edits = |input: &&Input| edits_between(&name, input.name);
    let alike = INPUTS
        .iter()
        .filter(|input| input.name.len().abs_diff(name.len()) <= 2);
    let nearest = alike.min_by_key(edits)?;
    // In a short name, two wrong characters make another word.
    let most = if nearest.name.len() < 8 { 1 } else { 2 };
    (edits(&nearest) <= most).then_some(nearest)
}

/// Returns how many characters to insert, remove, or replace to turn one text into the other
/// (Levenshtein distance).
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
    use super::super::table::Kind;
    use super::*;

    #[test]
    fn edits_are_counted_by_levenshtein_distance() {
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
    fn every_secret_has_variables_that_a_shell_can_set() {
        for input in INPUTS {
            let is_secret = input.kind == Kind::Secret;
            assert_eq!(
                by_hand_variables(input).is_some(),
                is_secret,
                "{}",
                input.name
            );
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
