// Part 10: the release steps that need a registry for the image, and GitHub's API for the tags.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { parse } from "yaml";
import { done, finished, freePort, given, none, promise, run, scratch, serve, simulator } from "./lib.mjs";

process.env.STORAGE_DRIVER = "vfs";
const root = new URL("..", import.meta.url).pathname;
const NAME = "octocat/copilot-activity-report";

/** Runs a step. Resolves to its output. With `fails`, the step must fail. */
async function release(name, args, { env = {}, fails = false, from = root } = {}) {
  const { status, printed } = await finished(path.join(from, "release", name), args, { env: { ...process.env, ...env } });
  assert.equal(status !== 0, fails, printed);
  return printed.trim();
}

// Debian's registry on this machine, without authentication.
const port = await freePort();
const registry = `127.0.0.1:${port}`;
const settings = { version: "0.1", log: { level: "info" }, storage: { filesystem: { rootdirectory: path.join(scratch, "registry") } }, http: { addr: registry } };
fs.writeFileSync(path.join(scratch, "registry.yml"), JSON.stringify(settings));
// Each tool has its own setting for a registry without TLS.
process.env.HOME = scratch;
fs.mkdirSync(path.join(scratch, ".config/containers"), { recursive: true });
fs.writeFileSync(path.join(scratch, ".config/containers/registries.conf"), `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`);
await serve("sh", ["-c", 'exec docker-registry serve "$0" 2>&1', path.join(scratch, "registry.yml")], "listening on");

/** An image for one architecture in the format of `docker save`. */
function archive(architecture, content = architecture) {
  const file = path.join(scratch, `image-${architecture}-${content}.tar`);
  const container = run("buildah", ["from", "--arch", architecture, "scratch"]).trim();
  fs.writeFileSync(path.join(scratch, "content"), content);
  run("buildah", ["copy", "--quiet", container, path.join(scratch, "content"), "/content"]);
  run("buildah", ["config", "--arch", architecture, "--label", `org.opencontainers.image.version=1.2.3`, container]);
  const image = run("buildah", ["commit", "--quiet", "--rm", container]).trim();
  run("buildah", ["push", "--quiet", image, `docker-archive:${file}`]);
  run("buildah", ["rmi", image]);
  return file;
}

/** The registry's manifest for a tag or digest. */
async function stored(reference, kind = "manifests") {
  const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
  const response = await fetch(`http://${registry}/v2/${NAME}/${kind}/${reference}`, { headers: kind === "manifests" ? { accept } : {} });
  if (response.status === 404) return null;
  const body = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, body.toString());
  return { digest: `sha256:${createHash("sha256").update(body).digest("hex")}`, json: JSON.parse(body) };
}

const image = `${registry}/${NAME}`;
const amd64 = archive("amd64");
let digest;

await promise("10.1", "images for two architectures are pushed as one, which has a digest", async () => {
  digest = await release("push", [`${image}:candidate-1`, amd64, archive("arm64")]);
  const index = await stored("candidate-1");
  assert.equal(index.digest, digest);
  assert.equal(index.json.mediaType, "application/vnd.oci.image.index.v1+json");
  assert.deepEqual(index.json.manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`).sort(), ["linux/amd64", "linux/arm64"]);
  for (const { digest, platform } of index.json.manifests) {
    const manifest = await stored(digest);
    const config = await stored(manifest.json.config.digest, "blobs");
    assert.equal(config.json.architecture, platform.architecture);
    assert.equal(config.json.config.Labels["org.opencontainers.image.version"], "1.2.3");
  }
  const left = run("buildah", ["images", "--format", "{{.Name}}"]);
  assert.ok(!left.includes("localhost/release-"), left);
});

await promise("10.2", "two images for the same architecture are rejected before the push", async () => {
  const error = await release("push", [`${image}:candidate-2`, amd64, archive("amd64", "other")], { fails: true });
  assert.match(error, /different architectures: linux\/amd64/);
  assert.equal(await stored("candidate-2"), null);
});

await promise("10.3", "a failed push prints no digest", async () => {
  const nowhere = `127.0.0.1:${await freePort()}/${NAME}:candidate-4`;
  assert.doesNotMatch(await release("push", [nowhere, amd64], { fails: true }), /^sha256:/m);
});

await promise("10.4", "other tags have exactly the same image, and can move", async () => {
  for (const tag of ["1.2.3", "1"]) await release("name", [image, digest, tag]);
  const other = await release("push", [`${image}:candidate-3`, archive("amd64", "newer"), archive("arm64", "newer")]);
  await release("name", [image, other, "1"]);
  assert.equal((await stored("1.2.3")).digest, digest);
  assert.equal((await stored("1")).digest, other);
  assert.notEqual(digest, other);
});

// GitHub's API. The simulator has no tags, so the tag is the branch `tags/…`. The steps list tags with `git ls-remote`,
// where it is a tag.
const github = await simulator();
const repository = github.env.GITHUB_REPOSITORY;
const git = (...args) => run("git", ["-C", github.gitDir(repository), ...args]).trim();
const requests = [];
const tags = http.createServer(async (request, outgoing) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const sent = Buffer.concat(parts).toString();
  requests.push(`${request.method} ${request.url} ${sent}`);
  const response = await fetch(github.env.GITHUB_API_URL + request.url.replace(/(\/refs?)\/tags\//, "$1/heads/tags/"), {
    method: request.method,
    headers: Object.fromEntries(["authorization", "accept", "user-agent", "x-github-api-version", "content-type"].filter((name) => request.headers[name]).map((name) => [name, request.headers[name]])),
    body: sent ? sent.replace('"refs/tags/', '"refs/heads/tags/') : undefined,
  });
  const body = await response.text();
  if (response.ok && request.method !== "GET" && /\/refs\b/.test(request.url)) {
    const { ref, object } = JSON.parse(body);
    git("update-ref", ref.replace("refs/heads/tags/", "refs/tags/"), object.sha);
  }
  outgoing.writeHead(response.status, { "content-type": "application/json" }).end(body);
});
await once(tags.listen(0, "127.0.0.1"), "listening");
const env = { GITHUB_API_URL: `http://127.0.0.1:${tags.address().port}`, GITHUB_REPOSITORY: repository, GH_TOKEN: github.env.GITHUB_TOKEN };

// A checkout of the repository with the project's release steps.
const checkout = path.join(scratch, "checkout");
fs.cpSync(path.join(root, "release"), path.join(checkout, "release"), { recursive: true });
fs.copyFileSync(path.join(root, "action.yml"), path.join(checkout, "action.yml"));
run("git", ["init", "--quiet", checkout]);
run("git", ["-C", checkout, "remote", "add", "origin", github.gitDir(repository)]);

const main = git("rev-parse", "main");
const digestOf = (byte) => `ghcr.io/${NAME}@sha256:${byte.repeat(32)}`;
const released = digestOf("0a");
const tag = (...args) => release("tag", args, { env, from: checkout });
const rejected = (...args) => release("tag", args, { env, from: checkout, fails: true });
const at = (name) => git("rev-parse", `refs/tags/${name}`);
const parents = (commit) => git("rev-parse", `${commit}^@`).split("\n");
/** Whether the first commit is the second or one of its ancestors. */
const reaches = (ancestor, commit) => git("merge-base", ancestor, commit) === ancestor;
let commit;

await promise("10.5", "a version's tag is on its own signed commit, which changes only the image", async () => {
  commit = await tag("version", "1.2.3", main, released);
  assert.equal(at("v1.2.3"), commit);
  assert.deepEqual(parents(commit), [main]);
  assert.equal(git("rev-parse", "main"), main);
  assert.equal(git("diff", "--name-only", main, commit), "action.yml");
  assert.equal(git("show", `${commit}:action.yml`), run(path.join(root, "release/action"), [released]).trim());
  // The simulator signs commits by GitHub. For an unsigned commit, the step prints more than the commit.
  assert.match(git("cat-file", "commit", commit), /^committer GitHub <noreply@github.com>/m);
});

await promise("10.6", "a repeated run finds its tag, and never moves a tag on another commit", async () => {
  assert.equal(await tag("version", "1.2.3", main, released), commit);
  assert.match(await rejected("version", "1.2.3", main, digestOf("0b")), /v1\.2\.3 exists and is on another commit/);
  assert.match(await rejected("version", "1.2.3", commit, released), /v1\.2\.3 exists and is on another commit/);
  assert.equal(at("v1.2.3"), commit);
});

await promise("10.7", "an error includes GitHub's message, and no tag is created", async () => {
  assert.match(await rejected("version", "1.2.4", "0".repeat(40), released), /git\/commits\/0+: GitHub returned 404: Not Found/);
  assert.match(await release("tag", ["version", "1.2.4", main, released], { env: { ...env, GH_TOKEN: "ghs_unknown" }, from: checkout, fails: true }), /GitHub returned 401: Bad credentials/);
  assert.match(await rejected("version", "1.2.4", main, "ghcr.io/octocat/x:latest"), /by its digest/);
  assert.match(await rejected("major", "2.0.0-rc.1", commit), /is a prerelease/);
  for (const args of [[], ["version"], ["version", "1.2.4", "main", released], ["branch", "1.2.4", main, released]]) assert.match(await rejected(...args), /see the usage/);
  assert.ok(!git("for-each-ref", "--format=%(refname)").includes("v1.2.4"));
});

/** A new commit on the default branch. */
function merged(subject) {
  const created = git("-c", "user.name=octocat", "-c", "user.email=octocat@example.com", "commit-tree", "main^{tree}", "-p", "main", "-m", subject);
  git("update-ref", "refs/heads/main", created);
  return created;
}
let images = 0x20;
/** Tags a version on the default branch. */
const version = (name) => tag("version", name, merged(`Prepare ${name}`), digestOf((images++).toString(16)));
/** Checks that a major tag moves to a commit, only by a fast-forward if it exists. */
async function moved(major, name, commit) {
  const before = git("for-each-ref", "--format=%(objectname)", `refs/tags/${major}`);
  await tag("major", name, commit);
  assert.equal(at(major), commit);
  if (before) assert.ok(reaches(before, commit), `${major} moved from ${before}, which ${commit} doesn't reach`);
}

await promise("10.8", "a major tag only moves forward, and reaches every release with its major version", async () => {
  await moved("v1", "1.2.3", commit);
  const line = [commit];
  for (const name of ["1.2.4", "1.3.0-rc.1", "1.3.0", "1.10.0"]) {
    const created = await version(name);
    // The last release is the second parent, so that the history of the first parent is the default branch's.
    assert.deepEqual(parents(created), [git("rev-parse", "main"), line.at(-1)], name);
    assert.equal(git("diff", "--name-only", "main", created), "action.yml");
    if (name.includes("-")) continue;
    await moved("v1", name, created);
    line.push(created);
    for (const earlier of line) assert.ok(reaches(earlier, at("v1")), `v1 on ${name} doesn't reach ${earlier}`);
  }
  assert.equal(at("v1.2.3"), commit);
  const moves = requests.filter((line) => line.startsWith("PATCH"));
  assert.equal(moves.length, 3);
  none(moves.filter((move) => !move.startsWith(`PATCH /repos/${repository}/git/refs/tags/v1 `) || JSON.parse(move.slice(move.indexOf("{"))).force !== false));
});

await promise("10.9", "a new major version starts without earlier releases", async () => {
  const first = await version("2.0.0");
  assert.deepEqual(parents(first), [git("rev-parse", "main")]);
  const before = at("v1");
  await moved("v2", "2.0.0", first);
  const second = await version("2.0.1");
  assert.deepEqual(parents(second), [git("rev-parse", "main"), first]);
  await moved("v2", "2.0.1", second);
  assert.equal(at("v1"), before);
});

await promise("10.10", "a release that failed before it moved the major tag is still included", async () => {
  const before = at("v1");
  const source = merged("Prepare 1.10.1");
  const unfinished = await tag("version", "1.10.1", source, digestOf("71"));
  const next = await version("1.10.2");
  assert.deepEqual(parents(next), [git("rev-parse", "main"), unfinished, before]);
  await moved("v1", "1.10.2", next);
  assert.ok(reaches(unfinished, at("v1")));
  // A run that finishes later finds its commit, and moves nothing back.
  assert.equal(await tag("version", "1.10.1", source, digestOf("71")), unfinished);
  assert.match(await rejected("major", "1.10.1", unfinished), /v1\.10\.2 is newer, and the tag v1 would go back/);
  await moved("v1", "1.10.2", next);
});

await promise("10.11", "a patch for an older release doesn't move the major tag, and the next release still reaches it", async () => {
  const newest = at("v1");
  const patch = await version("1.3.1");
  assert.deepEqual(parents(patch), [git("rev-parse", "main"), at("v1.3.0")]);
  assert.match(await rejected("major", "1.3.1", patch), /v1\.10\.2 is newer, and the tag v1 would go back/);
  assert.equal(at("v1"), newest);
  const next = await version("1.11.0");
  assert.deepEqual(parents(next), [git("rev-parse", "main"), newest]);
  await moved("v1", "1.11.0", next);
});

await promise("10.12", "a fork whose major tag is on its own release continues from there", async () => {
  // This happens after you fetch a newer tag from the original repository. It doesn't contain this fork's release.
  const own = at("v1");
  const foreign = git("-c", "user.name=hubot", "-c", "user.email=hubot@example.com", "commit-tree", "main^{tree}", "-p", at("v1.2.3"), "-m", "Version 1.12.0");
  for (const name of ["refs/heads/tags/v1.12.0", "refs/tags/v1.12.0"]) git("update-ref", name, foreign);
  const next = await version("1.12.1");
  assert.deepEqual(parents(next), [git("rev-parse", "main"), foreign, own]);
  await moved("v1", "1.12.1", next);
});

await promise("10.13", "a major tag that someone moved manually isn't moved back, and the next release includes it", async () => {
  const created = await version("1.13.0");
  const foreign = git("-c", "user.name=hubot", "-c", "user.email=hubot@example.com", "commit-tree", "main^{tree}", "-p", at("v1"), "-m", "By hand");
  for (const name of ["refs/heads/tags/v1", "refs/tags/v1"]) git("update-ref", name, foreign);
  assert.match(await rejected("major", "1.13.0", created), /GitHub returned 422: Update is not a fast forward[^]*Release another version/);
  assert.equal(at("v1"), foreign);
  await moved("v1", "1.13.1", await version("1.13.1"));
});

await promise("10.14", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

// A release with the names that the workflow's own steps give its files. The tools that build and upload are replaced.
const workflow = (name) => parse(fs.readFileSync(path.join(root, ".github/workflows", name), "utf8"));
const machines = workflow("build.yml").jobs.build.strategy.matrix.include.map(({ machine }) => machine);
const { run: draft } = workflow("release.yml").jobs.publish.steps.find(({ name }) => name === "Draft the release");
const assets = path.join(scratch, "assets");
const dist = path.join(checkout, "dist");
const fakes = {
  uname: 'echo "$MACHINE"',
  docker: `case $1 in
create) echo container ;;
cp) printf '#!/bin/sh\necho "for %s"\n' "$MACHINE" >"$4" ;;
run) echo "copilot-activity-report 1.2.3" ;;
save) touch "$3" ;;
esac`,
  gh: `case "$1 $2" in
"release view") if [ -d "$ASSETS" ]; then echo v1.2.3; else echo "release not found"; exit 1; fi ;;
"release create") mkdir "$ASSETS" && for file; do if [ -f "$file" ]; then cp "$file" "$ASSETS"; fi; done ;;
"release download")
    to=. found=
    while [ $# -gt 0 ]; do
        if [ "$1" = --dir ]; then to=$2; fi
        if [ "$1" = --pattern ]; then for file in "$ASSETS"/$2; do if [ -f "$file" ]; then cp "$file" "$to"; found=1; fi; done; fi
        shift
    done
    [ "$found" ] ;;
*) exit 9 ;;
esac`,
};
const tools = path.join(scratch, "tools");
fs.mkdirSync(tools);
for (const [name, script] of Object.entries(fakes)) fs.writeFileSync(path.join(tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
const faked = { ...process.env, PATH: `${tools}:${process.env.PATH}`, ASSETS: assets, GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: NAME, GITHUB_REF: "refs/heads/main" };
/** An SBOM with these crates, as cargo-cyclonedx writes it. */
const sbom = (...crates) => JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.5", components: crates.map(([name, version, purl = `pkg:cargo/${name}@${version}`]) => ({ type: "library", name, version, purl })) });
/** Makes a release with an SBOM, or without one. */
async function publish(list) {
  for (const folder of [assets, dist]) fs.rmSync(folder, { recursive: true, force: true });
  for (const machine of machines) await release("image", ["1.2.3", dist], { env: { ...faked, MACHINE: machine } });
  if (list) fs.writeFileSync(path.join(dist, "copilot-activity-report.cdx.json"), list);
  fs.writeFileSync(path.join(checkout, "CHANGELOG.md"), "## [1.2.3] - 2026-11-23\n\n- Something.\n");
  const { status, printed } = await finished("bash", ["-e", "-c", draft], { cwd: checkout, env: { ...faked, VERSION: "1.2.3", IMAGE: `ghcr.io/${NAME}`, DIGEST: `sha256:${"0a".repeat(32)}`, ATTESTED: "true" } });
  assert.equal(status, 0, printed);
}

const install = fs.readFileSync(path.join(root, "docs/install.md"), "utf8");
const [, recipe] = install.match(/```sh\n(gh release download [^]*?)```/);
const installed = path.join(scratch, ".local/bin/copilot-activity-report");
/** Follows the documentation on a machine, in an empty folder. */
function follow(machine) {
  fs.rmSync(installed, { force: true });
  return finished("bash", ["-c", recipe], { cwd: fs.mkdtempSync(path.join(scratch, "download-")), env: { ...faked, MACHINE: machine } });
}

await promise("10.15", "the documented command installs the binary of a release for each machine", async () => {
  fs.rmSync(assets, { recursive: true, force: true });
  await publish(sbom(["zip", "9.8.2"]));
  assert.deepEqual(fs.readdirSync(assets).sort(), ["SHA256SUMS", ...machines.map((machine) => `copilot-activity-report-${machine}-linux`), "copilot-activity-report.cdx.json"].sort());
  for (const machine of machines) {
    const { status, printed } = await follow(machine);
    assert.equal(status, 0, printed);
    assert.equal(run(installed, []).trim(), `for ${machine}`);
  }
  return machines.join(", ");
});

await promise("10.16", "the documented command installs nothing that isn't as released", async () => {
  const [machine] = machines;
  const file = path.join(assets, `copilot-activity-report-${machine}-linux`);
  const sums = path.join(assets, "SHA256SUMS");
  for (const [name, change] of [[file, (text) => `${text}\n`], [sums, (text) => text.replaceAll(/^.*-linux\n/gm, "")], [sums, () => ""]]) {
    const before = fs.readFileSync(name, "utf8");
    fs.writeFileSync(name, change(before));
    const { status } = await follow(machine);
    fs.writeFileSync(name, before);
    assert.ok(status !== 0 && !fs.existsSync(installed), name);
  }
  assert.notEqual((await follow("riscv64")).status, 0);
});

await promise("10.17", "cargo binstall downloads the binaries of a release, and nothing else", () => {
  const toml = "import json, tomllib; print(json.dumps(tomllib.load(open('Cargo.toml', 'rb'))))";
  const { name, repository, metadata } = JSON.parse(run(given("PYTHON"), ["-c", toml], { cwd: root })).package;
  const { "pkg-fmt": format, "pkg-url": others, "disabled-strategies": disabled, overrides } = metadata.binstall;
  assert.equal(format, "bin");
  assert.equal(others, undefined);
  assert.deepEqual(disabled, ["quick-install", "compile"]);
  const values = { repo: repository, version: "1.2.3", name };
  const urls = Object.entries(overrides).map(([target, { "pkg-url": url }]) => [target, url.replaceAll(/\{ (\w+) \}/g, (_, key) => values[key])]);
  const expected = machines.map((machine) => [`${machine}-unknown-linux-musl`, `https://github.com/${NAME}/releases/download/v1.2.3/copilot-activity-report-${machine}-linux`]);
  assert.deepEqual(urls, expected);
  for (const [, url] of urls) assert.ok(fs.existsSync(path.join(assets, path.basename(url))), url);
  assert.ok(install.includes(`cargo binstall --git ${repository} ${name}\n`));
});

// The advisory database has one entry.
const advisories = path.join(scratch, "advisories");
fs.mkdirSync(path.join(advisories, "crates/zip"), { recursive: true });
fs.writeFileSync(path.join(advisories, "crates/zip/RUSTSEC-2026-0001.md"), '```toml\n[advisory]\nid = "RUSTSEC-2026-0001"\npackage = "zip"\ndate = "2026-11-01"\n\n[versions]\npatched = [">= 9.8.3"]\n```\n\n# Something\n\nBad.\n');
const audit = (fails = false) => release("audit", ["--no-fetch", "--db", advisories], { env: faked, fails });

await promise("10.18", "the audit of the latest release finds a vulnerable crate in it", async () => {
  await publish(sbom(["serde", "1.0.229"], ["zip", "9.8.2"]));
  assert.match(await audit(true), /RUSTSEC-2026-0001/);
  await publish(sbom(["serde", "1.0.229"], ["zip", "9.8.3"]));
  assert.match(await audit(), /^v1\.2\.3 has 2 crates\./);
});

await promise("10.19", "the audit fails if it can't read what is built in, and says if there is no release", async () => {
  await publish();
  assert.match(await audit(true), /v1\.2\.3 has no copilot-activity-report\.cdx\.json/);
  for (const [list, problem] of [[sbom(), "it lists nothing"], ["{}", "it lists nothing"], ["<xml>", "can't read"], [sbom(["zip", "9.8.3"], ["zlib", "1.3", "pkg:generic/zlib@1.3"]), "zlib is not from crates.io"], [sbom(["own", "1.0.0", "pkg:cargo/own@1.0.0?download_url=file:///src"]), "own is not from crates.io"]]) {
    await publish(list);
    assert.ok((await audit(true)).includes(problem), problem);
  }
  await publish(sbom(["zip", "9.8.3"]));
  fs.writeFileSync(path.join(assets, "copilot-activity-report.cdx.json"), sbom(["serde", "1.0.229"]));
  assert.match(await audit(true), /isn't as released/);
  fs.rmSync(assets, { recursive: true });
  assert.equal(await audit(), "There is no release yet.");
});

done();
