//! What several subcommands need: arguments, messages, and cancellation by signals.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use anyhow::ensure;
use clap::{Arg, value_parser};
use jiff::civil::Date;
use tempfile::TempDir;

use crate::history::verify::Problem;
use crate::inputs::default;
use crate::runner::log;
use crate::system::environment::Environment;

/// Returns the value of an argument that's required or has a default.
pub(super) fn required<'a, T: Clone + Send + Sync + 'static>(
    flags: &'a clap::ArgMatches,
    name: &str,
) -> anyhow::Result<&'a T> {
    flags
        .get_one(name)
        .ok_or_else(|| anyhow::anyhow!("{name} is missing"))
}

/// Formats a count, such as `1 day` or `2 days`.
pub(super) fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// Makes a file name safe to display.
pub(super) fn shown(name: impl AsRef<OsStr>) -> String {
    crate::system::text::shown(&name.as_ref().to_string_lossy(), 300)
}

/// Prints what can't be used, and what to do instead.
pub(super) fn unusable(environment: &Environment, what: &str) -> ExitCode {
    log::finding(environment, what);
    super::UNUSABLE_INPUTS.into()
}

/// Quotes a path for a shell.
pub(super) fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// Returns a check that fails once a person or the system stops the command, so that unfinished
/// files can be removed.
pub(super) fn stop_by_signal() -> anyhow::Result<impl Fn() -> anyhow::Result<()>> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut signals = {
        let _signals_need_it = runtime.enter();
        crate::system::signals::Signals::listen()?
    };
    std::thread::spawn(move || {
        runtime.block_on(signals.next());
        stopped.store(true, Ordering::Relaxed);
    });
    Ok(move || {
        ensure!(
            !stop.load(Ordering::Relaxed),
            "Interrupted. Nothing was written."
        );
        Ok(())
    })
}

/// Creates a temporary folder in a folder of a clone. It's removed with all of its content. If the
/// command is killed and can't remove it, Git ignores it.
pub(super) fn temporary(folder: &Path, prefix: &str) -> io::Result<TempDir> {
    let temporary = tempfile::Builder::new().prefix(prefix).tempdir_in(folder)?;
    fs::write(temporary.path().join(".gitignore"), "*\n")?;
    Ok(temporary)
}

/// Returns the argument for a directory.
pub(super) fn folder(help: &'static str) -> Arg {
    Arg::new("DIR")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

/// Returns the option for the days after which people count as inactive.
pub(super) fn inactive_after_days() -> Arg {
    Arg::new("inactive-after-days")
        .long("inactive-after-days")
        .value_name("DAYS")
        .default_value(default("inactive-after-days"))
        .value_parser(value_parser!(u16).range(1..))
        .help("Days without activity, as in the action's `inactive-after-days` input")
}

/// Parses a day. Only the format in the reports' names is valid.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let day = text.parse().ok();
    day.filter(|day: &Date| day.year() > 0 && day.to_string() == text)
        .ok_or_else(|| "write a day as YYYY-MM-DD, such as 2026-11-22".to_owned())
}

/// Lists problems for a message, each on its own line.
pub(super) fn lines(problems: &[Problem]) -> String {
    const SHOWN: usize = 20;
    let lines = problems.iter().take(SHOWN).map(|problem| {
        let what = crate::system::text::shown(&problem.what, 1_000);
        format!("\n  {} {what}", shown(&problem.path))
    });
    let more = problems.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("\n  and {more} more"));
    lines.chain(more).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::Command;

    use super::*;

    #[test]
    fn git_ignores_a_temporary_folder_that_is_left() {
        let clone = TempDir::new().unwrap();
        let git = |arguments: &[&str]| {
            let mut git = Command::new("git");
            let done = git.arg("-C").arg(clone.path()).args(arguments).output();
            String::from_utf8(done.unwrap().stdout).unwrap()
        };
        git(&["init", "--quiet"]);
        let left = temporary(clone.path(), ".copilot-activity-removal-").unwrap();
        fs::write(left.path().join("0"), "content").unwrap();
        fs::write(clone.path().join("other"), "content").unwrap();
        git(&["add", "--all", "--", "."]);
        assert_eq!(git(&["diff", "--cached", "--name-only"]), "other\n");
    }
}
