//! One request of somebody known.

use crate::git::Person;
use crate::github::{self, Token};
use crate::http::Call;
use crate::world::World;

/// One request of somebody known.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call,
    pub(crate) token: &'a Token,
}

impl Asked<'_> {
    pub(crate) fn complain(&self, what: impl AsRef<str>) {
        self.world.complain(self.call, what);
    }

    /// The repository of that name, if the token may see it: its name as declared, and what was declared.
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

/// Who commits with this token if the request names nobody.
pub(crate) fn identity(asked: Asked<'_>) -> Person {
    if asked.token.is_bot() {
        Person::of(
            "github-actions[bot]",
            "41898282+github-actions[bot]@users.noreply.github.com",
        )
    } else {
        Person::of("monalisa", "1001+monalisa@users.noreply.github.com")
    }
}
