//! Properties that hold for any reports: changes explain how one report became the next, what's
//! known about people never regresses, and every file reads back as it was written.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::changes::Change;
use super::super::people::{KnownPerson, People};
use super::super::totals::Totals;
use super::super::{changes, seats};
use super::*;
use crate::report::seat::whole_seconds;

/// The IDs that distinguish a seat from all others.
type Key = (Option<u64>, Option<u64>, Option<u64>);

fn key(seat: &Seat) -> Key {
    let person = seat.assignee.as_ref().and_then(|account| account.id);
    let organization = seat.organization.as_ref().and_then(|account| account.id);
    (person, organization, seat.team_id())
}

const ODD: [&str; 15] = [
    "None", "a,b", "\"", "\"\"", "\r", "\n", "\r\n", " a ", "=1+1", "ä", "\u{feff}", "#", "'",
    "\0", "\\",
];

/// Any valid name, and some invalid ones.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&ODD[..]).prop_map(str::to_owned),
        vec(any::<char>(), 1..8).prop_map(|text| text.into_iter().collect()),
    ]
}

fn time() -> impl Strategy<Value = Timestamp> {
    (1_700_000_000..1_900_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

fn day() -> impl Strategy<Value = Date> {
    (2020..2040_i16, 1..=12_i8, 1..=28_i8).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap())
}

/// A seat from a small set of people, organizations, and teams, so that seats collide.
fn seat_of(
    login: impl Strategy<Value = String>,
    id: impl Strategy<Value = Option<u64>>,
) -> impl Strategy<Value = Seat> {
    let account = (option::weighted(0.9, login), id);
    let organization = option::of((select(&["acme", "Globex"][..]), any::<bool>()));
    let team = option::of((1..3_u64, text()));
    let plan = option::of(select(&["business", "enterprise", "unknown"][..]));
    let times = (option::of(time()), option::of(time()), option::of(time()));
    let rest = (option::of(day()), option::of(text()));
    (account, organization, team, plan, times, rest).prop_map(
        |((login, id), organization, team, plan, times, (ends, surface))| Seat {
            assignee: login.map(|login| Account {
                id,
                login: login.into(),
            }),
            organization: organization.map(|(login, has_id)| {
                Arc::new(Account {
                    id: has_id.then_some(login.len() as u64),
                    login: login.into(),
                })
            }),
            team: team.map(|(id, name)| {
                Arc::new(Team {
                    id,
                    name: name.into(),
                })
            }),
            plan_type: plan.map(Into::into),
            created_at: times.0,
            pending_cancellation_date: ends,
            last_authenticated_at: times.1,
            last_activity_at: times.2,
            last_surface_used: surface.map(Into::into),
        },
    )
}

/// Any rows, with and without IDs, including impossible ones.
fn any_seats() -> impl Strategy<Value = Vec<Seat>> {
    let logins = prop_oneof![
        select(&["octocat", "Octocat", "hubot"][..]).prop_map(str::to_owned),
        text()
    ];
    vec(seat_of(logins, option::of(1..4_u64)), 0..8)
}

/// A report like one from GitHub's API: every person has an ID and one login, no person has the
/// same seat twice, and each seat has a grant time.
fn full_seats() -> impl Strategy<Value = Vec<Seat>> {
    let seat = (1..6_u64, seat_of(Just(String::new()), Just(None)), time());
    (vec(seat, 0..12), any::<bool>()).prop_map(|(seats, renamed)| {
        let mut taken = BTreeSet::new();
        let seats = seats.into_iter().map(|(id, mut seat, granted)| {
            let login = match renamed {
                true => format!("mona-{}", id + 1),
                false => format!("mona-{id}"),
            };
            seat.assignee = Some(Account {
                id: Some(id),
                login: login.into(),
            });
            seat.organization = seat.organization.map(|organization| {
                Arc::new(Account {
                    id: Some(organization.login.len() as u64),
                    login: organization.login.clone(),
                })
            });
            seat.created_at = Some(granted);
            seat
        });
        let mut seats: Vec<Seat> = seats.filter(|seat| taken.insert(key(seat))).collect();
        seats.sort_by(Seat::order);
        seats
    })
}

/// The changes as lines of the file, sorted to ignore their order.
fn lines(changes: &[Change<'_>]) -> Vec<String> {
    let file = changes::append(b"", at(MORNING), changes).unwrap();
    let mut lines: Vec<String> = csv_lines(&file).iter().map(|l| l.join("\u{1}")).collect();
    lines.sort();
    lines
}

fn csv_lines(file: &[u8]) -> Vec<Vec<String>> {
    let mut csv = ::csv::Reader::from_reader(file);
    let records = csv.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

fn of(kind: Kind, changes: &[Change<'_>]) -> BTreeSet<Key> {
    let of_kind = changes.iter().filter(|change| change.kind == kind);
    of_kind.map(|change| key(change.seat)).collect()
}

fn quietly(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(quietly(300))]

    #[test]
    fn changes_explain_how_one_report_became_the_next(
        before in full_seats(),
        now in full_seats(),
    ) {
        let found = changes::between(&before, &now);
        let (granted, revoked) = (of(Kind::Granted, &found), of(Kind::Revoked, &found));
        let keys = |seats: &[Seat]| seats.iter().map(key).collect::<BTreeSet<_>>();
        let mut state = keys(&before);
        for gone in &revoked {
            prop_assert!(state.remove(gone), "{gone:?} was not there");
        }
        for new in &granted {
            prop_assert!(state.insert(*new), "{new:?} was there");
        }
        prop_assert_eq!(state, keys(&now));

        for seat in &now {
            let Some(old) = before.iter().find(|old| key(old) == key(seat)) else { continue };
            let has = |kinds: &[Kind]| {
                let fits = |c: &&Change<'_>| kinds.contains(&c.kind) && key(c.seat) == key(seat);
                found.iter().find(fits).map(|change| (change.from.clone(), change.to.clone()))
            };
            let differs = |from: String, to: String| (from != to).then_some((from, to));
            let granted = |seat: &Seat| whole_seconds(seat.created_at.unwrap()).to_string();
            let again = has(&[Kind::Reassigned]);
            prop_assert_eq!(again, differs(granted(old), granted(seat)));
            let ends = |seat: &Seat| {
                seat.pending_cancellation_date.map(|day| day.to_string()).unwrap_or_default()
            };
            let kinds = [Kind::CancellationScheduled, Kind::CancellationRemoved];
            prop_assert_eq!(has(&kinds), differs(ends(old), ends(seat)));
            let plan = |seat: &Seat| {
                let plan = seat.plan_type.as_deref().filter(|plan| *plan != "unknown");
                plan.map(str::to_owned)
            };
            let plans = plan(old).zip(plan(seat)).and_then(|(from, to)| differs(from, to));
            prop_assert_eq!(has(&[Kind::PlanChanged]), plans);
        }
        let login = |seats: &[Seat], id| {
            let account = |seat: &Seat| seat.assignee.clone().unwrap();
            let found = seats.iter().map(account).find(|account| account.id == id);
            found.map(|account| account.login)
        };
        for id in (1..6).map(Some) {
            let renamed = found.iter().filter(|change| {
                change.kind == Kind::Renamed && key(change.seat).0 == id
            });
            let (old, new) = (login(&before, id), login(&now, id));
            let differ = old.is_some() && new.is_some() && old != new;
            prop_assert_eq!(renamed.count(), usize::from(differ));
        }
    }

    #[test]
    fn grants_in_one_direction_are_revocations_in_the_other(before in full_seats(), now in full_seats()) {
        let (there, back) = (changes::between(&before, &now), changes::between(&now, &before));
        prop_assert_eq!(of(Kind::Granted, &there), of(Kind::Revoked, &back));
        prop_assert_eq!(of(Kind::Revoked, &there), of(Kind::Granted, &back));
        let of_other_kinds = |found: &[Change<'_>]| {
            let other = |change: &&Change<'_>| {
                matches!(change.kind, Kind::Reassigned | Kind::PlanChanged | Kind::Renamed)
            };
            found.iter().filter(other).count()
        };
        prop_assert_eq!(of_other_kinds(&there), of_other_kinds(&back));
    }

    #[test]
    fn changes_do_not_depend_on_the_order_of_rows(
        before in full_seats(),
        now in full_seats(),
        shuffle in any::<u64>(),
    ) {
        let shuffled = |seats: &[Seat]| {
            let mut seats = seats.to_vec();
            let place = |seat: &Seat| sha256(format!("{shuffle} {:?}", key(seat)).as_bytes());
            seats.sort_by_key(place);
            seats
        };
        let (other_before, other_now) = (shuffled(&before), shuffled(&now));
        let found = changes::between(&before, &now);
        let other = changes::between(&other_before, &other_now);
        prop_assert_eq!(lines(&found), lines(&other));
    }

    #[test]
    fn the_same_report_makes_no_changes(seats in full_seats(), bare in any::<bool>()) {
        let mut seats = seats;
        for seat in seats.iter_mut().filter(|_| bare) {
            seat.created_at = None;
            seat.assignee.iter_mut().for_each(|account| account.id = None);
        }
        prop_assert_eq!(changes::between(&seats, &seats), []);
    }

    #[test]
    fn people_never_lose_what_is_known_and_are_read_back_as_written(
        reports in vec((any_seats(), time()), 1..6),
    ) {
        let mut reports = reports;
        reports.sort_by_key(|report| report.1);
        let mut before: Vec<KnownPerson> = Vec::new();
        for (seats, time) in reports {
            let mut all = People::new(before.clone());
            all.merge_report(whole_seconds(time), &seats, &[]);
            let now = all.into_lines();
            let file = People::new(now.clone()).write().unwrap();
            let (read, damaged) = People::read(&file).unwrap();
            prop_assert_eq!((&read.into_lines(), damaged), (&now, vec![]));
            prop_assert!(now.len() >= before.len());
            let activity = |people: &[KnownPerson]| {
                let mut newest: Vec<_> = people.iter().map(|p| p.last_known_activity_at).collect();
                newest.sort();
                newest.reverse();
                newest
            };
            for (now, before) in activity(&now).iter().zip(activity(&before)) {
                prop_assert!(*now >= before);
            }
            for old in &before {
                let Some(id) = old.user_id else { continue };
                let person = now.iter().find(|person| person.user_id == Some(id)).unwrap();
                prop_assert!(person.first_seen == old.first_seen);
                prop_assert!(person.last_seen >= old.last_seen);
                prop_assert!(person.last_known_activity_at >= old.last_known_activity_at);
                let authenticated = |p: &KnownPerson| p.last_known_authentication_at;
                prop_assert!(authenticated(person) >= authenticated(old));
            }
            let holders: BTreeSet<u64> = seats.iter().filter_map(|seat| key(seat).0).collect();
            for person in &now {
                if let Some(id) = person.user_id {
                    prop_assert!(person.holds_seat || !holders.contains(&id), "{person:?}");
                }
            }
            before = now;
        }
    }

    #[test]
    fn seats_are_read_back_as_written(seats in any_seats()) {
        let whole = |time: Option<Timestamp>| time.map(whole_seconds);
        let written: Vec<Seat> = seats
            .iter()
            .map(|seat| Seat {
                created_at: whole(seat.created_at),
                last_authenticated_at: whole(seat.last_authenticated_at),
                last_activity_at: whole(seat.last_activity_at),
                ..seat.clone()
            })
            .collect();
        let file = seats::write(&seats).unwrap();
        prop_assert_eq!(seats::read(&file).unwrap(), written);
    }

    #[test]
    fn changes_are_appended_and_read_back_as_written(
        before in any_seats(),
        now in any_seats(),
        then in any_seats(),
    ) {
        let first = changes::between(&before, &now);
        let second = changes::between(&now, &then);
        let file = changes::append(b"", at(MORNING), &first).unwrap();
        let longer = changes::append(&file, at(EVENING), &second).unwrap();
        prop_assert!(longer.starts_with(&file));
        let read = csv_lines(&longer);
        prop_assert_eq!(read.len(), first.len() + second.len());
        for (line, change) in read.iter().zip(first.iter().chain(&second)) {
            let login = change.seat.assignee.as_ref().map(|account| &*account.login);
            prop_assert_eq!(&line[1], login.unwrap_or_default());
            prop_assert_eq!(&line[4], change.kind.as_str());
            prop_assert_eq!((&line[5], &line[6]), (&change.from, &change.to));
        }
    }
}

proptest! {
    #![proptest_config(quietly(60))]

    #[test]
    fn the_history_stays_sound_whatever_is_reported(
        reports in vec((any_seats(), 0..20_000_000_i64, any::<bool>()), 1..8),
    ) {
        let mut repository = Repository::default();
        for (seats, second, is_complete) in reports {
            let time = at(MORNING) + SignedDuration::from_secs(second);
            let report = report(&time.to_string(), seats);
            let report = if is_complete { report } else { incomplete(report) };
            let before = repository.clone();
            let plan = repository.quietly(&report);
            for (path, file) in &before.0 {
                if path.starts_with("changes/") {
                    prop_assert!(repository.0[path].starts_with(file));
                }
            }
            let days: Vec<Vec<String>> = csv_lines(&repository.0["totals.csv"]);
            for pair in days.windows(2) {
                prop_assert!(pair[0][0][..10] < pair[1][0][..10], "{days:?}");
            }
            for day in &days {
                prop_assert!(matches!(&*day[9], "true" | "false"), "{day:?}");
                let numbers: Vec<usize> = day[1..9].iter().map(|n| n.parse().unwrap()).collect();
                let [seats, people, active, inactive, never, new, ..] = numbers[..] else {
                    panic!("{day:?}");
                };
                prop_assert_eq!(people, active + inactive + never + new);
                prop_assert!(people <= seats);
            }
            let file = repository.0["totals.csv"].clone();
            let (read, damaged) = Totals::read(&file);
            prop_assert_eq!(damaged, Vec::<usize>::new());
            prop_assert_eq!(read.write().unwrap(), file);
            if plan.action == Action::Record {
                let newest = &days[days.len() - 1];
                prop_assert_eq!(&newest[1], &report.seats().len().to_string());
                prop_assert_eq!(&newest[2], &report.people().to_string());
                prop_assert_eq!(&newest[0], &report.time().to_string());
            } else {
                prop_assert!(repository.0 == before.0);
            }
        }
    }
}
