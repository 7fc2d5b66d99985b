// Part 3: artifacts in Microsoft's emulator of Azure Blob Storage (npm `azurite`), with URLs signed by Microsoft's
// library. The service in front of it uses the messages of the official client (npm `@actions/artifact`), and rejects
// unknown fields.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import fs from "node:fs";
import { BlobSASPermissions, BlobServiceClient, StorageSharedKeyCredential, generateBlobSASQueryParameters } from "@azure/storage-blob";
import { done, freePort, promise, run, scratch, serve, simulator, step } from "./lib.mjs";

const messages = await import(new URL("node_modules/@actions/artifact/lib/generated/results/api/v1/artifact.js", import.meta.url));

const port = await freePort();
const credential = new StorageSharedKeyCredential("results", randomBytes(64).toString("base64"));
await serve(
  new URL("node_modules/.bin/azurite-blob", import.meta.url).pathname,
  ["--blobPort", String(port), "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--disableProductStyleUrl"],
  "successfully listens",
  { cwd: scratch, env: { ...process.env, AZURITE_ACCOUNTS: `${credential.accountName}:${credential.accountKey.toString("base64")}` } },
);
const containerName = "actions-results";
const container = new BlobServiceClient(`http://127.0.0.1:${port}/results`, credential).getContainerClient(containerName);
await container.create();

// The artifact service. It records created artifacts, and what's in the store when they're finalized.
const artifacts = [];
let permissions = "cw";
const service = http.createServer(async (request, outgoing) => {
  const body = await new Response(request).text();
  const rpc = request.url.split("/").pop();
  const created = messages[`${rpc}Request`].fromJsonString(body, { ignoreUnknownFields: false });
  const blob = container.getBlockBlobClient(`${created.name}.zip`);
  let response;
  if (rpc === "CreateArtifact") {
    const values = { containerName, blobName: blob.name, permissions: BlobSASPermissions.parse(permissions), expiresOn: new Date(Date.now() + 3600_000) };
    response = { ok: true, signedUploadUrl: `${blob.url}?${generateBlobSASQueryParameters(values, credential)}` };
  } else {
    const stored = await blob.downloadToBuffer();
    const { committedBlocks } = await blob.getBlockList("committed");
    const { contentType } = await blob.getProperties();
    artifacts.push({ created, stored, contentType, blocks: committedBlocks.length });
    response = { ok: true, artifactId: String(artifacts.length) };
  }
  const json = messages[`${rpc}Response`].toJsonString(messages[`${rpc}Response`].create(response), { useProtoFieldName: true });
  outgoing.writeHead(200, { "content-type": "application/json" }).end(json);
});
service.listen(0, "127.0.0.1");
await once(service, "listening");

const github = await simulator("--people", "300");
const large = await simulator("--people", "6000", "--padding", "4000");
const upload = (github, inputs, options) =>
  step({ ...github.env, ACTIONS_RESULTS_URL: `http://127.0.0.1:${service.address().port}/` }, { "deliver-to": "artifact", ...inputs }, options);

/** Checks that the store has the artifact of the action's outputs, with the report in it. */
async function stored(github, organization, blocks) {
  const { outputs, report } = await upload(github, { organization, "artifact-name": organization });
  const { created, stored, contentType, ...artifact } = artifacts.at(-1);
  assert.equal(created.name, organization);
  assert.equal(Number(created.size), stored.length);
  assert.equal(createHash("sha256").update(stored).digest("hex"), outputs["artifact-digest"]);
  assert.equal(created.hash?.value, `sha256:${outputs["artifact-digest"]}`);
  assert.equal(contentType, "application/zip");
  assert.equal(artifact.blocks, blocks);
  const zip = path.join(scratch, "artifact.zip");
  fs.writeFileSync(zip, stored);
  const unpack = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; sys.stdout.buffer.write(z.read(sys.argv[2]))";
  const unpacked = run("python3", ["-c", unpack, zip, path.basename(outputs["report-path"])], { encoding: "buffer" });
  assert.deepEqual(unpacked, report());
  return `${stored.length} bytes`;
}

await promise("3.1", "the blob store gets one block", () => stored(github, "acme", 1));
await promise("3.2", "the blob store gets many blocks in order", () => stored(large, "acme", 3));
await promise("3.3", "the blob store gets a report without rows", () => stored(github, "nobody", 1));

await promise("3.4", "the blob store gets a page as it is, as HTML", async () => {
  const { outputs, workspace } = await upload(github, { organization: "acme", "artifact-name": "page", format: "csv, html" });
  const [zip, { created, stored, contentType }] = artifacts.slice(-2);
  assert.equal(zip.contentType, "application/zip");
  assert.equal(contentType, "text/html");
  assert.deepEqual(stored, fs.readFileSync(path.join(workspace, outputs["report-path"].split("\n")[1])));
  assert.equal(created.name, path.basename(outputs["report-path"].split("\n")[1]));
  assert.equal(created.hash?.value, `sha256:${createHash("sha256").update(stored).digest("hex")}`);
  assert.ok(outputs["page-url"].endsWith(`/artifacts/${artifacts.length}`), outputs["page-url"]);
  return `${stored.length} bytes`;
});

await promise("3.5", "a URL without write permission gives an error with the store's message", async () => {
  permissions = "r";
  const { printed } = await upload(github, { organization: "octo" }, { expect: 1 });
  assert.match(printed, /AuthorizationPermissionMismatch/);
  assert.doesNotMatch(printed.replace(/^::add-mask::.*$/gm, ""), /sig=/);
  assert.equal(artifacts.length, 5);
});

for (const [number, which] of [["3.6", github], ["3.7", large]]) {
  await promise(number, "the simulator found no violations", async () => assert.equal(await which.violations(), ""));
}

done();
