// Part 1: the action's REST requests and the simulator's responses match GitHub's OpenAPI description. The action also
// works with a server generated from the description.

import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { differences, excerpt } from "./description.mjs";
import { done, freePort, none, promise, relay, scratch, serve, simulator, step } from "./lib.mjs";

/** Runs the action through a relay that checks every exchange against the description. Returns the operations. */
async function described(github, inputs, options = {}) {
  const operations = new Set();
  const problems = [];
  const api = await relay(github.env.GITHUB_API_URL, {
    see: (exchange) => {
      if (exchange.request.url === "/graphql") return;
      const { operation, problems: found } = differences(exchange);
      operations.add(`${operation} ${exchange.response.status}`);
      problems.push(...found.map((problem) => `${exchange.request.method} ${exchange.request.url} ${exchange.response.status}: ${problem}`.replace(/\/seats\/\d+\//, "/seats/…/")));
    },
  });
  const env = { ...github.env, GITHUB_API_URL: api, GITHUB_GRAPHQL_URL: `${api}/graphql` };
  const result = await step(env, inputs, options);
  none([...new Set(problems)]);
  for (const wanted of options.with ?? []) {
    assert.ok(operations.has(wanted), `${wanted} is missing from:\n${[...operations].join("\n")}`);
  }
  return { ...result, operations: [...operations].map((kind) => kind.replace("/repos/{owner}/{repo}", "…")).join(", ") };
}

const REPO = "/repos/{owner}/{repo}";
const to = (repository) => ({ organization: "acme", "deliver-to": "repository", repository });
const github = await simulator("--people", "250");
const large = await simulator("--people", "2700", "--padding", "4000");

const cases = [
  ["1.1", "an organization's seats, page by page", github,
    { organization: "acme", "deliver-to": "none" },
    { with: ["GET /orgs/{org}/copilot/billing/seats 200", "GET /orgs/{org}/copilot/billing 200"] }],
  ["1.2", "an enterprise's seats, with enterprise teams and rows without an organization", github,
    { enterprise: "globex", "deliver-to": "none" },
    { with: ["GET /enterprises/{enterprise}/copilot/billing/seats 200"] }],
  ["1.3", "rows without a person, and odd names", github,
    { organization: "odd", "deliver-to": "none" },
    { with: ["GET /orgs/{org}/copilot/billing/seats 200"] }],
  ["1.4", "a commit to a repository", github, to("octo/audit"),
    { with: [`GET ${REPO} 200`, "GET /orgs/{org} 200"] }],
  ["1.5", "a second commit, which reads the recorded files in queries", github, { ...to("octo/audit") },
    { with: [`GET ${REPO}/rules/branches/{branch} 200`] }],
  ["1.6", "the first commit of an empty repository", github, to("octo/empty"),
    { with: [`PUT ${REPO}/contents/{path} 201`] }],
  ["1.7", "a new branch", github, { ...to("octo/audit"), branch: "reports/copilot", directory: "elsewhere" },
    { with: [`POST ${REPO}/git/refs 201`] }],
  ["1.8", "a commit of more than 27 MB, with the Git database API", large, to("octo/audit"),
    { with: [`POST ${REPO}/git/blobs 201`, `POST ${REPO}/git/trees 201`, `POST ${REPO}/git/commits 201`, `PATCH ${REPO}/git/refs/{ref} 200`] }],
  ["1.20", "a second commit of large files, which are read one by one", large, to("octo/audit"),
    { with: [`GET ${REPO}/contents/{path} 200`] }],
  ["1.9", "a protected branch", github, to("octo/protected"),
    { expect: 1, with: [`GET ${REPO}/rules/branches/{branch} 200`] }],
  ["1.10", "an organization that doesn't exist", github, { organization: "missing", "deliver-to": "none" },
    { expect: 1, with: ["GET /orgs/{org}/copilot/billing/seats 404"] }],
  ["1.11", "an invalid token", github, { organization: "acme", token: "ghp_wrong", "deliver-to": "none" },
    { expect: 1, with: ["GET /orgs/{org}/copilot/billing/seats 401"] }],
  ["1.18", "a pull request to a protected branch", github, { ...to("octo/protected"), "pull-request": "true" },
    { with: [`GET ${REPO}/pulls 200`, `POST ${REPO}/pulls 201`] }],
  ["1.19", "a second report, which updates the open pull request", github, { ...to("octo/protected"), "pull-request": "true" },
    { with: [`GET ${REPO}/pulls 200`] }],
];
for (const [number, name, github, inputs, options] of cases) {
  await promise(number, `matches the description: ${name}`, async () => (await described(github, inputs, options)).operations);
}

await promise("1.12", "exchanges that differ from the description are found", async () => {
  const seats = (change) => ({
    request: { method: "GET", url: "/orgs/acme/copilot/billing/seats?per_page=100", body: "" },
    response: { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z" }] }) },
    ...change,
  });
  const blob = (body) => ({
    request: { method: "POST", url: "/repos/octo/audit/git/blobs", body: JSON.stringify(body) },
    response: { status: 201, headers: { "content-type": "application/json" }, body: JSON.stringify({ url: "https://api.github.com/x", sha: "0" }) },
  });
  const responding = (body) => seats({ response: { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) } });
  assert.deepEqual(differences(seats()).problems, []);
  assert.deepEqual(differences(blob({ content: "x" })).problems, []);
  const different = {
    "a parameter with another name": seats({ request: { method: "GET", url: "/orgs/acme/copilot/billing/seats?perpage=100", body: "" } }),
    "a parameter of another type": seats({ request: { method: "GET", url: "/orgs/acme/copilot/billing/seats?per_page=all", body: "" } }),
    "an unknown path": seats({ request: { method: "GET", url: "/orgs/acme/copilot/seats", body: "" } }),
    "another method": seats({ request: { method: "PUT", url: "/orgs/acme/copilot/billing/seats", body: "" } }),
    "a number as a string": responding({ total_seats: "1", seats: [] }),
    "a row without a required field": responding({ total_seats: 1, seats: [{ plan_type: "business" }] }),
    "an undocumented plan": responding({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z", plan_type: "gold" }] }),
    "a person without a login": responding({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z", assignee: { id: 1 } }] }),
    "an undocumented field": responding({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z", last_seen: null }] }),
    "another status": seats({ response: { status: 204, headers: {}, body: "" } }),
    "a body without a required field": blob({ encoding: "utf-8" }),
    "a field with another name": blob({ content: "x", encodings: "utf-8" }),
  };
  for (const [name, exchange] of Object.entries(different)) assert.notDeepEqual(differences(exchange).problems, [], name);
  return `${Object.keys(different).length} differences`;
});

for (const [number, which] of [["1.13", github], ["1.14", large]]) {
  await promise(number, "the simulator found no violations", async () => assert.equal(await which.violations(), ""));
}

// The whole description refers to files that aren't in the package.
const file = path.join(scratch, "seats.json");
fs.writeFileSync(file, JSON.stringify(excerpt("/copilot/billing/seats")));
const port = await freePort();
const prism = new URL("node_modules/.bin/prism", import.meta.url).pathname;
await serve(prism, ["mock", "--errors", "--port", String(port), file], "Prism is listening");
// GitHub accepts `application/vnd.github+json` as JSON ("Media types"). The mock accepts only the listed types.
const asking = { accept: "application/json" };
const mock = await relay(`http://127.0.0.1:${port}`, { asking });
const unlinked = await relay(`http://127.0.0.1:${port}`, { asking, see: ({ response }) => void delete response.headers.link });
// A proxy that records requests to other servers.
const elsewhere = [];
const proxy = net.createServer((socket) => socket.on("error", () => {}).once("data", (data) => socket.end(void elsewhere.push(String(data).split("\r")[0])))).listen(0, "127.0.0.1");
await once(proxy, "listening");

await promise("1.15", "a mock from the description: the action reads its page and doesn't follow its link to another host", async () => {
  const proxied = { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, NO_PROXY: "127.0.0.1" };
  const env = { ...github.env, ...proxied, GITHUB_API_URL: mock, GITHUB_GRAPHQL_URL: `${mock}/graphql` };
  const { printed } = await step(env, { organization: "acme", "deliver-to": "none" }, { expect: 1 });
  assert.match(printed, /https:\/\/api\.github\.com/);
  assert.deepEqual(elsewhere, []);
});

await promise("1.16", "a mock from the description: without that link, the report has its octocat and octokitten", async () => {
  const env = { ...github.env, GITHUB_API_URL: unlinked, GITHUB_GRAPHQL_URL: `${unlinked}/graphql` };
  for (const scope of [{ organization: "acme" }, { enterprise: "octocorp" }]) {
    // Both people in the example have the ID 1, so GitHub's count would be one. The report isn't verified as complete.
    const { report, outputs } = await step(env, { ...scope, "deliver-to": "none", "require-complete": "false" });
    const rows = report().toString().trim().split("\n").slice(1).map((line) => line.split(",").slice(1).join());
    const of = (login, day) => `${login},2021-10-14T06:53:32Z,2021-10-${day}T06:53:32Z,vscode/1.77.3/copilot/1.86.82${scope.enterprise ? ",None" : ""}`;
    assert.deepEqual(rows, [of("octocat", 14), of("octokitten", 13)]);
    assert.equal(outputs.complete, "false");
  }
});

await promise("1.17", "a mock from the description accepts the action's requests and rejects others", async () => {
  const url = `http://127.0.0.1:${port}/orgs/acme/copilot/billing/seats?per_page=all`;
  assert.equal((await fetch(url)).status, 422);
});

done();
