//! The action at work for 120 days, on a simulated GitHub: no account, no network.
//!
//! Each day, the action runs as a runner would start it: in its own process, with the environment of a step. It commits
//! to an audit repository every day, and uploads an artifact on the last one. Afterwards, `target/demo/` has the
//! delivered files.

mod members;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use anyhow::{Context as _, bail};
use copilot_activity_report::Environment;
use jiff::{SignedDuration, Timestamp};
use members::Members;
use simulator::{BranchProtection, GitHub, Repository, Seats, Simulator, Token, scheduled_run};

/// The argument that makes this program the action rather than the demo.
const BE_THE_ACTION: &str = "be-the-action";

const DAYS: i64 = 120;
const PEOPLE: u64 = 180;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if arguments.any(|argument| argument == BE_THE_ACTION) {
        let name = vec!["copilot-activity-report".into()];
        return copilot_activity_report::start(name, &Environment::read());
    }
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// An empty repository whose branch is as well protected as the docs recommend.
fn audit_repository() -> Repository {
    let protection = BranchProtection {
        requires_signatures: true,
        ..BranchProtection::default()
    };
    let repository = Repository::private().empty();
    repository.with_branch_protection(protection)
}

fn demo() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("couldn't remove the results of the last demo")?;
    }
    let workspace = folder.join("workspace");
    fs::create_dir_all(&workspace)?;
    let github = GitHub::new()
        .organization("acme", Seats::people(0))
        .repository("acme/audit", audit_repository());
    // GitHub's limits are per minute and token, but the demo simulates two days per second.
    let github = (0..DAYS).fold(github, |github, day| {
        let (reader, writer) = tokens(day);
        let writes = Token::new().contents_write(["acme/audit"]);
        github
            .token(&reader, Token::new().copilot(["acme"]))
            .token(&writer, writes)
    });
    let simulator = Simulator::start(github)?;

    println!("Running the action once a day for {DAYS} days, against a simulated GitHub:");
    let today = Timestamp::now();
    let first = today - SignedDuration::from_hours(24 * (DAYS - 1));
    let mut members = Members::new(PEOPLE, first);
    for day in 0..DAYS {
        let now = first + SignedDuration::from_hours(24 * day);
        members.simulate_day(day, now);
        let seats = members.seats(now);
        if day % 30 == 0 || day == DAYS - 1 {
            let date = now.strftime("%F");
            println!("  day {:>3}: {date}, {} seats", day + 1, seats.len());
        }
        let seats = Seats::rows(seats.into_iter().map(simulator::seat::Row::value));
        simulator.change(move |github| {
            github.organizations.insert("acme".to_owned(), seats);
        });
        let is_last = day == DAYS - 1;
        let (deliver_to, format) = if is_last {
            ("artifact, repository", "csv, html")
        } else {
            ("repository", "csv")
        };
        let output = Command::new(std::env::current_exe()?)
            .arg(BE_THE_ACTION)
            .env_clear()
            .envs(step_environment(&simulator, &folder, &workspace, day, now))
            .env("INPUT_DELIVER-TO", deliver_to)
            .env("INPUT_FORMAT", format)
            .current_dir(&workspace)
            .output()?;
        if is_last || !output.status.success() {
            show_log(&output);
        }
        if !output.status.success() {
            bail!("the action failed on day {}: {}", day + 1, output.status);
        }
        if !is_last {
            fs::remove_file(folder.join("summary.md"))?;
            fs::remove_file(folder.join("output.txt"))?;
            fs::remove_dir_all(workspace.join("copilot-activity-report"))?;
        }
    }
    if let Some(violation) = simulator.violations().first() {
        bail!("the action sent a request that GitHub would refuse: {violation}");
    }
    show_results(&simulator, &folder, &workspace)
}

/// Prints the action's log as a person sees it on GitHub: without the runner's commands, which hold
/// the secrets that the runner has to hide.
fn show_log(output: &Output) {
    println!("\nLog of the last run:");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(title) = line.strip_prefix("::group::") {
            println!("  ▼ {title}");
        } else if let Some(error) = line.strip_prefix("::error title=") {
            let (_, message) = error.split_once("::").unwrap_or(("", error));
            println!("  Error: {message}");
        } else if !line.starts_with("::") {
            println!("  {line}");
        }
    }
}

fn show_results(simulator: &Simulator, folder: &Path, workspace: &Path) -> anyhow::Result<()> {
    let artifacts = simulator.artifacts();
    let artifact = artifacts.first().context("no artifact was uploaded")?;
    let unpacked = folder.join("artifact");
    zip::ZipArchive::new(std::io::Cursor::new(&artifact.bytes))?.extract(&unpacked)?;
    let repository = folder.join("audit");
    git(&[
        "clone",
        "--quiet",
        &simulator.git_dir("acme/audit").to_string_lossy(),
        &repository.to_string_lossy(),
    ])?;
    let outputs = outputs(&fs::read_to_string(folder.join("output.txt"))?);
    let output = |name: &str| outputs.get(name).map_or("", String::as_str);
    println!(
        "\n{} people: {} active, {} inactive, {} never used their seat, {} new. Complete: {}.\n\nOpen these:",
        output("people"),
        output("active"),
        output("inactive"),
        output("never-used"),
        output("new"),
        output("complete")
    );
    let history = repository.join("copilot-activity/acme");
    let reports = output("report-path").split_once('\n');
    let (report, page) = reports.context("a file of the report is missing")?;
    for (path, what) in [
        (
            workspace.join(page),
            "the report as a page: open it in a browser",
        ),
        (history.join("README.md"), "the audit repository's page"),
        (history.join("trend-light.svg"), "its chart of 120 days"),
        (
            history.join("people.csv"),
            "everyone's last activity, older than 90 days too",
        ),
        (history.join("changes"), "every grant and revocation"),
        (folder.join("summary.md"), "the job summary"),
        (workspace.join(report), "the report"),
        (unpacked, "the artifact"),
    ] {
        if !path.exists() {
            bail!("{what} is missing: {}", path.display());
        }
        println!("  {:<60}  {what}", relative(&path).display());
    }
    Ok(())
}

/// The tokens of a day: one reads seats, and one writes reports.
fn tokens(day: i64) -> (String, String) {
    (
        format!("demo-reads-seats-{day}"),
        format!("demo-writes-reports-{day}"),
    )
}

/// What the runner sets for a step of a container action, as far as the action uses it.
fn step_environment(
    simulator: &Simulator,
    folder: &Path,
    workspace: &Path,
    day: i64,
    now: Timestamp,
) -> BTreeMap<String, String> {
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    let (reader, writer) = tokens(day);
    let further = [
        ("GITHUB_WORKSPACE", path(workspace.to_owned())),
        ("GITHUB_OUTPUT", path(folder.join("output.txt"))),
        ("GITHUB_STEP_SUMMARY", path(folder.join("summary.md"))),
        ("GITHUB_RUN_ID", (1_000 + day).to_string()),
        ("INPUT_TOKEN", reader),
        ("INPUT_COMMIT-TOKEN", writer),
        ("TEST_TIME", now.to_string()),
    ];
    let mut environment = scheduled_run("acme/audit");
    environment.extend(simulator.addresses());
    environment.extend(further.map(|(name, value)| (name.to_owned(), value)));
    environment
}

/// Reads the file in `GITHUB_OUTPUT`: each output is between two lines with the same delimiter.
fn outputs(file: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = file.lines();
    while let Some((name, delimiter)) = lines.next().and_then(|head| head.split_once("<<")) {
        let value: Vec<&str> = lines
            .by_ref()
            .take_while(|line| *line != delimiter)
            .collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}

fn git(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("git")
        .args(arguments)
        .status()
        .context("couldn't start git")?;
    if !status.success() {
        bail!("git {} failed: {status}", arguments.join(" "));
    }
    Ok(())
}

/// The path as you would type it from the project's directory.
fn relative(path: &Path) -> &Path {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path)
}
