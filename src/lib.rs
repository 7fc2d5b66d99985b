//! The Copilot activity report, taken on a schedule.
//!
//! GitHub offers the report of who holds a Copilot seat and when they last used it as a button
//! that a person must press. This action reads the same data from GitHub's public API, writes them
//! in the form of GitHub's own file, and delivers them as a workflow artifact, as a commit to a
//! repository, or both.
//!
//! Data flow one way, and so does reading the code:
//!
//! - [`inputs`]: what the user asked for, checked.
//! - [`github`]: GitHub's public API: seats, repositories, commits.
//! - [`report`]: the report itself: rows, order, file form, manifest, completeness. No input or
//!   output.
//! - [`files`]: the report as files in the workspace; [`destination`]: or elsewhere, by hand.
//! - [`delivery`]: where a finished report goes.
//! - [`runner`]: the Actions runner: artifact, outputs, summary, annotations, masking.
//! - [`archive`]: by hand, with the files of a clone: `verify` and `import`.
//!
//! [`report`] knows nothing of [`github`] or [`runner`], and these two know nothing of each other:
//! only [`run`] and [`delivery`] see all.
//!
//! [`progress`] knows at any time what was done. [`environment`], [`clock`] and [`http`] are the
//! edges: variables, time and the network come in through them; [`console`] is what a person sees
//! who starts the command by hand. [`text`] and [`markdown`] make
//! text from elsewhere fit to be shown, without the [`secrets`] of the run.
//!
//! [`start`] is where the binary begins, [`run`] the story of one run, top to bottom. Whoever wants
//! to see it first starts `cargo run --example demo`, the whole job against a GitHub that is
//! embedded; whoever wants to change something finds in `CONTRIBUTING.md` how.

pub mod archive;
pub mod clock;
pub mod console;
pub mod delivery;
pub mod destination;
pub mod environment;
pub mod files;
pub mod github;
#[cfg(test)]
mod hostile;
pub mod http;
pub mod inputs;
pub mod markdown;
mod outcome;
pub mod progress;
pub mod pseudonym;
mod reading;
pub mod report;
pub mod runner;
pub mod secrets;
pub mod text;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clock::Clock;
use console::Console;
use delivery::Delivery;
use destination::Destination;
use environment::Environment;
use files::Written;
use github::client::Client;
use github::credentials::Mask;
use github::names::RepositoryName;
use github::pacer::Pacer;
use http::Http;
use inputs::{Access, Format, Inputs};
use outcome::{Finished, Outcome, artifact_line, finished, outputs_of};
use progress::Progress;
use reading::Read;
use report::columns::{Columns, Form};
use report::manifest::FileEntry;
use report::scope::Scope;
use report::standing::{Counts, Standings};
use report::status::Rule;
use runner::artifact::Uploaded;
use runner::context;
use runner::log::{self, Group};
use runner::outputs;
use runner::summary::{self, Facts, Line, Section};
use tokio::signal::unix::{SignalKind, signal};

/// Something asked for was not done.
const FAILURE: u8 = 1;
/// The inputs cannot be used; nothing was sent.
const UNUSABLE_INPUTS: u8 = 2;

/// Runs the action with these command-line `arguments` (the first is the program's name) in this
/// `environment`, and tells by the exit status how it went: 0 where all was done, 1 where
/// something was not, 2 where the inputs cannot be used.
#[must_use]
pub fn start(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let console = Console::of_process(environment);
    for secret in context::secrets(environment) {
        log::mask(environment, &secret);
    }
    log::begin(environment, &console);

    let flags = match inputs::command().try_get_matches_from(arguments) {
        Ok(flags) => flags,
        // Also `--help` and `--version`, which are no failures.
        Err(error) => {
            let _nobody_to_tell = error.print();
            return if error.use_stderr() {
                UNUSABLE_INPUTS.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    if let Some(done) = archive::start(&flags, environment) {
        return done;
    }
    let inputs = match Inputs::read(&flags, environment, console.output_is_terminal()) {
        Ok(inputs) => inputs,
        Err(mistakes) => {
            tracing::error!("{mistakes}");
            return UNUSABLE_INPUTS.into();
        }
    };
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let progress = Progress::default();
            let done = runtime.block_on(async {
                tokio::select! {
                    signal = interruption() => Err(progress.interrupted(signal?).into()),
                    done = run(&inputs, environment, &console, &progress) => done,
                }
            });
            // Names may be looked up on threads that nothing waits for any more.
            runtime.shutdown_background();
            done
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            FAILURE.into()
        }
    }
}

/// Waits for a signal by which a cancelled workflow, or a person, ends the run.
async fn interruption() -> anyhow::Result<&'static str> {
    Ok(signals()?.await)
}

/// Listens for those signals from here on; they end the process no more.
fn signals() -> io::Result<impl Future<Output = &'static str> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

/// Takes the reports that `inputs` ask for and delivers them.
///
/// # Errors
/// Where anything asked for was not done. What was delivered before stays delivered; the error
/// names both, and `progress` knows at any time.
pub async fn run(
    inputs: &Inputs,
    environment: &Environment,
    console: &Console,
    progress: &Progress,
) -> anyhow::Result<()> {
    let clock = Clock::system(environment);
    let http = Http::new(environment, inputs.proxies.clone())?;
    let pacer = Arc::new(Pacer::new(clock.clone(), inputs.max_wait));
    let client = |token| {
        let (http, address) = (http.clone(), inputs.address.clone());
        Client::new(http, address, clock.clone(), Arc::clone(&pacer), token)
    };
    let mask: Mask = {
        let environment = environment.clone();
        Arc::new(move |secret| log::mask(&environment, secret))
    };
    let reader = |scope| match &inputs.access {
        Access::Token(token) => client(token).context("`token` cannot be used"),
        Access::App(app) => {
            let (http, address, clock) = (http.clone(), inputs.address.clone(), clock.clone());
            let (pacer, mask) = (Arc::clone(&pacer), Arc::clone(&mask));
            Client::of_app(http, address, clock, pacer, (app, scope), mask)
                .context("the GitHub App cannot be used")
        }
    };
    let readers: Vec<(&Scope, Client)> = inputs
        .scopes
        .iter()
        .map(|scope| Ok((scope, reader(scope)?)))
        .collect::<anyhow::Result<_>>()?;
    let writer = inputs.commit_token.as_ref().map(client).transpose();
    let writer = writer.context("`commit-token` cannot be used")?;
    progress.doing("getting ready");
    let destination = Destination::open(inputs)?;
    let asker = asker(inputs, &readers).context("no organization or enterprise is named")?;
    let delivery = Delivery::prepare(inputs, environment, &clock, &http, asker, writer).await?;

    let mut outcomes = Vec::new();
    for (scope, reader) in &readers {
        let scope: &Scope = scope;
        let title = format!("Copilot activity report of the {} {scope}", scope.kind());
        let group = Group::begin(environment, &title);
        let read = reading::read(
            inputs,
            reader,
            &delivery,
            &clock,
            (console, progress),
            scope,
        );
        let finished = match read.await {
            Ok(read) => {
                progress.doing(destination.writing(scope));
                take(inputs, &delivery, reader, &destination, read).await
            }
            Err(error) => Err(error),
        };
        let mut outcome = Outcome {
            scope,
            finished,
            recorded: Ok(None),
        };
        progress.note(outcome.finished_line());
        if let Ok(finished) = &mut outcome.finished {
            progress.doing(format!("committing the report of {scope}"));
            let (revoked, held) = (finished.read.gone.revoked(), finished.read.held.take());
            outcome.recorded = delivery.record(&finished.read.report, revoked, held).await;
        }
        if outcome.take_back() {
            progress.correct(outcome.finished_line());
        }
        outcome
            .unknown_line()
            .into_iter()
            .for_each(|line| progress.note(line));
        for line in outcome.recorded_lines() {
            match &line.link {
                Some(link) if line.good => tracing::info!("{}: {link}", line.text),
                None if line.good => tracing::info!("{}.", line.text),
                _ => {}
            }
            progress.note(line);
        }
        drop(group);
        for error in outcome.errors() {
            tracing::error!("{error:#}");
        }
        outcomes.push(outcome);
    }
    let files: Vec<&Written> = finished(&outcomes)
        .flat_map(|finished| finished.forms.iter().chain(&finished.manifest))
        .collect();
    progress.doing("uploading the artifact");
    let uploaded = delivery.upload(&files).await;
    if let Err(error) = &uploaded {
        tracing::error!("{error:#}");
    }
    artifact_line(&uploaded)
        .into_iter()
        .for_each(|line| progress.note(line));

    progress.doing("writing outputs and summary");
    let names = delivery.may_name_people();
    for error in tell(inputs, environment, &outcomes, &uploaded, names) {
        tracing::error!("{error:#}");
        progress.note(Line::bad(format!("{error:#}")));
    }
    let over = over_limit(inputs, &outcomes);
    match (progress.is_good(), over) {
        (true, None) => Ok(()),
        (true, Some(over)) => Err(anyhow::anyhow!(over)),
        (false, over) => {
            over.into_iter().for_each(|over| tracing::error!("{over}"));
            Err(progress.undone().into())
        }
    }
}

/// Of those who read the one who is asked whether the workflow's repository is public: where an App
/// reads, that of the repository's owner.
fn asker<'r>(inputs: &Inputs, readers: &'r [(&Scope, Client)]) -> Option<&'r Client> {
    let owner = inputs.own_repository.as_ref().map(RepositoryName::owner);
    let owners = readers
        .iter()
        .find(|(scope, _)| owner.is_some_and(|owner| scope.name().eq_ignore_ascii_case(owner)));
    owners.or(readers.first()).map(|(_, client)| client)
}

/// Writes the files of a report to where they go.
async fn take(
    inputs: &Inputs,
    delivery: &Delivery<'_>,
    reader: &Client,
    destination: &Destination,
    read: Read,
) -> anyhow::Result<Finished> {
    let rule = Rule {
        now: read.report.time(),
        inactive_after: inputs.report.inactive_after,
    };
    let (forms, manifest) = write(inputs, delivery, reader, destination, &read, rule).await?;
    Ok(Finished {
        counts: Counts::of(read.known.standings(read.report.credible_seats(), rule)),
        read,
        rule,
        forms,
        manifest,
    })
}

/// Writes the files of a report: in each form, and in a folder the manifest beside them.
async fn write(
    inputs: &Inputs,
    delivery: &Delivery<'_>,
    reader: &Client,
    destination: &Destination,
    Read { report, known, .. }: &Read,
    rule: Rule,
) -> anyhow::Result<(Vec<Written>, Option<Written>)> {
    let api = reader.address().as_str();
    let manifest = |files| delivery.manifest(report, api, files);
    let standings;
    let form = match inputs.report.columns {
        Columns::Github => Form::Github,
        Columns::All => {
            standings = Standings::new(known.standings(report.credible_seats(), rule));
            Form::All(&standings)
        }
    };
    let stem = report.file_stem();
    let mut forms = Vec::new();
    for format in &inputs.report.formats {
        let written = match format {
            Format::Csv => {
                let name = format!("{stem}.csv");
                let content = |out: &mut dyn io::Write| report::csv::write(report, form, out);
                destination.write(&name, content).await
            }
            Format::Json => {
                let (name, manifest) = (format!("{stem}.json"), manifest(Vec::new()));
                let content =
                    |out: &mut dyn io::Write| report::json::write(report, form, &manifest, out);
                destination.write(&name, content).await
            }
        }?;
        tracing::info!(
            "{}: written to {}.",
            report.scope(),
            written.below_workspace
        );
        forms.push(written);
    }
    if !destination.has_manifests() {
        return Ok((forms, None));
    }
    let entries = forms.iter().map(|file| FileEntry {
        name: file.name.clone(),
        size: file.size,
        sha256: file.sha256.clone(),
    });
    let manifest = manifest(entries.collect()).to_file()?;
    let name = format!("{stem}.manifest.json");
    let manifest = destination.write(&name, |out| out.write_all(&manifest));
    Ok((forms, Some(manifest.await?)))
}

/// Tells the next step and the person: outputs and summary, each also where the other cannot be
/// written.
fn tell(
    inputs: &Inputs,
    environment: &Environment,
    outcomes: &[Outcome<'_>],
    uploaded: &anyhow::Result<Option<Uploaded>>,
    names: bool,
) -> Vec<anyhow::Error> {
    let outputs = outputs_of(outcomes, uploaded)
        .write(environment)
        .context("The outputs could not be written to the file in GITHUB_OUTPUT");
    let summary = if inputs.summary {
        let sections: Vec<Section<'_>> = outcomes
            .iter()
            .map(|outcome| Section {
                title: format!("The {} {}", outcome.scope.kind(), outcome.scope),
                facts: outcome.finished.as_ref().ok().map(|finished| Facts {
                    report: &finished.read.report,
                    known: &finished.read.known,
                    rule: finished.rule,
                    counts: finished.counts,
                    changes: outcome.changes(),
                }),
                lines: std::iter::once(outcome.finished_line())
                    .chain(outcome.unknown_line())
                    .chain(outcome.recorded_lines())
                    .collect(),
                warnings: outcome.warnings().cloned().collect(),
            })
            .collect();
        let over = over_limit(inputs, outcomes).map(Line::bad);
        let general: Vec<Line> = over.into_iter().chain(artifact_line(uploaded)).collect();
        let text = summary::write(&sections, &general, names);
        outputs::write_summary(environment, &text)
            .context("The summary could not be written to the file in GITHUB_STEP_SUMMARY")
    } else {
        Ok(())
    };
    [outputs.err(), summary.err()]
        .into_iter()
        .flatten()
        .collect()
}

/// Says so where more people than allowed are inactive or have never used their seat.
fn over_limit(inputs: &Inputs, outcomes: &[Outcome<'_>]) -> Option<String> {
    let limit = inputs.report.fail_over_inactive?;
    let counts = || finished(outcomes).map(|finished| finished.counts);
    let all: usize = counts().map(|counts| counts.people).sum();
    let idle: usize = counts().map(|c| c.inactive + c.never_used).sum();
    limit.is_exceeded(idle, all).then(|| {
        let percent = idle as f64 * 100.0 / all as f64;
        format!(
            "{idle} of {all} people ({percent:.2} %) are inactive or have never used their seat, and `fail-over-inactive` allows {limit}. Everything was delivered as asked; only this limit makes the run fail"
        )
    })
}
