// Part 8: DuckDB, pandas, and Python's csv module read the report, with the expected types.

import assert from "node:assert/strict";
import path from "node:path";
import { done, given, promise, run, simulator, step } from "./lib.mjs";

const TIMES = ["Report Time", "Last Authenticated At", "Last Activity At"];
const FIVE = ["Report Time", "Login", "Last Authenticated At", "Last Activity At", "Last Surface Used"];
const TOOLS = { csv: { time: "text", text: "text" }, duckdb: { time: /^TIMESTAMP/, text: "VARCHAR" }, pandas: { time: /^datetime64\[\w+, UTC\]$/, text: /^(str|object)$/ } };
const ODD = {
  logins: ["NA", "null", "true", "007", "1e5", "octo-cat_acme", "copilot[bot]", null],
  surfaces: ["a, b", '"quoted"', "=1+1", "-1", "über/1.0", " spaced ", "two\nlines"],
};

const github = await simulator("--people", "1250");
const file = async (inputs) => {
  const { workspace, outputs } = await step(github.env, { "deliver-to": "none", ...inputs });
  return path.join(workspace, outputs["report-path"]);
};
const read = (tool, file) => JSON.parse(run(given("PYTHON"), [new URL("readers.py", import.meta.url).pathname, tool, file]));

const [acme, globex, odd, nobody] = [
  await file({ organization: "acme" }),
  await file({ enterprise: "globex" }),
  await file({ organization: "odd" }),
  await file({ organization: "nobody" }),
];

for (const [i, [tool, types]] of Object.entries(TOOLS).entries()) {
  const promised = (part, name, body) => promise(`8.${4 * i + part}`, `${tool}: ${name}`, body);

  await promised(1, "an organization's report, times as times and texts as texts", () => {
    const { types: found, rows } = read(tool, acme);
    assert.deepEqual(Object.keys(found), FIVE);
    for (const [column, type] of Object.entries(found)) assert.match(type, new RegExp(TIMES.includes(column) ? types.time : types.text), column);
    assert.equal(rows.length, 1250);
    const octocat = rows.find((row) => row[1] === "octocat");
    for (const time of [octocat[0], octocat[2], octocat[3]]) assert.match(time, /^2026-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(rows.some((row) => row[3] === null) && rows.some((row) => row[4] === null));
    assert.deepEqual(rows, read("csv", acme).rows);
  });

  await promised(2, "an enterprise's report, with more rows than people", () => {
    const { types: found, rows } = read(tool, globex);
    assert.deepEqual(Object.keys(found), [...FIVE, "Organization"]);
    assert.ok(rows.length > new Set(rows.map((row) => row[1])).size);
    assert.deepEqual(new Set(rows.map((row) => row[5])), new Set([null, "acme", "initech", "umbrella"]));
    assert.deepEqual(rows, read("csv", globex).rows);
  });

  await promised(3, "odd names stay what they are", () => {
    const { rows } = read(tool, odd);
    assert.equal(rows.length, ODD.logins.length + ODD.surfaces.length);
    const logins = rows.map((row) => row[1]).filter((login) => !login?.startsWith("mona-"));
    assert.deepEqual(new Set(logins), new Set(ODD.logins));
    assert.deepEqual(new Set(rows.map((row) => row[4]).filter((surface) => surface !== null)), new Set(ODD.surfaces));
  });

  await promised(4, "a report without rows has its columns", () => {
    const { types: found, rows } = read(tool, nobody);
    assert.deepEqual(Object.keys(found), FIVE);
    assert.deepEqual(rows, []);
  });
}

await promise("8.13", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
