//! A run's access to the outside world.

use std::sync::Arc;

use anyhow::Context as _;

use crate::github::client::{Client, Identity};
use crate::github::credentials::Mask;
use crate::github::exchange::Exchange;
use crate::github::rate_limiter::{RateLimiter, WaitBudget};
use crate::inputs::{Access, Inputs};
use crate::report::scope::Scope;
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::console::Console;
use crate::system::environment::Environment;
use crate::system::http::Http;

/// A run's access to the outside world.
pub(crate) struct Edges<'e> {
    pub(crate) environment: &'e Environment,
    pub(crate) console: &'e Console,
    pub(crate) clock: Clock,
    pub(crate) http: Http,
    exchange: Exchange,
}

/// The API clients of a run, which share rate limits.
pub(crate) struct Clients<'i> {
    /// One client for each scope, to read its report.
    pub(crate) readers: Vec<(&'i Scope, Client)>,
    /// The client with `commit-token`, if it's set.
    pub(crate) writer: Option<Client>,
}

impl<'e> Edges<'e> {
    pub(crate) fn new(
        inputs: &Inputs,
        environment: &'e Environment,
        console: &'e Console,
    ) -> anyhow::Result<Self> {
        let clock = Clock::system(environment);
        let http = Http::new(environment, inputs.proxies.clone())?;
        let budget = WaitBudget {
            max: inputs.max_wait,
            input: Some("max-wait-minutes"),
        };
        let rate_limiter = RateLimiter::new(clock.clone(), budget);
        let address = inputs.address.clone();
        Ok(Self {
            environment,
            console,
            exchange: Exchange::new(http.clone(), address, clock.clone(), rate_limiter),
            clock,
            http,
        })
    }

    /// Creates the clients for `inputs`. Sends nothing.
    pub(crate) fn clients<'i>(&self, inputs: &'i Inputs) -> anyhow::Result<Clients<'i>> {
        let client = |token| Client::new(&self.exchange, Identity::Token(token));
        let reader = |scope| match &inputs.access {
            Access::Token(token) => client(token).context("`token` can't be used"),
            Access::App(app) => Client::new(&self.exchange, Identity::App(app, scope, self.mask()))
                .context("the GitHub App can't be used"),
        };
        let readers = inputs.scopes.iter();
        let readers = readers.map(|scope| Ok((scope, reader(scope)?)));
        let readers = readers.collect::<anyhow::Result<_>>()?;
        let writer = inputs.commit_token.as_ref().map(client).transpose();
        Ok(Clients {
            readers,
            writer: writer.context("`commit-token` can't be used")?,
        })
    }

    fn mask(&self) -> Mask {
        let environment = self.environment.clone();
        Arc::new(move |secret| log::mask(&environment, secret))
    }
}
