//! Requests that an App makes with an assertion signed by its key: its installations, and their
//! tokens.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::errors::{self, error};
use crate::apps::{App, Installation, Target};
use crate::github::Token;
use crate::http::{Call, Response};
use crate::page::Page;
use crate::seat::account;
use crate::seats::id_of;
use crate::world::{SERVER_URL, World};

/// The ID of every App in the simulator.
const APP_ID: u32 = 4242;

const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// Handles a request that only an App can make. Returns `None` for any other request.
pub(super) fn handle(world: &World, call: &Call) -> Option<Response> {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let response = match (call.method.as_str(), &segments[..]) {
        ("GET", ["orgs", name, "installation"]) => as_app(world, call, |app| {
            describe(world, app, Target::Organization, name)
        }),
        ("GET", ["enterprises", name, "installation"]) => as_app(world, call, |app| {
            describe(world, app, Target::Enterprise, name)
        }),
        ("GET", ["app", "installations"]) => as_app(world, call, |app| list(world, call, app)),
        ("POST", ["app", "installations", id, "access_tokens"]) => {
            as_app(world, call, |app| token(world, call, app, id))
        }
        _ => return None,
    };
    Some(response)
}

fn as_app(world: &World, call: &Call, response: impl FnOnce(&App) -> Response) -> Response {
    let assertion = call.token().unwrap_or_default();
    world.keep_assertion(assertion);
    match verified(world, assertion) {
        Ok(app) => response(&app),
        Err((status, message)) => error(status, message, DOCUMENTATION),
    }
}

type Refused = (u16, &'static str);

/// The App that signed an assertion. The messages are those that users of GitHub report.
fn verified(world: &World, assertion: &str) -> Result<App, Refused> {
    const UNREADABLE: Refused = (401, "A JSON web token could not be decoded");
    let (signed, signature) = assertion.rsplit_once('.').ok_or(UNREADABLE)?;
    let (header, claims) = signed.split_once('.').ok_or(UNREADABLE)?;
    let part = |text: &str| -> Option<Value> {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    };
    let header = part(header).ok_or(UNREADABLE)?;
    let claims = part(claims).ok_or(UNREADABLE)?;
    if header["alg"] != "RS256" {
        return Err(UNREADABLE);
    }
    let id = claims["iss"].as_str().ok_or(UNREADABLE)?;
    let app = world.github(|github| github.apps.get(id).cloned());
    let app = app.ok_or((404, "Integration not found"))?;
    let signature = BASE64_URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| UNREADABLE)?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| UNREADABLE)?;
    let now = world.now().as_second();
    let issued = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    if claims["iat"].as_i64().is_none_or(|iat| iat > now) {
        return Err((401, issued));
    }
    match claims["exp"].as_i64() {
        Some(exp) if exp > now + 600 => Err((
            401,
            "'Expiration time' claim ('exp') is too far in the future",
        )),
        Some(exp) if exp > now => Ok(app),
        _ => Err((
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        )),
    }
}

fn number_of(installation: &Installation) -> u32 {
    let Installation { target, name, .. } = installation;
    id_of(&format!("{target:?} {}", name.to_ascii_lowercase()))
}

fn describe(world: &World, app: &App, target: Target, name: &str) -> Response {
    let found = app.installations.iter().find(|installation| {
        installation.target == target && installation.name.eq_ignore_ascii_case(name)
    });
    let Some(installation) = found else {
        return errors::not_found(
            "https://docs.github.com/rest/apps/apps#get-an-organization-installation-for-the-authenticated-app",
        );
    };
    Response::json(200, &description(world, installation))
}

/// "List installations for the authenticated app".
fn list(world: &World, call: &Call, app: &App) -> Response {
    if call.query("per_page").as_deref() != Some("100") {
        world.report_violation(call, "per_page isn't 100, GitHub's maximum");
    }
    let installations = app.installations.iter();
    let list: Vec<Value> = installations.map(|one| description(world, one)).collect();
    let url = format!("{}/app/installations", world.api_url);
    Page::of(call).of_list(&url, &list)
}

fn description(world: &World, installation: &Installation) -> Value {
    let Installation { target, name, .. } = installation;
    let id = number_of(installation);
    let owner = world.github(|github| github.number_of(name));
    let (kind, page) = match target {
        Target::Organization => ("Organization", format!("organizations/{name}/")),
        Target::Enterprise => ("Enterprise", format!("enterprises/{name}/")),
        Target::User => ("User", String::new()),
    };
    let monalisa = account("monalisa", 1001, "User");
    let (at, by) = match installation.suspended {
        true => ("2026-11-01T08:00:00Z".into(), monalisa),
        false => (Value::Null, Value::Null),
    };
    let account = match target {
        Target::Organization | Target::User => account(name, owner.into(), kind),
        Target::Enterprise => json!({
            "id": owner, "node_id": format!("E_{owner}"), "slug": name, "name": name,
            "html_url": format!("{SERVER_URL}/enterprises/{name}"), "description": null, "website_url": null,
            "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z",
            "avatar_url": format!("{SERVER_URL}/avatars/{name}"),
        }),
    };
    json!({
        "id": id, "account": account,
        "repository_selection": "selected",
        "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", world.api_url),
        "repositories_url": format!("{}/installation/repositories", world.api_url),
        "html_url": format!("{SERVER_URL}/{page}settings/installations/{id}"),
        "app_id": APP_ID, "app_slug": "copilot-reports", "target_id": owner, "target_type": kind,
        "permissions": installation.permissions, "events": [],
        "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z",
        "single_file_name": null, "suspended_at": at, "suspended_by": by,
    })
}

/// An installation token in GitHub's format since April 2026: the App's ID and a JSON Web Token,
/// about 520 characters in all. The contents of the JSON Web Token aren't documented.
fn secret(seed: &str, ends: jiff::Timestamp) -> String {
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(&json!({ "alg": "RS256", "kid": "7f3c2f0e5f0b4a53", "typ": "JWT" }));
    let claims = part(&json!({ "exp": ends.as_second(), "iss": "github.localhost", "jti": seed }));
    let signature: Vec<u8> = (0..8)
        .flat_map(|n| Sha256::digest(format!("{seed} {n}")))
        .collect();
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
    format!("ghs_{APP_ID}_{header}.{claims}.{signature}")
}

fn token(world: &World, call: &Call, app: &App, id: &str) -> Response {
    let found = app
        .installations
        .iter()
        .find(|installation| number_of(installation).to_string() == id);
    let Some(installation) = found else {
        return errors::not_found(
            "https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app",
        );
    };
    if installation.suspended {
        return error(403, "This installation has been suspended", DOCUMENTATION);
    }
    let body = call.json().unwrap_or_default();
    let requested = body["permissions"].as_object();
    if requested.is_some() && installation.target == Target::Enterprise {
        return errors::unprocessable("Permissions cannot be set for enterprise installations.");
    }
    let mut permissions = installation.permissions.clone();
    if let Some(requested) = requested {
        let is_granted = |(name, level): (&String, &Value)| {
            let most = installation.permissions.get(name);
            most.is_some_and(|most| level == most || level == "read")
        };
        if !requested.iter().all(is_granted) {
            return errors::unprocessable(
                "The permissions requested are not granted to this installation.",
            );
        }
        permissions.retain(|name, _| requested.contains_key(name));
    }
    let number = world.next_response();
    let ends = world.now() + app.tokens_last;
    let secret = secret(&format!("{id} {number}"), ends);
    let mut created = Token::new();
    if permissions.contains_key("organization_copilot_seat_management") {
        created = created.copilot([&installation.name]);
    }
    if installation.reads_enterprise_seats {
        created = created.enterprise([&installation.name]);
    }
    if permissions.contains_key("metadata") {
        created = created.read(&installation.repositories);
    }
    created.ends = Some(ends);
    created.serves = app.tokens_serve;
    world.github(|github| github.tokens.insert(secret.clone(), created));
    let ends = ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Response::json(
        201,
        &json!({
            "token": secret, "expires_at": ends, "permissions": permissions,
            "repository_selection": "selected",
        }),
    )
}
