//! The whole job on an embedded GitHub: no account, no network.
//!
//! Starts the simulator with an organization of 250 people, runs the action as the runner would
//! (in a process of its own, with the environment that a step gets), with both deliveries, and
//! leaves what it delivered in `target/demo/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};
use copilot_activity_report::Environment;
use jiff::{SignedDuration, Timestamp};
use simulator::{GitHub, Repository, Seats, Simulator, Token, scheduled_run};

/// Tells this program to be the action rather than the demo.
const BE_THE_ACTION: &str = "be-the-action";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if arguments.any(|argument| argument == BE_THE_ACTION) {
        let name = std::iter::once("copilot-activity-report".into());
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

fn demo() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("the last demo could not be removed")?;
    }
    let workspace = folder.join("workspace");
    fs::create_dir_all(&workspace)?;

    let simulator = Simulator::start(
        GitHub::new()
            .organization("acme", lately(Seats::people(250)))
            .repository("acme/audit", Repository::private().empty())
            .token("demo-reads-seats", Token::new().copilot(["acme"]))
            .token(
                "demo-writes-reports",
                Token::new().contents_write(["acme/audit"]),
            ),
    )?;
    let status = Command::new(std::env::current_exe()?)
        .arg(BE_THE_ACTION)
        .env_clear()
        .envs(step_environment(&simulator, &folder, &workspace))
        .current_dir(&workspace)
        .status()?;
    if !status.success() {
        bail!("the action ended with {status}");
    }
    if let Some(complaint) = simulator.complaints().first() {
        bail!("GitHub would complain: {complaint}");
    }

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
    println!();
    println!(
        "seats {}, people {}, complete: {}",
        output("seats"),
        output("people"),
        output("complete")
    );
    println!(
        "artifact {} ({}), SHA-256 {}",
        output("artifact-name"),
        output("artifact-id"),
        output("artifact-digest")
    );
    println!("commit {}", output("commit-sha"));
    println!();
    for (what, path) in [
        ("the report", workspace.join(output("report-path"))),
        ("the artifact, unpacked", unpacked),
        ("the repository", repository.join("copilot-activity/acme")),
        ("the job summary", folder.join("summary.md")),
        ("the outputs", folder.join("output.txt")),
    ] {
        if !path.exists() {
            bail!("{what} is missing: {}", path.display());
        }
        println!("{what}: {}", relative(&path).display());
    }
    Ok(())
}

/// The same people, as active as those of a real organization are today.
fn lately(mut seats: Seats) -> Seats {
    let days_ago = |days: usize| {
        let hours = i64::try_from(days * 24 + days % 10).unwrap_or_default();
        (Timestamp::now() - SignedDuration::from_hours(hours)).to_string()
    };
    for (n, row) in seats.rows.iter_mut().enumerate() {
        row["created_at"] = days_ago(20 + n * 3).into();
        for time in ["last_activity_at", "last_authenticated_at"] {
            if !row[time].is_null() {
                row[time] = days_ago((n * n) % 89).into();
            }
        }
    }
    seats
}

/// What the runner sets for a step of a container action, as far as the action uses it.
fn step_environment(
    simulator: &Simulator,
    folder: &Path,
    workspace: &Path,
) -> BTreeMap<String, String> {
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    let further = [
        ("GITHUB_WORKSPACE", path(workspace.to_owned())),
        ("GITHUB_OUTPUT", path(folder.join("output.txt"))),
        ("GITHUB_STEP_SUMMARY", path(folder.join("summary.md"))),
        ("INPUT_TOKEN", "demo-reads-seats".to_owned()),
        ("INPUT_COMMIT-TOKEN", "demo-writes-reports".to_owned()),
        ("INPUT_DELIVER-TO", "artifact, repository".to_owned()),
    ];
    let mut environment = scheduled_run("acme/audit");
    environment.extend(simulator.addresses());
    environment.extend(further.map(|(name, value)| (name.to_owned(), value)));
    environment
}

/// Reads the file in `GITHUB_OUTPUT`: each output stands between two lines of the same delimiter.
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
        .context("git could not be started")?;
    if !status.success() {
        bail!("git {} ended with {status}", arguments.join(" "));
    }
    Ok(())
}

/// As one would type it from here.
fn relative(path: &Path) -> &Path {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path)
}
