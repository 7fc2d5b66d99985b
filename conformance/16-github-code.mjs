// Part 16: GitHub's own code. `@actions/core` writes the same outputs, masks, and annotations as the action, and reads the
// same inputs. The files follow the rules of GitHub's runner (actions/runner, `FileCommandManager.cs` and
// `ActionCommand.cs`). The image starts like the runner's hooks for Kubernetes start it (actions/runner-container-hooks,
// `run-container-step.ts` and `writeContainerStepScript`).

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import * as core from "@actions/core";
import { parse } from "yaml";
import { build, podman, storage } from "./act.mjs";
import { done, none, promise, run, scratch, simulator, step } from "./lib.mjs";

const definition = parse(fs.readFileSync(new URL("../action.yml", import.meta.url), "utf8"));
const github = await simulator("--people", "30");
const take = (inputs, options) => step(github.env, { organization: "acme", "deliver-to": "none", ...inputs }, options);
/** In a folder's name and in a message. */
const HOSTILE = 'ü 🦀 50%25 %0A a=b,c: "<<EOF" ::error::x ##[error]y';

/** What GitHub's code prints. */
function printed(call) {
  const write = process.stdout.write;
  let text = "";
  process.stdout.write = (part) => (text += part) !== "";
  try {
    call();
  } finally {
    process.stdout.write = write;
  }
  return text;
}

/** Reads a file of outputs by the runner's rules, and fails if the runner would. */
function outputsOf(bytes) {
  const lines = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).split("\n");
  const found = [];
  while (lines.length > 0) {
    const line = lines.shift();
    if (line === "") continue;
    const [, name, mark, rest] = /^(.*?)(=|<<)(.*)$/s.exec(line) ?? assert.fail(`invalid format: ${line}`);
    if (mark === "=") found.push([name, rest]);
    else {
      const end = lines.indexOf(rest);
      assert.ok(name && rest && end >= 0, `no delimiter: ${line}`);
      found.push([name, lines.splice(0, end + 1).slice(0, -1).join("\n")]);
    }
  }
  return found;
}

/** Reads the runner's commands in a log. */
function commandsOf(log) {
  const decoded = (text) => text.replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
  return log.split("\n").flatMap((line) => {
    const [, name, properties = "", data] = /^\s*::(\S+?)(?: (.+?))?::(.*)$/.exec(line) ?? [];
    if (!name) return [];
    const message = data.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
    return [{ line: line.trim(), name, title: decoded(properties.replace("title=", "")), message }];
  });
}

await promise("16.1", "booleans: the action accepts what `getBooleanInput` accepts, in any case, and nothing else", async () => {
  for (const value of ["true", "True", "TRUE", "false", "False", "FALSE", " true ", "yes", "1", "0", "on", "t"]) {
    process.env.INPUT_SUMMARY = value;
    let expected;
    try {
      expected = core.getBooleanInput("summary");
    } catch {
      await take({ summary: value }, { expect: 2 });
      continue;
    }
    const { summary } = await take({ summary: value });
    assert.equal(summary !== "", expected, value);
  }
});

await promise("16.2", "outputs: the runner reads each of them once, and `setOutput` writes the same values", async () => {
  const { outputFile } = await take({ organization: "acme, octo", "deliver-to": "artifact, repository", "output-directory": HOSTILE, "artifact-name": "ü 50%25 = a, EOF" });
  const found = outputsOf(outputFile);
  assert.deepEqual(found.map(([name]) => name).sort(), Object.keys(definition.outputs).sort());
  process.env.GITHUB_OUTPUT = path.join(scratch, "output");
  fs.writeFileSync(process.env.GITHUB_OUTPUT, "");
  for (const [name, value] of found) core.setOutput(name, value);
  assert.deepEqual(outputsOf(fs.readFileSync(process.env.GITHUB_OUTPUT)), found);
  const { "report-path": paths, "artifact-name": name } = Object.fromEntries(found);
  assert.equal(paths.split("\n").filter((report) => report.startsWith(`${HOSTILE}/`)).length, 2, paths);
  assert.equal(name, "ü 50%25 = a, EOF");
  return `${found.length} outputs, ${outputFile.length} bytes`;
});

await promise("16.3", "a summary that would be too long is whole text within the runner's limit of 1 MiB", async () => {
  const { summary } = await take({ organization: "🦀,".repeat(20_000) }, { expect: 2 });
  const size = Buffer.byteLength(summary);
  assert.ok(size > 500_000 && size <= 1024 * 1024, `${size} bytes`);
  // What isn't UTF-8 is replaced.
  assert.ok(!summary.includes("\uFFFD"));
  return `${size} bytes`;
});

await promise("16.4", "masks: the action masks each secret before anything else, and `setSecret` writes the same lines", async () => {
  const secrets = {
    "app-private-key": fs.readFileSync(new URL("../tests/it/support/testing-key.pem", import.meta.url), "utf8").replaceAll("TESTING", "PRIVATE"),
    "pseudonym-key": `50% of 100%25, "ü" ${"k".repeat(32)}`,
    "commit-token": "ghs_a%0Ab",
  };
  const { printed: log } = await take({ ...secrets, token: "", "app-client-id": "Iv1.x", organization: "a/b" }, { expect: 2 });
  const commands = commandsOf(log);
  const masks = commands.filter(({ name }) => name === "add-mask");
  assert.deepEqual(log.split("\n").slice(0, masks.length), masks.map(({ line }) => line));
  assert.equal(printed(() => masks.forEach(({ message }) => core.setSecret(message))), masks.map(({ line }) => `${line}\n`).join(""));
  // The runner masks a line at a time.
  for (const secret of [...Object.values(secrets), github.env.ACTIONS_RUNTIME_TOKEN].flatMap((text) => text.trim().split("\n"))) {
    const left = masks.reduce((text, { message }) => text.replaceAll(message, "***"), secret);
    assert.ok(left === "***" || /^-----(BEGIN|END) RSA PRIVATE KEY-----$/.test(left), left);
  }
  return `${masks.length} masks`;
});

await promise("16.5", "annotations: the runner reads one command, and `error` and `warning` write the same line", async () => {
  const logs = [
    await take({ organization: HOSTILE, "deliver-to": `none, ${HOSTILE}` }, { expect: 2 }),
    await take({ "output-directory": HOSTILE, "max-inactive": "0" }, { expect: 1 }),
    await take({ "commit-message": HOSTILE, repository: "octo/tools", "deliver-to": "repository" }, { expect: 1 }),
  ].map(({ printed }) => printed);
  const commands = logs.flatMap(commandsOf);
  const annotations = commands.filter(({ name }) => ["error", "warning"].includes(name));
  for (const { line, name, title, message } of annotations) {
    assert.equal(printed(() => core[name](message, title ? { title } : {})), `${line}\n`);
  }
  none(commands.filter(({ name }) => !["add-mask", "error", "warning", "group", "endgroup"].includes(name)).map(({ line }) => line));
  // The older form of a command can be anywhere in other lines.
  none(logs.flatMap((log) => log.split("\n").filter((line) => !/^\s*::/.test(line) && line.includes("##["))));
  assert.ok(annotations.length >= 3 && annotations[0].message.includes("%0A a=b"), JSON.stringify(annotations));
  return `${annotations.length} annotations`;
});

await promise("16.6", "a step's pod on Kubernetes: its script moves the files, and starts the action's entrypoint in the workspace", async () => {
  storage();
  const image = "localhost/copilot-activity-report:kubernetes";
  await build("image", image);
  const folder = fs.mkdtempSync(path.join(scratch, "pod-"));
  for (const name of ["runner/_temp/_github_home", "runner/_temp/_github_workflow", "runner/_temp/_runner_file_commands", "runner/audit/audit", "work", "github"]) fs.mkdirSync(path.join(folder, name), { recursive: true });
  const outputs = "_temp/_runner_file_commands/set_output_1";
  fs.writeFileSync(path.join(folder, "runner", outputs), "");
  fs.writeFileSync(path.join(folder, "runner/audit/audit/with space"), "");
  const { SIMULATOR_GIT_DIR: _, GITHUB_TOKEN: token, ...env } = github.env;
  const inside = {
    ...env,
    GITHUB_OUTPUT: "/github/file_commands/set_output_1",
    GITHUB_WORKSPACE: "/github/workspace",
    // A path that doesn't exist in the step's pod.
    RUNNER_TEMP: "/home/runner/_work/_temp",
    INPUT_ORGANIZATION: "acme",
    INPUT_TOKEN: token,
    "INPUT_COMMIT-TOKEN": token,
    "INPUT_DELIVER-TO": "artifact, repository",
    "INPUT_COMMIT-MESSAGE": 'The "report" of `{scope}` costs $HOME \\',
    INPUT_DIRECTORY: "kubernetes",
    "INPUT_OUTPUT-DIRECTORY": "reports",
  };
  const pairs = Object.entries(inside).map(([name, value]) => `"${name}=${value.replace(/[\\"$`]/g, "\\$&")}"`);
  const script = [
    '#!/bin/sh -l\nrm "$0"',
    "mv /__w/_temp/_github_home /github/home && mv /__w/_temp/_github_workflow /github/workflow && mv /__w/_temp/_runner_file_commands /github/file_commands || true && mv /__w/audit/audit/ /github/workspace && cd /github/workspace && \\",
    `exec env ${pairs.join(" ")} ${definition.runs.entrypoint} \n`,
  ];
  fs.writeFileSync(path.join(folder, "runner/_temp/script.sh"), script.join("\n"));
  const volumes = ["--volume", `${folder}/work:/__w`, "--volume", `${folder}/github:/github`];
  podman("run", "--detach", "--name", "step", "--network", "host", "--workdir", "/__w", ...volumes, "--entrypoint", "tail", image, "-f", "/dev/null");
  // The hooks send a `tar` to one in the pod, and compare sizes.
  run("sh", ["-c", `tar cf - -C ${folder}/runner . | podman --runtime runc --cgroup-manager=cgroupfs exec --interactive step sh -c 'tar xf - -C /__w'`]);
  assert.match(podman("exec", "step", "sh", "-c", "find /__w -type f -exec stat -c '%s %n' {} +"), /^0 \/__w\/audit\/audit\/with space$/m);
  podman("exec", "step", "sh", "-e", "/__w/_temp/script.sh");
  const found = Object.fromEntries(outputsOf(fs.readFileSync(path.join(folder, "github/file_commands/set_output_1"))));
  assert.equal(found.seats, "30");
  assert.match(run("git", [`--git-dir=${github.gitDir("octo/audit")}`, "log", "-1", "--format=%s", found["commit-sha"]]), /^The "report" of `acme` costs \$HOME \\$/m);
  assert.ok(fs.existsSync(path.join(folder, "github/workspace", found["report-path"])));
});

await promise("16.7", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
