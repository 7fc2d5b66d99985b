//! What a step left, as the runner reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

/// What a step left.
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
    /// An output; empty where it was not set.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// Everything that was printed.
    pub fn printed(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// The bytes of the report that `report-path` names.
    pub fn report(&self) -> Vec<u8> {
        fs::read(self.workspace.join(self.output("report-path"))).unwrap()
    }

    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.status, 0, "{}", self.printed());
        self
    }

    /// The warnings, each on one line as the runner gets it.
    pub fn warnings(&self) -> Vec<&str> {
        let lines = self.stdout.lines();
        lines
            .filter_map(|line| line.strip_prefix("::warning::"))
            .collect()
    }

    /// That the step failed with that status, and said all of `texts`.
    pub fn failed(&self, status: i32, texts: &[&str]) -> &Self {
        let printed = self.printed();
        assert_eq!(self.status, status, "{printed}");
        for text in texts {
            assert!(printed.contains(text), "{text:?} is missing in:\n{printed}");
        }
        self
    }
}

/// Reads the file in `GITHUB_OUTPUT` as the runner does on Linux (actions/runner,
/// `src/Runner.Worker/FileCommandManager.cs`): lines end with a line feed and nothing else.
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
            panic!("neither form of an output: {head}");
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

/// Whether the runner takes the line for no command, or for one that the action means
/// (actions/runner, `src/Runner.Common/ActionCommand.cs`). It compares by the rules of a language,
/// which pass over characters that cannot be seen, and looks for the old form only where there is
/// no new one.
pub(super) fn is_known(line: &str) -> bool {
    let seen: String = line
        .chars()
        .filter(|c| !copilot_activity_report::testing::is_invisible(*c))
        .collect();
    let seen = seen.trim_start();
    let ours = ["error", "warning", "debug", "group", "endgroup", "add-mask"]
        .iter()
        .any(|name| seen.starts_with(&format!("::{name}::")));
    ours || !(seen.starts_with("::") || seen.contains("##["))
}

/// Undoes the escaping of a workflow command, as the runner does.
pub fn unescape(data: &str) -> String {
    data.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%")
}
