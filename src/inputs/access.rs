//! Inputs for authentication, and the proxies.

use secrecy::SecretString;

use super::raw::RawInputs;
use super::{Access, Selection};
use crate::github::address::ApiAddress;
use crate::github::app::{App, ClientId, PrivateKey};
use crate::github::credentials::is_of_installation;
use crate::system::environment::{APP_PRIVATE_KEY, COMMIT_TOKEN, TOKEN};
use crate::system::http::{Proxies, ProxyError, ProxyErrors};

impl RawInputs<'_> {
    pub(super) fn access(&mut self) -> Option<Access> {
        self.fill_from_shell("app-private-key", APP_PRIVATE_KEY);
        let by_app = self.get("app-client-id").is_some();
        if by_app && self.get("token").is_some() {
            self.refuse(
                "app-client-id",
                "can't be used together with `token`. Set only one of them.",
            );
        }
        if by_app || (self.get("app-private-key").is_some() && self.get("token").is_none()) {
            return self.app().map(Access::App);
        }
        if self.get("app-private-key").is_some() {
            self.refuse(
                "app-private-key",
                "needs `app-client-id`. To read the report with `token` instead, remove this key.",
            );
        }
        self.token().map(Access::Token)
    }

    /// Returns the proxies for requests to the API at `address`, and for all other requests.
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
                    "isn't set, but `app-private-key` is. Copy the client ID from the App's settings page.",
                );
                None
            }
        };
        let key = match self.get("app-private-key").map(PrivateKey::parse) {
            Some(key) => self.parse("app-private-key", key),
            None => {
                let problem = if self.in_actions() {
                    "isn't set, but `app-client-id` is. Store the text of the App's `.pem` file in a secret. If you did set it, check that the secret exists and that this workflow can read it. Workflows for pull requests from forks can't."
                } else {
                    "isn't set, but `app-client-id` is. Set APP_PRIVATE_KEY to the text of the App's `.pem` file."
                };
                self.refuse("app-private-key", problem);
                None
            }
        };
        Some(App::new(client_id?, key?))
    }

    fn token(&mut self) -> Option<SecretString> {
        self.fill_from_shell("token", TOKEN);
        if self.get("token").is_none() {
            let problem = if self.in_actions() {
                "isn't set. Store a token of an owner of the organization or enterprise in a secret, or use a GitHub App with `app-client-id`. If you did set it, check that the secret exists and that this workflow can read it. Workflows for pull requests from forks can't."
            } else {
                "isn't set. Set GITHUB_TOKEN to a token of an owner of the organization or enterprise."
            };
            self.refuse("token", problem);
            return None;
        }
        self.secret("token")
    }

    /// Refuses a pattern if the token can't list organizations. An installation token belongs to no
    /// one who could be a member of some ("List organizations for the authenticated user").
    pub(super) fn refuse_token_without_list(
        &mut self,
        selection: Option<&Selection>,
        access: Option<&Access>,
    ) {
        if let (Some(Selection::Matching(_)), Some(Access::Token(token))) = (selection, access)
            && is_of_installation(token)
        {
            self.refuse(
                "token",
                "is the token of a GitHub App's installation, such as the workflow's GITHUB_TOKEN. It can't list organizations, which a pattern in `organization` needs. Use `app-client-id` and `app-private-key` instead, or name each organization.",
            );
        }
    }

    pub(super) fn commit_token(&mut self) -> Option<SecretString> {
        self.fill_from_shell("commit-token", COMMIT_TOKEN);
        self.secret("commit-token")
    }

    fn secret(&mut self, input: &'static str) -> Option<SecretString> {
        let value = self.get(input)?;
        if value.chars().all(|c| c.is_ascii_graphic()) {
            Some(SecretString::from(value))
        } else {
            self.refuse(
                input,
                "contains a space, a line break, or another character that no token has. Check how you saved the secret.",
            );
            None
        }
    }
}
