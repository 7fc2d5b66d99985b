//! Checks that reports can go to the places in the inputs, before anything is read.

use anyhow::{Context as _, anyhow, bail};

use crate::audit::AuditRepository;
use crate::github::client::Client;
use crate::github::names::RepositoryName;
use crate::github::repository::Repository;
use crate::inputs::{CommitInputs, Format, Inputs};
use crate::report::provenance::Provenance;
use crate::run::coverage::Coverage;
use crate::run::destination::Destination;
use crate::run::edges::Edges;
use crate::run::select::{Selected, SelectedScope};
use crate::run::upload::{ArtifactPlace, UploadError};
use crate::runner::artifact::{ArtifactService, Uploaded};
use crate::runner::context;
use crate::system::environment::Environment;
use crate::system::files::Written;

/// The places that reports go to. They've been checked.
pub(crate) struct Places<'a> {
    pub(crate) destination: Destination,
    artifact: Option<ArtifactPlace<'a>>,
    pub(crate) audit: Option<AuditRepository<'a>>,
    pub(crate) provenance: Provenance<'a>,
    /// Which organizations the run covers, if it selects them by patterns.
    pub(crate) coverage: Option<Coverage>,
    /// Whether the job summary can have people's names. In a public repository, it can't, unless
    /// the inputs allow that.
    pub(crate) may_name_people: bool,
}

impl<'a> Places<'a> {
    /// Prepares the deliveries in `inputs`.
    ///
    /// Fails if a place can't receive the report, or if it's public and the inputs don't allow
    /// that.
    pub(crate) async fn prepare(
        inputs: &'a Inputs,
        edges: &Edges<'_>,
        selected: &Selected,
        writer: Option<&Client>,
    ) -> anyhow::Result<Self> {
        let destination = Destination::open(inputs)?;
        let reader = visibility_client(inputs, &selected.scopes);
        let reader = reader.context("no organization or enterprise is named")?;
        // Tried in this order to find out if a repository is public.
        let askers = || writer.into_iter().chain([reader]);
        let artifact = prepare_artifact(inputs, edges, askers()).await?;
        let provenance = Provenance::new(
            context::origin(edges.environment),
            inputs.report.inactive_after,
            inputs.pseudonyms.as_ref(),
        );
        let mut audit = match (&inputs.commit, writer) {
            (Some(commit), Some(client)) => {
                let repository = find_repository(inputs, commit, client).await?;
                Some(AuditRepository::new(
                    commit,
                    client.clone(),
                    edges.clock.clone(),
                    &repository,
                    provenance.clone(),
                    inputs.report.inactive_after,
                    selected.only_scope().cloned(),
                )?)
            }
            _ => None,
        };
        let coverage = Coverage::of(selected, audit.as_ref()).await;
        let state = coverage.as_ref().map(|coverage| coverage.state.clone());
        let provenance = provenance.with_selection(state);
        if let Some(audit) = &mut audit {
            audit.set_provenance(provenance.clone());
        }
        // Without `allow-public`, reports go only to repositories that aren't public. If the workflow's own repository is
        // one of them, the page of its run isn't public either.
        let is_known = |own: &RepositoryName| {
            let audited = inputs.commit.as_ref().filter(|_| audit.is_some());
            artifact.is_some() || audited.is_some_and(|commit| commit.repository == *own)
        };
        let may_name_people = inputs.allow_public
            || !(inputs.summary || inputs.report.formats.contains(&Format::Html))
            || match &inputs.own_repository {
                Some(own) => is_known(own) || is_restricted(askers(), own).await,
                None => !edges.environment.in_actions(),
            };
        if !may_name_people {
            let page = match inputs.report.formats.contains(&Format::Html) {
                true => " and the page",
                false => "",
            };
            tracing::info!(
                "The job summary{page} won't name people, because the workflow's repository is public, or neither `token` nor `commit-token` can read it. To name them anyway, set `allow-public: true`."
            );
        }
        Ok(Self {
            destination,
            artifact,
            audit,
            provenance,
            coverage,
            may_name_people,
        })
    }

    /// Uploads `files` as one artifact. Returns `None` if no upload is requested, or if there are
    /// no files.
    pub(crate) async fn upload(
        &self,
        environment: &Environment,
        files: &[&Written],
    ) -> Option<Result<Uploaded, UploadError>> {
        let artifact = self.artifact.as_ref().filter(|_| !files.is_empty())?;
        Some(artifact.upload(environment, files).await)
    }

    /// Uploads a page. Returns `None` if no upload is requested, or if the service supports only
    /// ZIP files.
    pub(crate) async fn upload_page(
        &self,
        environment: &Environment,
        page: &Written,
    ) -> Option<Result<Uploaded, UploadError>> {
        let artifact = self.artifact.as_ref()?;
        artifact.upload_page(environment, page).await.transpose()
    }
}

async fn prepare_artifact<'a, 'c>(
    inputs: &'a Inputs,
    edges: &Edges<'_>,
    askers: impl IntoIterator<Item = &'c Client>,
) -> anyhow::Result<Option<ArtifactPlace<'a>>> {
    let Some(artifact) = &inputs.artifact else {
        return Ok(None);
    };
    let (http, clock) = (edges.http.clone(), edges.clock.clone());
    let service = ArtifactService::from_environment(http, clock, edges.environment)?;
    if !inputs.allow_public {
        let Some(name) = &inputs.own_repository else {
            bail!(
                "GITHUB_REPOSITORY isn't set, so the action can't check whether the workflow's repository is public"
            );
        };
        refuse_public(askers, name, "everyone could download the artifact").await?;
    }
    Ok(Some(ArtifactPlace {
        service,
        inputs: artifact,
    }))
}

/// Gets the audit repository from GitHub.
async fn find_repository(
    inputs: &Inputs,
    commit: &CommitInputs,
    client: &Client,
) -> anyhow::Result<Repository> {
    if inputs.allow_public {
        return Ok(Repository::read(client, &commit.repository).await?);
    }
    let consequence = "everyone could read it there";
    refuse_public([client], &commit.repository, consequence).await
}

/// Returns the client that checks whether the workflow's repository is public. If a GitHub App
/// reads the reports, that's the client for the repository's owner.
fn visibility_client<'r>(inputs: &Inputs, scopes: &'r [SelectedScope]) -> Option<&'r Client> {
    let owner = inputs.own_repository.as_ref().map(RepositoryName::owner);
    let is_owner = |name: &str| owner.is_some_and(|owner| name.eq_ignore_ascii_case(owner));
    let owners = scopes.iter().find(|one| is_owner(one.scope.name()));
    owners.or(scopes.first()).map(|one| &one.reader)
}

/// Returns whether `name` is known not to be public.
async fn is_restricted<'c>(
    clients: impl IntoIterator<Item = &'c Client>,
    name: &RepositoryName,
) -> bool {
    for client in clients {
        match Repository::read(client, name).await {
            Ok(repository) => return repository.is_restricted(),
            Err(error) => tracing::debug!("{error}"),
        }
    }
    false
}

/// Tries one client after another to find out whether `name` is public. Refuses the repository if
/// it's public, or if no client gets an answer.
async fn refuse_public<'c>(
    clients: impl IntoIterator<Item = &'c Client>,
    name: &RepositoryName,
    consequence: &str,
) -> anyhow::Result<Repository> {
    let mut failure = None;
    for client in clients {
        match Repository::read(client, name).await {
            Ok(repository) if repository.is_restricted() => {
                return Ok(repository);
            }
            Ok(_) => bail!(
                "The repository {name} is public, and the report is personal data: {consequence}. Nothing was read or delivered.\n  Fix: Make the repository private, or deliver elsewhere (`deliver-to`, `repository`). If everyone is allowed to know who used Copilot when, set `allow-public: true`."
            ),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    let error = failure.map_or_else(|| anyhow!("no token could read it"), Into::into);
    Err(error.context(format!(
        "Couldn't determine whether {name} is public, so the action treats it as public. Nothing was read or delivered"
    )))
}
