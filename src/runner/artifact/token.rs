//! Parses the job's runtime token, which names the run and job that an artifact belongs to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::error::ArtifactError;

/// The parsed `ACTIONS_RUNTIME_TOKEN`.
///
/// It's a JSON Web Token whose claim `scp` has an entry `Actions.Results:<run>:<job>`
/// (actions/toolkit, `packages/artifact/src/internal/shared/util.ts`). Both IDs are internal to the
/// service, so they're opaque here. Only the service verifies the signature.
#[derive(Debug)]
pub(super) struct RuntimeToken {
    secret: SecretString,
    /// The value of the `Authorization` header, marked as sensitive.
    pub(super) bearer: HeaderValue,
    /// The service's ID of the run.
    pub(super) run: String,
    /// The service's ID of the job.
    pub(super) job: String,
}

impl RuntimeToken {
    pub(super) fn parse(token: &str) -> Result<Self, ArtifactError> {
        #[derive(Deserialize)]
        struct Claims {
            scp: Option<String>,
        }
        let bad = ArtifactError::BadToken;

        let token = token.trim();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| bad("it has characters that tokens can't have"))?;
        bearer.set_sensitive(true);

        let payload = token
            .split('.')
            .nth(1)
            .ok_or(bad("it isn't a JSON Web Token"))?;
        let payload = URL_SAFE_NO_PAD
            .decode(payload.trim_end_matches('='))
            .map_err(|_| bad("its payload is not base64"))?;
        let claims: Claims =
            serde_json::from_slice(&payload).map_err(|_| bad("its payload is not JSON"))?;
        let scopes = claims.scp.ok_or(bad("it has no scopes (`scp`)"))?;
        let scope = scopes
            .split(' ')
            .find(|scope| scope.split(':').next() == Some("Actions.Results"))
            .ok_or(bad("none of its scopes is `Actions.Results`"))?;
        match scope.split(':').collect::<Vec<_>>()[..] {
            [_, run, job] if !run.is_empty() && !job.is_empty() => Ok(Self {
                secret: token.into(),
                bearer,
                run: run.to_owned(),
                job: job.to_owned(),
            }),
            _ => Err(bad(
                "its scope `Actions.Results` doesn't name a run and a job",
            )),
        }
    }

    /// The token itself, so that it can be redacted.
    pub(super) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    fn token(payload: &str) -> String {
        format!(
            "eyJhbGciOiJub25lIn0.{}.c2ln",
            URL_SAFE_NO_PAD.encode(payload)
        )
    }

    #[test]
    fn the_first_results_scope_names_run_and_job() {
        let token = RuntimeToken::parse(&token(
            r#"{"scp":"Actions.GenericRead:0 Actions.Results:run-1:job-2 Actions.Results:3:4"}"#,
        ))
        .unwrap();
        assert_eq!((&*token.run, &*token.job), ("run-1", "job-2"));
    }

    #[test]
    fn padding_does_not_matter() {
        let padded =
            token(r#"{"scp":"Actions.Results:run-1:job-2"}"#).replacen(".c2ln", "==.c2ln", 1);
        assert_eq!(RuntimeToken::parse(&padded).unwrap().job, "job-2");
    }

    #[test]
    fn a_token_of_another_kind_is_refused_without_being_shown() {
        for (given, problem) in [
            ("ghs_abcdef".to_owned(), "JSON Web Token"),
            ("a.b c\n.d".to_owned(), "characters"),
            ("a.?.c".to_owned(), "base64"),
            (token("hello"), "not JSON"),
            (token("{}"), "no scopes"),
            (token(r#"{"scp":"Actions.Write"}"#), "Actions.Results"),
            (token(r#"{"scp":"Actions.Results:1"}"#), "a run and a job"),
            (
                token(r#"{"scp":"Actions.Results:1:2:3"}"#),
                "a run and a job",
            ),
            (token(r#"{"scp":"Actions.Results::"}"#), "a run and a job"),
        ] {
            let error = RuntimeToken::parse(&given).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
            assert!(!format!("{error} {error:?}").contains(&given));
        }
    }

    #[test]
    fn debug_output_of_a_token_has_no_secret() {
        let text = token(r#"{"scp":"Actions.Results:run-1:job-2"}"#);
        let printed = format!("{:?}", RuntimeToken::parse(&text).unwrap());
        assert!(
            !printed.contains("c2ln") && !printed.contains("eyJ"),
            "{printed}"
        );
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn any_token_is_read_or_refused_and_never_shown(
            given in arbitrary_text::text(), scopes in arbitrary_text::text(), ids in "[a-z0-9-]{1,9}:[a-z0-9-]{1,9}",
        ) {
            let scp = serde_json::json!({ "scp": format!("{scopes} Actions.Results:{ids}") });
            let whole = token(&scp.to_string());
            for given in [format!("secret-{given}"), format!("a.{given}.c"), token(&given), whole] {
                let message = match RuntimeToken::parse(&given) {
                    Ok(token) => {
                        prop_assert!(!token.run.is_empty() && !token.job.is_empty());
                        format!("{token:?}")
                    }
                    Err(error) => format!("{error} {error:?}"),
                };
                prop_assert!(!message.contains(given.trim()), "{}", message);
            }
        }
    }
}
