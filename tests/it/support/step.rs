//! The result of a step, as the runner reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

/// The result of a step.
pub struct Step {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    pub outputs: BTreeMap<String, String>,
    pub summary: String,
    pub workspace: PathBuf,
    pub(super) _directory: Arc<TempDir>,
}

impl Step {
    /// An output. Empty if the step didn't set it.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// Everything that the step printed.
    pub fn printed(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// The contents of the report at `report-path`.
    pub fn report(&self) -> Vec<u8> {
        fs::read(self.workspace.join(self.output("report-path"))).unwrap()
    }

    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.status, 0, "{}", self.printed());
        self
    }

    /// The warnings, as single lines in the runner's format. Leaves out those about commits of
    /// others, which the tests make without a signature, and about missed days, because the tests
    /// record only the days that they need.
    pub fn warnings(&self) -> Vec<&str> {
        let expected = [
            "aren't verified, so anyone can have made them",
            "No report was recorded for",
        ];
        let is_expected = |line: &str| expected.iter().any(|text| line.contains(text));
        let mut warnings = self.all_warnings();
        warnings.retain(|line| !is_expected(line));
        warnings
    }

    /// All warnings, as single lines in the runner's format.
    pub fn all_warnings(&self) -> Vec<&str> {
        let lines = self.stdout.lines();
        lines
            .filter_map(|line| line.strip_prefix("::warning::"))
            .collect()
    }

    /// The errors, as single lines in the runner's format, without their titles.
    pub fn errors(&self) -> Vec<&str> {
        let lines = self.stdout.lines();
        lines
            .filter_map(|line| Some(line.strip_prefix("::error title=")?.split_once("::")?.1))
            .collect()
    }

    /// Checks that the step failed with this status and printed all of `texts`.
    pub fn failed(&self, status: i32, texts: &[&str]) -> &Self {
        let printed = self.printed();
        assert_eq!(self.status, status, "{printed}");
        for text in texts {
            assert!(printed.contains(text), "{text:?} is missing in:\n{printed}");
        }
        self
    }
}

/// Parses the file in `GITHUB_OUTPUT` like the runner on Linux (actions/runner,
/// `src/Runner.Worker/FileCommandManager.cs`): only a line feed ends a line.
pub fn outputs(file: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = file.split('\n');
    while let Some(head) = lines.next() {
        if head.is_empty() {
            continue;
        }
        let heredoc = head.find("<<").unwrap_or(usize::MAX);
        if let Some((name, value)) = head
            .split_once('=')
            .filter(|(name, _)| name.len() < heredoc)
        {
            outputs.insert(name.to_owned(), value.to_owned());
            continue;
        }
        let Some((name, delimiter)) = head.split_once("<<") else {
            panic!("invalid output: {head}");
        };
        let mut value = Vec::new();
        loop {
            match lines.next() {
                Some(line) if line == delimiter => break,
                Some(line) => value.push(line),
                None => panic!("the end of {name} is missing"),
            }
        }
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}

/// Whether the runner treats the line as text, or as one of the action's commands (actions/runner,
/// `src/Runner.Common/ActionCommand.cs`). The runner compares with culture rules that ignore
/// invisible characters. It looks for the old format only if the new one isn't there.
pub(super) fn is_known(line: &str) -> bool {
    let visible: String = line
        .chars()
        .filter(|c| !copilot_activity_report::testing::is_invisible(*c))
        .collect();
    let visible = visible.trim_start();
    let ours = ["warning", "debug", "group", "endgroup", "add-mask"]
        .iter()
        .any(|name| visible.starts_with(&format!("::{name}::")));
    // A title can't contain a colon, so the two at its end are the command's own.
    let error = visible.strip_prefix("::error title=");
    let ours = ours || error.is_some_and(|rest| rest.find(':') == rest.find("::"));
    ours || !(visible.starts_with("::") || visible.contains("##["))
}

/// Reverses the escaping of a workflow command, like the runner.
pub fn unescape(data: &str) -> String {
    data.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%")
}
