//! Writes a step's outputs and its summary to the files that the runner reads after the step.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use crate::system::environment::Environment;

/// The outputs of the action, with their names from `action.yml`.
#[derive(Debug, Default)]
pub(crate) struct Outputs(Vec<(&'static str, String)>);

impl Outputs {
    /// Sets an output. Removes control characters other than line breaks.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        let value = value
            .chars()
            .filter(|c| *c == '\n' || !c.is_control())
            .collect();
        self.0.push((name, value));
    }

    /// Appends the outputs to the file in `GITHUB_OUTPUT`. Does nothing if it isn't set.
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

/// Formats an output as a multiline value. The delimiter is random, so that no value can contain it
/// and set another output.
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

/// The maximum size of a summary, in bytes. The runner discards a larger one entirely
/// (actions/runner, `src/Runner.Worker/FileCommandManager.cs`).
pub(crate) const MAX_SUMMARY_SIZE: usize = 1024 * 1024;

/// Appends `summary` to the file in `GITHUB_STEP_SUMMARY`. Does nothing if it isn't set.
pub(crate) fn write_summary(environment: &Environment, summary: &str) -> io::Result<()> {
    match environment.get("GITHUB_STEP_SUMMARY") {
        Some(path) => append(path, summary.as_bytes()),
        None => Ok(()),
    }
}

/// How many paths the runner accepts in the file in `GITHUB_ARTIFACTS`, and how many bytes
/// (actions/runner, pull request 4527).
const MAX_ARTIFACTS: (usize, usize) = (500, 1024 * 1024);

/// Appends the paths of files, relative to the workspace, to the file in `GITHUB_ARTIFACTS`. The
/// runner hashes these files, and `actions/attest` can then sign them. Does nothing if the runner
/// doesn't set the variable. Returns how many paths had to be left out.
pub(crate) fn write_artifacts<'p>(
    environment: &Environment,
    paths: impl Iterator<Item = &'p str>,
) -> io::Result<usize> {
    let Some(path) = environment.get("GITHUB_ARTIFACTS") else {
        return Ok(0);
    };
    let (mut lines, mut count, mut left_out) = (String::new(), 0, 0);
    for path in paths {
        let (max_count, max_size) = MAX_ARTIFACTS;
        let is_accepted = !path.contains(|c: char| c == '=' || c.is_control());
        if is_accepted && count < max_count && lines.len() + path.len() < max_size {
            lines.push_str(path);
            lines.push('\n');
            count += 1;
        } else {
            left_out += 1;
        }
    }
    if count > 0 {
        append(path, lines.as_bytes())?;
    }
    Ok(left_out)
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
    fn a_value_cannot_end_early_and_start_another_output() {
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
        fn the_runner_reads_back_any_outputs_as_they_were_set(
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
            // Parses the file like actions/runner, `src/Runner.Worker/FileCommandManager.cs`.
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
