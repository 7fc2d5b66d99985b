// Part 14: the commands and queries for auditors in docs/evidence.md and docs/for-auditors.md, exactly as they're written.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { done, given, promise, run, scratch, simulator, step } from "./lib.mjs";

const PEOPLE = 60;
const [FIRST, SAMPLED, LAST, NEXT, LATER] = ["2026-07-01", "2026-08-17", "2026-09-30", "2026-10-01", "2026-10-02"];
const github = await simulator("--people", String(PEOPLE));
const record = (day, more) => step({ ...github.env, TEST_TIME: `${day}T03:17:00Z` }, { organization: "acme", "deliver-to": "repository", repository: "octo/audit", ...more });
for (const day of ["2026-06-30", FIRST, SAMPLED, LAST, NEXT, LATER]) await record(day);
await record(LATER, { organization: "odd" });

const at = (...names) => path.join(scratch, ...names);
const bin = at("bin");
fs.mkdirSync(bin);
// GitHub's own tool needs GitHub.
fs.writeFileSync(path.join(bin, "gh"), '#!/bin/sh\necho "gh $*"\n', { mode: 0o755 });
const bare = github.gitDir("octo/audit");
// Git converts line endings on many machines.
fs.writeFileSync(at("gitconfig"), `[url "${bare}"]\n  insteadOf = https://github.com/acme/copilot-audit\n[core]\n  autocrlf = true\n[user]\n  name = Mona\n  email = mona@example.com\n`);
const env = {
  PATH: [bin, path.dirname(given("ACTION")), process.env.PATH].join(":"),
  HOME: scratch,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: at("gitconfig"),
};
const shell = (program, script, cwd = scratch) => {
  const { status, stdout, stderr } = spawnSync(program, ["-c", script], { cwd, env, encoding: "utf8" });
  return { status, stdout, printed: stdout + stderr };
};
/** The indented and unindented blocks of a page. */
const blocks = (page, language) => {
  const text = fs.readFileSync(new URL(`../docs/${page}`, import.meta.url), "utf8");
  return [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\``, "gm"))].map(([, block]) => block);
};
const git = (...args) => run("git", ["-C", at("copilot-audit"), ...args], { env });
const folder = (scope = "acme") => at("copilot-audit/copilot-activity", scope);
const lines = (file) => fs.readFileSync(file, "utf8").trimEnd().split("\n");

run("git", ["clone", "--quiet", "https://github.com/acme/copilot-audit", at("copilot-audit")], { env });
const [pack, check] = blocks("evidence.md", "sh");
const zip = at(`acme-${FIRST}-${LAST}.zip`);
const verify = (where) => shell("sh", `copilot-activity-report verify --from ${FIRST} --to ${LAST} --expect daily acme`, where);

/** Runs the script, and unpacks what it packed. */
function packed() {
  for (const old of [zip, zip.replace(".zip", ""), at("unpacked")]) fs.rmSync(old, { recursive: true, force: true });
  const result = shell("sh", pack);
  assert.equal(result.status, 0, result.printed);
  fs.mkdirSync(at("unpacked"));
  fs.copyFileSync(zip, at("unpacked", path.basename(zip)));
  const recipient = shell("sh", check, at("unpacked"));
  const names = fs.readdirSync(at("unpacked"), { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return {
    result,
    recipient,
    files: names.map((file) => path.relative(at("unpacked"), path.join(file.parentPath, file.name))).toSorted(),
  };
}
const daysIn = (files) => files.filter((name) => /^acme\/reports\/.*\.json$/.test(name)).map((name) => path.basename(name, ".json"));

await promise("14.1", "the script packs the period, the next day, and nothing else", () => {
  const { result, recipient, files } = packed();
  const commit = git("log", "-1", "--format=%H", "--", `copilot-activity/acme/reports/2026/${NEXT}.json`).trim();
  assert.deepEqual(daysIn(files), [FIRST, SAMPLED, LAST, NEXT]);
  assert.match(result.stdout, new RegExp(`^[0-9a-f]{64}  .*${path.basename(zip)}$`, "m"));
  assert.ok(recipient.stdout.trimEnd().endsWith(commit), recipient.printed);
  for (const name of files.filter((name) => name.startsWith("acme/"))) {
    const recorded = run("git", ["-C", bare, "show", `${commit}:copilot-activity/${name}`], { env, encoding: "buffer" });
    assert.ok(fs.readFileSync(at("unpacked", name)).equals(recorded), name);
  }
  // The simulator commits with the present time.
  const commits = git("log", "--format=%H", commit, "--", "copilot-activity/acme");
  assert.deepEqual(lines(at("unpacked/commits.txt")).map((line) => line.split(" ")[0]), commits.trim().split("\n"));
  JSON.parse(fs.readFileSync(at("unpacked/verify.json"), "utf8"));
  const statement = fs.readFileSync(at("unpacked/statement.md"), "utf8");
  assert.ok(statement.includes("acme") && !statement.includes("../"), statement);
  return `${files.length} files`;
});

await promise("14.2", "verify finds the missing days in the unpacked folder, and an edited report", () => {
  const missing = verify(at("unpacked"));
  assert.equal(missing.status, 3, missing.printed);
  fs.appendFileSync(at("unpacked/acme/reports/2026", `${SAMPLED}.csv`), " ");
  assert.equal(verify(at("unpacked")).status, 1);
});

await promise("14.3", "after data was removed, the script packs the newest state instead of the old one", () => {
  const name = `reports/2026/${SAMPLED}.csv`;
  const report = path.join(folder(), name);
  const content = () => fs.readFileSync(report);
  const hash = () => createHash("sha256").update(content()).digest("hex");
  const before = [content().length, hash(), git("hash-object", report).trim()];
  const [header, erased, ...kept] = lines(report);
  fs.writeFileSync(report, [header, ...kept].join("\n") + "\n");
  const columns = "Removed At,Kind,Path,Reason,Size Before,SHA-256 Before,Git Blob Before,Size After,SHA-256 After";
  const tombstone = ["2026-10-03T09:00:00Z", "erased", name, "A person left", ...before, content().length, hash()].join(",");
  fs.writeFileSync(path.join(folder(), "tombstones.csv"), `${columns}\n${tombstone}\n`);
  git("add", "--all");
  git("commit", "--quiet", "--message", "Erase a person who left");
  const { files, recipient } = packed();
  git("reset", "--quiet", "--hard", "origin/main");
  assert.deepEqual(daysIn(files), [FIRST, SAMPLED, LAST, NEXT, LATER]);
  assert.ok(files.includes("acme/tombstones.csv"));
  assert.ok(!fs.readFileSync(at("unpacked/acme/reports/2026", `${SAMPLED}.csv`), "utf8").includes(erased));
  assert.match(recipient.stdout, /^[0-9a-f]{40}$/m);
});

await promise("14.4", "if there's no report after the period, the script packs the newest state", () => {
  const today = pack.replace(LAST, LATER);
  const result = shell("sh", today);
  assert.equal(result.status, 0, result.printed);
  assert.ok(fs.existsSync(at(`acme-${FIRST}-${LATER}/acme/reports/2026/${LATER}.json`)));
});

const sql = [blocks("queries.md", "sql")[0], ...blocks("evidence.md", "sql")];
const results = (scope) => JSON.parse(run(given("PYTHON"), [new URL("queries.py", import.meta.url).pathname], { cwd: folder(scope), input: JSON.stringify(sql), stdio: ["pipe", "pipe", "pipe"] }));
const cells = (line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain);
/** The rows of a CSV file, by column. */
const table = (file) => {
  const [header, ...rows] = lines(file).map(cells);
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
};
const seats = table(path.join(folder(), "seats.csv"));
const email = (login) => `${login.toLowerCase()}@example.com`;
const [stranger, unpaid, twice, double] = seats.map((seat) => seat.Login);

// The view of changes needs a file, and these seats never changed.
for (const scope of ["acme", "odd"]) {
  fs.mkdirSync(path.join(folder(scope), "changes"), { recursive: true });
  fs.writeFileSync(path.join(folder(scope), "changes/2026.csv"), "Report Time,Login,Organization,Team,Change,From,To\n");
}
const rest = seats.slice(4).map(({ Login }) => Login);

await promise("14.5", "the access review lists each account once, also if the exports lack it or have it twice", () => {
  const known = seats.map(({ Login }) => Login).filter((login) => login !== stranger);
  // Exports have other cases and spaces, and people without a seat.
  const identities = known.map((login) => `${login.toUpperCase()}, ${email(login).replace("example", "Example")} `);
  fs.writeFileSync(at("identities.csv"), ["login,email", ...identities, `${double},other@example.com`, "gone,gone@example.com", "robot,"].join("\n") + "\n");
  const employee = (login, manager, center) => `${email(login)};Ms ${login};${manager}@example.com;${center}`;
  const employees = known.filter((login) => login !== unpaid).map((login) => employee(login, "boss", "007"));
  fs.writeFileSync(at("hr.csv"), ["email;name;manager;cost_center", ...employees, employee(twice, "chief", "008"), employee("gone", "boss", "007")].join("\n") + "\n");
  assert.deepEqual(results().at(3).rows, [[PEOPLE, PEOPLE, 4]]);

  const review = table(at("access-review.csv"));
  assert.deepEqual(Object.keys(review[0]), ["Login", "Person", "Email", "Manager", "Cost Center", "Status", "Last Activity", "Granted", "Problem", "Decision"]);
  assert.deepEqual(review.map((row) => row.Login).toSorted(), [stranger, unpaid, twice, double, ...rest].toSorted());
  const of = (login) => review.find((row) => row.Login === login);
  const found = (login) => [of(login).Person, of(login).Email, of(login).Manager, of(login)["Cost Center"], of(login).Problem];
  assert.deepEqual(found(stranger), ["", "", "", "", "no email"]);
  assert.deepEqual(found(unpaid), ["", email(unpaid), "", "", "not in hr.csv"]);
  for (const login of rest) assert.deepEqual(found(login), [`Ms ${login}`, email(login), "boss@example.com", "007", ""]);
  assert.deepEqual(found(twice), [`Ms ${twice}`, email(twice), "boss@example.com, chief@example.com", "007, 008", "several lines in hr.csv"]);
  assert.deepEqual(found(double), ["", `${email(double)}, other@example.com`, "", "", "several emails"]);
});

await promise("14.6", "the review's status, activity, and grants are those of the report", () => {
  const review = table(at("access-review.csv"));
  const totals = table(path.join(folder(), "totals.csv")).at(-1);
  const counts = ["active", "inactive", "never used", "new"].map((status) => review.filter((row) => row.Status === status).length);
  assert.deepEqual(counts, ["Active", "Inactive", "Never Used", "New"].map((column) => Number(totals[column])));
  const people = new Map(table(path.join(folder(), "people.csv")).map((person) => [person.Login, person]));
  for (const { Login, "Assigned At": granted } of seats) {
    const row = review.find((row) => row.Login === Login);
    assert.deepEqual([row["Last Activity"], row.Granted], [people.get(Login)["Last Known Activity At"].slice(0, 10), granted.slice(0, 10)], Login);
  }
  return counts.join(", ");
});

await promise("14.7", "the files for Vanta and Drata have one line for each account", () => {
  const [vanta, drata] = [table(at("vanta.csv")), table(at("drata.csv"))];
  assert.deepEqual(Object.keys(vanta[0]), ["Account name", "Account owner", "Role", "Status"]);
  assert.deepEqual(vanta.map((row) => row["Account name"]).toSorted(), seats.map((seat) => seat.Login).toSorted());
  assert.deepEqual(new Set(vanta.map((row) => row.Status)), new Set(["Active"]));
  const owner = new Map(vanta.map((row) => [row["Account name"], row["Account owner"]]));
  assert.deepEqual([stranger, unpaid, twice, double].map((login) => owner.get(login)), ["", email(unpaid), email(twice), ""]);
  assert.deepEqual(Object.keys(drata[0]), ["Username", "Email", "Name", "Access Level", "Last Activity", "Manager"]);
  assert.equal(drata.length, PEOPLE);
});

await promise("14.8", "the access review lists a seat without a person", () => {
  const [[accounts, people]] = results("odd").at(3).rows;
  const unheld = lines(at("access-review.csv")).filter((line) => line.endsWith(",seat without a person,"));
  assert.equal(accounts, people);
  assert.equal(unheld.length, 1);
});

const auditing = blocks("for-auditors.md", "sh");
await promise("14.9", "every command for auditors runs, and shows what the page says", () => {
  fs.rmSync(at("copilot-audit"), { recursive: true });
  const download = "cp $FOLDER/latest.csv download.csv && sed -i s/T03:17:00Z,/T03:44:00Z,/ download.csv";
  const script = [auditing[0], download, ...auditing.slice(1)].map((block) => `echo "== part"\n${block}`).join("\n");
  const { stdout, printed } = shell("bash", script);
  const [, start, , source, totals, difference, again, edits, sample] = stdout.split("== part\n");
  assert.equal(auditing.length, 7);
  assert.match(start, /acme/);
  const commit = run("git", ["-C", bare, "log", "-1", "--format=%H", "--", `copilot-activity/acme/reports/2026/${SAMPLED}.json`], { env }).trim();
  assert.ok(source.includes("/copilot/billing/seats") && source.includes('"name": "copilot-activity-report"'), printed);
  assert.ok(source.includes(`gh api repos/acme/copilot-audit/commits/${commit} --jq .commit.verification`), source);
  assert.deepEqual(totals.trim().split("\n").map((line) => line.split("\t").slice(0, 5)), [FIRST, SAMPLED, LAST].map((day) => [`${day}T03:17:00Z`, "true", `${PEOPLE}`, `${PEOPLE}`, `${PEOPLE}`]));
  assert.equal(difference, "");
  const [hash, rows, seatCount, ...entry] = again.trim().split("\n");
  assert.deepEqual([Number(rows), Number(seatCount)], [PEOPLE, PEOPLE]);
  assert.equal(JSON.parse(entry.join("")).sha256, hash.split(" ")[0]);
  assert.equal(edits.match(/^2026-\d\d-\d\dT03:17:00Z \{.*"rewritten":false/gm)?.length, 3, edits);
  assert.match(edits, new RegExp(`^${commit.slice(0, 7)}\\w* 2026.* Copilot activity report of acme, ${SAMPLED}$`, "m"));
  const days = sample.trim().split("\n");
  assert.equal(new Set(days).size, 25);
  assert.ok(days.every((day) => day >= FIRST && day <= LAST));
});

await promise("14.10", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
