// Part 11: reports and manifests match the schemas in docs/, and the schemas reject invalid data.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { done, given, none, promise, relay, run, scratch, simulator, step } from "./lib.mjs";

const docs = new URL("../docs/", import.meta.url).pathname;
const NAMES = ["combined.schema.json", "manifest.schema.json", "report.schema.json", "results.schema.json", "verify.schema.json"];
const files = NAMES.map((name) => path.join(docs, name));
// The schemas declare a type in one place and restrict it in another.
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
addFormats(ajv);
for (const [index, name] of NAMES.entries()) ajv.addSchema(JSON.parse(fs.readFileSync(files[index], "utf8")), name);

/** The validation errors of a value. */
function errors(schema, value) {
  const validate = ajv.getSchema(schema);
  return validate(value) ? [] : validate.errors.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}
const HEADER = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used";
const copy = (value) => structuredClone(value);

const github = await simulator("--people", "250");
const all = { format: "json, csv", columns: "all", "deliver-to": "none" };
const SCOPES = [{ organization: "acme" }, { enterprise: "globex" }, { organization: "odd" }, { organization: "nobody" }];

/** The reports and the manifests in the workspace of a run. */
async function written(inputs, env = github.env) {
  const { workspace } = await step(env, { ...all, ...inputs });
  const folder = path.join(workspace, "copilot-activity-report");
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "results.json");
  const read = (names) => names.map((name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
  return { reports: read(names.filter((name) => !name.endsWith(".manifest.json"))), manifests: read(names.filter((name) => name.endsWith(".manifest.json"))) };
}

const reports = [];
const manifests = [];
for (const scope of SCOPES) {
  for (const columns of ["github", "all"]) {
    const found = await written({ ...scope, columns });
    reports.push(...found.reports);
    manifests.push(...found.manifests);
  }
}

await promise("11.1", "two validators accept the schemas", () => {
  for (const name of NAMES) assert.equal(typeof ajv.getSchema(name), "function");
  run("check-jsonschema", ["--check-metaschema", ...files]);
});

await promise("11.2", "every report matches its schema", () => {
  none(reports.flatMap((report) => errors("report.schema.json", report)));
  assert.equal(reports.length, 2 * SCOPES.length);
  const rows = reports.flatMap(({ rows }) => rows);
  assert.ok(rows.some(({ login }) => login === null) && rows.some(({ organization }) => organization === null));
  return `${reports.length} reports, ${rows.length} rows`;
});

await promise("11.3", "every manifest in a workspace matches its schema", () => {
  none(manifests.flatMap((manifest) => errors("manifest.schema.json", manifest)));
  assert.equal(manifests.length, reports.length);
});

await promise("11.4", "an incomplete report matches its schema, and has the reasons", async () => {
  const moving = await relay(github.env.GITHUB_API_URL, {
    see({ request, response }) {
      if (!request.url.includes("page=2")) return response;
      return { ...response, body: response.body.toString().replace(/"total_seats":\s*\d+/, '"total_seats":7') };
    },
  });
  const found = await written({ organization: "acme", "require-complete": "false" }, { ...github.env, GITHUB_API_URL: moving });
  assert.equal(found.reports[0].complete, false);
  assert.ok(found.reports[0].incomplete_reasons.length > 0);
  none([...errors("report.schema.json", found.reports[0]), ...errors("manifest.schema.json", found.manifests[0])]);
});

await promise("11.5", "a report with pseudonyms names neither people nor who started the run", async () => {
  const found = await written({ organization: "acme", "pseudonym-key": "a secret of thirty-two characters" });
  assert.equal(found.reports[0].run?.actor ?? null, null);
  assert.match(found.manifests[0].pseudonyms, /./);
  none([...errors("report.schema.json", found.reports[0]), ...errors("manifest.schema.json", found.manifests[0])]);
});

let recorded = [];
await promise("11.6", "every manifest in a repository matches its schema, including the second day's", async () => {
  for (const day of ["2026-11-22", "2026-11-23"]) {
    const env = { ...github.env, TEST_TIME: `${day}T03:00:00Z` };
    await step(env, { organization: "acme", "deliver-to": "repository", repository: "octo/audit" });
  }
  const git = (...args) => run("git", ["-C", github.gitDir("octo/audit"), ...args]);
  const names = git("ls-tree", "-r", "--name-only", "main").trim().split("\n").filter((name) => name.endsWith(".json"));
  recorded = names.map((name) => JSON.parse(git("show", `main:${name}`)));
  assert.equal(recorded.length, 2);
  assert.ok(recorded[0].previous === null && recorded[1].previous.sha256);
  none(recorded.flatMap((manifest) => errors("manifest.schema.json", manifest)));
});

await promise("11.7", "the manifest of an imported file has no data about how the list was read", () => {
  const clone = fs.mkdtempSync(path.join(scratch, "clone-"));
  const downloads = fs.mkdtempSync(path.join(scratch, "downloads-"));
  const file = "acme-seat-activity-1795316400.csv";
  fs.writeFileSync(path.join(downloads, file), `${HEADER}\n2026-11-22T03:00:00Z,octocat,None,2026-11-20T08:00:00Z,vscode/1.113.0\n`);
  run(given("ACTION"), ["import", downloads, "--organization", "acme"], { cwd: clone, env: {} });
  const imported = JSON.parse(fs.readFileSync(path.join(clone, "copilot-activity/acme/reports/2026/2026-11-22.json"), "utf8"));
  none(errors("manifest.schema.json", imported));
  assert.equal(imported.imported_from, file);
  assert.notDeepEqual(errors("manifest.schema.json", { ...imported, pages: 3 }), []);
  assert.notDeepEqual(errors("manifest.schema.json", { ...imported, imported_from: null }), []);
});

await promise("11.8", "unknown, misspelled, missing, and invalid fields are rejected", () => {
  const [github, every] = [reports[0], reports[1]];
  const [enterprise] = reports.filter(({ scope }) => scope.kind === "enterprise");
  const invalid = {
    "an unknown key": [github, (report) => (report.extra = 1)],
    "a misspelt key": [github, (report) => ((report.totalSeats = report.total_seats), delete report.total_seats)],
    "no rows": [github, (report) => delete report.rows],
    "files, which a manifest has": [github, (report) => (report.files = manifests[0].files)],
    "another version": [github, (report) => (report.schema_version = 3)],
    "version 1 with keys of version 2": [github, (report) => (report.schema_version = 1)],
    "no reader": [github, (report) => delete report.reader],
    "a token's value": [github, (report) => (report.reader.type = "ghp_secret")],
    "counts and a problem": [github, (report) => (report.control.problem = "GitHub refused the request")],
    "another kind of scope": [github, (report) => (report.scope.kind = "team")],
    "an unknown key of a row": [github, (report) => (report.rows[0].Login = "octocat")],
    "a row without a key": [github, (report) => delete report.rows[0].last_activity_at],
    "None for null": [github, (report) => (report.rows[0].last_activity_at = "None")],
    "a time of another place": [github, (report) => (report.rows[0].report_time = "2026-11-22T04:00:00+01:00")],
    "a time with a fraction": [github, (report) => (report.report_time = "2026-11-22T03:00:00.5Z")],
    "an organization among GitHub's own columns": [github, (report) => (report.rows[0].organization = "acme")],
    "a part of the other columns": [github, (report) => (report.rows[0].user_id = 1)],
    "an unknown status": [every, (report) => (report.rows[0].status = "idle")],
    "one column missing of all": [every, (report) => delete report.rows[0].surface_version],
    "a number as a text": [every, (report) => (report.rows[0].user_id = "1")],
    "a time for a day": [every, (report) => (report.rows[0].pending_cancellation_date = "2026-11-22T03:00:00Z")],
    "an enterprise's row without an organization": [enterprise, (report) => delete report.rows[0].organization],
    "doubts of a complete report": [github, (report) => (report.incomplete_reasons = ["a doubt"])],
    "no doubts of an incomplete one": [github, (report) => (report.complete = false)],
  };
  for (const [name, [report, make]] of Object.entries(invalid)) {
    const broken = copy(report);
    make(broken);
    assert.notDeepEqual(broken, report, name);
    assert.notDeepEqual(errors("report.schema.json", broken), [], name);
  }
  const ofManifests = {
    "an unknown key": (manifest) => (manifest.extra = 1),
    "rows, which a report has": (manifest) => (manifest.rows = []),
    "no files": (manifest) => delete manifest.files,
    "a hash that is none": (manifest) => (manifest.files[0].sha256 = "abc"),
    "an unknown key of a file": (manifest) => (manifest.files[0].path = "x"),
    "an unknown key of the run": (manifest) => (manifest.run.token = "x"),
    "a manifest before without a hash": (manifest) => delete manifest.previous.sha256,
  };
  for (const [name, make] of Object.entries(ofManifests)) {
    const broken = copy(recorded[1]);
    make(broken);
    assert.notDeepEqual(errors("manifest.schema.json", broken), [], name);
  }
  return `${Object.keys(invalid).length + Object.keys(ofManifests).length} errors`;
});

await promise("11.9", "the result of verify matches its schema, whatever it is", () => {
  const clone = fs.mkdtempSync(path.join(scratch, "verified-"));
  run("git", ["clone", "--quiet", github.gitDir("octo/audit"), clone]);
  const verify = (...options) => {
    // Its exit code isn't 0 if something's wrong.
    const { stdout } = spawnSync(given("ACTION"), ["verify", clone, "--format", "json", ...options], { encoding: "utf8", env: {} });
    const result = JSON.parse(stdout);
    none(errors("verify.schema.json", result));
    return result;
  };
  assert.equal(verify().result, "passed");
  assert.equal(verify("--to", "2026-11-25", "--expect", "daily").result, "missing");
  assert.equal(verify("--max-age", "1h").result, "too_old");
  fs.appendFileSync(path.join(clone, "copilot-activity/acme/people.csv"), "\n");
  const altered = verify("--from", "2026-11-22", "--expect", "weekly", "--max-age", "3d");
  assert.equal(altered.result, "altered");
  const history = altered.histories[0];
  for (const make of [(result) => (result.extra = 1), (result) => (result.result = "ok"), (result) => delete result.histories[0].coverage.missing, (result) => (result.histories[0].newest.manifest.sha256 = "abc")]) {
    const broken = copy(altered);
    make(broken);
    assert.notDeepEqual(errors("verify.schema.json", broken), []);
  }
  return `${history.integrity.files_checked} files`;
});

await promise("11.10", "manifests of version 1 still match the schema, without the keys of version 2", () => {
  const old = copy(recorded[1]);
  old.schema_version = 1;
  for (const key of ["action", "selection", "api_version", "reader", "requests", "inactive_after_days", "control", "settings", "repository"]) delete old[key];
  for (const key of ["commit", "image"]) delete old.generator[key];
  for (const key of ["workflow_ref", "workflow_sha", "runner_environment"]) delete old.run[key];
  none(errors("manifest.schema.json", old));
  assert.notDeepEqual(errors("manifest.schema.json", { ...old, control: null }), []);
  assert.notDeepEqual(errors("manifest.schema.json", { ...old, schema_version: 2 }), []);
});

await promise("11.11", "results and combined manifests match their schemas, also if a report is missing", async () => {
  const env = { ...github.env, TEST_TIME: "2026-11-24T03:00:00Z" };
  const several = async (organization, inputs, expect) => {
    const { workspace, outputs } = await step(env, { organization, "combined-report": "true", ...inputs }, { expect });
    const read = (file) => JSON.parse(fs.readFileSync(path.join(workspace, file), "utf8"));
    const results = read(outputs["results-path"]);
    none(errors("results.schema.json", results));
    const combined = read(results.combined[1].path);
    none(errors("combined.schema.json", combined));
    return { results, combined };
  };
  const whole = await several("acme, odd, nobody", { "deliver-to": "repository", repository: "octo/audit", format: "csv, html" }, 0);
  assert.ok(whole.results.scopes.every(({ error, commit }) => error === null && commit.verified));
  assert.equal(whole.combined.complete, true);
  const partial = await several("acme, missing", { "deliver-to": "none" }, 1);
  assert.ok(partial.results.scopes[1].error && partial.combined.missing.length === 1);
  for (const make of [(results) => (results.extra = 1), (results) => delete results.combined, (results) => (results.scopes[0].people = -1), (results) => (results.scopes[0].login = "octocat"), (results) => (results.scopes[0].files[0].sha256 = "abc"), (results) => delete results.scopes[0].commit.sha]) {
    const broken = copy(whole.results);
    make(broken);
    assert.notDeepEqual(errors("results.schema.json", broken), []);
  }
  for (const make of [(manifest) => (manifest.extra = 1), (manifest) => (manifest.parts = []), (manifest) => delete manifest.parts[0].rows, (manifest) => (manifest.missing = [{ scope: manifest.parts[0].scope }])]) {
    const broken = copy(whole.combined);
    make(broken);
    assert.notDeepEqual(errors("combined.schema.json", broken), []);
  }
});

await promise("11.12", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
