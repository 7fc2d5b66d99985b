// Part 1: every REST request of the action, and every answer of the simulator, is as GitHub's own description of its
// API says; and the action stands up to a server that was made from that description alone.

import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { breaches, excerpt } from "./description.mjs";
import { done, freePort, none, promise, relay, scratch, serve, simulator, step } from "./lib.mjs";

/** Runs the action through a relay that holds every exchange against the description, and tells what was exchanged. */
async function described(github, inputs, options = {}) {
  const seen = new Set();
  const problems = [];
  const api = await relay(github.env.GITHUB_API_URL, {
    see: (exchange) => {
      if (exchange.request.url === "/graphql") return;
      const { operation, problems: found } = breaches(exchange);
      seen.add(`${operation} ${exchange.answer.status}`);
      problems.push(...found.map((problem) => `${exchange.request.method} ${exchange.request.url} ${exchange.answer.status}: ${problem}`.replace(/\/seats\/\d+\//, "/seats/…/")));
    },
  });
  const env = { ...github.env, GITHUB_API_URL: api, GITHUB_GRAPHQL_URL: `${api}/graphql` };
  const result = await step(env, inputs, options);
  none([...new Set(problems)]);
  for (const wanted of options.with ?? []) {
    assert.ok(seen.has(wanted), `${wanted} was not exchanged, only:\n${[...seen].join("\n")}`);
  }
  return { ...result, said: [...seen].map((kind) => kind.replace("/repos/{owner}/{repo}", "…")).join(", ") };
}

const REPO = "/repos/{owner}/{repo}";
const to = (repository) => ({ organization: "acme", "deliver-to": "repository", repository });
const github = await simulator("--people", "250");
const large = await simulator("--people", "2700", "--padding", "4000");

const cases = [
  ["1.1", "an organization's seats, page by page", github,
    { organization: "acme", "deliver-to": "none" },
    { with: ["GET /orgs/{org}/copilot/billing/seats 200"] }],
  ["1.2", "an enterprise's seats, teams of the enterprise and rows without an organization included", github,
    { enterprise: "globex", "deliver-to": "none" },
    { with: ["GET /enterprises/{enterprise}/copilot/billing/seats 200"] }],
  ["1.3", "rows without a person, and odd names", github,
    { organization: "odd", "deliver-to": "none" },
    { with: ["GET /orgs/{org}/copilot/billing/seats 200"] }],
  ["1.4", "a commit to a repository", github, to("octo/audit"),
    { with: [`GET ${REPO} 200`, "GET /orgs/{org} 200"] }],
  ["1.5", "a second commit, which reads what is recorded", github, { ...to("octo/audit") },
    { with: [`GET ${REPO}/contents/{path} 200`] }],
  ["1.6", "the first commit of an empty repository", github, to("octo/empty"),
    { with: [`PUT ${REPO}/contents/{path} 201`] }],
  ["1.7", "a branch that does not exist", github, { ...to("octo/audit"), branch: "reports/copilot", directory: "elsewhere" },
    { with: [`POST ${REPO}/git/refs 201`] }],
  ["1.8", "a commit above 20 MB, by Git Data", large, to("octo/audit"),
    { with: [`POST ${REPO}/git/blobs 201`, `POST ${REPO}/git/trees 201`, `POST ${REPO}/git/commits 201`, `PATCH ${REPO}/git/refs/{ref} 200`] }],
  ["1.9", "a branch that is protected", github, to("octo/protected"),
    { expect: 1, with: [`GET ${REPO}/rules/branches/{branch} 200`] }],
  ["1.10", "an organization that is not there", github, { organization: "missing", "deliver-to": "none" },
    { expect: 1, with: ["GET /orgs/{org}/copilot/billing/seats 404"] }],
  ["1.11", "a token that is not valid", github, { organization: "acme", token: "ghp_wrong", "deliver-to": "none" },
    { expect: 1, with: ["GET /orgs/{org}/copilot/billing/seats 401"] }],
  ["1.18", "a pull request into a branch that is protected", github, { ...to("octo/protected"), "pull-request": "true" },
    { with: [`GET ${REPO}/pulls 200`, `POST ${REPO}/pulls 201`] }],
  ["1.19", "a second report, which finds that pull request open", github, { ...to("octo/protected"), "pull-request": "true" },
    { with: [`GET ${REPO}/pulls 200`] }],
];
for (const [number, name, github, inputs, options] of cases) {
  await promise(number, `as GitHub describes it: ${name}`, async () => (await described(github, inputs, options)).said);
}

await promise("1.12", "what is not as described is noticed", async () => {
  const seats = (change) => ({
    request: { method: "GET", url: "/orgs/acme/copilot/billing/seats?per_page=100", body: "" },
    answer: { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z" }] }) },
    ...change,
  });
  const blob = (body) => ({
    request: { method: "POST", url: "/repos/octo/audit/git/blobs", body: JSON.stringify(body) },
    answer: { status: 201, headers: { "content-type": "application/json" }, body: JSON.stringify({ url: "https://api.github.com/x", sha: "0" }) },
  });
  const answered = (body) => seats({ answer: { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) } });
  assert.deepEqual(breaches(seats()).problems, []);
  assert.deepEqual(breaches(blob({ content: "x" })).problems, []);
  const wrong = {
    "a parameter of another name": seats({ request: { method: "GET", url: "/orgs/acme/copilot/billing/seats?perpage=100", body: "" } }),
    "a parameter of another kind": seats({ request: { method: "GET", url: "/orgs/acme/copilot/billing/seats?per_page=all", body: "" } }),
    "a path that is not there": seats({ request: { method: "GET", url: "/orgs/acme/copilot/seats", body: "" } }),
    "another method": seats({ request: { method: "PUT", url: "/orgs/acme/copilot/billing/seats", body: "" } }),
    "a number as text": answered({ total_seats: "1", seats: [] }),
    "a row without what is required": answered({ total_seats: 1, seats: [{ plan_type: "business" }] }),
    "a plan that is not described": answered({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z", plan_type: "gold" }] }),
    "a person without a login": answered({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z", assignee: { id: 1 } }] }),
    "a field that is not described": answered({ total_seats: 1, seats: [{ created_at: "2026-01-05T09:00:00Z", last_seen: null }] }),
    "another status": seats({ answer: { status: 204, headers: {}, body: "" } }),
    "a body without what is required": blob({ encoding: "utf-8" }),
    "a field of another name": blob({ content: "x", encodings: "utf-8" }),
  };
  for (const [name, exchange] of Object.entries(wrong)) assert.notDeepEqual(breaches(exchange).problems, [], name);
  return `${Object.keys(wrong).length} breaches`;
});

for (const [number, which] of [["1.13", github], ["1.14", large]]) {
  await promise(number, "the simulator has nothing to object to", async () => assert.equal(await which.complaints(), ""));
}

// An excerpt, because the whole names files that are not in the package.
const file = path.join(scratch, "seats.json");
fs.writeFileSync(file, JSON.stringify(excerpt("/copilot/billing/seats")));
const port = await freePort();
const prism = new URL("node_modules/.bin/prism", import.meta.url).pathname;
await serve(prism, ["mock", "--errors", "--port", String(port), file], "Prism is listening");
// GitHub takes `application/vnd.github+json` for JSON ("Media types"); the mock knows only what stands in the list.
const asking = { accept: "application/json" };
const mock = await relay(`http://127.0.0.1:${port}`, { asking });
const unlinked = await relay(`http://127.0.0.1:${port}`, { asking, see: ({ answer }) => void delete answer.headers.link });
// Whatever is asked of another server comes by here.
const elsewhere = [];
const proxy = net.createServer((socket) => socket.on("error", () => {}).once("data", (data) => socket.end(void elsewhere.push(String(data).split("\r")[0])))).listen(0, "127.0.0.1");
await once(proxy, "listening");

await promise("1.15", "a mock made of the description alone: its page is read, its Link to another host is not followed", async () => {
  const proxied = { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, NO_PROXY: "127.0.0.1" };
  const env = { ...github.env, ...proxied, GITHUB_API_URL: mock, GITHUB_GRAPHQL_URL: `${mock}/graphql` };
  const { printed } = await step(env, { organization: "acme", "deliver-to": "none" }, { expect: 1 });
  assert.match(printed, /https:\/\/api\.github\.com/);
  assert.deepEqual(elsewhere, []);
});

await promise("1.16", "a mock made of the description alone: without that Link its octocat and octokitten are the report", async () => {
  const env = { ...github.env, GITHUB_API_URL: unlinked, GITHUB_GRAPHQL_URL: `${unlinked}/graphql` };
  for (const scope of [{ organization: "acme" }, { enterprise: "octocorp" }]) {
    // Both have the number 1 in the example, so there is one person where GitHub counts two: not verified as complete.
    const { report, outputs } = await step(env, { ...scope, "deliver-to": "none", "require-complete": "false" });
    const rows = report().toString().trim().split("\n").slice(1).map((line) => line.split(",").slice(1).join());
    const of = (login, day) => `${login},2021-10-14T06:53:32Z,2021-10-${day}T06:53:32Z,vscode/1.77.3/copilot/1.86.82${scope.enterprise ? ",None" : ""}`;
    assert.deepEqual(rows, [of("octocat", 14), of("octokitten", 13)]);
    assert.equal(outputs.complete, "false");
  }
});

await promise("1.17", "a mock made of the description alone takes the action's requests and refuses others", async () => {
  const url = `http://127.0.0.1:${port}/orgs/acme/copilot/billing/seats?per_page=all`;
  assert.equal((await fetch(url)).status, 422);
});

done();
