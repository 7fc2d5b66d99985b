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

mod changes;
mod company;
mod files;
mod model;
mod people;
mod random;
mod revocations;
mod row;
mod season;
mod story;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use season::{INGREDIENTS, Season, usual_times};
use story::{Check, Story};
use truth::Tally;

/// How many scenarios run by default.
const SEASONS: u64 = 500;

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

/// The allowed conditions, and whether each scenario has all of them.
fn allowed() -> (BTreeSet<&'static str>, bool) {
    let all = BTreeSet::from(INGREDIENTS.map(|(name, _)| name));
    let named = |variable: &str| -> Option<BTreeSet<&'static str>> {
        let list = std::env::var(variable).ok()?;
        let named = list.split(',').map(|name| {
            let known = all.get(name).copied();
            known.unwrap_or_else(|| panic!("{name:?} is none of {all:?}"))
        });
        Some(named.collect())
    };
    match (named("HISTORY_ONLY"), named("HISTORY_WITHOUT")) {
        (Some(only), _) => (only, true),
        (None, Some(without)) => (&all - &without, false),
        (None, None) => (all, false),
    }
}

fn run_season(season: &mut Season, story: &mut Story, runs: usize) -> Check {
    for _ in 0..runs {
        let run = season.next(story.model.last_time());
        story.run(run)?;
    }
    story.end()
}

/// Runs a scenario. An error has the seed, the conditions, and what differs.
fn play(season: (u64, Season), is_told: bool) -> Result<Tally, (String, String)> {
    let (seed, mut season) = season;
    let runs = 6 + usize::try_from(seed % 9).unwrap();
    let mut story = Story::begin(season.is_enterprise, false);
    let played = catch_unwind(AssertUnwindSafe(|| {
        run_season(&mut season, &mut story, runs)
    }));
    let played = played.unwrap_or_else(|_| Err("a panic, see above".to_owned()));
    if is_told {
        println!("{}", story.told.concat());
    }
    let about = format!(
        "seed {seed}, run {}, {:?}",
        story.told.len(),
        season.ingredients
    );
    match played {
        Ok(()) => Ok(story.truth.tally),
        Err(wrong) => Err((about, wrong)),
    }
}

/// The group for the statistics of a scenario.
fn kind_of(season: &Season) -> String {
    let scope = if season.is_enterprise {
        "enterprise"
    } else {
        "organization"
    };
    let is_unseen = season.ingredients.contains("lossy unseen");
    let is_lossy =
        season.ingredients.contains("lossy") || season.ingredients.contains("lossy first");
    let damages = [
        "seats.csv",
        "people.csv",
        "totals.csv",
        "latest.csv",
        "manifest",
    ];
    let is_damaged = damages
        .into_iter()
        .any(|name| season.ingredients.contains(name));
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
    *all.entry("seasons").or_default() += 1;
    for (what, times) in tally {
        *all.entry(what).or_default() += times;
    }
}

#[test]
fn every_season_matches_the_model() {
    let (allowed, has_all) = allowed();
    let only = number("HISTORY_SEED");
    let first = only.or(number("HISTORY_FIRST")).unwrap_or_default();
    let seasons = only.map_or(number("HISTORY_SEASONS").unwrap_or(SEASONS), |_| 1);
    let next = AtomicU64::new(first);
    let wrong = Mutex::new(BTreeMap::new());
    let tallies = Mutex::new(BTreeMap::<_, Tally>::new());
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= first + seasons {
                        break;
                    }
                    let season = Season::drawn(seed, &allowed, has_all);
                    let kind = kind_of(&season);
                    match play((seed, season), only.is_some()) {
                        Ok(tally) => add(&mut tallies.lock().unwrap(), kind, &tally),
                        Err(found) => {
                            println!("{}\n  {}", found.0, found.1);
                            wrong.lock().unwrap().insert(seed, found);
                        }
                    }
                }
            });
        }
    });
    println!("{:#?}", tallies.into_inner().unwrap());
    let wrong = wrong.into_inner().unwrap();
    if let Some((seed, (about, what))) = wrong.first_key_value() {
        let all: Vec<&u64> = wrong.keys().collect();
        panic!(
            "{} of {seasons} seasons, with the seeds {all:?}. HISTORY_SEED={seed} runs one again. {about}: {what}",
            wrong.len()
        );
    }
}

/// Runs a scenario that must succeed without warnings.
fn live(mut season: Season, runs: usize, times: impl Iterator<Item = jiff::Timestamp>) -> Story {
    let mut story = Story::begin(season.is_enterprise, true);
    for time in times.take(runs) {
        if let Err(wrong) = story.run(season.run_at(time)) {
            panic!("{}{wrong}", story.told.last().unwrap());
        }
    }
    story.end().unwrap();
    story.holds();
    story
}

#[test]
fn a_year_of_an_organization_is_recorded_as_it_was() {
    let start = "2026-03-01T03:17:00Z".parse().unwrap();
    let season = Season::of(1, BTreeSet::new(), 25, start);
    // The first gap is as long as GitHub remembers activity. The second is longer.
    let times = usual_times(1, start, &[(110, 90), (230, 97)]);
    let story = live(season, 365, times);
    let lines: Vec<&String> = story.model.changes.values().flatten().collect();
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
    let (days, recorded) = (story.model.days.len(), story.model.recorded);
    assert!(lines.len() > 300 && days > 250 && recorded > days);
}

#[test]
fn a_season_of_an_enterprise_is_recorded_as_it_was() {
    let start = "2026-11-20T03:17:00Z".parse().unwrap();
    let season = Season::of(2, BTreeSet::from(["enterprise"]), 30, start);
    let story = live(season, 60, usual_times(2, start, &[]));
    let lines = story.model.changes.values().flatten().count();
    let days = story.model.days.len();
    assert!(lines > 40 && days > 30, "{lines} changes, {days} days");
    assert_eq!(story.model.changes.len(), 2, "one file of changes a year");
}
