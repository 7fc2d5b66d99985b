//! An authenticated request.

use crate::git::Person;
use crate::github::{self, Token};
use crate::http::Call;
use crate::world::World;

/// An authenticated request.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call,
    pub(crate) token: &'a Token,
}

impl Context<'_> {
    pub(crate) fn report_violation(&self, what: impl AsRef<str>) {
        self.world.report_violation(self.call, what);
    }

    /// The name and settings of a repository, if the token can see it.
    pub(crate) fn repository(&self, full_name: &str) -> Option<(String, github::Repository)> {
        let found = self.world.github(|github| {
            github::named(&github.repositories, full_name)
                .map(|(name, repository)| (name.to_owned(), repository.clone()))
        });
        found.filter(|(name, repository)| {
            repository.visibility == github::Visibility::Public || self.token.may_read(name)
        })
    }
}

/// The author of a commit with this token, if the request doesn't name one.
pub(crate) fn identity(context: Context<'_>) -> Person {
    if context.token.is_bot() {
        Person::of(
            "github-actions[bot]",
            "41898282+github-actions[bot]@users.noreply.github.com",
        )
    } else {
        Person::of("monalisa", "1001+monalisa@users.noreply.github.com")
    }
}
