// Part 3: artifacts in a real blob store. Microsoft's emulator of Azure Blob Storage (npm `azurite`) takes what the
// action sends to an address that Microsoft's own library signed; the service in front of it reads and writes the
// messages of the official client (npm `@actions/artifact`), which refuses fields that it does not know.

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

// The service: what it was asked to create, and what it found in the store when that was finished.
const artifacts = [];
let permissions = "cw";
const service = http.createServer(async (request, response) => {
  const body = await new Response(request).text();
  const rpc = request.url.split("/").pop();
  const asked = messages[`${rpc}Request`].fromJsonString(body, { ignoreUnknownFields: false });
  const blob = container.getBlockBlobClient(`${asked.name}.zip`);
  let answer;
  if (rpc === "CreateArtifact") {
    const values = { containerName, blobName: blob.name, permissions: BlobSASPermissions.parse(permissions), expiresOn: new Date(Date.now() + 3600_000) };
    answer = { ok: true, signedUploadUrl: `${blob.url}?${generateBlobSASQueryParameters(values, credential)}` };
  } else {
    const stored = await blob.downloadToBuffer();
    const { committedBlocks } = await blob.getBlockList("committed");
    const { contentType } = await blob.getProperties();
    artifacts.push({ asked, stored, contentType, blocks: committedBlocks.length });
    answer = { ok: true, artifactId: String(artifacts.length) };
  }
  const json = messages[`${rpc}Response`].toJsonString(messages[`${rpc}Response`].create(answer), { useProtoFieldName: true });
  response.writeHead(200, { "content-type": "application/json" }).end(json);
});
service.listen(0, "127.0.0.1");
await once(service, "listening");

const github = await simulator("--people", "300");
const large = await simulator("--people", "6000", "--padding", "4000");
const upload = (github, inputs, options) =>
  step({ ...github.env, ACTIONS_RESULTS_URL: `http://127.0.0.1:${service.address().port}/` }, { "deliver-to": "artifact", ...inputs }, options);

/** That what lies in the store is what the action says it uploaded, and unpacks to the report. */
async function stored(github, organization, blocks) {
  const { outputs, report } = await upload(github, { organization, "artifact-name": organization });
  const { asked, stored, contentType, ...artifact } = artifacts.at(-1);
  assert.equal(asked.name, organization);
  assert.equal(Number(asked.size), stored.length);
  assert.equal(createHash("sha256").update(stored).digest("hex"), outputs["artifact-digest"]);
  assert.equal(asked.hash?.value, `sha256:${outputs["artifact-digest"]}`);
  assert.equal(contentType, "application/zip");
  assert.equal(artifact.blocks, blocks);
  const zip = path.join(scratch, "artifact.zip");
  fs.writeFileSync(zip, stored);
  const unpack = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; sys.stdout.buffer.write(z.read(sys.argv[2]))";
  const unpacked = run("python3", ["-c", unpack, zip, path.basename(outputs["report-path"])], { encoding: "buffer" });
  assert.deepEqual(unpacked, report());
  return `${stored.length} bytes`;
}

await promise("3.1", "one block reaches the real blob store", () => stored(github, "acme", 1));
await promise("3.2", "many blocks reach the real blob store, in order", () => stored(large, "acme", 3));
await promise("3.3", "a report of nobody reaches the real blob store", () => stored(github, "nobody", 1));

await promise("3.4", "an address that may not be written to is a clear refusal in the store's own words", async () => {
  permissions = "r";
  const { printed } = await upload(github, { organization: "octo" }, { expect: 1 });
  assert.match(printed, /AuthorizationPermissionMismatch/);
  assert.doesNotMatch(printed.replace(/^::add-mask::.*$/gm, ""), /sig=/);
  assert.equal(artifacts.length, 3);
});

for (const [number, which] of [["3.5", github], ["3.6", large]]) {
  await promise(number, "the simulator has nothing to object to", async () => assert.equal(await which.complaints(), ""));
}

done();
