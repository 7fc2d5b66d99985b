//! Tests what the history says about people and their seats across consecutive reports.

use super::*;

#[test]
fn every_kind_of_change_is_written_once() {
    let mut repository = Repository::default();
    let team = |id| {
        Some(Arc::new(Team {
            id,
            name: "a, team".into(),
        }))
    };
    let again = Seat {
        team: team(7),
        ..seat("hubot", 2)
    };
    let ends = seat("mona", 3);
    let plan = seat("nora", 4);
    repository.quietly(&report(
        MORNING,
        vec![
            octocat(),
            again.clone(),
            ends.clone(),
            plan.clone(),
            seat("gone", 5),
        ],
    ));
    let next = vec![
        seat("octocat-renamed", 1),
        Seat {
            created_at: Some(at("2026-11-22T20:00:00Z")),
            ..again
        },
        Seat {
            pending_cancellation_date: Some("2026-12-01".parse().unwrap()),
            ..ends.clone()
        },
        Seat {
            plan_type: Some("enterprise".into()),
            ..plan.clone()
        },
        seat("new", 6),
    ];
    let plan = repository.quietly(&report(NEXT_DAY, next.clone()));
    assert_eq!((plan.granted, plan.revoked), (1, 1));
    let first = [
        "2026-11-23T06:00:00Z,gone,,,revoked,2026-01-05T09:00:00Z,",
        "2026-11-23T06:00:00Z,hubot,,\"a, team\",reassigned,2026-01-05T09:00:00Z,2026-11-22T20:00:00Z",
        "2026-11-23T06:00:00Z,mona,,,cancellation scheduled,,2026-12-01",
        "2026-11-23T06:00:00Z,new,,,granted,,2026-01-05T09:00:00Z",
        "2026-11-23T06:00:00Z,nora,,,plan changed,business,enterprise",
        "2026-11-23T06:00:00Z,octocat-renamed,,,renamed,octocat,octocat-renamed",
    ];
    assert_eq!(repository.lines("changes/2026.csv"), first);

    let mut last = next;
    last[2] = ends;
    repository.quietly(&report("2026-11-24T06:00:00Z", last));
    let lines = repository.lines("changes/2026.csv");
    assert_eq!(lines[..6], first);
    assert_eq!(
        lines[6..],
        ["2026-11-24T06:00:00Z,mona,,,cancellation removed,2026-12-01,"]
    );
}

#[test]
fn activity_is_recorded_but_is_not_a_change_of_the_seat() {
    let mut repository = Repository::default();
    repository.quietly(&report(MORNING, vec![octocat()]));
    let active = used(octocat(), "2026-11-22T12:00:00Z", "copilot-cli");
    let plan = repository.quietly(&report(EVENING, vec![active]));
    assert_eq!((plan.action, plan.changed), (Action::Record, true));
    assert_eq!(repository.text("changes/2026.csv"), "");
}

#[test]
fn learning_an_unknown_value_is_not_a_change() {
    let mut repository = Repository::default();
    let unknown = Seat {
        plan_type: Some("unknown".into()),
        ..octocat()
    };
    let none = Seat {
        plan_type: None,
        ..seat("hubot", 2)
    };
    repository.quietly(&report(MORNING, vec![unknown.clone(), none]));
    repository.quietly(&report(NEXT_DAY, vec![octocat(), seat("hubot", 2)]));
    repository.quietly(&report(
        "2026-11-24T06:00:00Z",
        vec![unknown, seat("hubot", 2)],
    ));
    assert_eq!(repository.text("changes/2026.csv"), "");
}

#[test]
fn people_keep_what_github_forgets() {
    let mut repository = Repository::default();
    let active = used(octocat(), "2026-11-20T00:00:00Z", "copilot-cli");
    repository.quietly(&report(MORNING, vec![active, seat("hubot", 2)]));
    // GitHub drops the activity after 90 days. Later the person is renamed, revoked, and granted
    // access again.
    repository.quietly(&report("2027-03-01T00:00:00Z", vec![seat("mona", 1)]));
    let known = |last_seen: &str, holds: bool, login: &str| {
        format!(
            "1,{login},2026-11-22T06:00:00Z,{last_seen},2027-03-01T00:00:00Z,{holds},2026-11-20T00:00:00Z,copilot-cli,"
        )
    };
    let people = repository.lines("people.csv");
    assert_eq!(
        people[0],
        "2,hubot,2026-11-22T06:00:00Z,2026-11-22T06:00:00Z,2026-11-22T06:00:00Z,false,,,"
    );
    assert_eq!(people[1], known("2027-03-01T00:00:00Z", true, "mona"));
    repository.quietly(&report("2027-03-02T00:00:00Z", vec![seat("hubot", 2)]));
    assert_eq!(
        repository.lines("people.csv")[1],
        known("2027-03-01T00:00:00Z", false, "mona")
    );
    repository.quietly(&report("2027-03-03T00:00:00Z", vec![seat("mona", 1)]));
    assert_eq!(
        repository.lines("people.csv")[1],
        known("2027-03-03T00:00:00Z", true, "mona")
    );
}

#[test]
fn a_login_that_passes_to_another_person_counts_as_two_people() {
    let mut repository = Repository::default();
    let active = used(octocat(), "2026-11-20T00:00:00Z", "copilot-cli");
    repository.quietly(&report(MORNING, vec![active]));
    repository.quietly(&report(NEXT_DAY, vec![seat("octocat", 2)]));
    let people = repository.lines("people.csv");
    assert!(people[0].starts_with("1,octocat,") && people[0].contains(",false,2026-11-20T"));
    assert!(people[1].starts_with("2,octocat,") && people[1].ends_with(",true,,,"));
    assert_eq!(repository.lines("changes/2026.csv").len(), 2);
}

#[test]
fn what_a_downloaded_report_does_not_contain_has_not_changed() {
    let bare = |login: &str, organization: Option<&str>| Seat {
        assignee: Some(Account {
            id: None,
            login: login.into(),
        }),
        organization: organization.map(|login| {
            Arc::new(Account {
                id: None,
                login: login.into(),
            })
        }),
        ..Seat::default()
    };
    let full = |organization: &str, id, team| Seat {
        organization: Some(Arc::new(Account {
            id: Some(id),
            login: organization.into(),
        })),
        team: Some(Arc::new(Team {
            id: team,
            name: "a team".into(),
        })),
        pending_cancellation_date: Some("2026-12-01".parse().unwrap()),
        ..octocat()
    };
    let now = [full("acme", 7, 1), full("acme", 7, 2), full("globex", 8, 3)];
    for before in [
        vec![bare("Octocat", None)],
        vec![
            bare("octocat", Some("acme")),
            bare("octocat", Some("globex")),
        ],
        vec![bare("octocat", None), bare("octocat", None)],
    ] {
        assert_eq!(changes::between(&before, &now), [], "{before:?}");
    }
    let acme = [bare("octocat", Some("acme"))];
    let kinds: Vec<_> = changes::between(&acme, &now)
        .iter()
        .map(|c| c.kind)
        .collect();
    assert_eq!(kinds, [Kind::Granted]);
    let kinds: Vec<_> = changes::between(&now, &acme)
        .iter()
        .map(|c| c.kind)
        .collect();
    assert_eq!(kinds, [Kind::Revoked]);
}

#[test]
fn rows_without_a_person_are_granted_and_revoked_too() {
    let nobody = |time: &str| Seat {
        created_at: Some(at(time)),
        ..Seat::default()
    };
    let one = nobody("2026-01-01T00:00:00Z");
    let other = nobody("2026-02-01T00:00:00Z");
    let both = [one.clone(), one, other];
    assert_eq!(changes::between(&both, &both), []);
    let kinds: Vec<_> = changes::between(&both[..1], &both)
        .iter()
        .map(|c| c.kind)
        .collect();
    assert_eq!(kinds, [Kind::Granted, Kind::Granted]);
    let kinds: Vec<_> = changes::between(&both, &both[2..])
        .iter()
        .map(|c| c.kind)
        .collect();
    assert_eq!(kinds, [Kind::Revoked, Kind::Revoked]);
}

type Lost = fn(&mut Repository);

#[test]
fn no_one_counts_as_having_never_used_it_if_what_was_known_is_lost() {
    let granted = Seat {
        created_at: Some(at("2026-05-01T00:00:00Z")),
        ..octocat()
    };
    let nothing: Lost = |_| {};
    let people: Lost = |repository| {
        let damaged = b"damaged".to_vec();
        repository.0.insert("people.csv".to_owned(), damaged);
    };
    let (shown, away) = (vec![granted.clone()], vec![seat("hubot", 2)]);
    // The August report's seats, whether it's complete, and what is lost before the last report.
    for (what, (august, is_complete), lost, inactive, never_used) in [
        ("all is known", (&shown, true), nothing, "0", "1"),
        ("people.csv is lost", (&shown, true), people, "1", "0"),
        ("they were not there", (&away, true), nothing, "1", "0"),
        ("a report lacks them", (&away, false), nothing, "1", "0"),
        (
            "a report may lack others",
            (&shown, false),
            nothing,
            "0",
            "1",
        ),
    ] {
        let mut repository = Repository::default();
        let mut record = |day: &str, seats: &[Seat], is_complete: bool| {
            if day == "2026-10-31" {
                lost(&mut repository);
            }
            let report = report(&format!("{day}T00:00:00Z"), seats.to_vec());
            repository.record(&if is_complete {
                report
            } else {
                incomplete(report)
            });
        };
        record("2026-06-01", &shown, true);
        record("2026-08-15", august, is_complete);
        record("2026-10-30", &shown, true);
        record("2026-10-31", &shown, true);
        let totals = repository.lines("totals.csv");
        let figures: Vec<&str> = totals.last().unwrap().split(',').collect();
        assert_eq!(figures[4..6], [inactive, never_used], "{what}");
        let august: Vec<&str> = totals[1].split(',').collect();
        assert_eq!(august[9], is_complete.to_string(), "{what}");
    }
}
