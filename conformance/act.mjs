// Runs workflows with nektos/act, a runner that others made. It starts containers with podman, whose API is Docker's.
//
// The action is as in a release: the action.yml that `release/action` prints, with the image by its digest. Nothing can
// be fetched, so small actions replace the other actions of the docs' workflows. They check and print their inputs.
//
// act 0.2.89 differs from GitHub's runner, and nothing in the action is changed for it:
//
// - Its artifact service rejects requests with `mime_type`. The action then uses version 4 of artifacts, with a warning,
//   as for other services that know only that version.
// - It ignores `permissions`, `environment`, `concurrency`, and `timeout-minutes` (nektos/act-docs, `not_supported.md`).
//   Secrets, variables, and the workflow's token come from flags.
// - It has no OIDC tokens and no `$GITHUB_ARTIFACTS`, so nothing can be signed.
// - It copies a folder instead of running `actions/checkout`, and prints summaries to its log.
// - Steps with `run` get the token of the artifact service, too.
// - If it's canceled, it sends no signal to the action's container, and leaves it running.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { finished, freePort, run, scratch, serve } from "./lib.mjs";

const ACTION = "octocat/copilot-activity-report";
const IMAGE = "localhost/copilot-activity-report";
const JOB = "localhost/job";
const PODMAN = ["--runtime", "runc", "--cgroup-manager=cgroupfs"];
const here = (name) => new URL(name, import.meta.url).pathname;

/** What replaces the other actions: their inputs and outputs, and what to run. */
const STAND_INS = {
  "actions/create-github-app-token": {
    inputs: ["client-id", "private-key", "owner", "repositories", "permission-contents", "permission-pull-requests"],
    outputs: ["token"],
    run: `[[ $CLIENT_ID == Iv* && $PRIVATE_KEY == *"BEGIN RSA PRIVATE KEY"* ]]
          echo "for $OWNER/$REPOSITORIES: contents=$PERMISSION_CONTENTS pull-requests=$PERMISSION_PULL_REQUESTS"
          echo "token=$STAND_IN_TOKEN" >> "$GITHUB_OUTPUT"`,
  },
  "actions/attest": {
    inputs: ["subject-path", "subject-name", "subject-digest", "predicate-type", "predicate-path"],
    run: `if [[ -n $SUBJECT_PATH ]]; then digest=sha256:$(sha256sum "$SUBJECT_PATH" | cut -d' ' -f1); else digest=$SUBJECT_DIGEST; fi
          [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]]
          if [[ -n $PREDICATE_TYPE ]]; then predicate=" as $PREDICATE_TYPE of $(jq --raw-output '.files[0].sha256' "$PREDICATE_PATH")"; fi
          echo "attested $digest$predicate"`,
  },
};

/** A composite action with these inputs and outputs. */
function standIn({ inputs, outputs = [], run }, token) {
  const name = (input) => input.toUpperCase().replaceAll("-", "_");
  const all = (names, value) => Object.fromEntries(names.map((one) => [one, value(one)]));
  const env = { ...Object.fromEntries(inputs.map((input) => [name(input), `\${{ inputs.${input} }}`])), ...(outputs.length > 0 && { STAND_IN_TOKEN: token }) };
  return {
    name: "Replaces an action that can't be fetched",
    inputs: all(inputs, () => ({ required: false })),
    outputs: all(outputs, (output) => ({ value: `\${{ steps.main.outputs.${output} }}` })),
    runs: { using: "composite", steps: [{ id: "main", shell: "bash", env, run }] },
  };
}

/** Gives podman its own storage. Returns the folder, which is removed when the part ends. */
export function storage() {
  const store = fs.mkdtempSync(path.join(os.tmpdir(), "conformance-podman-"));
  const at = (name) => path.join(store, name);
  fs.writeFileSync(at("storage.conf"), `[storage]\ndriver = "vfs"\ngraphroot = "${at("images")}"\nrunroot = "${at("state")}"\n`);
  // The limits of processes can't always be raised.
  const settings = ["[containers]", 'default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]', "[engine]", `tmp_dir = "${at("tmp")}"`];
  fs.writeFileSync(at("containers.conf"), `${settings.join("\n")}\n`);
  Object.assign(process.env, { CONTAINERS_STORAGE_CONF: at("storage.conf"), CONTAINERS_CONF: at("containers.conf"), STORAGE_DRIVER: "vfs" });
  // Before the other servers end.
  process.prependListener("exit", () => {
    try {
      podman("rm", "--all", "--force", "--time", "0");
      podman("volume", "rm", "--all", "--force");
    } finally {
      end(store);
      fs.rmSync(store, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  });
  return store;
}

/** Ends the processes that have this folder on their command line. podman's wait for five minutes after a command. */
function end(folder) {
  for (const id of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (fs.readFileSync(`/proc/${id}/cmdline`, "utf8").includes(folder)) process.kill(Number(id), "SIGKILL");
    } catch {
      // It has already ended.
    }
  }
}

/** Runs podman, and returns what it prints. */
export function podman(...args) {
  return run("podman", [...PODMAN, ...args]);
}

/** Builds the image with `conformance/image` or `conformance/job-image`. */
export async function build(script, image) {
  const { status, printed } = await finished(here(script), [image], {});
  if (status !== 0) throw new Error(printed);
}

/** Builds the images. Resolves to a function that runs workflows. */
export async function runner({ actions, token }) {
  const store = storage();
  const at = (name) => path.join(store, name);
  await build("image", `${IMAGE}:act`);
  await build("job-image", JOB);
  const digest = podman("image", "inspect", "--format", "{{.Digest}}", `${IMAGE}:act`).trim();
  const folders = { [`${ACTION}@v1`]: { "action.yml": run(here("../release/action"), [`${IMAGE}@${digest}`]) } };
  for (const action of actions.filter((action) => ![ACTION, "actions/checkout"].includes(action.split("@")[0]))) {
    const known = STAND_INS[action.split("@")[0]];
    if (!known) throw new Error(`there's nothing to replace ${action} with`);
    folders[action] = { "action.yml": JSON.stringify(standIn(known, token)) };
  }
  const replaced = Object.entries(folders).flatMap(([action, files]) => {
    const folder = fs.mkdtempSync(at("action-"));
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
    return ["--local-repository", `${action}=${folder}`];
  });

  const socket = at("docker.sock");
  // podman looks up the packages of its programs for each of act's many questions. It needs no answer.
  fs.mkdirSync(at("dpkg"));
  await serve("podman", [...PODMAN, "system", "service", "--time", "0", `unix://${socket}`], "", { env: { ...process.env, DPKG_ADMINDIR: at("dpkg") } });
  while (!fs.existsSync(socket)) await wait(20);
  return (text, options) => act(text, { replaced, socket, ...options });
}

/** Sends a signal to the action's containers of a workflow. */
export function signal(name, workflow) {
  const filters = [`ancestor=${IMAGE}:act`, `name=^act-${workflow.replaceAll(" ", "-")}-`].flatMap((filter) => ["--filter", filter]);
  podman("kill", "--signal", name, ...podman("ps", "--quiet", ...filters).trim().split("\n"));
}

/**
 * Returns a function that runs tasks, two at a time in the order of the calls. act names containers by workflow, so
 * tasks with the same name run one after the other.
 */
export function queue() {
  const waiting = [];
  const running = new Set();
  const start = () => {
    const next = waiting.findIndex(({ name }) => !running.has(name));
    if (running.size === 2 || next < 0) return;
    const [{ name, task, resolve }] = waiting.splice(next, 1);
    running.add(name);
    resolve(
      task().finally(() => {
        running.delete(name);
        start();
      }),
    );
    start();
  };
  return (name, task) =>
    new Promise((resolve) => {
      waiting.push({ name, task, resolve });
      start();
    });
}

/** Runs a workflow in a new folder, or in the Git repository `folder`. */
async function act(text, { replaced, socket, env, secrets, vars, repository = "octo/audit", folder }) {
  const home = fs.mkdtempSync(path.join(scratch, "act-"));
  const at = (name) => path.join(home, name);
  folder ??= at("repository");
  const git = (...args) => run("git", ["-c", "user.name=octocat", "-c", "user.email=octocat@example.com", ...args], { cwd: folder });
  fs.mkdirSync(path.join(folder, ".github/workflows"), { recursive: true });
  fs.writeFileSync(path.join(folder, ".github/workflows/workflow.yml"), text);
  if (!fs.existsSync(path.join(folder, ".git"))) git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("commit", "--quiet", "--message", "Add a workflow");
  git("remote", "add", "origin", `https://github.com/${repository}.git`);

  const images = ["ubuntu-latest", "self-hosted", "kubernetes"].flatMap((label) => ["--platform", `${label}=${JOB}`]);
  const flags = (flag, values) => Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const args = [
    ...["schedule", "--json", "--pull=false", "--rm", "--no-cache-server", "--container-daemon-socket", "-", "--network", "host"],
    ...["--artifact-server-path", at("artifacts"), "--artifact-server-addr", "127.0.0.1", "--artifact-server-port", String(await freePort())],
    ...[...images, ...replaced, ...flags("--env", env), ...flags("--var", vars)],
    ...Object.keys(secrets).flatMap((name) => ["--secret", name]),
  ];
  const { status, printed } = await finished("act", args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: home, DOCKER_HOST: `unix://${socket}`, ...secrets },
  });
  return { status, ...read(printed), artifacts: at("artifacts/1") };
}

/** What act's log says. */
function read(printed) {
  const lines = printed.split("\n").filter(Boolean);
  const entries = lines.map((line) => (line.startsWith("{") ? JSON.parse(line) : { msg: line }));
  const jobs = {};
  const job = (name) => (jobs[name] ??= { steps: {}, outputs: {} });
  for (const { job: name, jobResult, step, stage, stepResult, command, name: output, arg } of entries.filter(({ job }) => job)) {
    if (jobResult) job(name).result = jobResult;
    if (stage === "Main" && stepResult) job(name).steps[step] = stepResult;
    if (command === "set-output" && step.startsWith(ACTION)) job(name).outputs[output] = arg;
  }
  const commands = (command) => entries.filter((entry) => entry.command === command);
  return {
    jobs: Object.values(jobs),
    log: entries.map(({ msg }) => msg.trimEnd()).join("\n"),
    masks: commands("add-mask").map(({ arg }) => arg),
    summaries: commands("summary").map(({ content }) => content),
    annotations: ["error", "warning"].flatMap((kind) => commands(kind).map(({ arg, kvPairs }) => ({ kind, text: arg, title: kvPairs.title }))),
  };
}
