// Part 10: the steps of a release that need others: a registry for the image, GitHub's API for the tags.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { done, finished, freePort, promise, run, scratch, serve, simulator } from "./lib.mjs";

process.env.STORAGE_DRIVER = "vfs";
const root = new URL("..", import.meta.url).pathname;
const NAME = "octocat/copilot-activity-report";

/** Starts one of the steps. Resolves to what it prints; where it is to fail, to that too. */
async function release(name, args, { env = {}, fails = false } = {}) {
  const { status, printed } = await finished(path.join(root, "release", name), args, { env: { ...process.env, ...env } });
  assert.equal(status !== 0, fails, printed);
  return printed.trim();
}

// Debian's registry, without any name or password, on this machine only.
const port = await freePort();
const registry = `127.0.0.1:${port}`;
const settings = { version: "0.1", log: { level: "info" }, storage: { filesystem: { rootdirectory: path.join(scratch, "registry") } }, http: { addr: registry } };
fs.writeFileSync(path.join(scratch, "registry.yml"), JSON.stringify(settings));
// Told where each of the tools looks for it: that this registry has no TLS.
process.env.HOME = scratch;
fs.mkdirSync(path.join(scratch, ".config/containers"), { recursive: true });
fs.writeFileSync(path.join(scratch, ".config/containers/registries.conf"), `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`);
await serve("sh", ["-c", 'exec docker-registry serve "$0" 2>&1', path.join(scratch, "registry.yml")], "listening on");

/** An image of an architecture as `docker save` leaves it. */
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

/** What the registry has under a tag or digest. */
async function stored(reference, kind = "manifests") {
  const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
  const answer = await fetch(`http://${registry}/v2/${NAME}/${kind}/${reference}`, { headers: kind === "manifests" ? { accept } : {} });
  if (answer.status === 404) return null;
  const body = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.status, 200, body.toString());
  return { digest: `sha256:${createHash("sha256").update(body).digest("hex")}`, json: JSON.parse(body) };
}

const image = `${registry}/${NAME}`;
const amd64 = archive("amd64");
let digest;

await promise("10.1", "images of two architectures become one, which is pushed under one name and known by its digest", async () => {
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

await promise("10.2", "two images of one architecture are no image of two, and nothing is pushed", async () => {
  const said = await release("push", [`${image}:candidate-2`, amd64, archive("amd64", "other")], { fails: true });
  assert.match(said, /architecture of its own: linux\/amd64/);
  assert.equal(await stored("candidate-2"), null);
});

await promise("10.3", "what did not reach the registry has no digest", async () => {
  const nowhere = `127.0.0.1:${await freePort()}/${NAME}:candidate-4`;
  assert.doesNotMatch(await release("push", [nowhere, amd64], { fails: true }), /^sha256:/m);
});

await promise("10.4", "further names are of the same image, byte for byte, and move", async () => {
  for (const tag of ["1.2.3", "1"]) await release("name", [image, digest, tag]);
  const other = await release("push", [`${image}:candidate-3`, archive("amd64", "newer"), archive("arm64", "newer")]);
  await release("name", [image, other, "1"]);
  assert.equal((await stored("1.2.3")).digest, digest);
  assert.equal((await stored("1")).digest, other);
  assert.notEqual(digest, other);
});

// GitHub's API: the simulator knows branches and no tags, so that here a tag is the branch `tags/…`.
const github = await simulator();
const asked = [];
const tags = http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  asked.push(`${request.method} ${request.url}`);
  const answer = await fetch(github.env.GITHUB_API_URL + request.url.replace(/(\/refs?)\/tags\//, "$1/heads/tags/"), {
    method: request.method,
    headers: Object.fromEntries(["authorization", "accept", "user-agent", "x-github-api-version", "content-type"].filter((name) => request.headers[name]).map((name) => [name, request.headers[name]])),
    body: parts.length ? Buffer.concat(parts).toString().replace('"refs/tags/', '"refs/heads/tags/') : undefined,
  });
  response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
});
await once(tags.listen(0, "127.0.0.1"), "listening");
const repository = github.env.GITHUB_REPOSITORY;
const env = { GITHUB_API_URL: `http://127.0.0.1:${tags.address().port}`, GITHUB_REPOSITORY: repository, GH_TOKEN: github.env.GITHUB_TOKEN };
const git = (...args) => run("git", ["-C", github.gitDir(repository), ...args]).trim();
const main = git("rev-parse", "main");
const released = `ghcr.io/${NAME}@sha256:${"0a".repeat(32)}`;
const tag = (...args) => release("tag", args, { env });
const refused = (...args) => release("tag", args, { env, fails: true });
let commit;

await promise("10.5", "a version's tag is on a commit of its own, signed, with nothing but the image changed", async () => {
  commit = await tag("version", "1.2.3", main, released);
  assert.equal(git("rev-parse", "tags/v1.2.3"), commit);
  assert.equal(git("rev-parse", `${commit}^`), main);
  assert.equal(git("rev-parse", "main"), main);
  assert.equal(git("diff", "--name-only", main, commit), "action.yml");
  assert.equal(git("show", `${commit}:action.yml`), run(path.join(root, "release/action"), [released]).trim());
  // The simulator's way to sign; what is not signed would have been said besides the commit.
  assert.match(git("cat-file", "commit", commit), /^committer GitHub <noreply@github.com>/m);
});

await promise("10.6", "started again it finds the tag; a tag that is on something else is refused and stays", async () => {
  assert.equal(await tag("version", "1.2.3", main, released), commit);
  assert.match(await refused("version", "1.2.3", main, released.replace("0a", "0b")), /v1\.2\.3 exists and is on another commit/);
  assert.equal(git("rev-parse", "tags/v1.2.3"), commit);
});

await promise("10.7", "what cannot be done is said in GitHub's words, and no tag is made", async () => {
  assert.match(await refused("version", "1.2.4", "0".repeat(40), released), /git\/commits\/0+: GitHub answered 404: Not Found/);
  assert.match(await release("tag", ["version", "1.2.4", main, released], { env: { ...env, GH_TOKEN: "ghs_unknown" }, fails: true }), /GitHub answered 401: Bad credentials/);
  assert.match(await refused("version", "1.2.4", main, "ghcr.io/octocat/x:latest"), /by its digest/);
  assert.match(await refused("major", "2.0.0-rc.1", commit), /comes before its release/);
  for (const args of [[], ["version"], ["version", "1.2.4", "main", released], ["branch", "1.2.4", main, released]]) assert.match(await refused(...args), /how it is used/);
  assert.ok(!git("for-each-ref", "--format=%(refname)").includes("v1.2.4"));
});

await promise("10.8", "the major tag is made with the first release, and moved by force with the next", async () => {
  await tag("major", "1.2.3", commit);
  assert.equal(git("rev-parse", "tags/v1"), commit);
  const next = await tag("version", "1.3.0", main, released.replace("0a", "0c"));
  await tag("major", "1.3.0", next);
  assert.equal(git("rev-parse", "tags/v1"), next);
  assert.equal(git("rev-parse", "tags/v1.2.3"), commit);
  assert.deepEqual(asked.filter((line) => line.startsWith("PATCH")), [`PATCH /repos/${repository}/git/refs/tags/v1`]);
});

await promise("10.9", "the simulator has nothing to object to but that, which a branch must never be", async () => {
  const complaints = (await github.complaints()).trim().split("\n");
  assert.deepEqual(complaints.filter((line) => !/moved by force/.test(line)), []);
  assert.equal(complaints.length, 1);
});

done();
