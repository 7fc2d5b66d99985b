//! One run: read each report, write it, deliver it, and say what became of it.

pub(crate) mod destination;
pub(crate) mod outcome;
pub(crate) mod progress;
pub(crate) mod read;
mod tell;
mod write;

use std::sync::Arc;

use anyhow::Context as _;

use crate::audit::Delivery;
use crate::github::client::{Client, Identity};
use crate::github::credentials::Mask;
use crate::github::exchange::Exchange;
use crate::github::names::RepositoryName;
use crate::github::rate_limiter::{RateLimiter, WaitBudget};
use crate::inputs::{Access, Inputs};
use crate::pages::summary::Line;
use crate::report::scope::Scope;
use crate::runner::log::{self, Group};
use crate::system::clock::Clock;
use crate::system::console::Console;
use crate::system::environment::Environment;
use crate::system::files::Written;
use crate::system::http::Http;
use destination::Destination;
use outcome::{Outcome, artifact_line, finished};
use progress::Progress;
use tell::{over_limit, tell};
use write::take;

/// Takes the reports that `inputs` ask for and delivers them.
///
/// Where anything asked for was not done. What was delivered before stays delivered; the error
/// names both, and `progress` knows at any time.
pub(crate) async fn run(
    inputs: &Inputs,
    environment: &Environment,
    console: &Console,
    progress: &Progress,
) -> anyhow::Result<()> {
    let clock = Clock::system(environment);
    let http = Http::new(environment, inputs.proxies.clone())?;
    let budget = WaitBudget {
        max: inputs.max_wait,
        input: Some("max-wait-minutes"),
    };
    let rate_limiter = RateLimiter::new(clock.clone(), budget);
    let exchange = Exchange::new(
        http.clone(),
        inputs.address.clone(),
        clock.clone(),
        rate_limiter,
    );
    let client = |token| Client::new(&exchange, Identity::Token(token));
    let mask: Mask = {
        let environment = environment.clone();
        Arc::new(move |secret| log::mask(&environment, secret))
    };
    let reader = |scope| match &inputs.access {
        Access::Token(token) => client(token).context("`token` cannot be used"),
        Access::App(app) => Client::new(&exchange, Identity::App(app, scope, Arc::clone(&mask)))
            .context("the GitHub App cannot be used"),
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
        let read = read::read(
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
