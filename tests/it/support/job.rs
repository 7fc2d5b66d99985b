//! A job on a runner: the environment of a step, and how the step starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;

use simulator::{Observer, Simulator, scheduled_run};
use tempfile::TempDir;

use super::network::unused_authority;
use super::secrets::Secrets;
use super::step::{Step, is_known, outputs, unescape};
use super::{COMMIT_TOKEN, OWN, TOKEN, terminal};

/// A job: a workspace, and the files that the runner and the steps exchange.
pub struct Job {
    directory: Arc<TempDir>,
    variables: BTreeMap<String, String>,
    arguments: Vec<String>,
    observer: Option<Observer>,
    memory: Option<u64>,
}

impl Job {
    /// A job on this GitHub, with `token` and `commit-token` set.
    pub fn on(simulator: &Simulator) -> Self {
        let mut job = Self::alone();
        job.observer = Some(simulator.observer());
        job.variables.extend(simulator.addresses());
        job.input("token", TOKEN)
            .input("commit-token", COMMIT_TOKEN)
    }

    /// A job without a GitHub.
    pub fn alone() -> Self {
        let directory = Arc::new(TempDir::new().unwrap());
        for folder in ["workspace", "temp", "home"] {
            fs::create_dir(directory.path().join(folder)).unwrap();
        }
        for file in ["output", "summary"] {
            fs::write(directory.path().join(file), "").unwrap();
        }
        // In the test build, reading all certificate authorities of the system takes a fifth of a run.
        fs::write(directory.path().join("authority.pem"), unused_authority()).unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let variables = [
            ("GITHUB_WORKSPACE", path("workspace")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("RUNNER_TEMP", path("temp")),
            ("HOME", path("home")),
            ("SSL_CERT_FILE", path("authority.pem")),
            ("GITHUB_REPOSITORY_OWNER", "acme".to_owned()),
            // Declared inputs without a value are empty strings.
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
            observer: None,
            memory: None,
            directory,
        }
    }

    pub fn input(self, name: &str, value: &str) -> Self {
        self.variable(&format!("INPUT_{}", name.to_uppercase()), value)
    }

    /// Skips the checks that read the whole simulator, for tests with many runs on the same
    /// repository.
    pub fn without_simulator_checks(mut self) -> Self {
        self.observer = None;
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

    /// Starts the step from the command line, without a runner.
    pub fn command_line(mut self, arguments: &[&str]) -> Self {
        self.variables.retain(|name, _| {
            !["GITHUB_", "INPUT_", "ACTIONS_", "RUNNER_", "CI"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
                || name == "GITHUB_API_URL"
        });
        self.arguments(arguments)
    }

    /// Adds command-line arguments.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().copied().map(str::to_owned).collect();
        self
    }

    /// Limits the process's own memory to this many bytes. The run ends if it needs more.
    pub fn memory(mut self, most: u64) -> Self {
        self.memory = Some(most);
        self
    }

    pub fn workspace(&self) -> PathBuf {
        self.directory.path().join("workspace")
    }

    /// Runs the step and makes the checks that apply to every run: its files and output contain no
    /// secret, and the runner interprets no line as a command that the action didn't intend.
    pub fn run(&self) -> Step {
        let output = self.command().output().unwrap();
        self.step(output)
    }

    /// Runs the step on a terminal, whose contents become standard error. With `is_piped`, standard
    /// output isn't on the terminal.
    pub fn on_terminal(&self, is_piped: bool) -> Step {
        self.step(terminal::run(self.command(), is_piped))
    }

    /// Runs the step with this standard output.
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

    /// Sets the clock a second ahead for each earlier run on the same simulator. Tests are faster
    /// than people, and only the first of two reports in the same second is recorded.
    fn skew(&self) -> Option<(&'static str, String)> {
        // With more, the clock would count as wrong.
        const MAX_SKEW: u32 = 200;
        let skew = self.observer.as_ref()?.count_run().min(MAX_SKEW);
        (!self.variables.contains_key("TEST_TIME") && skew > 0)
            .then(|| ("TEST_CLOCK_SKEW", skew.to_string()))
    }

    /// Starts the step, to interrupt it later.
    pub fn start(&self) -> Running<'_> {
        self.start_into(Stdio::piped())
    }

    /// Starts the step with this standard output, to interrupt it later.
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
        Secrets::new(self.secrets(), self.observer.clone()).are_kept(&step, &raw, &folders);
        self.is_a_runners_log(&step);
        step
    }

    /// The tokens and passwords of the job, line by line as the runner masks them.
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
        // All keys have the same first and last line, and the end of a key reveals nothing.
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

    /// Processes the lines of a step like the runner: it hides secrets after the line with their
    /// mask, so masks must come first. Every workflow command must be one of the action's.
    fn is_a_runners_log(&self, step: &Step) {
        if !self.variables.contains_key("GITHUB_ACTIONS") {
            return;
        }
        // A command's result is on standard output, so its masks are on the other stream.
        let is_command = |first: &String| !first.starts_with('-');
        let stream = match self.arguments.first().is_some_and(is_command) {
            true => &step.stderr,
            false => &step.stdout,
        };
        let masks = stream
            .lines()
            .map_while(|line| line.strip_prefix("::add-mask::"));
        let head: Vec<String> = masks.map(unescape).collect();
        // A run that's killed at its start might have printed only some of the masks.
        let is_cut_off = step.status == -1 && step.stdout.lines().count() == head.len();
        for secret in self.secrets() {
            let is_masked = head.contains(&secret) || is_cut_off;
            assert!(is_masked, "not masked first: {}", step.stdout);
        }
        for stream in [&step.stdout, &step.stderr] {
            for line in stream.split(['\r', '\n']) {
                assert!(is_known(line), "a command: {line:?}");
            }
            assert!(!stream.contains("panicked"), "{stream}");
        }
    }
}

/// A running step.
pub struct Running<'a> {
    job: &'a Job,
    id: u32,
    output: thread::JoinHandle<Output>,
}

impl Running<'_> {
    /// Sends a signal, such as `TERM`, unless the run has already ended. The caller checks how it
    /// ended.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, &self.id.to_string()]);
        kill.stderr(Stdio::null()).status().unwrap();
    }

    pub fn is_over(&self) -> bool {
        self.output.is_finished()
    }

    /// Waits for the end. The status of a killed step is -1.
    pub fn end(self) -> Step {
        self.job.step(self.output.join().unwrap())
    }
}
