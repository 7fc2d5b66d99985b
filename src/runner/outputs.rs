//! A step's outputs and its summary: files that the runner reads after the step.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use crate::system::environment::Environment;

/// The outputs of the action, each with its name as in `action.yml`.
#[derive(Debug, Default)]
pub(crate) struct Outputs(Vec<(&'static str, String)>);

impl Outputs {
    /// Sets an output. Control characters other than line breaks do not belong into one and are
    /// left out.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        let value = value
            .chars()
            .filter(|c| *c == '\n' || !c.is_control())
            .collect();
        self.0.push((name, value));
    }

    /// Appends the outputs to the file in `GITHUB_OUTPUT`; does nothing where there is none.
    pub(crate) fn write(&self, environment: &Environment) -> io::Result<()> {
        let Some(path) = environment.get("GITHUB_OUTPUT") else {
            return Ok(());
        };
        let mut lines = String::new();
        for (name, value) in &self.0 {
            lines.push_str(&heredoc(name, value)?);
        }
        append(path, lines.as_bytes())
    }
}

/// One output in the form that may have any value: between two lines that cannot be guessed, so
/// that no value can end itself and begin another output.
fn heredoc(name: &str, value: &str) -> io::Result<String> {
    loop {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let delimiter = format!("end-{}", hex::encode(random));
        if !value.contains(&delimiter) {
            return Ok(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"));
        }
    }
}

/// The runner drops a larger summary altogether (actions/runner,
/// `src/Runner.Worker/FileCommandManager.cs`).
pub(crate) const MAX_SUMMARY_SIZE: usize = 1024 * 1024;

/// Appends `summary` to the file in `GITHUB_STEP_SUMMARY`; does nothing where there is none.
pub(crate) fn write_summary(environment: &Environment, summary: &str) -> io::Result<()> {
    match environment.get("GITHUB_STEP_SUMMARY") {
        Some(path) => append(path, summary.as_bytes()),
        None => Ok(()),
    }
}

fn append(path: &str, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?
        .write_all(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    #[test]
    fn a_value_cannot_end_itself_and_begin_another_output() {
        let hostile = "x\nEOF\nother<<EOF\ny";
        let lines = heredoc("report-path", hostile).unwrap();
        let (head, rest) = lines.split_once('\n').unwrap();
        let delimiter = head.strip_prefix("report-path<<").unwrap();
        assert_eq!(rest, format!("{hostile}\n{delimiter}\n"));
        assert_ne!(lines, heredoc("report-path", hostile).unwrap());
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn any_outputs_are_read_back_by_the_runner_as_they_were_set(
            values in proptest::collection::vec(arbitrary_text::text(), 1..4),
        ) {
            const NAMES: [&str; 3] = ["report-path", "commit-url", "changed"];
            let mut outputs = Outputs::default();
            for (name, value) in NAMES.iter().zip(&values) {
                outputs.set(name, value);
            }
            let file: String = outputs
                .0
                .iter()
                .map(|(name, value)| heredoc(name, value).unwrap())
                .collect();
            // As in actions/runner, `src/Runner.Worker/FileCommandManager.cs`.
            let mut lines = file.split_terminator('\n');
            for (name, value) in NAMES.iter().zip(&values) {
                let (read, delimiter) = lines.next().unwrap().split_once("<<").unwrap();
                prop_assert_eq!(read, *name);
                let read: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                let read = read.join("\n");
                prop_assert!(!read.chars().any(|c| c.is_control() && c != '\n'));
                let visible: String = value.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
                prop_assert_eq!(read, visible);
            }
            prop_assert_eq!(lines.next(), None);
        }
    }
}
