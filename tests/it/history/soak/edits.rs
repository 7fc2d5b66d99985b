//! Edits of the audit repository by a person, what the docs promise for each, and how a person
//! repairs it.

use std::fs;
use std::path::Path;

use jiff::civil::Date;

use super::super::scenarios::model::{Damage, File};
use super::super::scenarios::row::date;
use super::{Soak, Weather};
use crate::support::{Job, OWN, checkout, commit_file, file, git, remove_files};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// A row of an old report is changed. `verify` names the file, and the person restores it.
    OldReport,
    /// `people.csv` is removed, and restored from the commit before.
    PeopleRemoved,
    /// `seats.csv` is removed. The run writes it again.
    SeatsRemoved,
    /// A file is added to the reports. `verify` names it, and the person removes it.
    StrayFile,
    /// A file is changed and changed back.
    ChangedBack,
    /// A line of `people.csv` is doubled, as after a merge conflict. The run merges both.
    DoubledLine,
    /// The organization is renamed. The run fails until the person renames the folder.
    Rename,
    /// The last report is reverted. Its day is missing from then on.
    RevertedReport,
    /// Files are removed, and restored with `rebuild`.
    Rebuild,
    /// The header of `totals.csv` is damaged. The run restores it.
    Header,
    /// A former holder's line in `people.csv` is removed. The run continues without it.
    RemovedLine,
}

pub const EDITS: [Edit; 11] = [
    Edit::OldReport,
    Edit::PeopleRemoved,
    Edit::SeatsRemoved,
    Edit::StrayFile,
    Edit::ChangedBack,
    Edit::DoubledLine,
    Edit::Rename,
    Edit::RevertedReport,
    Edit::Rebuild,
    Edit::Header,
    Edit::RemovedLine,
];

const UNVERIFIED: &str = "aren't verified, so anyone can have made them: ";

impl Soak {
    /// A day with an edit before its run.
    pub fn edited_day(&mut self, edit: Edit, day: Date) {
        let time = super::time(day, 3);
        let newest = date(self.model.last_time().unwrap());
        let reports = format!("reports/{:04}", newest.year());
        match edit {
            Edit::OldReport => {
                let days: Vec<Date> = self.model.days.iter().copied().collect();
                let old = self.random.pick(&days[..days.len() - 1]).unwrap();
                let path = format!("reports/{:04}/{old}.csv", old.year());
                let before = self.head();
                self.rewrite(&path, |text| {
                    let (rows, last) = text.trim_end().rsplit_once('\n').unwrap();
                    let (time, login) = last.split_once(',').unwrap();
                    format!("{rows}\n{time},x{login}\n")
                });
                self.has_problem(&path);
                let folder = format!("a file of an older day in reports/{:04}", old.year());
                self.notices(day, &[&folder, UNVERIFIED]);
                self.has_problem(&path);
                self.restore(&path, &before);
                self.is_repaired = true;
            }
            Edit::PeopleRemoved => {
                let before = self.head();
                remove_files(&self.git_dir(), &self.path(""), &["people.csv"]);
                self.has_problem("people.csv");
                self.restore("people.csv", &before);
                self.is_sound();
                self.notices(day, &[UNVERIFIED]);
                self.saw_no_damage();
            }
            Edit::SeatsRemoved => {
                remove_files(&self.git_dir(), &self.path(""), &["seats.csv"]);
                self.has_problem("seats.csv");
                self.model.damage(File::Seats, Damage::Removed);
                self.notices(day, &["seats.csv was removed", UNVERIFIED]);
            }
            Edit::StrayFile => {
                let path = format!("{reports}/notes.csv");
                commit_file(&self.git_dir(), &self.path(&path), b"Call Mona\n");
                self.has_problem("notes.csv");
                let folder = format!("a file of an older day in {reports}");
                self.notices(day, &[&folder, UNVERIFIED]);
                self.has_problem("notes.csv");
                remove_files(&self.git_dir(), &self.path(""), &[&path]);
                self.is_repaired = true;
            }
            Edit::ChangedBack => {
                self.rewrite("seats.csv", |text| format!("{text}x\n"));
                self.has_problem("seats.csv");
                self.rewrite("seats.csv", |text| text.trim_end_matches("x\n").to_owned());
                self.is_sound();
                self.notices(day, &[UNVERIFIED]);
                self.saw_no_damage();
            }
            Edit::DoubledLine => self.doubled_line(day),
            Edit::Rename => self.rename(day),
            Edit::RevertedReport => {
                let directory = self.git_dir();
                let identity = ["-c", "user.name=Mona", "-c", "user.email=mona@example.com"];
                let commit = ["commit-tree", "main~1^{tree}", "-p", "main", "-m", "Revert"];
                let commit = git(&directory, &[&identity[..], &commit].concat());
                let update = ["update-ref", "refs/heads/main", commit.trim()];
                git(&directory, &update);
                self.model = self.before_last.clone();
                let mut texts = vec![UNVERIFIED];
                if !self.model.days.contains(&newest) {
                    texts.push("No report was recorded for 1 day since the last one: ");
                }
                self.notices(day, &texts);
            }
            Edit::Rebuild => {
                let lost = ["latest.csv", "README.md", "trend-light.svg"];
                remove_files(&self.git_dir(), &self.path(""), &lost);
                self.problems(&lost);
                let now = time.to_string();
                self.in_clone("Rebuild the history", |folder| {
                    let folder = folder.to_str().unwrap();
                    let job = Job::alone().command_line(&["rebuild", folder]);
                    let step = job.variable("TEST_TIME", &now).run();
                    assert_eq!(step.status, 0, "{}", step.printed());
                });
                self.is_sound();
                self.notices(day, &[UNVERIFIED]);
                self.saw_no_damage();
            }
            Edit::Header => {
                self.rewrite("totals.csv", |text| {
                    format!("broken\n{}", text.split_once('\n').unwrap().1)
                });
                self.has_problem("totals.csv");
                self.model.damage(File::Totals, Damage::Header);
                let header = "the first line of totals.csv isn't its header";
                self.notices(day, &[header, UNVERIFIED]);
            }
            Edit::RemovedLine => {
                let former = self.model.former_holders();
                let Some(login) = former.first() else {
                    return self.doubled_line(day);
                };
                self.rewrite("people.csv", |text| {
                    let is_theirs = |line: &&str| {
                        line.contains(&format!(",{login},")) && line.contains(",false,")
                    };
                    let lines = text.split_inclusive('\n');
                    lines.filter(|line| !is_theirs(line)).collect()
                });
                self.has_problem("people.csv");
                self.model.forget(login);
                self.notices(day, &["people.csv was changed", UNVERIFIED]);
            }
        }
        self.is_sound();
    }

    /// Takes a file from an older commit.
    fn restore(&self, path: &str, commit: &str) {
        let path = self.path(path);
        let content = file(&self.git_dir(), &format!("{commit}:{path}"));
        commit_file(&self.git_dir(), &path, &content);
    }

    fn doubled_line(&mut self, day: Date) {
        let number = self.random.below(3);
        self.rewrite("people.csv", |text| {
            let line = text.lines().nth(1 + number).unwrap();
            text.replace(line, &format!("{line}\n{line}"))
        });
        self.has_problem("people.csv");
        self.notices(day, &["people.csv was changed", UNVERIFIED]);
    }

    /// GitHub's new name, without and with the renamed folder.
    fn rename(&mut self, day: Date) {
        let old = self.organization;
        let new = if old == "acme" { "globex" } else { "acme" };
        self.simulator.change(|github| github.rename(old, new));
        self.organization = new;
        let head = self.head();
        let step = self.attempt(super::time(day, 3), Weather::Gentle);
        let moved = format!("git mv copilot-activity/{old} copilot-activity/{new}");
        step.failed(1, &[&moved]);
        assert_eq!(self.head(), head, "{}", step.printed());
        assert!(!step.output("artifact-id").is_empty(), "{}", step.printed());
        self.in_clone("Rename the organization", |folder| {
            fs::rename(folder.parent().unwrap().join(old), folder).unwrap();
        });
        self.sound_run(super::time(day, 9), Weather::Gentle);
        self.saw_no_damage();
    }

    /// The run of the day, which must say these texts.
    fn notices(&mut self, day: Date, texts: &[&str]) {
        self.sound_run(super::time(day, 3), Weather::Gentle);
        for text in texts {
            assert!(self.printed.contains(text), "{text:?}: {}", self.printed);
        }
    }

    fn rewrite(&self, path: &str, change: impl FnOnce(&str) -> String) {
        let path = self.path(path);
        let before = file(&self.git_dir(), &format!("main:{path}"));
        let before = String::from_utf8(before).unwrap();
        let after = change(&before);
        assert_ne!(after, before);
        commit_file(&self.git_dir(), &path, after.as_bytes());
    }

    /// Changes the organization's folder in a clone, and pushes the result.
    fn in_clone(&self, message: &str, command: impl FnOnce(&Path)) {
        let clone = checkout(&self.simulator, OWN);
        command(&clone.path().join(self.path("")));
        let directory = clone.path().join(".git");
        let top = format!("--work-tree={}", clone.path().display());
        git(&directory, &[&top, "add", "--all"]);
        let identity = ["-c", "user.name=Mona", "-c", "user.email=mona@example.com"];
        let commit = [&top, "commit", "--quiet", "--message", message];
        git(&directory, &[&identity[..], &commit].concat());
        let to = format!("file://{}", self.git_dir().display());
        git(&directory, &["push", "--quiet", &to, "HEAD:main"]);
    }

    fn has_problem(&self, path: &str) {
        self.problems(&[path]);
    }

    /// `verify` finds a problem with each of these files, and no other.
    fn problems(&self, paths: &[&str]) {
        let (step, _) = self.verify(&[]);
        let problems = match paths.len() {
            1 => " 1 problem.".to_owned(),
            count => format!(" {count} problems."),
        };
        step.failed(1, paths).failed(1, &[&problems]);
    }

    /// `verify` finds nothing but the missing days.
    pub fn is_sound(&self) {
        let (step, _) = self.verify(&[]);
        let status = if self.missing().is_empty() { 0 } else { 3 };
        step.failed(status, &[" 0 problems."]);
    }
}
