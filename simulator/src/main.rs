//! Runs the simulator with generated data, for scripts and manual tests.
//!
//! Prints the environment that a runner would set. Serves until its standard input closes or it
//! gets a signal. Then it prints how many requests and bytes it received. It prints every violation
//! to standard error, and fails if there were any.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, io, thread};

use simulator::seat::Row;
use simulator::{
    GeneratedPeople, GitHub, Ports, Repository, Rule, Seats, Simulator, Token, scheduled_run,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

const USAGE: &str = "usage: simulator [--people N] [--padding BYTES] [--delay-ms MS] [--enforce-limits true|false] [--port-api P] [--port-results P] [--port-blob P]";
const REPOSITORY: &str = "octo/audit";
const TOKEN: &str = "ghs_simulator";
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn main() -> ExitCode {
    match run() {
        Ok(violations) => {
            for violation in &violations {
                eprintln!("simulator: {violation}");
            }
            ExitCode::from(u8::from(!violations.is_empty()))
        }
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<Vec<String>> {
    let options = Options::of(env::args().skip(1))?;
    let simulator = Simulator::start_on(demo(&options), options.ports)?;
    for (name, value) in environment(&simulator) {
        println!("export {name}='{value}'");
    }
    // Callers wait for this line, so it's the last.
    let git = simulator.git_dir(REPOSITORY);
    println!("export SIMULATOR_GIT_DIR='{}'", git.display());
    wait()?;
    let requests = simulator.requests();
    println!("{} requests", requests.len());
    let received: usize = requests.iter().map(|request| request.body_length).sum();
    let sent: u64 = requests.iter().map(|request| request.response_length).sum();
    println!("{received} bytes received, {sent} bytes sent");
    Ok(simulator.violations())
}

/// The command-line options.
struct Options {
    people: usize,
    padding: usize,
    delay: Duration,
    enforces_limits: bool,
    ports: Ports,
}

impl Options {
    fn of(mut arguments: impl Iterator<Item = String>) -> io::Result<Self> {
        let usage_error = || io::Error::new(io::ErrorKind::InvalidInput, USAGE);
        let mut options = Self {
            people: 250,
            padding: 0,
            delay: Duration::ZERO,
            enforces_limits: false,
            ports: Ports::default(),
        };
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or_else(usage_error)?;
            let port = || value.parse::<u16>().map_err(|_| usage_error());
            match flag.as_str() {
                "--people" => options.people = value.parse().map_err(|_| usage_error())?,
                "--padding" => options.padding = value.parse().map_err(|_| usage_error())?,
                "--delay-ms" => {
                    options.delay =
                        Duration::from_millis(value.parse().map_err(|_| usage_error())?);
                }
                "--enforce-limits" => {
                    options.enforces_limits = value.parse().map_err(|_| usage_error())?;
                }
                "--port-api" => options.ports.api = port()?,
                "--port-results" => options.ports.results = port()?,
                "--port-blob" => options.ports.blob = port()?,
                _ => return Err(usage_error()),
            }
        }
        Ok(options)
    }
}

fn demo(options: &Options) -> GitHub {
    let token = Token::new()
        .copilot(["acme", "octo", "odd", "nobody"])
        .enterprise(["globex"])
        .contents_write([REPOSITORY, "octo/empty", "octo/protected"])
        .pulls_write(["octo/protected"])
        .read(["octo/tools"]);
    let acme = GeneratedPeople::organization(options.people).padding(options.padding);
    let github = if options.enforces_limits {
        GitHub::new().enforcing_limits()
    } else {
        GitHub::new()
    };
    github
        .latency(options.delay)
        .organization("acme", Seats::generated(acme))
        .organization("octo", Seats::people(options.people.min(10)))
        .organization("odd", odd())
        .organization("nobody", Seats::people(0))
        .enterprise(
            "globex",
            Seats::generated(GeneratedPeople::enterprise(options.people)),
        )
        .repository(REPOSITORY, Repository::private())
        .repository("octo/tools", Repository::private())
        .repository("octo/empty", Repository::private().empty())
        .repository(
            "octo/protected",
            Repository::private().protected(Rule::PullRequest),
        )
        .token(TOKEN, token)
}

/// Rows that might confuse a program that reads the file.
fn odd() -> Seats {
    let request = "2026-11-20T08:00:00Z";
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
        .map(|(id, login)| Row::of(login, id).activity(request));
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
            .activity(request)
            .surface(surface)
    });
    let without_person = Row::of("", 0).without_person().team("=cmd, \"x\"", 40);
    Seats::rows(named.chain(surfaced).chain([without_person]))
}

/// The variables of a step, including some that the tests don't need.
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

/// Returns when standard input ends or a signal arrives.
fn wait() -> io::Result<()> {
    let (closed, input) = oneshot::channel::<()>();
    thread::spawn(move || {
        // An error also means that the caller is gone.
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
