//! Finds variables that someone set for an input, but that nothing reads.
//!
//! A shell can't set `INPUT_COMMIT-TOKEN`, so people write `INPUT_COMMIT_TOKEN`. If the run ignored
//! the variable, it wouldn't do what the user wants. The run refuses it instead, and shows the
//! right spelling.

use strsim::levenshtein;

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
            if is_read_as(input, variable, self.in_actions()) {
                if is_unreadable {
                    self.refuse(input.name, format!("{variable} isn't valid UTF-8 text"));
                }
            } else if (is_set || is_unreadable)
                && (variable.starts_with(PREFIX) || self.is_missed_in_workflow(input, variable))
            {
                let problem = format!(
                    "the variable {} isn't read. {}",
                    shown(variable, 50),
                    way_to(input, self.in_actions())
                );
                self.refuse(input.name, problem);
            }
        }
    }

    /// Returns whether a workflow sets a variable that works only outside workflows, but not the
    /// input. Without its key, a report would have people's names.
    fn is_missed_in_workflow(&self, input: &Input, variable: &str) -> bool {
        self.in_actions() && variable.starts_with(OWN_PREFIX) && self.get(input.name).is_none()
    }
}

/// Returns the variables for a secret outside workflows.
fn shell_variables(input: &Input) -> Option<SecretVariables> {
    match input.name {
        "token" => Some(TOKEN),
        "commit-token" => Some(COMMIT_TOKEN),
        "app-private-key" => Some(APP_PRIVATE_KEY),
        "pseudonym-key" => Some(PSEUDONYM_KEY),
        _ => None,
    }
}

fn is_shell_variable(input: &Input, variable: &str) -> bool {
    shell_variables(input).is_some_and(|variables| variables.contains(&variable))
}

fn is_read_as(input: &Input, variable: &str, in_actions: bool) -> bool {
    variable == variable_of(input) || (!in_actions && is_shell_variable(input, variable))
}

/// Explains how to set the input.
fn way_to(input: &Input, in_actions: bool) -> String {
    let (name, variable) = (input.name, variable_of(input));
    let spelled = if variable.contains('-') {
        format!("{variable}, with a hyphen")
    } else {
        variable
    };
    match shell_variables(input) {
        _ if in_actions => format!(
            "Set `{name}` under `with` in the workflow. As a variable, it's spelled {spelled}."
        ),
        Some([_, variable]) => format!(
            "From the command line, set {variable} instead. In a container, the variable can also be {spelled}."
        ),
        None => format!(
            "From the command line, use --{name} instead. In a container, the variable can also be {spelled}."
        ),
    }
}

/// Returns the input that a variable is for or most likely misspells.
fn meant_by(variable: &str) -> Option<&'static Input> {
    let Some(name) = variable.strip_prefix(PREFIX) else {
        return INPUTS
            .iter()
            .find(|input| is_shell_variable(input, variable));
    };
    let name = name.to_lowercase().replace('_', "-");
    let edits = |input: &&Input| levenshtein(&name, input.name);
    let alike = INPUTS
        .iter()
        .filter(|input| input.name.len().abs_diff(name.len()) <= 2);
    let nearest = alike.min_by_key(edits)?;
    // In a short name, two wrong characters make another word.
    let most = if nearest.name.len() < 8 { 1 } else { 2 };
    (edits(&nearest) <= most).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::super::table::Kind;
    use super::*;

    #[test]
    fn every_secret_has_variables_that_a_shell_can_set() {
        for input in INPUTS {
            let is_secret = input.kind == Kind::Secret;
            assert_eq!(
                shell_variables(input).is_some(),
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
