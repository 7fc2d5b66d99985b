//! Files and Git objects over REST.

use serde_json::{Value, json};
use simulator::{GitHub, Repository, Simulator, Token};

use crate::client::{AUDIT, TOKEN, api, assert_no_violations, get, git, start};
use crate::commits::head;

fn at(path: &str) -> String {
    format!("/repos/{AUDIT}{path}")
}

fn write(simulator: &Simulator, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let reply = api(simulator, method, &at(path), Some(body)).unwrap();
    (reply.status, reply.json())
}

#[test]
fn a_put_requires_the_sha_of_the_current_file() {
    let simulator = start();
    let put = |body: &Value| write(&simulator, "PUT", "/contents/README.md", body);
    let mut body = json!({ "message": "Again", "content": "aGk=" });
    assert_eq!(put(&body).0, 422);
    body["sha"] = json!("0123456789012345678901234567890123456789");
    assert_eq!(
        put(&body),
        (
            409,
            json!({
                "message": "README.md does not match 0123456789012345678901234567890123456789",
                "documentation_url": "https://docs.github.com/rest",
                "status": "409",
            })
        )
    );
    body["sha"] = get(&simulator, &at("/contents/README.md")).json()["sha"].clone();
    assert_eq!(put(&body).0, 200);
    body["branch"] = json!("nowhere");
    assert_eq!(put(&body).0, 404);
    assert_no_violations(&simulator);
}

#[test]
fn git_data_makes_a_commit_and_moves_the_branch_forward_only() {
    let simulator = start();
    let before = head(&simulator);
    let (_, blob) = write(
        &simulator,
        "POST",
        "/git/blobs",
        &json!({ "content": "aGk=", "encoding": "base64" }),
    );
    let commit = get(&simulator, &at(&format!("/git/commits/{before}"))).json();
    let entries = json!([{ "path": "a/b", "mode": "100644", "type": "blob", "sha": blob["sha"] }]);
    let (_, tree) = write(
        &simulator,
        "POST",
        "/git/trees",
        &json!({ "base_tree": commit["tree"]["sha"], "tree": entries }),
    );
    let new = json!({ "message": "One", "tree": tree["sha"], "parents": [before] });
    let (status, first) = write(&simulator, "POST", "/git/commits", &new);
    assert_eq!(
        (status, first["verification"]["reason"].as_str()),
        (201, Some("valid"))
    );
    let beside = json!({ "message": "Two", "tree": tree["sha"], "parents": [before], "author": { "name": "m", "email": "m@example.com" } });
    let (_, second) = write(&simulator, "POST", "/git/commits", &beside);
    assert_eq!(second["verification"]["reason"], "unsigned");

    let (status, moved) = write(
        &simulator,
        "PATCH",
        "/git/refs/heads/main",
        &json!({ "sha": first["sha"], "force": false }),
    );
    assert_eq!((status, &moved["object"]["sha"]), (200, &first["sha"]));
    let (status, refused) = write(
        &simulator,
        "PATCH",
        "/git/refs/heads/main",
        &json!({ "sha": second["sha"] }),
    );
    assert_eq!(
        (status, refused["message"].as_str()),
        (422, Some("Update is not a fast forward"))
    );
    let branch = json!({ "ref": "refs/heads/new/one", "sha": first["sha"] });
    assert_eq!(write(&simulator, "POST", "/git/refs", &branch).0, 201);
    let (status, refused) = write(&simulator, "POST", "/git/refs", &branch);
    assert_eq!(
        (status, refused["message"].as_str()),
        (422, Some("Reference already exists"))
    );
    assert_eq!(
        get(&simulator, &at("/git/ref/heads/new/one")).json()["object"]["sha"],
        first["sha"]
    );
    assert_eq!(get(&simulator, &at("/git/ref/heads/missing")).status, 404);
    assert_eq!(git(&simulator, &["show", "main:a/b"]), "hi");
    git(&simulator, &["fsck", "--strict"]);
    assert_no_violations(&simulator);

    write(
        &simulator,
        "PATCH",
        "/git/refs/heads/main",
        &json!({ "sha": second["sha"], "force": true }),
    );
    assert_eq!(simulator.violations().len(), 1);
}

#[test]
fn a_token_without_read_access_gets_404_and_without_write_access_403() {
    let github = GitHub::new()
        .repository(AUDIT, Repository::private())
        .token(TOKEN, Token::new());
    let simulator = Simulator::start(github).unwrap();
    assert_eq!(get(&simulator, &at("")).status, 404);
    simulator.change(|github| {
        github.repositories.get_mut(AUDIT).unwrap().visibility = simulator::Visibility::Public;
    });
    assert_eq!(
        get(&simulator, &at("")).json()["permissions"]["push"],
        false
    );
    let (status, body) = write(
        &simulator,
        "PUT",
        "/contents/a",
        &json!({ "message": "m", "content": "" }),
    );
    assert_eq!(
        (status, body["message"].as_str()),
        (403, Some("Resource not accessible by integration"))
    );
}
