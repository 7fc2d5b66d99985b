//! Where a finished report goes: a workflow artifact, a repository (by a commit or by a pull
//! request), or both.
//!
//! Everything that can be known beforehand is asked before the report is read: whether an artifact
//! can be uploaded at all, and whether the places it goes to are public.

mod folder;
mod known;
mod neighbors;
mod pull_request;
mod record;

use anyhow::{Context as _, anyhow, bail};
use jiff::SignedDuration;

use crate::github::client::Client;
use crate::github::names::{BranchName, NameError, RepositoryName, RepositoryPath};
use crate::github::repository::{Repository, Visibility};
use crate::inputs::{ArtifactInputs, CommitInputs, Inputs};
use crate::report::Report;
use crate::report::manifest::{FileEntry, Manifest, Run};
use crate::report::pseudonym_key::PseudonymKey;
use crate::report::scope::Scope;
use crate::runner::artifact::{ArtifactService, File, Uploaded};
use crate::runner::{context, log};
use crate::system::clock::Clock;
use crate::system::environment::Environment;
use crate::system::files::Written;
use crate::system::http::Http;

pub(crate) use known::{Held, calls_people_otherwise, unpublishable};
pub(crate) use record::Recorded;

/// The places that were asked for, found able to take a report.
pub(crate) struct Delivery<'a> {
    environment: &'a Environment,
    clock: &'a Clock,
    run: Option<Run>,
    artifact: Option<(ArtifactService, &'a ArtifactInputs)>,
    repository: Option<Target<'a>>,
    inactive_after: SignedDuration,
    pseudonyms: Option<&'a PseudonymKey>,
    may_name_people: bool,
}

struct Target<'a> {
    inputs: &'a CommitInputs,
    client: Client,
    branch: BranchName,
    pulls_by_collaborators: bool,
}

impl Target<'_> {
    /// The folder of a scope. GitHub does not tell case apart, and one scope has one history.
    fn folder(&self, scope: &Scope) -> Result<RepositoryPath, NameError> {
        self.inputs
            .directory
            .join(&scope.name().to_ascii_lowercase())
    }
}

impl<'a> Delivery<'a> {
    /// Gets ready to deliver as `inputs` ask. `reader` is the client with `token`,
    /// `writer` the one with `commit-token`.
    pub(crate) async fn prepare(
        inputs: &'a Inputs,
        environment: &'a Environment,
        clock: &'a Clock,
        http: &Http,
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
                repository.takes(commit.pull_request)?;
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
                    pulls_by_collaborators: repository.pulls_by_collaborators,
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
            run: context::run(environment).map(|run| Run {
                actor: run.actor.filter(|_| inputs.pseudonyms.is_none()),
                ..run
            }),
            artifact,
            repository,
            inactive_after: inputs.report.inactive_after,
            pseudonyms: inputs.pseudonyms.as_ref(),
            may_name_people,
        })
    }

    /// The manifest of a report that was read from the API at the address `api`.
    pub(crate) fn manifest<'m>(
        &'m self,
        report: &'m Report,
        api: &'m str,
        files: Vec<FileEntry>,
    ) -> Manifest<'m> {
        Manifest::new(report, api, self.run.as_ref(), files).with_pseudonyms(self.pseudonyms)
    }

    /// Whether the job summary may name people: not on the page of a public repository, which
    /// everybody can read, unless that was allowed.
    pub(crate) fn may_name_people(&self) -> bool {
        self.may_name_people
    }

    /// Uploads the files of all reports as one artifact; nothing where none was asked for or there
    /// is none to upload.
    pub(crate) async fn upload(&self, files: &[&Written]) -> anyhow::Result<Option<Uploaded>> {
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
}

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
