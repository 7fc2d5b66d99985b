// Part 12: the questions that the documentation asks an audit repository with DuckDB, asked of one that the action made.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { done, given, promise, run, scratch, simulator, step } from "./lib.mjs";

const PEOPLE = 200;
const LATE = 12;
const github = await simulator("--people", String(PEOPLE));
const env = { PATH: process.env.PATH, HOME: scratch, GIT_CONFIG_NOSYSTEM: "1" };
const clone = path.join(scratch, "audit");
const git = (...args) => run("git", ["-C", clone, "-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], { env });
const record = (time) => step({ ...github.env, TEST_TIME: time }, { organization: "acme", "deliver-to": "repository", repository: "octo/audit" });

// A season, in which the last of the people seem to have come: they are taken out of what is compared with.
for (const time of ["2026-08-30T03:17:00Z", "2026-08-31T03:17:00Z", "2026-09-30T03:17:00Z"]) await record(time);
run("git", ["clone", "--quiet", github.gitDir("octo/audit"), clone], { env });
const folder = path.join(clone, "copilot-activity/acme");
const seats = fs.readFileSync(path.join(folder, "seats.csv"), "utf8").trimEnd().split("\n");
fs.writeFileSync(path.join(folder, "seats.csv"), seats.slice(0, -LATE).join("\n") + "\n");
git("commit", "--quiet", "--all", "--message", "Some seats are yet to come");
git("push", "--quiet");
await record("2026-10-31T03:17:00Z");
git("pull", "--quiet");

const page = fs.readFileSync(new URL("../docs/audit-repository.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```sql\n([^]*?)^```/gm)].map(([, block]) => block);
const answers = () => JSON.parse(run(given("PYTHON"), [new URL("questions.py", import.meta.url).pathname], { cwd: folder, input: JSON.stringify(blocks), stdio: ["pipe", "pipe", "pipe"] }));
let views, months, idle, past, first;

await promise("12.1", "every question in docs/audit-repository.md is one that DuckDB can answer", () => {
  [views, months, idle, past, first] = answers();
  assert.equal(blocks.length, 5);
  assert.equal(views.rows.length, 0);
  return `${blocks.length} blocks`;
});

await promise("12.2", "seats by month", () => {
  assert.deepEqual(months.columns, ["month", "days", "seats_a_day"]);
  assert.deepEqual(months.rows, [["2026-08-01", 2, PEOPLE], ["2026-09-01", 1, PEOPLE], ["2026-10-01", 1, PEOPLE]]);
});

/** The seats of the newest report, by the files themselves. */
const held = () => fs.readFileSync(path.join(folder, "latest.csv"), "utf8").trimEnd().split("\n").slice(1).map((line) => line.split(","));
const before = (days) => new Date(Date.parse("2026-10-31T03:17:00Z") - days * 86_400_000).toISOString();

await promise("12.3", "who was idle for 60 days and is still billed", () => {
  assert.deepEqual(idle.columns, ["login", "last_activity", "granted", "ends"]);
  const active = new Set(held().filter(([, , , activity]) => activity !== "None" && activity >= before(60)).map(([, login]) => login));
  const found = idle.rows.map(([login]) => login);
  assert.ok(found.length > 10 && active.size > 10, `${found.length} idle, ${active.size} active`);
  assert.deepEqual(found.filter((login) => active.has(login)), []);
  for (const [login, last, granted] of idle.rows) assert.ok((last ?? granted) < before(60).slice(0, 19).replace("T", " "), login);
  const fresh = PEOPLE - active.size - found.length;
  assert.ok(fresh >= 0);
  return `${found.length} idle, ${active.size} active, ${fresh} granted since`;
});

await promise("12.4", "how many were idle at the end of each month", () => {
  assert.deepEqual(past.columns, ["day", "idle"]);
  assert.deepEqual(past.rows.map(([day]) => day), past.rows.map(([day]) => day).toSorted());
  const [day, count] = past.rows.at(-1);
  const long = held().filter(([, , , activity]) => activity !== "None" && activity < before(60)).length;
  assert.equal(day, "2026-10-31");
  assert.ok(count >= long, `${count} idle, ${long} whose activity is long ago`);
});

await promise("12.5", "how long it takes from the grant to the first use", () => {
  assert.deepEqual(first.columns, ["login", "granted", "first_use", "hours"]);
  assert.equal(first.rows.length, LATE);
  assert.ok(first.rows.some(([, , use]) => use !== null));
  for (const [login, granted, use, hours] of first.rows) assert.ok(use === null ? hours === null : use >= granted && hours >= 0, login);
});

await promise("12.6", "the simulator has nothing to object to", async () => assert.equal(await github.complaints(), ""));

done();
