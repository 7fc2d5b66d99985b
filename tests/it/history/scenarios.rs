//! Compares the action's history with a model of the documented rules. In each scenario, members of
//! a simulated organization or enterprise get, use, and lose seats. After each run of the action,
//! every file and output must match the model. The recorded changes are also compared with what
//! really happened.
//!
//! - `HISTORY_SEED=7` runs only the scenario with this seed, and prints its runs.
//! - `HISTORY_COUNT=20000` sets the number of scenarios. `HISTORY_FIRST=500` sets the first seed.
//! - `HISTORY_ONLY=older,future` gives every scenario exactly these conditions.
//! - `HISTORY_WITHOUT=older,future` leaves these conditions out.
//!
//! `--nocapture` prints how often each kind of scenario recorded changes correctly.

mod accuracy;
mod changes;
mod execution;
pub mod files;
mod members;
pub mod model;
mod people;
pub mod random;
mod revocations;
pub mod row;
pub mod scenario;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use accuracy::Tally;
use execution::{Check, Execution};
use scenario::{CONDITIONS, Scenario, usual_times};

/// How many scenarios run by default. `.ci/run` runs four times as many.
const SCENARIOS: u64 = 125;

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

/// The allowed conditions, and whether each scenario has all of them.
fn allowed() -> (BTreeSet<&'static str>, bool) {
    let all = BTreeSet::from(CONDITIONS.map(|(name, _)| name));
    let named = |variable: &str| -> Option<BTreeSet<&'static str>> {
        let list = std::env::var(variable).ok()?;
        let named = list.split(',').map(|name| {
            let known = all.get(name).copied();
            known.unwrap_or_else(|| panic!("{name:?} isn't one of {all:?}"))
        });
        Some(named.collect())
    };
    match (named("HISTORY_ONLY"), named("HISTORY_WITHOUT")) {
        (Some(only), _) => (only, true),
        (None, Some(without)) => (&all - &without, false),
        (None, None) => (all, false),
    }
}

fn run_scenario(scenario: &mut Scenario, execution: &mut Execution, runs: usize) -> Check {
    for _ in 0..runs {
        let run = scenario.next(execution.model.last_time());
        execution.run(run)?;
    }
    execution.end()
}

/// Runs a scenario. An error has the seed, the conditions, and what differs.
fn run_seed(scenario: (u64, Scenario), is_verbose: bool) -> Result<Tally, (String, String)> {
    let (seed, mut scenario) = scenario;
    let runs = 6 + usize::try_from(seed % 9).unwrap();
    let mut execution = Execution::start(scenario.is_enterprise, false);
    let result = catch_unwind(AssertUnwindSafe(|| {
        run_scenario(&mut scenario, &mut execution, runs)
    }));
    let result = result.unwrap_or_else(|_| Err("a panic, see above".to_owned()));
    if is_verbose {
        println!("{}", execution.log.concat());
    }
    let about = format!(
        "seed {seed}, run {}, {:?}",
        execution.log.len(),
        scenario.conditions
    );
    match result {
        Ok(()) => Ok(execution.accuracy.tally),
        Err(error) => Err((about, error)),
    }
}

/// The group for the statistics of a scenario.
fn kind_of(scenario: &Scenario) -> String {
    let scope = if scenario.is_enterprise {
        "enterprise"
    } else {
        "organization"
    };
    let is_unseen = scenario.conditions.contains("lossy unseen");
    let is_lossy =
        scenario.conditions.contains("lossy") || scenario.conditions.contains("lossy first");
    let damages = [
        "seats.csv",
        "people.csv",
        "totals.csv",
        "latest.csv",
        "manifest",
    ];
    let is_damaged = damages
        .into_iter()
        .any(|name| scenario.conditions.contains(name));
    let with = [
        (is_unseen, ", lossy and not counted"),
        (is_lossy && !is_unseen, ", lossy"),
        (is_damaged, ", damaged"),
    ];
    let with = with.iter().filter(|(is, _)| *is).map(|(_, name)| *name);
    format!("{scope}{}", with.collect::<String>())
}

fn add(tallies: &mut BTreeMap<String, Tally>, kind: String, tally: &Tally) {
    let all = tallies.entry(kind).or_default();
    *all.entry("scenarios").or_default() += 1;
    for (what, times) in tally {
        *all.entry(what).or_default() += times;
    }
}

#[test]
fn every_scenario_matches_the_model() {
    let (allowed, has_all) = allowed();
    let only = number("HISTORY_SEED");
    let first = only.or(number("HISTORY_FIRST")).unwrap_or_default();
    let scenarios = only.map_or(number("HISTORY_COUNT").unwrap_or(SCENARIOS), |_| 1);
    let next = AtomicU64::new(first);
    let failures = Mutex::new(BTreeMap::new());
    let tallies = Mutex::new(BTreeMap::<_, Tally>::new());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= first + scenarios {
                        break;
                    }
                    let scenario = Scenario::drawn(seed, &allowed, has_all);
                    let kind = kind_of(&scenario);
                    match run_seed((seed, scenario), only.is_some()) {
                        Ok(tally) => add(&mut tallies.lock().unwrap(), kind, &tally),
                        Err(found) => {
                            println!("{}\n  {}", found.0, found.1);
                            failures.lock().unwrap().insert(seed, found);
                        }
                    }
                }
            });
        }
    });
    println!("{:#?}", tallies.into_inner().unwrap());
    let failures = failures.into_inner().unwrap();
    if let Some((seed, (about, what))) = failures.first_key_value() {
        let all: Vec<&u64> = failures.keys().collect();
        panic!(
            "{} of {scenarios} scenarios differ, with the seeds {all:?}. To run one again, set HISTORY_SEED={seed}. {about}: {what}",
            failures.len()
        );
    }
}

/// Runs a scenario that must succeed without warnings.
fn run_all(
    mut scenario: Scenario,
    runs: usize,
    times: impl Iterator<Item = jiff::Timestamp>,
) -> Execution {
    let mut execution = Execution::start(scenario.is_enterprise, true);
    for time in times.take(runs) {
        if let Err(error) = execution.run(scenario.run_at(time)) {
            panic!("{}{error}", execution.log.last().unwrap());
        }
    }
    execution.end().unwrap();
    execution.holds();
    execution
}

#[test]
fn a_year_of_an_organization_matches_the_model() {
    let start = "2026-03-01T03:17:00Z".parse().unwrap();
    let scenario = Scenario::of(1, BTreeSet::new(), 25, start);
    // The first gap is as long as GitHub remembers activity. The second is longer.
    let times = usual_times(1, start, &[(110, 90), (230, 97)]);
    let execution = run_all(scenario, 365, times);
    let lines: Vec<&String> = execution.model.changes.values().flatten().collect();
    let kinds = lines.iter().filter_map(|line| line.rsplit(',').nth(2));
    let all = [
        "cancellation scheduled",
        "cancellation removed",
        "granted",
        "reassigned",
        "plan changed",
        "renamed",
        "revoked",
    ];
    assert_eq!(kinds.collect::<BTreeSet<_>>(), BTreeSet::from(all));
    let (days, recorded) = (execution.model.days.len(), execution.model.recorded);
    assert!(lines.len() > 300 && days > 250 && recorded > days);
}

#[test]
fn two_months_of_an_enterprise_match_the_model() {
    let start = "2026-11-20T03:17:00Z".parse().unwrap();
    let scenario = Scenario::of(2, BTreeSet::from(["enterprise"]), 30, start);
    let execution = run_all(scenario, 60, usual_times(2, start, &[]));
    let lines = execution.model.changes.values().flatten().count();
    let days = execution.model.days.len();
    assert!(lines > 40 && days > 30, "{lines} changes, {days} days");
    assert_eq!(
        execution.model.changes.len(),
        2,
        "one file of changes a year"
    );
}
