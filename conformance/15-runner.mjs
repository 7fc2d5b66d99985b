// Part 15: a runner that others made (nektos/act) runs every workflow of the docs as it is, each against its own
// simulator. `act.mjs` says what it does differently from GitHub's runner.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { parse } from "yaml";
import { queue, runner, signal } from "./act.mjs";
import { done, none, promise, relay, run, scratch, simulator, step } from "./lib.mjs";

const root = new URL("..", import.meta.url).pathname;
const today = new Date().toISOString().slice(0, 10);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const lines = (text) => text.split("\n");

/** The docs' workflows, by page and heading. */
function workflows() {
  const found = {};
  for (const page of ["README.md", ...fs.readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`)].filter((name) => name.endsWith(".md"))) {
    let heading;
    for (const [, title, indent, text] of fs.readFileSync(path.join(root, page), "utf8").matchAll(/^#+ (.+)$|^( *)```yaml\n([^]*?)^ *```$/gm)) {
      if (title) heading = `${page}: ${title}`;
      if (!text) continue;
      assert.ok(!found[heading], `${heading} has two workflows`);
      found[heading] = text.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    }
  }
  return found;
}

/** The outputs of each job with the action. */
const outputs = ({ jobs }) => jobs.map(({ outputs }) => outputs).filter(({ seats }) => seats !== undefined);
/** The end of a log, for an error. */
const end = ({ log }) => log.slice(-2500);
const shows = (ran, text) => assert.ok(ran.log.includes(text), `${text} isn't in:\n${end(ran)}`);

// What a runner with GitHub's artifact service, and a repository with rulesets, don't have.
const EXPECTED_WARNINGS = /may support only version 4 of artifacts|allows force pushes, deletion, and unsigned commits/;

/** Everything ended well, and each job with the action wrote a summary. */
function green(ran) {
  assert.equal(ran.status, 0, end(ran));
  none(ran.jobs.filter(({ result, steps }) => result !== "success" || Object.values(steps).some((one) => one !== "success")).map((job) => JSON.stringify(job)));
  none(ran.annotations.filter(({ text }) => !EXPECTED_WARNINGS.test(text)).map(({ text }) => text));
  assert.ok(ran.summaries.length >= Math.max(outputs(ran).length, 1) && /^# \S+: /.test(ran.summaries[0].replace(" organizations", "")), end(ran));
  return ran;
}

/** The artifact in act's own service has the files that the outputs describe. */
function uploaded(ran) {
  for (const { "artifact-name": name, "artifact-digest": digest, "report-path": paths, "report-sha256": hashes } of outputs(ran)) {
    const file = path.join(ran.artifacts, name, `${name}.zip`);
    assert.equal(sha256(fs.readFileSync(file)), digest);
    const reports = lines(paths).map((report) => sha256(run("unzip", ["-p", file, path.basename(report)], { encoding: "buffer" })));
    assert.deepEqual(reports, lines(hashes));
  }
  return ran;
}

/** The commit has the reports. */
function committed(ran, repository = "octo/audit") {
  const git = (...args) => run("git", [`--git-dir=${ran.github.gitDir(repository)}`, ...args], { encoding: "buffer" });
  for (const { "commit-sha": commit, "commit-url": url, "report-sha256": hashes, changed } of outputs(ran)) {
    const files = lines(git("diff-tree", "-r", "--root", "--name-only", "--no-commit-id", commit).toString().trim());
    const reports = files.filter((name) => /\/reports\/\d{4}\/[\d-]+\.csv$/.test(name)).map((name) => sha256(git("show", `${commit}:${name}`)));
    none(lines(hashes).filter((hash) => !reports.includes(hash)));
    assert.ok(url.endsWith(`${repository}/commit/${commit}`), url);
    assert.equal(changed, "true");
  }
  return ran;
}

/** The job failed with this one error, which is an annotation. */
function red(ran, title, text) {
  assert.equal(ran.status, 1, end(ran));
  assert.ok(ran.jobs.every(({ result }) => result === "failure"), end(ran));
  const errors = ran.annotations.filter(({ kind }) => kind === "error");
  assert.match(errors[0].text, text);
  assert.deepEqual(errors.map(({ title }) => title), [title]);
  return ran;
}

/** What to see of each workflow. */
const EXPECTED = {
  "README.md: Quick start": (ran) => uploaded(green(ran)),
  "docs/authentication.md: Use a GitHub App": (ran) => uploaded(green(ran)),
  "docs/recipes.md: Weekly artifact": (ran) => assert.equal(lines(outputs(uploaded(green(ran)))[0]["report-path"]).length, 2),
  "docs/recipes.md: Daily commits to the workflow's repository": (ran) => committed(green(ran)),
  "docs/recipes.md: With a token": (ran) => committed(green(ran), "acme/copilot-audit"),
  "docs/recipes.md: With a GitHub App": (ran) => {
    committed(green(ran), "acme/copilot-audit");
    shows(ran, "for acme/copilot-audit: contents=write pull-requests=\n");
    shows(ran, `Seats changed, see ${outputs(ran)[0]["commit-url"]}\n`);
  },
  "docs/recipes.md: Daily pull request": (ran) => {
    committed(green(ran), "octo/protected");
    assert.match(outputs(ran)[0]["pull-request-url"], /\/octo\/protected\/pull\/\d+$/);
  },
  "docs/recipes.md: Merge the pull requests": (ran) => {
    committed(green(ran), "acme/copilot-audit");
    shows(ran, `called: gh pr merge --auto --merge ${outputs(ran)[0]["pull-request-url"]}\n`);
  },
  "docs/recipes.md: Every organization at once": (ran) => assert.equal(outputs(committed(green(ran)))[0].seats, "270"),
  "docs/recipes.md: Several organizations, each with its own token": (ran) => {
    uploaded(committed(green(ran)));
    assert.deepEqual(outputs(ran).map(({ seats }) => seats).sort(), ["250", "8"]);
  },
  "docs/recipes.md: A job for each organization": (ran) => {
    uploaded(committed(green(ran)));
    assert.deepEqual(ran.summaries.slice(1).sort(), ["acme: 250 of 250 people are idle.\n", "initech: 12 of 12 people are idle.\n"]);
  },
  "docs/recipes.md: Enterprise": (ran) => uploaded(committed(green(ran))),
  "docs/recipes.md: Fail if too many seats are idle": (ran) => uploaded(red(ran, "Too many people are idle", /^225 of 250 people \(90\.00%\).* allows 10%/)),
  "docs/recipes.md: Open an issue": (ran) => {
    const [{ "artifact-url": url }] = outputs(uploaded(green(ran)));
    shows(ran, "called: gh issue list --label copilot-seats");
    shows(ran, "called: gh issue create --title Unused\\ Copilot\\ seats --label copilot-seats --body Of\\ 250\\ people\\ with\\ a\\ seat\\,\\ 250\\ are\\ inactive");
    shows(ran, `report\\]\\(${url}\\)\n`);
  },
  "docs/recipes.md: Send a message": (ran) => {
    const [{ "commit-url": url }] = outputs(committed(green(ran)));
    assert.deepEqual(ran.messages, [{ text: `Copilot seats: 0 added, 0 removed. ${url}` }]);
  },
  "docs/recipes.md: Attest the report": (ran) => shows(ran, `attested sha256:${outputs(uploaded(green(ran)))[0]["report-sha256"]}\n`),
  "docs/recipes.md: Attest a committed report": (ran) => shows(ran, `attested sha256:${outputs(committed(green(ran)))[0]["report-sha256"]}\n`),
  "docs/recipes.md: Attest the report with its manifest": (ran) => {
    assert.equal(outputs(uploaded(green(ran))).length, 2);
    for (const { "report-sha256": hash } of outputs(ran)) shows(ran, `attested sha256:${hash} as https://github.com/octocat/copilot-activity-report/manifest/v2 of ${hash}\n`);
  },
  // The history has only today's report.
  "docs/recipes.md: Verify the history every day": (ran) => {
    shows(ran, "copilot-activity-report-x86_64-linux: OK\n");
    assert.equal(ran.status, 1, end(ran));
    assert.match(ran.annotations[0].text, /2026-11-01/);
  },
  "docs/self-hosted.md: Docker": (ran) => uploaded(green(ran)),
  "docs/self-hosted.md: Kubernetes": (ran) => {
    green(ran);
    assert.match(run("git", [`--git-dir=${ran.github.gitDir("octo/audit")}`, "show", "--stat", "main"]), /copilot-activity\/acme\/totals\.csv/);
  },
  "docs/self-hosted.md: Private certificate authorities": (ran) => uploaded(green(ran)),
};

const key = fs.readFileSync(path.join(root, "tests/it/support/testing-key.pem"), "utf8").replaceAll("TESTING", "PRIVATE");
const messages = {};
const chat = http.createServer(async (request, response) => {
  // One step asks for a token.
  if (request.method === "GET") return response.end(token);
  const parts = [];
  for await (const part of request) parts.push(part);
  (messages[request.url] ??= []).push(JSON.parse(Buffer.concat(parts)));
  response.end();
});
await once(chat.listen(0, "127.0.0.1"), "listening");

const documented = workflows();
const AUDITOR = (await simulator()).env.SIMULATOR_AUDITOR;
const uses = Object.values(documented).flatMap((text) => Object.values(parse(text).jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? [])));
const act = await runner({ actions: [...new Set(uses)], token: AUDITOR });
const inTurn = queue();
const seen = [];

/** Runs a workflow against a GitHub that no other run uses, as soon as there's room. */
const ran = (text, changes) => inTurn(parse(text).name, () => runNow(text, changes));

async function runNow(text, { github, api, prepare, repository, ...changed } = {}) {
  github ??= await simulator("--people", "250");
  const { GITHUB_TOKEN, GITHUB_SERVER_URL, GITHUB_API_URL, SIMULATOR_READER, SIMULATOR_APP } = github.env;
  const mailbox = `/${randomUUID()}`;
  const secrets = {
    GITHUB_TOKEN,
    COPILOT_REPORT_TOKEN: SIMULATOR_READER,
    COPILOT_ENTERPRISE_TOKEN: SIMULATOR_READER,
    COPILOT_REPORT_APP_PRIVATE_KEY: key,
    AUDIT_APP_PRIVATE_KEY: key,
    AUDIT_TOKEN: AUDITOR,
    CHAT_WEBHOOK: `http://127.0.0.1:${chat.address().port}${mailbox}`,
    ...changed,
  };
  api ??= GITHUB_API_URL;
  const left = await act(text, {
    repository,
    folder: await prepare?.(github),
    env: { GITHUB_SERVER_URL, GITHUB_API_URL: api, GITHUB_GRAPHQL_URL: `${api}/graphql` },
    secrets,
    vars: { AUDIT_APP_CLIENT_ID: "Iv23liAudit", COPILOT_REPORT_APP_CLIENT_ID: SIMULATOR_APP, KUBERNETES_RUNNERS: "kubernetes" },
  });
  seen.push({ ...left, github, messages: messages[mailbox] ?? [] });
  return seen.at(-1);
}

/** A clone of a repository with one report. */
async function withHistory(github) {
  await step(github.env, { organization: "acme", "deliver-to": "repository" });
  const clone = fs.mkdtempSync(path.join(scratch, "clone-"));
  run("git", ["clone", "--quiet", "--origin", "source", github.gitDir("octo/audit"), clone]);
  return clone;
}

await promise("15.1", "this part knows what to expect of each workflow in the docs", () => {
  assert.deepEqual(Object.keys(EXPECTED).sort(), Object.keys(documented).sort());
  return `${Object.keys(documented).length} workflows`;
});

let promises = 1;

/** Starts a run, and returns the promise about it. */
function promised(name, started, check) {
  // It's awaited later.
  started.catch(() => {});
  return () =>
    promise(`15.${++promises}`, name, async () => {
      const left = await started;
      await check(left);
      assert.equal(await left.github.violations(), "");
    });
}

const special = { "docs/recipes.md: Daily pull request": { repository: "octo/protected" }, "docs/recipes.md: Verify the history every day": { prepare: withHistory } };
const checks = Object.entries(documented).map(([heading, text]) => promised(`a runner runs the workflow in ${heading}`, ran(text, special[heading]), EXPECTED[heading] ?? assert.fail));
const recipe = (title) => documented[`docs/recipes.md: ${title}`];

const fromToday = ran(recipe("Verify the history every day").replace("2026-11-01", today), { prepare: withHistory });
checks.push(promised("with today as the first day, the same workflow finds nothing wrong with the history", fromToday, (left) => assert.equal(left.status, 0, end(left))));

checks.push(
  promised("if the token is wrong, the job fails with an annotation, and the next step says so", ran(recipe("Send a message"), { COPILOT_REPORT_TOKEN: "ghp_wrong" }), (left) => {
    red(left, "No Copilot activity report of acme", /401/);
    assert.deepEqual(left.messages, [{ text: `The Copilot activity report failed: ${left.github.env.GITHUB_SERVER_URL}/octo/audit/actions/runs/1` }]);
  }),
);

/** Runs a workflow with a relay before GitHub's API. */
async function relayed(text, see) {
  const github = await simulator("--people", "250");
  return ran(text, { github, api: await relay(github.env.GITHUB_API_URL, { see }) });
}

let token;
const printsToken = `${documented["docs/authentication.md: Use a GitHub App"]}      - env:
          CHAT: \${{ secrets.CHAT_WEBHOOK }}
        run: echo "It's $(curl --silent "$CHAT")."
`;
const masked = relayed(printsToken, ({ request, response }) => {
  if (request.url.endsWith("/access_tokens")) ({ token } = JSON.parse(response.body));
});
checks.push(
  promised("a token that the action got for a GitHub App is masked in the log of a later step", masked, (left) => {
    assert.ok(token.length > 10);
    shows(green(left), "It's ***.\n");
  }),
);

const canceled = relayed(recipe("A job for each organization"), ({ request }) => {
  // GitHub's runner sends this signal. act doesn't.
  if (request.body.includes("createCommitOnBranch")) signal("INT", "Copilot audit");
});
checks.push(
  promised("a job that is canceled during the commit still delivers the finished reports, and fails", canceled, (left) => {
    assert.deepEqual([left.status, left.jobs[0].result], [1, "failure"]);
    assert.match(left.annotations[0].text, /^The run was interrupted \(SIGINT\)\. The finished reports are delivered/);
    shows(uploaded(committed(left)), "The run was interrupted (SIGINT) while committing 3 reports.\n  Done: acme: written to");
    shows(left, "Done: uploaded as the artifact copilot-activity-report\n");
  }),
);

for (const check of checks) await check();

await promise(`15.${++promises}`, "no log, summary, or output has a secret, and each job with the action masks its tokens", () => {
  for (const ran of seen) {
    const { log, summaries, jobs, masks, github } = ran;
    const secrets = [github.env.GITHUB_TOKEN, github.env.SIMULATOR_READER, AUDITOR, ...lines(key).slice(1, -1), ...masks];
    none(secrets.filter((secret) => [log, ...summaries, JSON.stringify(jobs)].some((text) => text.includes(secret))));
    // act masks its own secrets, but this list has only what the steps ask for.
    if (outputs(ran).length > 0) assert.ok(masks.includes(github.env.GITHUB_TOKEN) || masks.includes(AUDITOR), end(ran));
  }
  return `${seen.length} logs, ${seen.reduce((sum, { masks }) => sum + masks.length, 0)} masks`;
});

done();
