//! Every fault at every request of a run. Either the run delivers everything, or it fails and names
//! exactly what it delivered. It never delivers a wrong or partial report.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use crate::support::outcome_assertions::{
    Delivered, check_outcome, delivery_setup, expected_rows, job, record_earlier,
};
use crate::support::{OWN, assert_intact, github};
use simulator::{At, Fault, Kind, Nth, Operation, Ports, Seats, Simulator};

/// Three pages of seats.
const SEATS: usize = 210;

/// How many cases run in parallel. They mostly wait for timeouts.
const PARALLEL: usize = 12;

/// A request of the run.
#[derive(Clone, Copy)]
struct Target {
    name: &'static str,
    at: fn() -> At,
    /// Which of the matching requests it is, counting from 1.
    which: usize,
    /// Whether the request has a lasting effect.
    effect: bool,
    /// Whether everything is delivered without it.
    optional: bool,
}

const fn target(name: &'static str, at: fn() -> At) -> Target {
    Target {
        name,
        at,
        which: 1,
        effect: false,
        optional: false,
    }
}

const fn effect(name: &'static str, at: fn() -> At) -> Target {
    Target {
        effect: true,
        ..target(name, at)
    }
}

const TARGETS: [Target; 13] = [
    target("reading the visibility of the repository", || {
        At::path("GET", "/repos/octo/tools")
    }),
    Target {
        optional: true,
        ..target("reading the ID of the organization", || At::Organization)
    },
    target("the first page of seats", || At::SeatsPage(1)),
    target("a middle page of seats", || At::SeatsPage(2)),
    target("the last page of seats", || At::SeatsPage(3)),
    target("the head query", || At::Graphql(Operation::Query)),
    Target {
        which: 2,
        ..target("the files query", || At::Graphql(Operation::Query))
    },
    target("reading a file", || At::FileText),
    effect("the mutation", || At::Graphql(Operation::Mutation)),
    effect("CreateArtifact", || At::CreateArtifact),
    effect("a block", || At::Block),
    effect("the block list", || At::BlockList),
    effect("FinalizeArtifact", || At::FinalizeArtifact),
];

/// A kind of fault.
#[derive(Clone, Copy)]
pub struct Failure {
    pub name: &'static str,
    pub kind: fn(&Simulator) -> Kind,
    /// Whether the action must try again.
    pub passing: bool,
    /// Whether there's no response at all, which takes the longest.
    slow: bool,
}

const fn passing(name: &'static str, kind: fn(&Simulator) -> Kind) -> Failure {
    Failure {
        name,
        kind,
        passing: true,
        slow: false,
    }
}

const fn lasting(name: &'static str, kind: fn(&Simulator) -> Kind) -> Failure {
    Failure {
        passing: false,
        ..passing(name, kind)
    }
}

pub const FAILURES: [Failure; 20] = [
    Failure {
        slow: true,
        ..passing("stall", |_| Kind::Stall)
    },
    passing("refuse", |_| Kind::Refuse(Duration::from_millis(1))),
    passing("reset", |_| Kind::Reset),
    passing("truncate", |_| Kind::Truncate),
    passing("wrong Content-Length", |_| Kind::WrongLength),
    passing("garbage gzip", |_| Kind::BadGzip),
    passing("endless body", |_| Kind::Endless),
    passing("HTML under 200", |_| Kind::Html(200)),
    passing("HTML under 502", |_| Kind::Html(502)),
    passing("429", |_| Kind::status(429, "slow down")),
    passing("500", |_| Kind::status(500, "oops")),
    passing("502", |_| Kind::status(502, "Bad Gateway")),
    passing("503", |_| Kind::status(503, "Service Unavailable")),
    passing("504", |_| Kind::status(504, "Gateway Timeout")),
    lasting("401", |_| Kind::status(401, "Bad credentials")),
    lasting("403", |_| Kind::status(403, "Forbidden")),
    lasting("404", |_| Kind::status(404, "Not Found")),
    lasting("409", |_| Kind::status(409, "Conflict")),
    lasting("422", |_| Kind::status(422, "Unprocessable")),
    // A client that follows this redirect sends its token or signed URL to the wrong host. The
    // simulator reports that as a violation.
    lasting("redirect to another host", |simulator| {
        Kind::RedirectTo(format!("{}/elsewhere", simulator.blob_url()))
    }),
];

#[derive(Clone, Copy)]
struct Case {
    target: Target,
    failure: Failure,
    after_effect: bool,
    always: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = if self.after_effect {
            "after effect, "
        } else {
            ""
        };
        let often = if self.always { "always" } else { "once" };
        let (failure, target) = (self.failure.name, self.target.name);
        write!(f, "{failure} at {target}, {after}{often}")
    }
}

/// All cases. If the action doesn't try again, a repeated fault is the same as a single one.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for failure in FAILURES {
        for target in TARGETS {
            for after_effect in [false, true] {
                for always in [true, false] {
                    if (after_effect && !target.effect) || (always && !failure.passing) {
                        continue;
                    }
                    cases.push(Case {
                        target,
                        failure,
                        after_effect,
                        always,
                    });
                }
            }
        }
    }
    // The slowest cases start first.
    cases.sort_by_key(|case| !(case.failure.slow && case.always));
    cases
}

impl Case {
    /// Ports outside the range that the system assigns, so that no other program takes one while
    /// its service is down.
    fn simulator(self) -> Simulator {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let github = github(Seats::people(SEATS));
        if self.failure.name != "refuse" {
            return Simulator::start(github).unwrap();
        }
        let first = 10_000 + (std::process::id() % 200) as u16 * 100;
        loop {
            let number = first + 3 * (NEXT.fetch_add(1, Ordering::SeqCst) % 700);
            let ports = Ports {
                api: number,
                results: number + 1,
                blob: number + 2,
            };
            if let Ok(simulator) = Simulator::start_on(github.clone(), ports) {
                return simulator;
            }
        }
    }

    fn fault(self, simulator: &Simulator) -> Fault {
        let mut kind = (self.failure.kind)(simulator);
        if self.always && matches!(kind, Kind::Refuse(_)) {
            kind = Kind::Refuse(Duration::from_secs(3600));
        }
        Fault {
            at: (self.target.at)(),
            nth: match (self.always, self.target.which) {
                (true, which) => Nth::From(which),
                (false, which) => Nth::Only(which),
            },
            kind: if self.after_effect {
                kind.after_effect()
            } else {
                kind
            },
        }
    }

    /// Runs the case and checks the result.
    fn run(self, expected_rows: &[String]) {
        let simulator = self.simulator();
        record_earlier(&simulator);
        simulator.fault(self.fault(&simulator));
        let step = job(&simulator).variable("TEST_WAIT_SCALE", "0.001").run();
        let delivered = check_outcome(&simulator, &step, expected_rows);
        assert!(matches!(step.status, 0 | 1), "{}", step.printed());
        assert!(!step.printed().contains("panicked"), "{}", step.printed());
        let is_down = self.always && self.failure.name == "refuse";
        if (self.failure.passing && !self.always) || (self.target.optional && !is_down) {
            assert_eq!(delivered, Delivered::ALL, "{}", step.printed());
            assert_eq!(step.status, 0, "{}", step.printed());
        }
        let requests = simulator.requests().len();
        assert!(requests < 100, "{requests} requests");
    }
}

#[test]
fn no_failure_anywhere_leads_to_a_wrong_or_partial_delivery() {
    let began = Instant::now();
    let expected_rows = expected_rows(&Seats::people(SEATS));
    let cases = cases();
    let only = std::env::var("FAULTS").unwrap_or_default();
    let queue = Mutex::new(cases.iter().filter(|case| case.to_string().contains(&only)));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(case) = next else { return };
                    let began = Instant::now();
                    let result = catch_unwind(AssertUnwindSafe(|| case.run(&expected_rows)));
                    eprintln!("{:.1?} {case}", began.elapsed());
                    if let Err(why) = result {
                        let why = why
                            .downcast_ref::<String>()
                            .cloned()
                            .or_else(|| why.downcast_ref::<&str>().map(ToString::to_string));
                        let why = why.unwrap_or_default();
                        failures.lock().unwrap().push(format!("{case}: {why}"));
                    }
                }
            });
        }
    });
    println!("{} cases in {:.0?}", cases.len(), began.elapsed());
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
}

/// The number of GraphQL requests before the commit in a normal run.
fn queries_before_the_commit() -> usize {
    let simulator = delivery_setup(Seats::people(3));
    job(&simulator).run().succeeded();
    let requests = simulator.requests();
    let requests = requests
        .iter()
        .filter(|request| request.path_and_query == "/graphql");
    let is_query = |query: &str| !query.trim_start().starts_with("mutation");
    requests
        .take_while(|request| is_query(request.json().unwrap()["query"].as_str().unwrap()))
        .count()
}

#[test]
fn the_outcome_of_an_unanswered_request_is_reported_as_unknown() {
    let first_after = queries_before_the_commit() + 1;
    let expected_rows = expected_rows(&Seats::people(3));
    let always = |at, first, kind| Fault {
        at,
        nth: Nth::From(first),
        kind,
    };
    let commit = Delivered {
        artifact: false,
        ..Delivered::ALL
    };
    let artifact = Delivered {
        commit: false,
        ..Delivered::ALL
    };
    for (at, kind, silent, text, delivered) in [
        (
            At::Graphql(Operation::Mutation),
            Kind::Reset.after_effect(),
            always(At::Graphql(Operation::Query), first_after, Kind::Reset),
            "Whether GitHub created the commit isn't known",
            Delivered::ALL,
        ),
        (
            At::Graphql(Operation::Mutation),
            Kind::Reset,
            always(At::Graphql(Operation::Query), first_after, Kind::Reset),
            "Whether GitHub created the commit isn't known",
            artifact,
        ),
        (
            At::FinalizeArtifact,
            Kind::Reset.after_effect(),
            always(At::ListArtifacts, 1, Kind::Reset),
            "whether it was finalized isn't known",
            Delivered::ALL,
        ),
        (
            At::FinalizeArtifact,
            Kind::Reset,
            always(At::ListArtifacts, 1, Kind::Reset),
            "whether it was finalized isn't known",
            commit,
        ),
    ] {
        let what = format!("{at:?}: {kind:?}");
        let simulator = delivery_setup(Seats::people(3));
        simulator.fault(Fault::always(at, kind));
        simulator.fault(silent);
        let first = job(&simulator).run();
        first.failed(1, &[text]);
        assert_eq!(
            check_outcome(&simulator, &first, &expected_rows),
            delivered,
            "{what}"
        );

        simulator.clear_faults();
        let second = job(&simulator).run();
        second.succeeded();
        // The day has exactly one commit, from either run.
        assert_eq!(second.output("commit-sha").is_empty(), delivered.commit);
        assert_intact(&simulator, OWN);
    }
}
