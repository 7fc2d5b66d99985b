//! The `Link` header, which contains the URLs of the next and the last page (RFC 8288).

use http::HeaderMap;

/// The URLs of the pages that a response links to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Links {
    /// The page after this one.
    pub next: Option<String>,
    /// The last page.
    pub last: Option<String>,
}

impl Links {
    /// Reads the `Link` headers of a response. Ignores what it can't parse.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut links = Self::default();
        for value in headers.get_all(http::header::LINK) {
            if let Ok(value) = value.to_str() {
                links.read(value);
            }
        }
        links
    }

    fn read(&mut self, mut header: &str) {
        while let Some((_, rest)) = header.split_once('<') {
            let Some((address, rest)) = rest.split_once('>') else {
                return;
            };
            let parameters = rest
                .split_once('<')
                .map_or(rest, |(parameters, _)| parameters);
            for parameter in parameters.split(';') {
                let Some((name, value)) = parameter.split_once('=') else {
                    continue;
                };
                if !name.trim().eq_ignore_ascii_case("rel") {
                    continue;
                }
                let relations = value.trim().trim_end_matches(',').trim().trim_matches('"');
                for relation in relations.split_ascii_whitespace() {
                    let slot = match relation.to_ascii_lowercase().as_str() {
                        "next" => &mut self.next,
                        "last" => &mut self.last,
                        _ => continue,
                    };
                    slot.get_or_insert_with(|| address.to_owned());
                }
            }
            header = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    fn links(header: &str) -> (Option<String>, Option<String>) {
        let mut links = Links::default();
        links.read(header);
        (links.next, links.last)
    }

    #[test]
    fn next_and_last_are_read_as_github_writes_them() {
        let header = r#"<https://api.github.com/organizations/1/copilot/billing/seats?per_page=100&page=2>; rel="next", <https://api.github.com/organizations/1/copilot/billing/seats?per_page=100&page=7>; rel="last""#;
        let (next, last) = links(header);
        assert!(next.is_some_and(|next| next.ends_with("page=2")));
        assert!(last.is_some_and(|last| last.ends_with("page=7")));
    }

    #[test]
    fn other_forms_that_the_standard_allows_are_read_too() {
        assert_eq!(
            links("</a,b;c>;title=\"x\" ;rel=next,</d>; rel=\"prev last\""),
            (Some("/a,b;c".to_owned()), Some("/d".to_owned()))
        );
    }

    #[test]
    fn anything_that_is_not_a_link_is_skipped() {
        for header in [
            "",
            "<",
            "<a",
            "a>; rel=next",
            "<a>; rel=prev",
            "<a>; rel",
            ";;;,,,",
        ] {
            assert_eq!(links(header), (None, None), "{header:?}");
        }
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn any_header_is_read_without_a_panic_and_only_for_what_it_contains(header in arbitrary_text::text()) {
            let (next, last) = links(&header);
            for address in next.iter().chain(&last) {
                let part = format!("<{address}>");
                prop_assert!(header.contains(&part));
            }
        }

        #[test]
        fn a_link_as_github_writes_it_is_found_among_any_others(
            before in "[a-z ;,=\"]{0,12}", page in 1_u32..100_000, quoted in any::<bool>(),
        ) {
            let quote = if quoted { "\"" } else { "" };
            let address = format!("https://api.github.com/organizations/1/seats?page={page}");
            let header = format!(
                "{before}</x>; rel=prev, <{address}>; rel={quote}next{quote}, <{address}0>; rel={quote}last{quote}",
            );
            prop_assert_eq!(links(&header), (Some(address.clone()), Some(format!("{address}0"))));
        }
    }
}
