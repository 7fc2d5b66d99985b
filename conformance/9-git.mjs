// Part 9: Git reads the repositories with the action's commits.

import assert from "node:assert/strict";
import path from "node:path";
import fs from "node:fs";
import { done, none, promise, run, scratch, simulator, step } from "./lib.mjs";

const github = await simulator("--people", "120");
const large = await simulator("--people", "2700", "--padding", "4000");
// Without the user's configuration.
const env = { PATH: process.env.PATH, HOME: scratch, GIT_CONFIG_NOSYSTEM: "1", TZ: "UTC" };
const git = (at, ...args) => run("git", ["-C", at, ...args], { env });
const commit = (inputs, from = github) => step(from.env, { organization: "acme", "deliver-to": "repository", repository: "octo/audit", ...inputs });

/** Checks that the repository is valid, has a linear history, and has the report on the branch. */
function sound(from, repository, branch, { report }, directory = "copilot-activity") {
  const bare = from.gitDir(repository);
  assert.equal(git(bare, "fsck", "--strict", "--full", "--no-dangling"), "");
  assert.equal(git(bare, "rev-list", "--merges", "--count", branch).trim(), "0");
  const clone = fs.mkdtempSync(path.join(scratch, "clone-"));
  run("git", ["clone", "--quiet", "--branch", branch, bare, clone], { env });
  assert.equal(git(clone, "status", "--porcelain"), "");
  const read = (file) => fs.readFileSync(path.join(clone, directory, "acme", file));
  const expected = report();
  assert.ok(read("latest.csv").equals(expected));
  const [day] = git(clone, "log", "-1", "--date=format-local:%Y-%m-%d", "--format=%cd").split("\n");
  assert.ok(read(`reports/${day.slice(0, 4)}/${day}.csv`).equals(expected));
  assert.equal(JSON.parse(read(`reports/${day.slice(0, 4)}/${day}.json`)).seats, expected.toString().trim().split("\n").length - 1);
  none(git(clone, "ls-files", "--stage", directory).trim().split("\n").filter((line) => !line.startsWith("100644 ")));
  return { clone, log: git(clone, "log", "--format=%H %s").trim().split("\n") };
}

await promise("9.1", "a commit to an existing repository: fsck, log, and a clone", async () => {
  const result = await commit({});
  const { log } = sound(github, "octo/audit", "main", result);
  assert.equal(log[0].split(" ")[0], result.outputs["commit-sha"]);
  assert.match(log[0], /Copilot activity report of acme, \d{4}-\d\d-\d\d$/);
  assert.equal(log.length, 2);
});

await promise("9.2", "the first commit of an empty repository", async () => {
  sound(github, "octo/empty", "main", await commit({ repository: "octo/empty" }));
});

await promise("9.3", "a new branch, created from the default branch", async () => {
  const { clone } = sound(github, "octo/audit", "reports/copilot", await commit({ branch: "reports/copilot", directory: "other" }), "other");
  assert.equal(git(clone, "merge-base", "HEAD", "origin/main"), git(clone, "rev-parse", "origin/main"));
});

await promise("9.4", "a commit of more than 27 MB", async () => {
  const result = await commit({}, large);
  sound(large, "octo/audit", "main", result);
  assert.ok(result.report().length > 10_000_000);
  return `${result.report().length} bytes a file`;
});

await promise("9.5", "ten concurrent runs, with a linear history", async () => {
  const before = Number(git(github.gitDir("octo/audit"), "rev-list", "--count", "main"));
  const directories = Array.from({ length: 10 }, (_, i) => `writer-${i}`);
  const results = await Promise.all(directories.map((directory) => commit({ directory })));
  assert.equal(Number(git(github.gitDir("octo/audit"), "rev-list", "--count", "main")), before + 10);
  for (const [i, directory] of directories.entries()) {
    const { log } = sound(github, "octo/audit", "main", results[i], directory);
    assert.ok(log.some((line) => line.startsWith(results[i].outputs["commit-sha"])));
  }
});

await promise("9.6", "Git parses the trailers of the commit message", async () => {
  const trailers = git(github.gitDir("octo/audit"), "log", "-1", "--format=%(trailers:only,unfold)", "main").trim().split("\n");
  none(trailers.filter((line) => !/^[A-Z][\w-]+: \S/.test(line)));
  assert.ok(trailers.length > 0 && trailers[0] !== "");
  return trailers.join("; ");
});

for (const [number, which] of [["9.7", github], ["9.8", large]]) {
  await promise(number, "the simulator found no violations", async () => assert.equal(await which.violations(), ""));
}

done();
