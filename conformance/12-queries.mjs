// Part 12: the DuckDB queries in docs/queries.md, on histories with names, with pseudonyms, and with imported reports.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { done, given, promise, run, scratch, simulator, step } from "./lib.mjs";

const PEOPLE = 200;
const LATE = 12;
const KEY = "a key of twenty and more";
const github = await simulator("--people", String(PEOPLE));
const env = { PATH: process.env.PATH, HOME: scratch, GIT_CONFIG_NOSYSTEM: "1" };
const clone = path.join(scratch, "audit");
const git = (...args) => run("git", ["-C", clone, "-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], { env });
const inputs = { organization: "acme", "deliver-to": "repository", repository: "octo/audit" };
const secret = { directory: "pseudonymous", "pseudonym-key": KEY };
const folderOf = (directory) => path.join(clone, directory, "acme");
const record = (time, more) => step({ ...github.env, TEST_TIME: time }, { ...inputs, ...more });

// To simulate people who join later, the last ones are removed from the recorded seats.
for (const time of ["2026-08-30T03:17:00Z", "2026-08-31T03:17:00Z", "2026-09-30T03:17:00Z"]) {
  await record(time);
  await record(time, secret);
}
run("git", ["clone", "--quiet", github.gitDir("octo/audit"), clone], { env });
const folder = folderOf("copilot-activity");
const lines = (file) => fs.readFileSync(file, "utf8").trimEnd().split("\n");
const seats = lines(path.join(folder, "seats.csv"));
/** The pseudonyms by login. */
const pseudonyms = new Map(seats.slice(1).map((line) => {
  const [login, id] = line.split(",");
  return [login, "person-" + createHmac("sha256", KEY).update(id).digest("hex").slice(0, 20)];
}));
const late = seats.slice(-LATE).map((line) => line.split(",")[0]);
const hidden = late.map((login) => pseudonyms.get(login));
for (const [of, who] of [[folder, late], [folderOf("pseudonymous"), hidden]]) {
  const file = path.join(of, "seats.csv");
  const content = lines(file).filter((line) => !who.includes(line.split(",")[0])).join("\n") + "\n";
  fs.writeFileSync(file, content);
  // The manifest must match, because a damaged file doesn't prove that a seat was granted.
  const newest = path.join(of, "reports/2026/2026-09-30.json");
  const manifest = JSON.parse(fs.readFileSync(newest, "utf8"));
  const entry = manifest.files.find(({ name }) => name === "seats.csv");
  [entry.size, entry.sha256] = [Buffer.byteLength(content), createHash("sha256").update(content).digest("hex")];
  fs.writeFileSync(newest, JSON.stringify(manifest, null, 2) + "\n");
}
git("commit", "--quiet", "--all", "--message", "Remove some seats");
git("push", "--quiet");
await record("2026-10-31T03:17:00Z");
await record("2026-10-31T03:17:00Z", secret);
git("pull", "--quiet");

const page = fs.readFileSync(new URL("../docs/queries.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```sql\n([^]*?)^```/gm)].map(([, block]) => block);
const results = (of = folder, scripts = blocks) => JSON.parse(run(given("PYTHON"), [new URL("queries.py", import.meta.url).pathname], { cwd: of, input: JSON.stringify(scripts), stdio: ["pipe", "pipe", "pipe"] }));
let views, months, idle, past, compared, first, missing;

await promise("12.1", "DuckDB runs every query in docs/queries.md", () => {
  [views, months, idle, past, compared, first, missing] = results();
  assert.equal(blocks.length, 7);
  assert.equal(views.rows.length, 0);
  return `${blocks.length} blocks`;
});

await promise("12.2", "seats by month", () => {
  assert.deepEqual(months.columns, ["month", "days", "seats_a_day"]);
  assert.deepEqual(months.rows, [["2026-08-01", 2, PEOPLE], ["2026-09-01", 1, PEOPLE], ["2026-10-01", 1, PEOPLE]]);
});

/** The rows of a report file. */
const rows = (file) => lines(file).slice(1).map((line) => line.split(","));
const held = () => rows(path.join(folder, "latest.csv"));
const before = (days) => new Date(Date.parse("2026-10-31T03:17:00Z") - days * 86_400_000).toISOString();

await promise("12.3", "people with a seat who were idle for 60 days", () => {
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

await promise("12.4", "idle people at the end of each month", () => {
  assert.deepEqual(past.columns, ["day", "idle"]);
  assert.deepEqual(past.rows.map(([day]) => day), past.rows.map(([day]) => day).toSorted());
  const [day, count] = past.rows.at(-1);
  const long = held().filter(([, , , activity]) => activity !== "None" && activity < before(60)).length;
  assert.equal(day, "2026-10-31");
  assert.ok(count >= long, `${count} idle, ${long} whose activity is long ago`);
});

await promise("12.5", "time from the grant to the first use", () => {
  assert.deepEqual(first.columns, ["login", "granted", "first_use", "hours"]);
  assert.equal(first.rows.length, LATE);
  assert.ok(first.rows.some(([, , use]) => use !== null));
  for (const [login, granted, use, hours] of first.rows) assert.ok(use === null ? hours === null : use >= granted && hours >= 0, login);
});

await promise("12.6", "a history with pseudonyms gives the same results as with names", () => {
  const all = fs.readdirSync(folderOf("pseudonymous"), { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const texts = all.map((file) => fs.readFileSync(path.join(file.parentPath, file.name), "utf8"));
  assert.deepEqual([...pseudonyms.keys()].filter((login) => texts.some((text) => text.includes(`,${login},`))), []);
  const inOrder = ({ columns, rows }) => ({ columns, rows: rows.map((row) => JSON.stringify(row)).toSorted() });
  const called = ({ columns, rows }) => ({ columns, rows: rows.map(([login, ...more]) => [pseudonyms.get(login), ...more]) });
  const [, ...pseudonymous] = results(folderOf("pseudonymous"));
  const expected = [months, called(idle), past, called(compared), called(first), missing];
  assert.deepEqual(pseudonymous.map(inOrder), expected.map(inOrder));
  return `${pseudonymous.map((result) => result.rows.length).join(", ")} lines`;
});

const imported = ["2026/2026-08-30", "2026/2026-08-31", "2026/2026-09-30"];
await promise("12.7", "an imported history gives the results of its reports", () => {
  const downloads = path.join(scratch, "downloads");
  fs.mkdirSync(downloads);
  for (const day of imported) fs.copyFileSync(path.join(folder, "reports", `${day}.csv`), path.join(downloads, path.basename(day) + ".csv"));
  // This person used Copilot all the time, and joined on the second day.
  const eager = held().filter(([, , , activity]) => activity !== "None").toSorted(([, , , one], [, , , other]) => (one < other ? 1 : -1))[0][1];
  const begin = path.join(downloads, "2026-08-30.csv");
  fs.writeFileSync(begin, lines(begin).filter((line) => !line.includes(`,${eager},`)).join("\n") + "\n");
  run(given("ACTION"), ["import", downloads, "--organization", "acme", "--directory", "imported"], { cwd: clone, env });

  const [, byMonth, found, , , granted] = results(folderOf("imported"));
  assert.deepEqual(byMonth.rows, [["2026-08-01", 2, PEOPLE - 0.5], ["2026-09-01", 1, PEOPLE]]);
  const end = Date.parse("2026-09-30T03:17:00Z") - 60 * 86_400_000;
  const known = new Map();
  for (const day of imported) {
    for (const [time, login, , activity] of rows(path.join(folder, "reports", `${day}.csv`))) {
      const { last, since } = known.get(login) ?? { last: "", since: time };
      known.set(login, { since, last: activity !== "None" && activity > last ? activity : last });
    }
  }
  const expected = [...known].filter(([, { last, since }]) => Date.parse(last || since) < end).map(([login]) => login);
  assert.ok(expected.length > 10, `${expected.length} idle`);
  assert.deepEqual(found.rows.map(([login]) => login).toSorted(), expected.toSorted());
  assert.ok(found.rows.every(([, , time, ends]) => time === null && ends === null));
  assert.deepEqual(granted.rows, []);
  return `${expected.length} idle`;
});

await promise("12.8", "an imported history that the action continued gives the same results as its own", async () => {
  git("add", "imported");
  git("commit", "--quiet", "--message", "Downloaded in the past");
  git("push", "--quiet");
  await record("2026-10-31T03:17:00Z", { directory: "imported" });
  git("pull", "--quiet");
  const [, byMonth, found, ends, changed, granted] = results(folderOf("imported"));
  assert.deepEqual(byMonth.rows.slice(1), months.rows.slice(1));
  assert.deepEqual(found, idle);
  assert.deepEqual(ends, past);
  assert.deepEqual(changed, compared);
  assert.deepEqual(granted.rows, []);
});

await promise("12.9", "missing days", () => {
  const recorded = ["2026-08-30", "2026-08-31", "2026-09-30", "2026-10-31"];
  const days = missing.rows.map(([day]) => day);
  assert.deepEqual(missing.columns, ["missing"]);
  assert.equal(days.length, (Date.parse(recorded.at(-1)) - Date.parse(recorded[0])) / 86_400_000 + 1 - recorded.length);
  assert.deepEqual(recorded.filter((day) => days.includes(day)), []);
  return `${days.length} days`;
});

await promise("12.10", "who came, who went, and who became idle between two days", () => {
  const copy = path.join(clone, "compared/acme");
  fs.cpSync(folder, copy, { recursive: true });
  const day = (name) => path.join(copy, "reports/2026", `2026-${name}.csv`);
  const edit = (name, change) => fs.writeFileSync(day(name), change(lines(day(name))).join("\n") + "\n");
  const without = (...logins) => (kept) => kept.filter((line) => !logins.includes(line.split(",")[1]));
  const [came, went, between, renamed] = held().map(([, login]) => login).slice(20);
  for (const name of ["08-30", "08-31"]) edit(name, without(came, between));
  for (const name of ["09-30", "10-31"]) edit(name, without(went));
  edit("10-31", (kept) => without(between)(kept).map((line) => line.replace(`,${renamed},`, ",new-name,")));
  fs.appendFileSync(path.join(copy, "changes/2026.csv"), `2026-10-31T03:17:00Z,new-name,,,renamed,${renamed},new-name\n`);

  const [start, end] = ["2026-08-31T03:17:00Z", "2026-10-31T03:17:00Z"];
  const used = (login, until) => {
    const seen = ["08-30", "08-31", "09-30", "10-31"].flatMap((name) => rows(day(name))).filter((row) => row[0] <= until && row[1] === login);
    const activity = seen.map((row) => row[3]).filter((time) => time !== "None").toSorted().at(-1);
    return Date.parse(activity ?? seen[0][0]);
  };
  const idleAt = (login, time) => used(login, time) < Date.parse(time) - 60 * 86_400_000;
  const logins = (name) => new Set(rows(day(name)).map((row) => row[1]));
  const both = [...logins("08-31")].filter((login) => logins("10-31").has(login));
  const idleNow = both.filter((login) => !idleAt(login, start) && idleAt(login, end));
  assert.ok(idleNow.length > 5 && idleNow.length < both.length - 5, `${idleNow.length} of ${both.length} became idle`);

  const found = results(copy).at(4);
  const times = [start, end].map((time) => time.slice(0, 19).replace("T", " "));
  assert.deepEqual(found.columns, ["login", "what", "former_login", "new_login", "start", "end"]);
  const line = (login, what, former = null, latter = null) => [login, what, former, latter, ...times];
  const expected = [line(came, "came"), line("new-name", "came", renamed), line(went, "went"), line(renamed, "went", null, "new-name"), ...idleNow.map((login) => line(login, "became idle"))];
  const sorted = (table) => table.map((row) => JSON.stringify(row)).toSorted();
  assert.deepEqual(sorted(found.rows), sorted(expected));
  return `${idleNow.length} became idle`;
});

await promise("12.11", "a comparison with a day before the first report fails", () => {
  const early = blocks.map((block) => block.replace("DATE '2026-08-31'", "DATE '2026-08-29'"));
  assert.throws(() => results(folder, early), /No report on or before day1/);
});

await promise("12.12", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
