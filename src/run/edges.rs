//! A run's access to the outside world.

use std::sync::Arc;

use anyhow::Context as _;
use secrecy::SecretString;

use crate::github::client::{Client, Identity};
use crate::github::credentials::Mask;
use crate::github::exchange::Exchange;
use crate::github::installation::ListedInstallation;
use crate::github::rate_limiter::{RateLimiter, WaitBudget};
use crate::inputs::{Access, Inputs};
use crate::report::scope::Scope;
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::console::Console;
use crate::system::environment::Environment;
use crate::system::http::Http;

const TOKEN: &str = "`token` can't be used";
const APP: &str = "the GitHub App can't be used";

/// A run's access to the outside world.
pub(crate) struct Edges<'e> {
    pub(crate) environment: &'e Environment,
    pub(crate) console: &'e Console,
    pub(crate) clock: Clock,
    pub(crate) http: Http,
    exchange: Exchange,
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

    /// Creates the client that reads the report of `scope`, with the App's installation if GitHub
    /// has listed it. Sends nothing.
    pub(crate) fn reader(
        &self,
        inputs: &Inputs,
        scope: &Scope,
        listed: Option<&ListedInstallation>,
    ) -> anyhow::Result<Client> {
        match &inputs.access {
            Access::Token(token) => self.client(token).context(TOKEN),
            Access::App(app) => {
                let identity = Identity::Installation(app, scope, listed, self.mask());
                Client::new(&self.exchange, identity).context(APP)
            }
        }
    }

    /// Creates the client that lists organizations. Sends nothing.
    pub(crate) fn lister(&self, inputs: &Inputs) -> anyhow::Result<Client> {
        match &inputs.access {
            Access::Token(token) => self.client(token).context(TOKEN),
            Access::App(app) => {
                let identity = Identity::App(app, self.mask());
                Client::new(&self.exchange, identity).context(APP)
            }
        }
    }

    /// Creates the client with `commit-token`, if it's set. Sends nothing.
    pub(crate) fn writer(&self, inputs: &Inputs) -> anyhow::Result<Option<Client>> {
        let writer = inputs.commit_token.as_ref();
        let writer = writer.map(|token| self.client(token)).transpose();
        writer.context("`commit-token` can't be used")
    }

    fn client(&self, token: &SecretString) -> anyhow::Result<Client> {
        Ok(Client::new(&self.exchange, Identity::Token(token))?)
    }

    fn mask(&self) -> Mask {
        let environment = self.environment.clone();
        Arc::new(move |secret| log::mask(&environment, secret))
    }
}
