//! One job on a runner: what a step of it is told, and how it is started.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;

use simulator::{Simulator, Witness, scheduled_run};
use tempfile::TempDir;

use super::secrets::Secrets;
use super::step::{Step, is_known, outputs, unescape};
use super::{COMMIT_TOKEN, OWN, TOKEN, terminal};

/// One job: a workspace and the files through which runner and steps talk.
pub struct Job {
    directory: Arc<TempDir>,
    variables: BTreeMap<String, String>,
    arguments: Vec<String>,
    witness: Option<Witness>,
    memory: Option<u64>,
}

impl Job {
    /// A job on that GitHub, with `token` and `commit-token` given.
    pub fn on(simulator: &Simulator) -> Self {
        let mut job = Self::alone();
        job.witness = Some(simulator.witness());
        job.variables.extend(simulator.addresses());
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
            ("GITHUB_WORKSPACE", path("workspace")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("RUNNER_TEMP", path("temp")),
            ("HOME", path("home")),
            ("GITHUB_REPOSITORY_OWNER", "acme".to_owned()),
            // Declared inputs that were not given arrive as empty strings.
            ("INPUT_ENTERPRISE", String::new()),
            ("INPUT_BRANCH", String::new()),
            ("INPUT_REPOSITORY", String::new()),
            ("INPUT_ARTIFACT-RETENTION-DAYS", String::new()),
            ("TEST_WAIT_SCALE", "0.01".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        Self {
            variables: scheduled_run(OWN).into_iter().chain(variables).collect(),
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
            .envs(self.skew())
            .envs(&self.variables)
            .current_dir(self.workspace())
            .stdin(Stdio::null());
        command
    }

    /// Sets the clock a second ahead for each earlier run on the same simulator. Tests run faster than
    /// people, and if two reports are of the same second, only the first is recorded.
    fn skew(&self) -> Option<(&'static str, String)> {
        // More would count as a wrong clock.
        const MAX_SKEW: u32 = 200;
        let skew = self.witness.as_ref()?.count_run().min(MAX_SKEW);
        (!self.variables.contains_key("TEST_TIME") && skew > 0)
            .then(|| ("TEST_CLOCK_SKEW", skew.to_string()))
    }

    /// Starts the step, to be interrupted.
    pub fn start(&self) -> Running<'_> {
        self.start_into(Stdio::piped())
    }

    /// Starts the step, whose standard output is that, to be interrupted.
    pub fn start_into(&self, stdout: impl Into<Stdio>) -> Running<'_> {
        let mut command = self.command();
        command.stdout(stdout).stderr(Stdio::piped());
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
            "COPILOT_REPORT_TOKEN",
            "COPILOT_REPORT_COMMIT_TOKEN",
            "COPILOT_REPORT_PSEUDONYM_KEY",
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
        let keys = [
            "INPUT_APP-PRIVATE-KEY",
            "APP_PRIVATE_KEY",
            "COPILOT_REPORT_APP_PRIVATE_KEY",
        ];
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
