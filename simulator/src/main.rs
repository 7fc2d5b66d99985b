//! Runs the simulator with made-up data, for scripts and for trying things by hand.
//!
//! Prints the environment a runner would set, then serves until its standard input closes or it is told to end. It then
//! says how many requests and bytes it got; every breach of what GitHub documents is listed on standard error, and fails the
//! program.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, io, thread};

use simulator::seat::Row;
use simulator::{Crowd, GitHub, Ports, Repository, Rule, Seats, Simulator, Token, scheduled_run};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

const USAGE: &str = "usage: simulator [--people N] [--padding BYTES] [--delay-ms MS] [--port-api P] [--port-results P] [--port-blob P]";
const REPOSITORY: &str = "octo/audit";
const TOKEN: &str = "ghs_simulator";
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

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
    let asked = Asked::of(env::args().skip(1))?;
    let simulator = Simulator::start_on(demo(&asked), asked.ports)?;
    for (name, value) in environment(&simulator) {
        println!("export {name}='{value}'");
    }
    // The last line, which callers wait for.
    let git = simulator.git_dir(REPOSITORY);
    println!("export SIMULATOR_GIT_DIR='{}'", git.display());
    wait()?;
    let requests = simulator.requests();
    println!("{} requests", requests.len());
    let received: usize = requests.iter().map(|seen| seen.body_length).sum();
    let sent: u64 = requests.iter().map(|seen| seen.answer_length).sum();
    println!("{received} bytes received, {sent} bytes sent");
    Ok(simulator.complaints())
}

/// What the command line says.
struct Asked {
    people: usize,
    padding: usize,
    delay: Duration,
    ports: Ports,
}

impl Asked {
    fn of(mut given: impl Iterator<Item = String>) -> io::Result<Self> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, USAGE);
        let mut asked = Self {
            people: 250,
            padding: 0,
            delay: Duration::ZERO,
            ports: Ports::default(),
        };
        while let Some(flag) = given.next() {
            let value = given.next().ok_or_else(wrong)?;
            let port = || value.parse::<u16>().map_err(|_| wrong());
            match flag.as_str() {
                "--people" => asked.people = value.parse().map_err(|_| wrong())?,
                "--padding" => asked.padding = value.parse().map_err(|_| wrong())?,
                "--delay-ms" => {
                    asked.delay = Duration::from_millis(value.parse().map_err(|_| wrong())?);
                }
                "--port-api" => asked.ports.api = port()?,
                "--port-results" => asked.ports.results = port()?,
                "--port-blob" => asked.ports.blob = port()?,
                _ => return Err(wrong()),
            }
        }
        Ok(asked)
    }
}

fn demo(asked: &Asked) -> GitHub {
    let token = Token::new()
        .copilot(["acme", "octo", "odd", "nobody"])
        .enterprise(["globex"])
        .contents_write([REPOSITORY, "octo/empty", "octo/protected"])
        .pulls_write(["octo/protected"])
        .read(["octo/tools"]);
    let acme = Crowd::organization(asked.people).padding(asked.padding);
    GitHub::new()
        .latency(asked.delay)
        .organization("acme", Seats::crowd(acme))
        .organization("octo", Seats::people(asked.people.min(10)))
        .organization("odd", odd())
        .organization("nobody", Seats::people(0))
        .enterprise("globex", Seats::crowd(Crowd::enterprise(asked.people)))
        .repository(REPOSITORY, Repository::private())
        .repository("octo/tools", Repository::private())
        .repository("octo/empty", Repository::private().empty())
        .repository(
            "octo/protected",
            Repository::private().protected(Rule::PullRequest),
        )
        .token(TOKEN, token)
}

/// Rows that a program which reads the file may stumble over.
fn odd() -> Seats {
    let seen = "2026-11-20T08:00:00Z";
    let logins = [
        "NA",
        "null",
        "true",
        "007",
        "1e5",
        "octo-cat_acme",
        "copilot[bot]",
    ];
    let named = (1..)
        .zip(logins)
        .map(|(id, login)| Row::of(login, id).activity(seen));
    let surfaces = [
        "a, b",
        "\"quoted\"",
        "=1+1",
        "-1",
        "über/1.0",
        " spaced ",
        "two\nlines",
    ];
    let surfaced = (11..).zip(surfaces).map(|(id, surface)| {
        Row::of(&format!("mona-{id}"), id)
            .activity(seen)
            .surface(surface)
    });
    let nobody = Row::of("", 0).nobody().team("=cmd, \"x\"", 40);
    Seats::rows(named.chain(surfaced).chain([nobody]))
}

/// What a runner tells a step, more of it than the tests ask for.
fn environment(simulator: &Simulator) -> BTreeMap<String, String> {
    let further = [
        ("ACTIONS_RUNTIME_URL", simulator.results_url()),
        ("GITHUB_JOB", "report".to_owned()),
        ("GITHUB_REF", "refs/heads/main".to_owned()),
        ("GITHUB_REF_NAME", "main".to_owned()),
        ("GITHUB_REPOSITORY_OWNER_ID", "8".to_owned()),
        ("GITHUB_RUN_NUMBER", "1".to_owned()),
        ("GITHUB_SHA", SHA.to_owned()),
        ("GITHUB_TOKEN", TOKEN.to_owned()),
    ];
    let mut environment = scheduled_run(REPOSITORY);
    environment.extend(simulator.addresses());
    environment.extend(further.map(|(name, value)| (name.to_owned(), value)));
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
