//! What `retire` and `erase` have in common. Both first write all new files to temporary folders.
//! Then they write `tombstones.csv` of all histories, and only then move or remove the other files.
//! If this is interrupted, `verify` reports which files aren't done, and the same command finishes
//! the rest.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Arg;
use jiff::Timestamp;
use tempfile::TempDir;

use super::histories::{History, histories};
use super::shared::{count, lines, quoted, shown, temporary};
use crate::history::tombstones::{TOMBSTONES, Tombstone, Tombstones, append};
use crate::history::verify::{Files as _, verify};
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::text::is_invisible;

/// The option for the reason.
pub(super) const REASON: &str = "reason";

/// What a removal doesn't reach, and where to read what to do.
pub(super) const REMAINS: &str = "What was removed is still in the Git history, in clones and forks, and in the artifacts and logs of runs until they expire. To remove it from the Git history, see \"Retention and erasure\" in the docs.";

/// The maximum length of a reason. It's repeated for each file.
const MAX_REASON_CHARS: usize = 200;

/// Returns the option for the reason.
pub(super) fn reason_option(help: &'static str) -> Arg {
    Arg::new(REASON)
        .long(REASON)
        .value_name("TEXT")
        .required(true)
        .value_parser(reason)
        .help(help)
}

/// Parses a reason.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("say why, such as 'Retention period of three years'".to_owned());
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err("use one line of visible characters".to_owned());
    }
    let length = text.chars().count();
    if length > MAX_REASON_CHARS {
        return Err(format!(
            "use at most {MAX_REASON_CHARS} characters instead of {length}"
        ));
    }
    Ok(text.to_owned())
}

/// The histories in a folder, which Git hasn't changed in the checkout.
pub(super) fn intact_histories(top: &Path) -> anyhow::Result<BTreeMap<String, History>> {
    let histories = histories(top)?;
    for (folder, history) in &histories {
        let name = shown(top.join(folder));
        let verdict = verify(history, history.name().as_deref(), None);
        if !verdict.checkout.is_empty() {
            bail!(
                "{name}: the files in this checkout differ from the recorded ones. Nothing was written.{}",
                lines(&verdict.checkout)
            );
        }
        if !verdict.problems.is_empty() {
            tracing::warn!(
                "{name}: `verify` already finds {}. Keep this list, because removed files can't be verified later.{}",
                count(verdict.problems.len(), "problem"),
                lines(&verdict.problems)
            );
        }
    }
    Ok(histories)
}

/// The removals from one history, ready to be made.
pub(super) struct Staged {
    folder: PathBuf,
    temporary: TempDir,
    /// The time and the reason of all removals.
    why: (Timestamp, String),
    /// The lines that no run has seen yet. A run must see a line no earlier than the removal.
    known: Tombstones,
    new: Vec<Tombstone>,
    /// The paths of the files to change, in order, each with its new content if it stays.
    files: Vec<(String, Option<PathBuf>)>,
}

impl Staged {
    /// Starts without any removals.
    pub(super) fn new(
        folder: &Path,
        history: &History,
        clock: &Clock,
        reason: &str,
    ) -> anyhow::Result<Self> {
        let temporary = temporary(folder, ".copilot-activity-removal-")
            .with_context(|| format!("{} can't be written to", shown(folder)))?;
        let now = clock.now();
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        // A removal follows what was recorded, even if this machine's clock is slow.
        let newest = history.newest_manifest();
        let mut recorded = newest.iter().flat_map(|newest| &newest.files);
        let recorded = recorded.find(|entry| entry.name == TOMBSTONES);
        let file = history.read(TOMBSTONES).unwrap_or_default();
        let (known, _) = Tombstones::since(&file, recorded);
        let newest = newest.as_ref().map_or(now, |newest| newest.report_time);
        Ok(Self {
            known,
            new: Vec::new(),
            files: Vec::new(),
            why: (now.max(newest), reason.to_owned()),
            temporary,
            folder: folder.to_owned(),
        })
    }

    /// Adds a file that was `before` and will be `after`, or will be gone.
    pub(super) fn add(
        &mut self,
        path: &str,
        before: &[u8],
        after: Option<&[u8]>,
    ) -> anyhow::Result<()> {
        let (at, reason) = &self.why;
        let line = Tombstone::new((*at, reason), path, before, after);
        if !self.known.has(&line, self.known.all().len()) {
            self.new.push(line);
        }
        let after = after.map(|after| {
            let number = self.files.len().to_string();
            self.stage(&number, path, after)
        });
        self.files.push((path.to_owned(), after.transpose()?));
        Ok(())
    }

    /// Whether there's anything to remove.
    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Writes the new content of a file to the temporary folder.
    fn stage(&self, name: &str, path: &str, content: &[u8]) -> anyhow::Result<PathBuf> {
        let staged = self.temporary.path().join(name);
        let write = || {
            let mut file = File::create_new(&staged)?;
            file.write_all(content)?;
            if let Ok(there) = fs::symlink_metadata(self.folder.join(path)) {
                file.set_permissions(there.permissions())?;
            }
            file.sync_all()
        };
        write().with_context(|| {
            let folder = shown(&self.folder);
            format!("{folder} can't be written to. Nothing was removed")
        })?;
        Ok(staged)
    }

    /// Writes the lines about the removals to `tombstones.csv`.
    fn mark(&self) -> anyhow::Result<()> {
        if self.new.is_empty() {
            return Ok(());
        }
        let to = self.folder.join(TOMBSTONES);
        let again = || again(&to);
        let file = match fs::read(&to) {
            Ok(file) => file,
            Err(_) if !to.exists() => Vec::new(),
            Err(error) => return Err(error).with_context(again),
        };
        let file = append(&file, &self.new)?;
        let from = self.stage(TOMBSTONES, TOMBSTONES, &file)?;
        fs::rename(from, &to).with_context(again)
    }

    /// Makes the removals.
    fn apply(&self) -> anyhow::Result<()> {
        for (path, after) in &self.files {
            let to = self.folder.join(path);
            match after {
                Some(from) => fs::rename(from, &to),
                None => fs::remove_file(&to),
            }
            .with_context(|| again(&to))?;
            if let (None, Some(parent)) = (after, to.parent()) {
                // Fails if the folder isn't empty yet.
                let _ignored = fs::remove_dir(parent);
            }
        }
        Ok(())
    }
}

/// Makes the removals from all histories, in this order. If this is interrupted, `verify` reports
/// every history that isn't done. Returns the folders with removals, each with its number of files.
pub(super) fn apply(all: &[Staged]) -> anyhow::Result<Vec<(&Path, usize)>> {
    all.iter().try_for_each(Staged::mark)?;
    all.iter().try_for_each(Staged::apply)?;
    let done = all.iter().filter(|removals| !removals.files.is_empty());
    let done = done.map(|removals| (&*removals.folder, removals.files.len()));
    Ok(done.collect())
}

/// What to do if a removal can't be finished.
fn again(path: &Path) -> String {
    format!("{}: run the same command again", shown(path))
}

/// Prints how to commit the removals in a folder.
pub(super) fn print_how_to_commit(folder: &Path, message: &str) {
    let path = quoted(&folder.to_string_lossy());
    log::answer(&format!(
        "Verify, commit, and push it as one commit that does nothing else:\n  copilot-activity-report verify {path}\n  git -C {path} add --all -- .\n  git -C {path} commit -m {} -- .\n  git -C {path} push",
        quoted(message)
    ));
}
