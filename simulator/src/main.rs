//! Runs the simulator with made-up data, for scripts and for trying things by hand.
//!
//! Prints the environment a runner would set, then serves until its standard input closes or it is told to end. Every
//! breach of what GitHub documents is then listed on standard error, and fails the program.

use std::process::ExitCode;
use std::{env, io, thread};

use simulator::{GitHub, Ports, Repository, Seats, Simulator, Token};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

const USAGE: &str =
    "usage: simulator [--people N] [--port-api P] [--port-results P] [--port-blob P]";
const REPOSITORY: &str = "octo/audit";
const TOKEN: &str = "ghs_simulator";

fn main() -> ExitCode {
    match run() {
        Ok(complaints) => {
            for complaint in &complaints {
                eprintln!("simulator: {complaint}");
            }
            ExitCode::from(u8::from(!complaints.is_empty()))
        }
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<Vec<String>> {
    let (people, ports) = arguments(env::args().skip(1))?;
    let simulator = Simulator::start_on(demo(people), ports)?;
    for (name, value) in environment(&simulator) {
        println!("export {name}='{value}'");
    }
    wait()?;
    Ok(simulator.complaints())
}

fn arguments(mut given: impl Iterator<Item = String>) -> io::Result<(usize, Ports)> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, USAGE);
    let (mut people, mut ports) = (250, Ports::default());
    while let Some(flag) = given.next() {
        let value = given.next().ok_or_else(wrong)?;
        let port = || value.parse::<u16>().map_err(|_| wrong());
        match flag.as_str() {
            "--people" => people = value.parse().map_err(|_| wrong())?,
            "--port-api" => ports.api = port()?,
            "--port-results" => ports.results = port()?,
            "--port-blob" => ports.blob = port()?,
            _ => return Err(wrong()),
        }
    }
    Ok((people, ports))
}

fn demo(people: usize) -> GitHub {
    let token = Token::new()
        .copilot(["acme", "octo"])
        .enterprise(["globex"])
        .contents_write([REPOSITORY])
        .read(["octo/work"]);
    GitHub::new()
        .organization("acme", Seats::people(people))
        .organization("octo", Seats::people(people.min(10)))
        .enterprise("globex", Seats::enterprise_people(people))
        .repository(REPOSITORY, Repository::private())
        .repository("octo/work", Repository::private())
        .token(TOKEN, token)
}

fn environment(simulator: &Simulator) -> Vec<(&'static str, String)> {
    let fixed = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "monalisa"),
        ("GITHUB_EVENT_NAME", "schedule"),
        ("GITHUB_JOB", "report"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_REF_NAME", "main"),
        ("GITHUB_REPOSITORY", REPOSITORY),
        ("GITHUB_REPOSITORY_OWNER", "octo"),
        ("GITHUB_REPOSITORY_OWNER_ID", "8"),
        ("GITHUB_RETENTION_DAYS", "90"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("GITHUB_RUN_ID", "26000000001"),
        ("GITHUB_RUN_NUMBER", "1"),
        ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ("GITHUB_TOKEN", TOKEN),
        ("GITHUB_WORKFLOW", "Copilot activity report"),
    ];
    let mut environment = fixed.map(|(name, value)| (name, value.to_owned())).to_vec();
    environment.extend([
        ("ACTIONS_RESULTS_URL", simulator.results_url()),
        ("ACTIONS_RUNTIME_TOKEN", simulator.runtime_token()),
        ("ACTIONS_RUNTIME_URL", simulator.results_url()),
        ("GITHUB_API_URL", simulator.api_url()),
        ("GITHUB_GRAPHQL_URL", simulator.graphql_url()),
        ("GITHUB_SERVER_URL", simulator.server_url()),
        (
            "SIMULATOR_GIT_DIR",
            simulator.git_dir(REPOSITORY).display().to_string(),
        ),
    ]);
    environment
}

/// Returns when standard input ends or somebody asks for the end.
fn wait() -> io::Result<()> {
    let (closed, input) = oneshot::channel::<()>();
    thread::spawn(move || {
        // However reading ends, nobody is there any more.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        drop(closed);
    });
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::select! {
                _ = input => {}
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            Ok(())
        })
}
