//! `copilot-activity-report pseudonym LOGIN-OR-ID`: prints a person's pseudonym. You need the key,
//! which can come only from the environment.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Arg, Command};

use super::shared::unusable;
use crate::github::address::ApiAddress;
use crate::github::client::{Client, Identity};
use crate::github::exchange::Exchange;
use crate::github::ids;
use crate::github::rate_limiter::{RateLimiter, WaitBudget};
use crate::report::pseudonym_key::PseudonymKey;
use crate::runner::log;
use crate::system::clock::Clock;
use crate::system::environment::{Environment, PSEUDONYM_KEY, TOKEN};
use crate::system::http::{Http, Proxies};

/// The subcommand's name.
pub(super) const COMMAND: &str = "pseudonym";

/// Returns the definition of the subcommand.
pub(super) fn command() -> Command {
    Command::new(COMMAND)
        .about("Look up a person's pseudonym")
        .long_about(
            "Looks up a person's pseudonym with the key in PSEUDONYM_KEY. For a login, the command gets the user ID from GitHub, with the token in GITHUB_TOKEN. For a user ID, it needs neither GitHub nor a token. If a login looks like a number, put an @ in front of it.",
        )
        .after_help(
            "Exit status:\n  0  The pseudonym was printed\n  1  GitHub didn't return the user ID\n  2  Invalid argument or key",
        )
        .arg(
            Arg::new("LOGIN-OR-ID")
                .required(true)
                .help("The person's login or user ID"),
        )
}

/// Prints the pseudonym of the person in `flags`. An ID needs only the key. For a login, GitHub is
/// asked for the ID.
pub(crate) fn start(
    flags: &clap::ArgMatches,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let unusable = |what: &str| Ok(unusable(environment, what));
    let Some((variable, key)) = environment.secret(PSEUDONYM_KEY) else {
        return unusable("PSEUDONYM_KEY isn't set. Set it to the key of the reports.");
    };
    let key = match PseudonymKey::new(key.trim().into()) {
        Ok(key) => key,
        Err(error) => return unusable(&format!("{variable}: {error}.")),
    };
    let person = flags.get_one::<String>("LOGIN-OR-ID");
    let person = person.context("LOGIN-OR-ID isn't set")?.trim();
    let login = person.strip_prefix('@');
    if let (Ok(id), None) = (person.parse(), login) {
        log::answer(&key.of_id(id));
        return Ok(ExitCode::SUCCESS);
    }
    let login = login.unwrap_or(person);
    if !is_login(login) {
        return unusable("LOGIN-OR-ID is neither a login nor a user ID.");
    }
    let Some((variable, token)) = environment.secret(TOKEN) else {
        return unusable(
            "GITHUB_TOKEN isn't set. The command needs a token to get the user ID of a login from GitHub. If you give the user ID, you don't need a token.",
        );
    };
    let clock = Clock::system(environment);
    let address = ApiAddress::from_environment(environment)?;
    let budget = WaitBudget {
        max: Duration::from_secs(60),
        input: None,
    };
    let rate_limiter = RateLimiter::new(clock.clone(), budget);
    let proxies = match Proxies::from_environment(environment, &address.all()) {
        Ok(proxies) => proxies,
        Err(errors) => return unusable(&errors.to_string()),
    };
    let http = Http::new(environment, proxies)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let id = runtime.block_on(async {
        let exchange = Exchange::new(http, address, clock, rate_limiter);
        let client = Client::new(&exchange, Identity::Token(&token.trim().into()));
        let client = client.with_context(|| format!("{variable} can't be used"))?;
        anyhow::Ok(ids::of_user(&client, login).await?)
    })?;
    log::answer(&key.of_id(id));
    Ok(ExitCode::SUCCESS)
}

/// Returns whether GitHub could have such a login. App logins such as `copilot[bot]` count too.
fn is_login(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_[]".contains(c);
    !text.is_empty() && text.len() <= 100 && text.chars().all(fits)
}
