//! A runner around the built binary: the environment a step gets, and everything the step leaves.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    missing_docs,
    unreachable_pub
)]

mod git;
pub mod keys;
pub mod network;
pub mod pulls;
pub mod secrets;
mod terminal;
pub mod verdict;

pub use git::{checkout, commit_file, file, git, git_with};

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;

use secrets::Secrets;
use sha2::{Digest as _, Sha256};
use simulator::{GitHub, Repository, Seats, Simulator, Token, Witness};
use tempfile::TempDir;

/// All outputs, in the order of their names.
pub const OUTPUTS: [&str; 19] = [
    "active",
    "artifact-digest",
    "artifact-id",
    "artifact-name",
    "artifact-url",
    "changed",
    "commit-sha",
    "commit-url",
    "complete",
    "inactive",
    "never-used",
    "new",
    "people",
    "pull-request-url",
    "report-path",
    "report-sha256",
    "seats",
    "seats-added",
    "seats-removed",
];

/// Tokens as they look on GitHub, so that a search for them finds them in whatever form.
pub const TOKEN: &str = "ghp_readsTheSeats0000000000000000000001";
pub const COMMIT_TOKEN: &str = "ghs_writesTheReports000000000000000002";

/// The workflow's own repository.
pub const OWN: &str = "octo/tools";

/// A GitHub with the organization acme, the workflow's repository, and tokens for both.
pub fn github(seats: Seats) -> GitHub {
    GitHub::new()
        .organization("acme", seats)
        .repository(OWN, Repository::private())
        .token(TOKEN, Token::new().copilot(["acme"]).scopes("read:org"))
        .token(COMMIT_TOKEN, Token::new().contents_write([OWN]))
}

/// One job: a workspace and the files through which runner and steps talk.
pub struct Job {
    directory: Arc<TempDir>,
    variables: BTreeMap<String, String>,
    arguments: Vec<String>,
    witness: Option<Witness>,
    memory: Option<u64>,
}

/// What a step left.
pub struct Step {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    pub outputs: BTreeMap<String, String>,
    pub summary: String,
    pub workspace: PathBuf,
    _directory: Arc<TempDir>,
}

impl Job {
    /// A job on that GitHub, with `token` and `commit-token` given.
    pub fn on(simulator: &Simulator) -> Self {
        let mut job = Self::alone();
        job.witness = Some(simulator.witness());
        for (name, value) in [
            ("GITHUB_API_URL", simulator.api_url()),
            ("GITHUB_GRAPHQL_URL", simulator.graphql_url()),
            ("GITHUB_SERVER_URL", simulator.server_url()),
            ("ACTIONS_RESULTS_URL", simulator.results_url()),
            ("ACTIONS_RUNTIME_TOKEN", simulator.runtime_token()),
        ] {
            job = job.variable(name, &value);
        }
        job.input("token", TOKEN)
            .input("commit-token", COMMIT_TOKEN)
    }

    /// A job that knows no GitHub.
    pub fn alone() -> Self {
        let directory = Arc::new(TempDir::new().unwrap());
        for folder in ["workspace", "temp", "home"] {
            fs::create_dir(directory.path().join(folder)).unwrap();
        }
        for file in ["output", "summary"] {
            fs::write(directory.path().join(file), "").unwrap();
        }
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let variables = [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("CI", "true".to_owned()),
            ("GITHUB_WORKSPACE", path("workspace")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("RUNNER_TEMP", path("temp")),
            ("HOME", path("home")),
            ("GITHUB_REPOSITORY", OWN.to_owned()),
            ("GITHUB_REPOSITORY_OWNER", "acme".to_owned()),
            ("GITHUB_RUN_ID", "4242".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("GITHUB_WORKFLOW", "Copilot report".to_owned()),
            ("GITHUB_ACTOR", "octocat".to_owned()),
            ("GITHUB_EVENT_NAME", "schedule".to_owned()),
            ("GITHUB_RETENTION_DAYS", "90".to_owned()),
            // Declared inputs that were not given arrive as empty strings.
            ("INPUT_ENTERPRISE", String::new()),
            ("INPUT_BRANCH", String::new()),
            ("INPUT_REPOSITORY", String::new()),
            ("INPUT_ARTIFACT-RETENTION-DAYS", String::new()),
            ("TEST_WAIT_SCALE", "0.01".to_owned()),
        ];
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            arguments: Vec::new(),
            witness: None,
            memory: None,
            directory,
        }
    }

    pub fn input(self, name: &str, value: &str) -> Self {
        self.variable(&format!("INPUT_{}", name.to_uppercase()), value)
    }

    /// Does not look through all that the simulator holds after this run: for one of very many on the same repository.
    pub fn unwitnessed(mut self) -> Self {
        self.witness = None;
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Started by hand rather than by a runner.
    pub fn by_hand(mut self, arguments: &[&str]) -> Self {
        self.variables.retain(|name, _| {
            !["GITHUB_", "INPUT_", "ACTIONS_", "RUNNER_", "CI"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
                || name == "GITHUB_API_URL"
        });
        self.arguments(arguments)
    }

    /// With arguments on the command line.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().copied().map(str::to_owned).collect();
        self
    }

    /// With no more memory of its own than that, in bytes; asking for more ends the run.
    pub fn memory(mut self, most: u64) -> Self {
        self.memory = Some(most);
        self
    }

    pub fn workspace(&self) -> PathBuf {
        self.directory.path().join("workspace")
    }

    /// Runs the step, and holds against it what holds for every run, however it ends: no secret is
    /// in anything that it leaves, and the runner takes no line for a command that is none of ours.
    pub fn run(&self) -> Step {
        let output = self.command().output().unwrap();
        self.step(output)
    }

    /// Runs the step on a terminal, with what is on its screen as standard error; `is_piped` says
    /// whether standard output leads elsewhere.
    pub fn on_terminal(&self, is_piped: bool) -> Step {
        self.step(terminal::run(self.command(), is_piped))
    }

    /// Runs the step, whose standard output is that.
    pub fn run_into(&self, stdout: impl Into<Stdio>) -> Step {
        let mut command = self.command();
        command.stdout(stdout).stderr(Stdio::piped());
        self.step(command.spawn().unwrap().wait_with_output().unwrap())
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_copilot-activity-report");
        let mut command = match self.memory {
            None => Command::new(program),
            // A shell would drop the variables with a hyphen in their names.
            Some(most) => {
                let mut limited = Command::new("prlimit");
                limited.args([&format!("--data={most}"), program]);
                limited
            }
        };
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.workspace())
            .stdin(Stdio::null());
        command
    }

    /// Starts the step, to be interrupted.
    pub fn start(&self) -> Running<'_> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        Running {
            job: self,
            id: child.id(),
            output: thread::spawn(move || child.wait_with_output().unwrap()),
        }
    }

    fn step(&self, output: Output) -> Step {
        let read = |name: &str| fs::read_to_string(self.directory.path().join(name)).unwrap();
        let output_file = read("output");
        let step = Step {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            outputs: outputs(&output_file),
            summary: read("summary"),
            workspace: self.workspace(),
            _directory: Arc::clone(&self.directory),
        };
        for file in ["output", "summary"] {
            fs::write(self.directory.path().join(file), "").unwrap();
        }
        let raw = [
            ("the outputs", &*output_file),
            ("the summary", &*step.summary),
        ];
        let folders = ["workspace", "temp", "home"].map(|name| self.directory.path().join(name));
        let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
        Secrets::new(self.secrets(), self.witness.clone()).are_kept(&step, &raw, &folders);
        self.is_a_runners_log(&step);
        step
    }

    /// The tokens and passwords that the job was given, line by line as the runner masks them.
    fn secrets(&self) -> Vec<String> {
        let tokens = [
            "INPUT_TOKEN",
            "INPUT_COMMIT-TOKEN",
            "INPUT_PSEUDONYM-KEY",
            "ACTIONS_RUNTIME_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "GITHUB_TOKEN",
            "COMMIT_TOKEN",
        ];
        let tokens = tokens.iter().filter_map(|name| self.variables.get(*name));
        let proxies = self
            .variables
            .iter()
            .filter(|(name, _)| name.to_lowercase().ends_with("_proxy"))
            .filter_map(|(_, address)| {
                let (_, credentials) = address.rsplit_once('@')?.0.split_once(':')?;
                Some(credentials.rsplit_once(':')?.1)
            });
        // The first and last line of a key are those of every key, and the end of one tells nothing.
        let keys = ["INPUT_APP-PRIVATE-KEY", "APP_PRIVATE_KEY"];
        let keys = keys.iter().filter_map(|name| self.variables.get(*name));
        let lines = keys
            .flat_map(|key| key.lines())
            .map(|line| line.trim().trim_matches('"'))
            .filter(|line| line.len() >= 16 && !(line.len() < 64 && line.starts_with("-----")));
        tokens
            .flat_map(|secret| secret.lines())
            .chain(proxies)
            .map(|line| line.trim().to_owned())
            .chain(lines.map(str::to_owned))
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// What the runner makes of the lines of a step: secrets are hidden from the line after their
    /// mask on, so the masks come first; and every line that begins a command is one of ours.
    fn is_a_runners_log(&self, step: &Step) {
        if !self.variables.contains_key("GITHUB_ACTIONS") {
            return;
        }
        let head: Vec<String> = step
            .stdout
            .lines()
            .map_while(|line| line.strip_prefix("::add-mask::"))
            .map(unescape)
            .collect();
        for secret in self.secrets() {
            assert!(head.contains(&secret), "not masked first: {}", step.stdout);
        }
        for stream in [&step.stdout, &step.stderr] {
            for line in stream.split(['\r', '\n']) {
                assert!(is_known(line), "a command: {line:?}");
            }
            assert!(!stream.contains("panicked"), "{stream}");
        }
    }
}

/// Whether the runner takes the line for no command, or for one that the action means
/// (actions/runner, `src/Runner.Common/ActionCommand.cs`). It compares by the rules of a language,
/// which pass over characters that cannot be seen, and looks for the old form only where there is
/// no new one.
fn is_known(line: &str) -> bool {
    let seen: String = line
        .chars()
        .filter(|c| !copilot_activity_report::text::is_invisible(*c))
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

/// Whether the bytes hold the text.
pub fn contains(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// A step that runs.
pub struct Running<'a> {
    job: &'a Job,
    id: u32,
    output: thread::JoinHandle<Output>,
}

impl Running<'_> {
    /// Sends a signal, such as `TERM`. A run that ended by itself meanwhile gets none; how it ended is for the caller to
    /// look at.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, &self.id.to_string()]);
        kill.stderr(Stdio::null()).status().unwrap();
    }

    pub fn is_over(&self) -> bool {
        self.output.is_finished()
    }

    /// Waits for its end. The status of a step that was killed is -1.
    pub fn end(self) -> Step {
        self.job.step(self.output.join().unwrap())
    }
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
        let (name, delimiter) = head.split_once("<<").expect("neither form of an output");
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

/// All files below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// The files in a zip.
pub fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut file = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().to_string(), content)
        })
        .collect()
}

/// That a repository is sound, and that what holds for every run held.
pub fn sound(simulator: &Simulator, repository: &str) {
    git(&simulator.git_dir(repository), &["fsck", "--strict"]);
    well_behaved(simulator);
}

/// That GitHub had nothing to complain of: no request that it does not know, no token where it
/// does not belong; and that nothing was deleted, no branch forced.
pub fn well_behaved(simulator: &Simulator) {
    assert_eq!(simulator.complaints(), Vec::<String>::new());
    for seen in simulator.requests() {
        let deletes = seen.method == "DELETE" || seen.path_and_query.contains("Delete");
        assert!(!deletes, "{} {}", seen.method, seen.path_and_query);
        if seen.method == "PATCH" {
            assert_eq!(seen.json().unwrap()["force"], false);
        }
    }
}

/// The SHA-256 of bytes in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The day in UTC.
pub fn today() -> String {
    jiff::Timestamp::now().to_string()[..10].to_owned()
}

/// What `runs` gives when no midnight (UTC) falls into them, for the rule of the day.
pub fn within_one_day<T>(runs: impl Fn() -> T) -> T {
    loop {
        let day = today();
        let result = runs();
        if day == today() {
            return result;
        }
    }
}
