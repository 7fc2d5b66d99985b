// Part 4: the official client (npm `@actions/artifact`, which `actions/download-artifact` uses) lists, downloads, and
// verifies the action's artifact. It also uploads to the simulator.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { DefaultArtifactClient } from "@actions/artifact";
import { done, promise, scratch, simulator, step } from "./lib.mjs";

const github = await simulator("--people", "250");
for (const [name, value] of Object.entries(github.env)) if (/^(ACTIONS|GITHUB)_/.test(name)) process.env[name] = value;
const client = new DefaultArtifactClient();

/** The client's result, without its log. */
async function quietly(call) {
  const write = process.stdout.write;
  process.stdout.write = () => true;
  try {
    return await call();
  } finally {
    process.stdout.write = write;
  }
}

const folder = (name) => path.join(scratch, name);
const read = (...names) => fs.readFileSync(path.join(...names));
const upload = (inputs) => step(github.env, { "deliver-to": "artifact", organization: "acme", ...inputs });
let first;

await promise("4.1", "the official client lists the action's artifact", async () => {
  first = await upload({});
  const { artifacts } = await quietly(() => client.listArtifacts());
  assert.equal(artifacts.length, 1);
  const [{ id, name, size, digest }] = artifacts;
  assert.equal(String(id), first.outputs["artifact-id"]);
  assert.equal(name, first.outputs["artifact-name"]);
  assert.equal(digest, `sha256:${first.outputs["artifact-digest"]}`);
  return `${size} bytes`;
});

await promise("4.2", "the official client downloads it with the right digest and the workspace's files", async () => {
  const { artifact } = await quietly(() => client.getArtifact("copilot-activity-report"));
  const { downloadPath, digestMismatch } = await quietly(() => client.downloadArtifact(artifact.id, { path: folder("one"), expectedHash: artifact.digest }));
  assert.equal(digestMismatch, false);
  const report = first.outputs["report-path"];
  // The results for later steps aren't in the artifact.
  const files = fs.readdirSync(path.join(first.workspace, path.dirname(report))).filter((name) => name !== "results.json").sort();
  assert.deepEqual(fs.readdirSync(downloadPath).sort(), files);
  for (const file of files) assert.deepEqual(read(downloadPath, file), read(first.workspace, path.dirname(report), file));
  return files.join(", ");
});

await promise("4.3", "the official client finds a wrong digest", async () => {
  const { artifact } = await quietly(() => client.getArtifact("copilot-activity-report"));
  const expectedHash = `sha256:${"0".repeat(64)}`;
  const { digestMismatch } = await quietly(() => client.downloadArtifact(artifact.id, { path: folder("two"), expectedHash }));
  assert.equal(digestMismatch, true);
});

await promise("4.4", "a taken name gets a number, and the official client finds both", async () => {
  const { outputs } = await upload({});
  assert.equal(outputs["artifact-name"], "copilot-activity-report-2");
  const { artifacts } = await quietly(() => client.listArtifacts());
  assert.deepEqual(artifacts.map(({ name }) => name).sort(), ["copilot-activity-report", "copilot-activity-report-2"]);
});

await promise("4.5", "the official client uploads to the simulator, downloads the same file, and its name is taken", async () => {
  fs.mkdirSync(folder("mine"));
  const large = path.join(folder("mine"), "large.bin");
  // Larger than two of its blocks.
  fs.writeFileSync(large, Buffer.from(Array.from({ length: 17 << 20 }, (_, i) => (i * 2654435761) >>> 24)));
  const uploaded = await quietly(() => client.uploadArtifact("mine", [large], folder("mine"), { compressionLevel: 0, retentionDays: 7 }));
  const { artifact } = await quietly(() => client.getArtifact("mine"));
  assert.equal(artifact.id, uploaded.id);
  assert.equal(artifact.digest, `sha256:${uploaded.digest}`);
  const { downloadPath, digestMismatch } = await quietly(() => client.downloadArtifact(artifact.id, { path: folder("back"), expectedHash: artifact.digest }));
  assert.equal(digestMismatch, false);
  assert.ok(read(downloadPath, "large.bin").equals(read(large)));
  const { outputs } = await upload({ "artifact-name": "mine" });
  assert.equal(outputs["artifact-name"], "mine-2");
  await assert.rejects(quietly(() => client.uploadArtifact("mine", [large], folder("mine"))), /already exists/);
  return `${uploaded.size} bytes`;
});

await promise("4.6", "the official client uploads a single file to the simulator, and downloads it without unpacking", async () => {
  fs.mkdirSync(folder("page"));
  const page = path.join(folder("page"), "page.html");
  fs.writeFileSync(page, "<!doctype html><title>ä</title>\n");
  const uploaded = await quietly(() => client.uploadArtifact("ignored", [page], folder("page"), { skipArchive: true }));
  const { artifact } = await quietly(() => client.getArtifact("page.html"));
  assert.equal(artifact.id, uploaded.id);
  const { downloadPath, digestMismatch } = await quietly(() => client.downloadArtifact(artifact.id, { path: folder("opened"), expectedHash: artifact.digest }));
  assert.equal(digestMismatch, false);
  assert.deepEqual(fs.readdirSync(downloadPath), ["page.html"]);
  assert.deepEqual(read(downloadPath, "page.html"), read(page));
  return `${uploaded.size} bytes`;
});

await promise("4.7", "the official client downloads the action's page without unpacking", async () => {
  const { outputs, workspace } = await upload({ format: "csv, html" });
  const page = outputs["report-path"].split("\n")[1];
  const { artifact } = await quietly(() => client.getArtifact(path.basename(page)));
  const { downloadPath, digestMismatch } = await quietly(() => client.downloadArtifact(artifact.id, { path: folder("report"), expectedHash: artifact.digest }));
  assert.equal(digestMismatch, false);
  assert.deepEqual(read(downloadPath, path.basename(page)), read(workspace, page));
  assert.ok(outputs["page-url"].endsWith(`/artifacts/${artifact.id}`));
  return path.basename(page);
});

await promise("4.8", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
