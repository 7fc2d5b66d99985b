//! Where a finished report goes: a workflow artifact, a repository, or both.
//!
//! Everything that can be known beforehand is asked before the report is read: whether an artifact
//! can be uploaded at all, and whether the places it goes to are public.

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::environment::Environment;
use crate::files::Written;
use crate::github::client::Client;
use crate::github::commit::{Change, Commit, Committer, Snapshot};
use crate::github::names::{BranchName, NameError, RepositoryName, RepositoryPath};
use crate::github::repository::{Repository, Visibility};
use crate::inputs::{ArtifactInputs, CommitInputs, Inputs};
use crate::report::Report;
use crate::report::columns::Form;
use crate::report::csv;
use crate::report::day::{REPORTS, date};
use crate::report::history::{self, Action, Entry, Folder, Recording};
use crate::report::manifest::{Manifest, Run};
use crate::report::standing::Known;
use crate::runner::artifact::{ArtifactService, File, Uploaded};
use crate::runner::{context, log};

/// The places that were asked for, found able to take a report.
pub struct Delivery<'a> {
    environment: &'a Environment,
    clock: &'a Clock,
    run: Option<Run>,
    artifact: Option<(ArtifactService, &'a ArtifactInputs)>,
    repository: Option<Target<'a>>,
    inactive_after: SignedDuration,
    may_name_people: bool,
}

struct Target<'a> {
    inputs: &'a CommitInputs,
    client: Client,
    branch: BranchName,
}

/// What became of a report in the repository.
#[derive(Debug)]
pub struct Recorded {
    /// How many seats came since the last recorded report.
    pub granted: usize,
    /// How many went.
    pub revoked: usize,
    /// Whether the seats' state differs from the last recorded report.
    pub changed: bool,
    /// The commit, where one was made.
    pub commit: Option<Commit>,
    /// What happened, for people.
    pub what: String,
}

impl<'a> Delivery<'a> {
    /// Gets ready to deliver as `inputs` ask. `reader` is the client with `token`,
    /// `writer` the one with `commit-token`.
    ///
    /// # Errors
    /// Where a place cannot take the report, or is public and that was not allowed.
    pub async fn prepare(
        inputs: &'a Inputs,
        environment: &'a Environment,
        clock: &'a Clock,
        http: &reqwest::Client,
        reader: &Client,
        writer: Option<Client>,
    ) -> anyhow::Result<Self> {
        let artifact = match &inputs.artifact {
            Some(wanted) => {
                let service =
                    ArtifactService::from_environment(http.clone(), clock.clone(), environment)?;
                if !inputs.allow_public {
                    let Some(name) = &inputs.own_repository else {
                        bail!(
                            "GITHUB_REPOSITORY is missing, so it cannot be asked whether the workflow's repository is public"
                        );
                    };
                    let clients = writer.iter().chain([reader]);
                    refuse_public(clients, name, "everybody could download the artifact").await?;
                }
                Some((service, wanted))
            }
            None => None,
        };
        let repository = match (&inputs.commit, writer.clone()) {
            (Some(commit), Some(client)) => {
                let repository = if inputs.allow_public {
                    Repository::read(&client, &commit.repository).await?
                } else {
                    refuse_public(
                        [&client],
                        &commit.repository,
                        "everybody could read it there",
                    )
                    .await?
                };
                let branch = match &commit.branch {
                    Some(branch) => branch.clone(),
                    None => repository.default_branch().with_context(|| {
                        format!(
                            "GitHub names no default branch for {}; name one in `branch`",
                            commit.repository
                        )
                    })?,
                };
                Some(Target {
                    inputs: commit,
                    client,
                    branch,
                })
            }
            _ => None,
        };
        // Reports went on only to repositories that are not public; where one of them is the
        // workflow's own, its page is known to be not public either.
        let known = |own: &RepositoryName| {
            artifact.is_some()
                || repository
                    .as_ref()
                    .is_some_and(|to| to.inputs.repository == *own)
        };
        let may_name_people = inputs.allow_public
            || !inputs.summary
            || match &inputs.own_repository {
                Some(own) => known(own) || is_restricted(writer.iter().chain([reader]), own).await,
                None => !environment.in_actions(),
            };
        if !may_name_people {
            tracing::info!(
                "The job summary will name nobody: the workflow's repository is public, or neither `token` nor `commit-token` can see that it is not. `allow-public: true` lets it name people."
            );
        }
        Ok(Self {
            environment,
            clock,
            run: context::run(environment),
            artifact,
            repository,
            inactive_after: inputs.report.inactive_after,
            may_name_people,
        })
    }

    /// The run of the workflow, which manifests name.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Whether the job summary may name people: not on the page of a public repository, which
    /// everybody can read, unless that was allowed.
    #[must_use]
    pub fn may_name_people(&self) -> bool {
        self.may_name_people
    }

    /// Uploads the files of all reports as one artifact; nothing where none was asked for or there
    /// is none to upload.
    ///
    /// # Errors
    /// Where the artifact could not be made.
    pub async fn upload(&self, files: &[&Written]) -> anyhow::Result<Option<Uploaded>> {
        let Some((service, wanted)) = &self.artifact else {
            return Ok(None);
        };
        if files.is_empty() {
            return Ok(None);
        }
        for file in files {
            let is_unchanged = file.is_unchanged();
            if !is_unchanged
                .with_context(|| format!("{} could not be read again", file.path.display()))?
            {
                bail!("{} was changed after it was written", file.path.display());
            }
        }
        let files: Vec<File<'_>> = files
            .iter()
            .map(|file| File {
                name: &file.name,
                path: &file.path,
            })
            .collect();
        let mut mask = |secret: &str| log::mask(self.environment, secret);
        let uploaded = service
            .upload(&wanted.name, &files, wanted.retention, &mut mask)
            .await?;
        Ok(Some(uploaded))
    }

    /// What the reports recorded before know; nothing where none is recorded anywhere.
    ///
    /// # Errors
    /// Where the repository could not be read.
    pub async fn known(&self, report: &Report) -> anyhow::Result<Known> {
        let _ = report;
        Ok(Known::default())
    }

    /// Commits a report, as the rule of the day wants it; nothing where that was not asked for.
    ///
    /// # Errors
    /// Where it had to be committed and was not.
    pub async fn record(&self, report: &Report) -> anyhow::Result<Option<Recorded>> {
        let Some(target) = &self.repository else {
            return Ok(None);
        };
        // The repository keeps GitHub's own form, whatever the files of this run are like.
        let mut content = Vec::new();
        csv::write(report, Form::Github, &mut content)?;
        let content = Bytes::from(content);

        let directory = &target.inputs.directory;
        // GitHub does not tell case apart, and one scope has one history.
        let folder = directory.join(&report.scope().name().to_ascii_lowercase())?;
        let message = self.message(&target.inputs.message, report, &content);
        let first_file = (
            directory.join("README.md")?,
            Bytes::from_static(FIRST_FILE.as_bytes()),
        );
        let committer = Committer::new(
            &target.client,
            self.clock,
            target.inputs.repository.clone(),
            target.branch.clone(),
            first_file,
            self.mark()?,
        );
        let mut recording: Option<Recording> = None;
        let commit = committer
            .commit(async |snapshot| {
                let found = found(&snapshot, &folder, report.time()).await?;
                let api = target.client.address().as_str();
                let entry = Entry {
                    scope: report.scope(),
                    time: report.time(),
                    seats: report.seats(),
                    complete: Some(report.is_complete()),
                    csv: content.clone(),
                    manifest: Manifest::new(report, api, self.run(), Vec::new()),
                    inactive_after: self.inactive_after,
                };
                let made = history::record(entry, &found, self.clock.now())
                    .with_context(|| format!("{folder} of {}", target.inputs.repository))?;
                let change = recording.insert(made);
                if change.files.is_empty() {
                    return Ok(None);
                }
                let files = std::mem::take(&mut change.files).into_iter();
                let files = files.map(|(path, file)| Ok((folder.join(&path)?, file)));
                Ok(Some(Change {
                    files: files.collect::<Result<_, NameError>>()?,
                    ..message.clone()
                }))
            })
            .await?;
        let commit = commit.map(|commit| self.at_home(commit));
        let recording = recording.ok_or_else(|| anyhow!("nothing was decided"))?;
        for warning in &recording.warnings {
            tracing::warn!("{folder} of {}: {warning}", target.inputs.repository);
        }
        let place = format!("{} (branch {})", target.inputs.repository, target.branch);
        let what = match (&commit, &recording.action) {
            (Some(commit), _) => {
                format!(
                    "committed to {place} as {}, {}",
                    commit.sha, commit.verification
                )
            }
            (None, Action::Older(time)) => {
                format!("nothing committed to {place}: it has a newer report, of {time}")
            }
            (None, Action::LessComplete) => format!(
                "nothing committed to {place}: the day's report there is complete, and this one is not"
            ),
            (None, _) => {
                format!("nothing committed to {place}: no seat differs from the day's report there")
            }
        };
        Ok(Some(Recorded {
            granted: recording.granted,
            revoked: recording.revoked,
            changed: recording.changed,
            commit,
            what,
        }))
    }

    /// The same commit; without its page where that is not on the GitHub of this run.
    fn at_home(&self, commit: Commit) -> Commit {
        let home = self.run.as_ref().map(|run| format!("{}/", run.server));
        match home {
            Some(home) if !commit.url.starts_with(&home) => Commit {
                url: String::new(),
                ..commit
            },
            _ => commit,
        }
    }

    fn message(&self, template: &str, report: &Report, file: &[u8]) -> Change {
        let date = date(report.time()).to_string();
        let message = template
            .replace("{scope}", report.scope().name())
            .replace("{date}", &date);
        let (headline, rest) = message.split_once('\n').unwrap_or((&message, ""));
        let mut body = Vec::new();
        if !rest.trim().is_empty() {
            body.push(rest.trim().to_owned());
        }
        let complete = if report.is_complete() {
            "complete"
        } else {
            "NOT PROVED COMPLETE"
        };
        body.push(format!(
            "{} seats, {} people, {complete}\nReport time: {}\nSHA-256: {}",
            report.seats().len(),
            report.people(),
            report.time(),
            hex::encode(Sha256::digest(file))
        ));
        let made_by = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        body.push(match &self.run {
            Some(run) => format!(
                "Made by {made_by} in {}/{}/actions/runs/{}/attempts/{}",
                run.server, run.repository, run.id, run.attempt
            ),
            None => format!("Made by {made_by}"),
        });
        Change {
            headline: headline.trim().to_owned(),
            body: body.join("\n\n"),
            files: Vec::new(),
        }
    }

    /// A mark that names run and attempt, and that no other delivery has.
    fn mark(&self) -> anyhow::Result<String> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
        let random = hex::encode(random);
        Ok(match &self.run {
            Some(run) => format!("run {} attempt {} {random}", run.id, run.attempt),
            None => format!("by hand {random}"),
        })
    }
}

/// Reads what the folder of a scope holds, as far as a report of `time` needs it.
async fn found(
    snapshot: &Snapshot<'_>,
    folder: &RepositoryPath,
    time: Timestamp,
) -> anyhow::Result<Folder> {
    let paths = Folder::paths(time).map(|path| folder.join(&path));
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    let files = snapshot.files(&paths).await?;
    let previous = match newest_manifest(snapshot, folder, time).await? {
        Some(path) => {
            let whole = folder.join(&path)?;
            let file = snapshot.files(&[whole]).await?.pop().flatten();
            file.map(|file| (path, file))
        }
        None => None,
    };
    Ok(Folder::from_files(files, previous))
}

/// The path in the folder of a scope of the newest manifest from before the day of `time`.
async fn newest_manifest(
    snapshot: &Snapshot<'_>,
    folder: &RepositoryPath,
    time: Timestamp,
) -> anyhow::Result<Option<String>> {
    let day = date(time);
    let years = snapshot.names(&folder.join(REPORTS)?).await?;
    let mut years: Vec<i16> = years.iter().filter_map(|year| year.parse().ok()).collect();
    years.retain(|year| *year <= day.year());
    years.sort_unstable();
    for year in years.into_iter().rev() {
        let year = format!("{REPORTS}/{year:04}");
        let names = snapshot.names(&folder.join(&year)?).await?;
        let days = names.iter().filter_map(|name| {
            let day: jiff::civil::Date = name.strip_suffix(".json")?.parse().ok()?;
            Some((day, name))
        });
        if let Some((_, name)) = days.filter(|(other, _)| *other < day).max() {
            return Ok(Some(format!("{year}/{name}")));
        }
    }
    Ok(None)
}

/// What a repository without commits begins with.
const FIRST_FILE: &str = "# Copilot activity reports\n\nOne folder for each organization or enterprise. The files in them are written by a workflow; edits by hand may be overwritten.\n\nWho used Copilot when is personal data: keep this repository private.\n";

/// Whether `name` is known not to be public.
async fn is_restricted<'c>(
    clients: impl IntoIterator<Item = &'c Client>,
    name: &RepositoryName,
) -> bool {
    for client in clients {
        match Repository::read(client, name).await {
            Ok(repository) => return repository.visibility == Visibility::Restricted,
            Err(error) => tracing::debug!("{error}"),
        }
    }
    false
}

/// Asks whether `name` is public, with one client after the other until one is told, and refuses
/// it where it is or where none is told.
async fn refuse_public<'c>(
    clients: impl IntoIterator<Item = &'c Client>,
    name: &RepositoryName,
    consequence: &str,
) -> anyhow::Result<Repository> {
    let mut failure = None;
    for client in clients {
        match Repository::read(client, name).await {
            Ok(repository) if repository.visibility == Visibility::Restricted => {
                return Ok(repository);
            }
            Ok(_) => bail!(
                "The repository {name} is public, and the report is personal data: {consequence}. Nothing was read and nothing delivered.\n  what to do: make the repository private, or deliver elsewhere (`deliver-to`, `repository`). If everybody may know who used Copilot when, set `allow-public: true`"
            ),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    let error = failure.map_or_else(|| anyhow!("no token could be asked with"), Into::into);
    Err(error.context(format!(
        "Whether the repository {name} is public could not be learned, so it counts as public. Nothing was read and nothing delivered"
    )))
}
