//! Inputs for authentication, and the proxies.

use secrecy::SecretString;

use super::Access;
use super::raw::RawInputs;
use crate::github::address::ApiAddress;
use crate::github::app::{App, ClientId, PrivateKey};
use crate::system::environment::{APP_PRIVATE_KEY, COMMIT_TOKEN, TOKEN};
use crate::system::http::{Proxies, ProxyError, ProxyErrors};

impl RawInputs<'_> {
    pub(super) fn access(&mut self) -> Option<Access> {
        self.by_hand("app-private-key", APP_PRIVATE_KEY);
        let by_app = self.get("app-client-id").is_some();
        if by_app && self.get("token").is_some() {
            self.refuse(
                "app-client-id",
                "it is given together with `token`; a run reads with one of them",
            );
        }
        if by_app || (self.get("app-private-key").is_some() && self.get("token").is_none()) {
            return self.app().map(Access::App);
        }
        if self.get("app-private-key").is_some() {
            self.refuse(
                "app-private-key",
                "it is given without `app-client-id`, and `token` reads the report",
            );
        }
        self.token().map(Access::Token)
    }

    /// The proxies for requests to the API at `address`, and for whatever else is asked.
    pub(super) fn proxies(&mut self, address: Option<&ApiAddress>) -> Option<Proxies> {
        let api = address.map(ApiAddress::all);
        match Proxies::from_environment(self.environment, api.as_ref().map_or(&[], |api| api)) {
            Ok(proxies) => Some(proxies),
            Err(ProxyErrors(errors)) => {
                for ProxyError { variable, problem } in errors {
                    self.refuse(variable, problem);
                }
                None
            }
        }
    }

    fn app(&mut self) -> Option<App> {
        let client_id = match self.get("app-client-id").map(ClientId::parse) {
            Some(id) => self.parse("app-client-id", id),
            None => {
                self.refuse(
                    "app-client-id",
                    "it is missing, and `app-private-key` is given; it stands on the App's settings page",
                );
                None
            }
        };
        let key = match self.get("app-private-key").map(PrivateKey::parse) {
            Some(key) => self.parse("app-private-key", key),
            None => {
                let problem = if self.is_by_hand() {
                    "it is missing, and `app-client-id` is given; set APP_PRIVATE_KEY to the text of the App's `.pem` file"
                } else {
                    "it is missing, and `app-client-id` is given; keep the text of the App's `.pem` file in a secret. Where it is given: a secret that does not exist, or that this workflow may not read (a pull request from a fork), is empty"
                };
                self.refuse("app-private-key", problem);
                None
            }
        };
        Some(App::new(client_id?, key?))
    }

    fn token(&mut self) -> Option<SecretString> {
        self.by_hand("token", TOKEN);
        if self.get("token").is_none() {
            let problem = if self.is_by_hand() {
                "it is missing; set GITHUB_TOKEN to a token of an owner of the organization or enterprise"
            } else {
                "it is missing; give a token of an owner of the organization or enterprise, kept in a secret, or a GitHub App in `app-client-id`. Where it is given: a secret that does not exist, or that this workflow may not read (a pull request from a fork), is empty"
            };
            self.refuse("token", problem);
            return None;
        }
        self.secret("token")
    }

    pub(super) fn commit_token(&mut self) -> Option<SecretString> {
        self.by_hand("commit-token", COMMIT_TOKEN);
        self.secret("commit-token")
    }

    fn secret(&mut self, input: &'static str) -> Option<SecretString> {
        let value = self.get(input)?;
        if value.chars().all(|c| c.is_ascii_graphic()) {
            Some(SecretString::from(value))
        } else {
            self.refuse(
                input,
                "it has a space, a line break or another character that no token has; look at how the secret was saved",
            );
            None
        }
    }
}
