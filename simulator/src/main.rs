//! Runs the simulator with generated data, for scripts and manual tests.
//!
//! Prints the environment that a runner would set. Serves until its standard input closes or it
//! gets a signal. Then it prints how many requests and bytes it received. It prints every violation
//! to standard error, and fails if there were any.
//!
//! For each line of its standard input, it prints a line of JSON that counts the requests since the
//! last one, and sets GitHub's clock one day ahead.
//!
//! A person's token and an App can read the organizations that the docs' workflows name. With
//! `--organizations`, they can read these organizations and no others.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, io, thread};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{KeyPair as _, RsaKeyPair};
use serde_json::json;
use simulator::seat::Row;
use simulator::{
    App, GeneratedPeople, GitHub, Installation, Ports, RecordedRequest, Repository, Rule, Seats,
    Service, Simulator, Token, scheduled_run,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

const USAGE: &str = "usage: simulator [--people N] [--organizations N] [--seats N] [--padding BYTES] [--delay-ms MS] [--enforce-limits true|false] [--port-api P] [--port-results P] [--port-blob P]";
const REPOSITORY: &str = "octo/audit";
const TOKEN: &str = "ghs_simulator";
/// A person's token that only reads seats.
const READER: &str = "ghp_simulator";
/// A token that only writes to [`AUDIT`].
const AUDITOR: &str = "ghs_auditor";
/// The audit repository in the docs' workflows.
const AUDIT: &str = "acme/copilot-audit";
/// The organizations in the docs' workflows.
const DOCUMENTED: [&str; 3] = ["acme", "globex", "initech"];
const CLIENT_ID: &str = "Iv23liSimulator00001";
/// The key that RFC 9500 publishes for tests. Its file says `TESTING` instead of `PRIVATE`.
const KEY: &str = include_str!("../../tests/it/support/testing-key.pem");
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
    let simulator = Simulator::start_on(demo(&options)?, options.ports)?;
    for (name, value) in environment(&simulator) {
        println!("export {name}='{value}'");
    }
    // Callers wait for this line, so it's the last.
    let git = simulator.git_dir(REPOSITORY);
    println!("export SIMULATOR_GIT_DIR='{}'", git.display());
    wait(&simulator)?;
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
    organizations: usize,
    seats: usize,
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
            organizations: 0,
            seats: 40,
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
                "--organizations" => {
                    options.organizations = value.parse().map_err(|_| usage_error())?;
                }
                "--seats" => options.seats = value.parse().map_err(|_| usage_error())?,
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

fn demo(options: &Options) -> io::Result<GitHub> {
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
    let github = github
        .latency(options.delay)
        .organization("acme", Seats::generated(acme))
        .organization("octo", Seats::people(options.people.min(10)))
        .organization("odd", odd())
        .organization("nobody", Seats::people(0))
        .organization("globex", Seats::people(8))
        .organization("initech", Seats::people(12))
        .enterprise(
            "globex",
            Seats::generated(GeneratedPeople::enterprise(options.people)),
        )
        .enterprise(
            "octocorp",
            Seats::generated(GeneratedPeople::enterprise(options.people)),
        )
        .repository(REPOSITORY, Repository::private())
        .repository(AUDIT, Repository::private())
        .repository("octo/tools", Repository::private())
        .repository("octo/empty", Repository::private().empty())
        .repository(
            "octo/protected",
            Repository::private().protected(Rule::PullRequest),
        )
        .token(TOKEN, token)
        .token(
            AUDITOR,
            Token::new().contents_write([AUDIT]).pulls_write([AUDIT]),
        );
    with_organizations(github, options)
}

/// Adds the generated organizations, and who can read them or the documented ones.
fn with_organizations(mut github: GitHub, options: &Options) -> io::Result<GitHub> {
    let mut names: Vec<String> = (1..=options.organizations)
        .map(|number| format!("organization-{number:04}"))
        .collect();
    for name in &names {
        let seats = Seats::generated(GeneratedPeople::organization(options.seats));
        github = github.organization(name, seats);
    }
    if names.is_empty() {
        names.extend(DOCUMENTED.map(str::to_owned));
    }
    let mut app = App::new(&public_key()?);
    for name in &names {
        app = app.installed(Installation::organization(name));
    }
    let reader = Token::new()
        .scopes("manage_billing:copilot, read:org")
        .copilot(names)
        .enterprise(["octocorp"])
        .read([REPOSITORY]);
    Ok(github.token(READER, reader).app(CLIENT_ID, app))
}

/// The public half of [`KEY`].
fn public_key() -> io::Result<Vec<u8>> {
    let base64: String = KEY
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = BASE64_STANDARD.decode(base64).map_err(io::Error::other)?;
    let key = RsaKeyPair::from_der(&der).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(key.public_key().as_ref().to_owned())
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
        ("SIMULATOR_APP", CLIENT_ID.to_owned()),
        ("SIMULATOR_AUDITOR", AUDITOR.to_owned()),
        ("SIMULATOR_READER", READER.to_owned()),
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

/// Returns when standard input ends or a signal arrives. Every line on the way ends a day.
fn wait(simulator: &Simulator) -> io::Result<()> {
    let (lines, mut read) = mpsc::unbounded_channel();
    thread::spawn(move || {
        // An error also means that the caller is gone.
        for line in io::stdin().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let mut counted = 0;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            loop {
                tokio::select! {
                    line = read.recv() => if line.is_none() { break },
                    _ = terminate.recv() => break,
                    _ = interrupt.recv() => break,
                }
                let requests = simulator.requests();
                println!("{}", counts(&requests[counted..]));
                counted = requests.len();
                simulator.end_day();
            }
            Ok(())
        })
}

/// Whether a GraphQL request writes. The recorded body can be cut off, and the query can be anywhere
/// in it, but every mutation names its input.
fn is_mutation(request: &RecordedRequest) -> bool {
    let body = String::from_utf8_lossy(&request.body);
    body.contains("\"query\":\"mutation") || body.contains("\"input\":{")
}

/// Counts requests by what they cost.
fn counts(requests: &[RecordedRequest]) -> serde_json::Value {
    let mut counted = BTreeMap::<&str, usize>::new();
    for request in requests {
        let is_graphql = request.path_and_query.starts_with("/graphql");
        let kind = match request.service {
            Service::Api if is_graphql && is_mutation(request) => "mutations",
            Service::Api if is_graphql => "queries",
            Service::Api if request.method == "GET" => "reads",
            Service::Api if request.path_and_query.ends_with("/access_tokens") => "tokens",
            Service::Api => "writes",
            _ => "artifact",
        };
        *counted.entry(kind).or_default() += 1;
    }
    let failed = requests
        .iter()
        .filter(|request| request.status.is_some_and(|status| status >= 400));
    let most = requests.iter().map(|request| request.in_flight).max();
    json!({ "kinds": counted, "failed": failed.count(), "in_flight": most })
}
