//! The history records every certain change exactly once, and nothing that might not be a change.

use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_intact, commit_file, file, git, github,
    remove_files,
};
use simulator::seat::Row;
use simulator::{At, Fault, GitHub, Kind, Repository, Seats, Simulator, Token, TotalSeats};

const FOLDER: &str = "main:copilot-activity/acme";
const LONG_AGO: &str = "2025-01-05T09:00:00Z";

fn day(day: u32) -> String {
    format!("2026-03-{day:02}T03:17:00Z")
}

fn run_at(simulator: &Simulator, time: &str) -> Step {
    let step = Job::on(simulator)
        .input("deliver-to", "repository")
        .input("require-complete", "false")
        .variable("TEST_TIME", time)
        .run();
    step.succeeded();
    step
}

fn people(count: u64) -> Vec<Row> {
    (1..=count)
        .map(|id| Row::of(&format!("mona-{id}"), id).created(LONG_AGO))
        .collect()
}

fn set(simulator: &Simulator, seats: Seats) {
    simulator.change(|github| {
        github.organizations.insert("acme".to_owned(), seats);
    });
}

/// The lines of a file in the folder, without its header. Empty if the file doesn't exist.
fn lines(simulator: &Simulator, path: &str) -> Vec<String> {
    let directory = simulator.git_dir(OWN);
    let all = git(&directory, &["ls-tree", "-r", "--name-only", "main"]);
    if !all
        .lines()
        .any(|line| line.ends_with(&format!("acme/{path}")))
    {
        return Vec::new();
    }
    let text = String::from_utf8(file(&directory, &format!("{FOLDER}/{path}"))).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

/// The recorded changes, without the time of the report.
fn changes(simulator: &Simulator) -> Vec<String> {
    let lines = lines(simulator, "changes/2026.csv");
    lines.iter().map(|line| line[21..].to_owned()).collect()
}

/// An enterprise in which person 1 has seats in two teams.
fn of_two_teams(login: &str, teams: &[u64]) -> Seats {
    Seats::rows(teams.iter().map(|team| {
        let name = format!("team {team}");
        Row::of(login, 1)
            .created(LONG_AGO)
            .organization(&format!("globex-{login}"), 7)
            .team(&name, *team)
    }))
    .total_seats(if teams.len() == 2 {
        TotalSeats::People
    } else {
        TotalSeats::Null
    })
}

#[test]
fn a_rename_is_recorded_once_whichever_row_of_the_person_shows_it() {
    let reads = Token::new().enterprise(["acme"]).scopes("read:enterprise");
    let simulator = Simulator::start(
        GitHub::new()
            .enterprise("acme", of_two_teams("a", &[1, 2]))
            .repository(OWN, Repository::private())
            .token(TOKEN, reads)
            .token(COMMIT_TOKEN, Token::new().contents_write([OWN])),
    )
    .unwrap();
    let run_at = |time: &str| {
        let step = Job::on(&simulator)
            .input("deliver-to", "repository")
            .input("require-complete", "false")
            .input("enterprise", "acme")
            .variable("TEST_TIME", time)
            .run();
        step.succeeded();
        step
    };
    run_at(&day(1));
    let seats = [
        of_two_teams("a2", &[2]),
        of_two_teams("a2", &[2]),
        of_two_teams("a2", &[1, 2]),
        of_two_teams("a2", &[1]),
        of_two_teams("a2", &[1, 2]),
    ];
    for (number, seats) in (2..).zip(seats) {
        simulator.change(|github| {
            github.enterprises.insert("acme".to_owned(), seats);
        });
        let step = run_at(&day(number));
        assert_eq!(
            step.output("changed"),
            (number == 2).to_string(),
            "{number}"
        );
        assert_eq!(changes(&simulator), ["a2,,,renamed,a,a2"], "{number}");
        let seats = lines(&simulator, "seats.csv");
        assert_eq!(seats.len(), 2);
        for name in ["a2,1,", "globex-a2,7"] {
            assert!(
                seats.iter().all(|seat| seat.contains(name)),
                "{name}: {seats:?}"
            );
        }
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn a_total_that_never_matches_hides_no_revocation() {
    let one_too_many = |count| {
        let seats = Seats::rows(people(count));
        seats.total_seats(TotalSeats::Fixed(count + 1))
    };
    let simulator = Simulator::start(github(one_too_many(7))).unwrap();
    let first = run_at(&simulator, &day(1));
    assert_eq!(first.output("complete"), "false");
    set(&simulator, one_too_many(1));
    let step = run_at(&simulator, &day(2));
    assert_eq!(step.output("seats-removed"), "6");
    assert_eq!(changes(&simulator).len(), 6);
    assert_eq!(lines(&simulator, "seats.csv").len(), 1);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_counted_but_unlisted_seat_is_never_revoked_and_hides_no_other() {
    let listing = |ids: &[u64], total| {
        let all = people(7);
        let rows = ids
            .iter()
            .map(|id| all[usize::try_from(id - 1).unwrap()].clone());
        Seats::rows(rows.collect::<Vec<_>>()).total_seats(TotalSeats::Fixed(total))
    };
    let simulator = Simulator::start(github(listing(&[1, 2, 3, 4, 5, 6, 7], 7))).unwrap();
    run_at(&simulator, &day(1));
    let gone = |id| format!("mona-{id},,,revoked,{LONG_AGO},");
    // 7 isn't listed, but GitHub might still count it.
    let days: [(&[u64], u64, Vec<String>); 6] = [
        (&[1, 2, 3, 4, 5, 6], 7, vec![]),
        (&[1, 2, 3, 4, 5, 6], 7, vec![]),
        // The lower total proves that 6 is gone.
        (&[1, 2, 3, 4, 5], 6, vec![gone(6)]),
        // 5 is hidden instead of 7.
        (&[1, 2, 3, 4, 7], 6, vec![gone(6)]),
        // One more is hidden or gone, but it isn't clear which.
        (&[1, 2, 3, 7], 6, vec![gone(6)]),
        (&[1, 2, 3, 7], 4, vec![gone(6), gone(4), gone(5)]),
    ];
    for (number, (listed, total, expected)) in (2..).zip(days) {
        set(&simulator, listing(listed, total));
        let step = run_at(&simulator, &day(number));
        assert_eq!(changes(&simulator), expected, "{number}");
        assert_eq!(step.output("seats-added"), "0", "{number}");
    }
    assert_eq!(lines(&simulator, "seats.csv").len(), 4);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_list_that_is_too_short_and_changes_proves_no_revocation() {
    let short = Seats::rows(people(230)).total_seats(TotalSeats::Fixed(231));
    let simulator = Simulator::start(github(short)).unwrap();
    run_at(&simulator, &day(1));
    // Each reading lacks a different seat.
    for page in 1..=8 {
        let rewrite = Kind::rewrite(move |body| {
            body["seats"].as_array_mut().unwrap().remove(page);
        });
        simulator.fault(Fault::once(At::SeatsPage(2), rewrite));
    }
    let step = run_at(&simulator, &day(2));
    assert_eq!(step.output("seats-removed"), "0");
    assert_eq!(changes(&simulator), Vec::<String>::new());
}

#[test]
fn a_seat_that_was_lost_with_a_file_is_not_granted_again() {
    // The last report was incomplete, so only `seats.csv` has `mona-3`.
    let simulator = Simulator::start(github(Seats::rows(people(3)))).unwrap();
    run_at(&simulator, &day(1));
    set(
        &simulator,
        Seats::rows(people(2)).total_seats(TotalSeats::Fixed(3)),
    );
    run_at(&simulator, &day(2));
    remove_files(
        &simulator.git_dir(OWN),
        "copilot-activity/acme",
        &["seats.csv"],
    );
    set(&simulator, Seats::rows(people(3)));
    let step = run_at(&simulator, &day(3));
    assert_eq!(step.output("seats-added"), "0");
    assert_eq!(changes(&simulator), Vec::<String>::new());
    assert_eq!(lines(&simulator, "seats.csv").len(), 3);
}

#[test]
fn a_person_renamed_while_seats_csv_was_lost_is_only_renamed() {
    let simulator = Simulator::start(github(Seats::rows(people(2)))).unwrap();
    run_at(&simulator, &day(1));
    remove_files(
        &simulator.git_dir(OWN),
        "copilot-activity/acme",
        &["seats.csv"],
    );
    let mut rows = people(2);
    rows[1] = Row::of("lisa", 2).created(LONG_AGO).team("justice", 9);
    set(&simulator, Seats::rows(rows));
    run_at(&simulator, &day(2));
    assert_eq!(changes(&simulator), ["lisa,,,renamed,mona-2,lisa"]);
}

#[test]
fn incomplete_reports_alone_make_no_baseline_whichever_file_is_lost() {
    for lost in [
        "totals.csv",
        "people.csv",
        "latest.csv",
        "seats.csv",
        "reports/2026/2026-03-02.json",
    ] {
        let short = || Seats::rows(people(2)).total_seats(TotalSeats::Fixed(4));
        let simulator = Simulator::start(github(short())).unwrap();
        run_at(&simulator, &day(1));
        run_at(&simulator, &day(2));
        remove_files(&simulator.git_dir(OWN), "copilot-activity/acme", &[lost]);
        let mut rows = people(4);
        rows.push(Row::of("lately", 9).created("2026-03-02T12:00:00Z"));
        set(&simulator, Seats::rows(rows));
        let step = run_at(&simulator, &day(3));
        assert_eq!(step.output("seats-added"), "1", "{lost}");
        let expected = ["lately,,,granted,,2026-03-02T12:00:00Z"];
        assert_eq!(changes(&simulator), expected, "{lost}");
    }
}

#[test]
fn a_seat_silently_missing_from_the_first_list_is_not_granted_by_the_next() {
    // A seat was revoked and another granted between two pages, so `mona-101` was on neither page.
    let mut rows = people(230);
    rows.push(Row::of("lately", 9_000).created("2026-03-01T03:16:30Z"));
    let simulator = Simulator::start(github(Seats::rows(rows.clone()))).unwrap();
    let slip = Kind::rewrite(|body| {
        body["seats"].as_array_mut().unwrap().remove(0);
    });
    simulator.fault(Fault::once(At::SeatsPage(2), slip));
    let total = Seats::rows(rows.clone()).total_seats(TotalSeats::Fixed(230));
    set(&simulator, total);
    let first = run_at(&simulator, &day(1));
    assert_eq!(first.output("complete"), "true");
    set(&simulator, Seats::rows(rows));
    let step = run_at(&simulator, &day(2));
    assert_eq!(step.output("seats-added"), "0");
    assert_eq!(changes(&simulator), Vec::<String>::new());
    assert_eq!(lines(&simulator, "seats.csv").len(), 231);
}

#[test]
fn a_time_from_the_future_is_reported_and_kept_only_in_the_raw_report() {
    let of = |time: &str| {
        let row = Row::of("octocat", 1).created(time).activity(time);
        Seats::rows([row.authenticated(time)])
    };
    let simulator = Simulator::start(github(of("2099-01-01T00:00:00Z"))).unwrap();
    let step = run_at(&simulator, &day(1));
    assert!(
        step.stdout
            .contains("1 seat has a time later than the report"),
        "{}",
        step.stdout
    );
    assert!(
        step.summary.contains("1 seat has a time later"),
        "{}",
        step.summary
    );
    assert_eq!(step.output("active"), "0");
    assert!(String::from_utf8_lossy(&step.report()).contains("2099-01-01T00:00:00Z"));
    assert!(lines(&simulator, "latest.csv")[0].contains("2099"));
    for path in ["people.csv", "seats.csv", "totals.csv"] {
        assert!(!lines(&simulator, path).concat().contains("2099"), "{path}");
    }
    set(&simulator, of("2026-01-20T00:00:00Z"));
    let step = run_at(&simulator, &day(2));
    assert_eq!((step.output("active"), step.output("inactive")), ("0", "1"));
    assert_eq!(changes(&simulator), Vec::<String>::new());
    // The action also removes a time in the future that an earlier version recorded.
    let known = lines(&simulator, "people.csv")[0].replace("2026-01-20", "2099-01-20");
    let header = "User Id,Login,First Seen,Last Seen,Tracked Since,Holds Seat,Last Known Activity At,\
                  Last Known Surface,Last Known Authentication At\n";
    let path = "copilot-activity/acme/people.csv";
    commit_file(
        &simulator.git_dir(OWN),
        path,
        format!("{header}{known}\n").as_bytes(),
    );
    let step = run_at(&simulator, &day(3));
    assert!(
        step.stdout.contains("times in the future for 1 people"),
        "{}",
        step.stdout
    );
    assert_eq!(step.output("active"), "0");
    assert!(!lines(&simulator, "people.csv")[0].contains("2099"));
}

#[test]
fn two_runs_in_the_same_second_never_alternate() {
    let simulator = Simulator::start(github(Seats::rows(people(2)))).unwrap();
    run_at(&simulator, &day(1));
    for count in [1, 2, 1] {
        set(&simulator, Seats::rows(people(count)));
        let step = run_at(&simulator, "2026-03-02T03:17:00Z");
        assert_eq!(
            step.output("changed"),
            (count == 1
                && lines(&simulator, "totals.csv").len() == 2
                && !step.output("commit-sha").is_empty())
            .to_string()
        );
    }
    assert_eq!(
        changes(&simulator),
        [format!("mona-2,,,revoked,{LONG_AGO},")]
    );
}

#[test]
fn a_machine_with_a_wrong_clock_uses_githubs_time() {
    let simulator = Simulator::start(github(Seats::rows(people(2)))).unwrap();
    run_at(&simulator, "2026-03-03T01:00:00Z");
    set(&simulator, Seats::rows(people(1)));
    for (skew, by) in [
        (-3 * 3600, "3 hours behind"),
        (3 * 3600, "3 hours ahead of"),
        (-40 * 24 * 3600, "40 days behind"),
    ] {
        let step = Job::on(&simulator)
            .input("deliver-to", "repository")
            .variable("TEST_TIME", "2026-03-03T01:20:00Z")
            .variable("TEST_CLOCK_SKEW", &skew.to_string())
            .run();
        step.succeeded();
        let warned = format!("clock is {by} GitHub's");
        assert!(step.stdout.contains(&warned), "{}", step.stdout);
        assert!(step.summary.contains(&warned), "{}", step.summary);
    }
    let totals = lines(&simulator, "totals.csv");
    assert_eq!(totals.len(), 1);
    assert!(totals[0].starts_with("2026-03-03T01:"), "{totals:?}");
    assert_eq!(changes(&simulator).len(), 1);
}

#[test]
fn a_report_older_than_the_newest_one_changes_nothing_however_much_older() {
    for older in [
        "2026-03-03T00:30:00Z",
        "2026-03-02T22:00:00Z",
        "2026-01-01T00:00:00Z",
    ] {
        let simulator = Simulator::start(github(Seats::rows(people(2)))).unwrap();
        run_at(&simulator, "2026-03-03T01:00:00Z");
        let before = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
        set(&simulator, Seats::rows(people(1)));
        let step = Job::on(&simulator)
            .input("deliver-to", "repository")
            .variable("TEST_TIME", older)
            .run();
        assert_eq!(
            git(&simulator.git_dir(OWN), &["rev-parse", "main"]),
            before,
            "{older}"
        );
        assert_eq!(step.output("commit-sha"), "");
        let says = "2026-03-03T01:00:00Z";
        assert!(step.stdout.contains(says), "{older}: {}", step.stdout);
    }
}
