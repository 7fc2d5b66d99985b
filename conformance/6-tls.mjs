// Part 6: TLS in a company's network. GitHub, the artifact service, and the blob store have certificates from a private
// CA. They're behind a proxy (CONNECT), and only the proxy can resolve their names.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { done, freePort, promise, relay, scratch, simulator, step } from "./lib.mjs";
import { certificates } from "./certificates.mjs";

const { tls, authority } = certificates("localhost", "*.octocorp.test");
const trusted = { SSL_CERT_FILE: authority };

const blobPort = await freePort();
const github = await simulator("--people", "120", "--port-blob", String(blobPort));

/** Starts the three servers with TLS under these names. Returns their environment. */
async function behindTls(names, options = {}) {
  const blob = `http://127.0.0.1:${blobPort}`;
  const others = { [blob]: await relay(blob, { host: names.blob, tls: { ...tls, ...options } }) };
  const api = await relay(github.env.GITHUB_API_URL, { host: names.api, tls: { ...tls, ...options } });
  const results = await relay(new URL(github.env.ACTIONS_RESULTS_URL).origin, { host: names.results, others, tls: { ...tls, ...options } });
  return { ...github.env, GITHUB_API_URL: api, GITHUB_GRAPHQL_URL: `${api}/graphql`, ACTIONS_RESULTS_URL: `${results}/` };
}
const here = await behindTls({ api: "localhost", results: "localhost", blob: "localhost" });
const inside = await behindTls({ api: "api.octocorp.test", results: "results.octocorp.test", blob: "blob.octocorp.test" });

/** A proxy that connects to any port on this machine, and records the requested hosts. */
async function proxy(credentials) {
  const hosts = new Set();
  const server = http.createServer((request, outgoing) => {
    hosts.add(`${request.method} ${request.url}`);
    outgoing.writeHead(403).end();
  });
  server.on("connect", (request, socket) => {
    socket.on("error", () => {});
    const expected = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (expected && request.headers["proxy-authorization"] !== expected) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const [host, port] = request.url.split(":");
    hosts.add(host);
    const onward = net.connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, with: (who) => `http://${who}@127.0.0.1:${port}`, hosts };
}
const nowhere = `http://127.0.0.1:${await freePort()}`;

const everything = { organization: "acme", "deliver-to": "artifact, repository", repository: "octo/audit" };
async function works(env) {
  const { outputs } = await step(env, everything);
  assert.equal(outputs.complete, "true");
  assert.match(outputs["artifact-digest"], /^[0-9a-f]{64}$/);
  assert.notEqual(outputs.changed, "");
}
/** Checks that the job fails with all of these texts. Returns the response line. */
async function fails(env, ...texts) {
  const { printed } = await step(env, everything, { expect: 1 });
  for (const text of [...texts, /Fix: /]) assert.match(printed, text);
  const [said] = printed.match(/Response: .*?(?=%0A)/) ?? [""];
  return said;
}

await promise("6.1", "a private CA in SSL_CERT_FILE: artifact and commit", () => works({ ...here, ...trusted }));
await promise("6.2", "the same with at most TLS 1.2, like many proxies", async () =>
  works({ ...(await behindTls({ api: "localhost", results: "localhost", blob: "localhost" }, { maxVersion: "TLSv1.2" })), ...trusted }));
await promise("6.3", "without SSL_CERT_FILE: a clear message", () => fails(here, /certificate isn't trusted/, /SSL_CERT_FILE/));
await promise("6.4", "a missing SSL_CERT_FILE: a clear message", async () => {
  const { printed } = await step({ ...here, SSL_CERT_FILE: path.join(scratch, "missing.pem") }, everything, { expect: 1 });
  assert.match(printed, /SSL_CERT_FILE/);
});
await promise("6.5", "a certificate for another name: a clear message", async () =>
  fails({ ...(await behindTls({ api: "127.0.0.1", results: "127.0.0.1", blob: "127.0.0.1" })), ...trusted }, /certificate/));

for (const [number, variable] of [["6.6", "HTTPS_PROXY"], ["6.7", "https_proxy"]]) {
  await promise(number, `a proxy in ${variable}: artifact and commit, only with CONNECT`, async () => {
    const { url, hosts } = await proxy();
    await works({ ...inside, ...trusted, [variable]: url });
    assert.deepEqual([...hosts].sort(), ["api.octocorp.test", "blob.octocorp.test", "results.octocorp.test"]);
  });
}
await promise("6.8", "without the proxy: a clear message", () => fails({ ...inside, ...trusted }, /HTTPS_PROXY/));
await promise("6.9", "an unreachable proxy: a clear message", () => fails({ ...inside, ...trusted, HTTPS_PROXY: nowhere }, /HTTPS_PROXY/));
for (const [number, variable] of [["6.10", "NO_PROXY"], ["6.11", "no_proxy"]]) {
  await promise(number, `only servers in ${variable} are reached without the proxy`, async () => {
    const proxied = { ...here, ...trusted, HTTPS_PROXY: nowhere };
    await works({ ...proxied, [variable]: "example.com,localhost" });
    await fails({ ...proxied, [variable]: "example.com" }, /HTTPS_PROXY/);
  });
}
await promise("6.12", "only the proxy gets its password", async () => {
  const { with: url } = await proxy("monalisa:open-sesame");
  const { printed } = await step({ ...inside, ...trusted, HTTPS_PROXY: url("monalisa:open-sesame") }, everything);
  assert.doesNotMatch(printed.replace(/^::add-mask::.*$/gm, ""), /open-sesame/);
});
await promise("6.13", "a wrong password for the proxy: a clear message", async () => {
  const { with: url } = await proxy("monalisa:open-sesame");
  return fails({ ...inside, ...trusted, HTTPS_PROXY: url("monalisa:close-sesame") }, /proxy/i, /authorization required/);
});
await promise("6.14", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
