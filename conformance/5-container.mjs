// Part 5: the container, built from the Dockerfile. Debian's podman and runc start it as the runner does with Docker
// (actions/runner, `ContainerActionHandler.cs`), and as runners on Kubernetes do (runner-container-hooks).

import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { parse } from "yaml";
import { certificates } from "./certificates.mjs";
import { done, finished, given, none, outputsIn, promise, relay, run, scratch, simulator, step } from "./lib.mjs";

process.env.STORAGE_DRIVER = "vfs";
const IMAGE = `localhost/copilot-activity-report:conformance-${process.pid}`;
const RUNNER = 1001;
const podman = ["--runtime", "runc", "--cgroup-manager=cgroupfs"];
const limits = ["--network", "host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"];
const { runs } = parse(fs.readFileSync(new URL("../action.yml", import.meta.url), "utf8"));
process.on("exit", () => {
  try {
    run("podman", [...podman, "rmi", "--force", IMAGE]);
  } catch {
    // If the build failed, part 5.1 has already reported it.
  }
});

/** The folders and files of a job, owned by the runner. */
function job() {
  const work = fs.mkdtempSync(path.join(scratch, "work-"));
  const mounts = {
    "_temp": "/github/runner_temp",
    "_temp/_github_home": "/github/home",
    "_temp/_github_workflow": "/github/workflow",
    "_temp/_runner_file_commands": "/github/file_commands",
    "work/work": "/github/workspace",
  };
  for (const folder of Object.keys(mounts)) fs.mkdirSync(path.join(work, folder), { recursive: true });
  const at = (name) => path.join(work, "_temp/_runner_file_commands", name);
  for (const name of ["set_output_1", "set_env_1", "add_path_1", "save_state_1", "step_summary_1"]) fs.writeFileSync(at(name), "", { mode: 0o644 });
  fs.writeFileSync(path.join(work, "_temp/_github_workflow/event.json"), "{}");
  run("chown", ["--recursive", `${RUNNER}:${RUNNER}`, work]);
  const workspace = path.join(work, "work/work");
  return {
    volumes: Object.entries(mounts).flatMap(([from, to]) => ["--volume", `${path.join(work, from)}:${to}`]),
    workspace,
    outputs: () => outputsIn(at("set_output_1")),
    summary: () => fs.readFileSync(at("step_summary_1"), "utf8"),
    written: () => run("find", [workspace, "-mindepth", "1", "-printf", "%U:%G %P\n"]).trim().split("\n"),
  };
}

/** The variables of a step in the container. */
function variables({ GITHUB_TOKEN: token, SIMULATOR_GIT_DIR: _, ...runner }, inputs) {
  const given = Object.entries({ token, "commit-token": token, enterprise: "", branch: "", ...inputs });
  return {
    ...runner,
    HOME: "/github/home",
    GITHUB_WORKSPACE: "/github/workspace",
    GITHUB_EVENT_PATH: "/github/workflow/event.json",
    GITHUB_OUTPUT: "/github/file_commands/set_output_1",
    GITHUB_ENV: "/github/file_commands/set_env_1",
    GITHUB_PATH: "/github/file_commands/add_path_1",
    GITHUB_STATE: "/github/file_commands/save_state_1",
    GITHUB_STEP_SUMMARY: "/github/file_commands/step_summary_1",
    RUNNER_TEMP: "/github/runner_temp",
    RUNNER_OS: "Linux",
    // A path on the host, which doesn't exist inside.
    RUNNER_TOOL_CACHE: "/opt/hostedtoolcache",
    ...Object.fromEntries(given.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  };
}

/** Starts the action like the runner: variables by name, and the entrypoint from `action.yml`. */
async function container(env, inputs, { expect = 0, ...options } = {}) {
  const { volumes, ...mine } = options.job ?? job();
  const inside = variables(env, inputs);
  const names = Object.keys(inside).flatMap((name) => ["--env", name]);
  const args = [...podman, "run", "--rm", "--workdir", "/github/workspace", ...names, ...volumes, ...limits, ...(options.args ?? []), "--entrypoint", runs.entrypoint, IMAGE];
  const { status, printed } = await finished("podman", args, { env: { ...process.env, ...inside } });
  assert.equal(status, expect, printed);
  return { ...mine, printed, outputs: mine.outputs() };
}

/** Removes times, IDs, and hashes, which differ between runs. */
const alike = (text) => text.replaceAll(/\b[0-9a-f]{7,64}\b|[\d.:]+/g, "#");
const rows = (report) => report.toString().split("\n").map((line) => line.replace(/^.*?,/, ""));

const github = await simulator("--people", "250");
const inputs = { organization: "acme", "deliver-to": "artifact, repository", repository: "octo/audit" };

await promise("5.1", "conformance/image builds the image from the Dockerfile, and it is under 10 MB", async () => {
  const { status, printed } = await finished(new URL("image", import.meta.url).pathname, [IMAGE], {});
  assert.equal(status, 0, printed);
  const size = Number(run("podman", [...podman, "image", "inspect", "--format", "{{.Size}}", IMAGE]));
  assert.ok(size > 0 && size < 10_000_000, `${size} bytes`);
  return `${(size / 1e6).toFixed(2)} MB`;
});

await promise("5.2", "started like a runner does: the same report, outputs, and summary as without a container", async () => {
  const outside = await step(github.env, { ...inputs, directory: "outside", "artifact-name": "outside" });
  const inside = await container(github.env, { ...inputs, directory: "inside", "artifact-name": "inside" });
  assert.deepEqual(rows(fs.readFileSync(path.join(inside.workspace, inside.outputs["report-path"]))), rows(outside.report()));
  assert.deepEqual(Object.keys(inside.outputs), Object.keys(outside.outputs));
  for (const name of ["seats", "people", "complete", "changed"]) assert.equal(inside.outputs[name], outside.outputs[name]);
  assert.equal(alike(inside.outputs["report-path"]), alike(outside.outputs["report-path"]));
  assert.equal(alike(inside.summary()).replaceAll("inside", "outside"), alike(outside.summary));
  return `${inside.outputs.seats} seats`;
});

await promise("5.3", "created files and folders belong to the workspace's owner", async () => {
  const { written } = await container(github.env, { organization: "acme", "deliver-to": "none", "output-directory": "a/b/c" });
  assert.ok(written().length >= 5, written().join("\n"));
  assert.deepEqual(written().filter((line) => !line.startsWith(`${RUNNER}:${RUNNER} `)), []);
  return `${written().length} of them`;
});

await promise("5.4", "an invalid input gives status 2, both in a container and without", async () => {
  const { printed } = await container(github.env, { organization: "a/b", "deliver-to": "none" }, { expect: 2 });
  assert.match(printed, /::error title=.*::.*organization/);
});

// A name server that knows one host, and a private CA with its file in the workspace.
const hosts = new Set();
const names = dgram.createSocket("udp4", (question, from) => {
  const end = question.indexOf(0, 12) + 5;
  const labels = [];
  for (let i = 12; question[i] > 0; i += question[i] + 1) labels.push(question.toString("latin1", i + 1, i + 1 + question[i]));
  hosts.add(labels.join("."));
  const isAddress = question.readUInt16BE(end - 4) === 1;
  const head = Buffer.from([question[0], question[1], 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
  const record = isAddress ? Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]) : Buffer.alloc(0);
  names.send(Buffer.concat([head, question.subarray(12, end), record]), from.port, from.address);
});
await once(names.bind(53, "127.0.0.153"), "listening");
const { tls, authority } = certificates("*.octocorp.test");
const api = await relay(github.env.GITHUB_API_URL, { host: "api.octocorp.test", tls });
const named = { ...github.env, GITHUB_API_URL: api, GITHUB_GRAPHQL_URL: `${api}/graphql` };
const dns = ["--dns", "127.0.0.153"];

await promise("5.5", "a host name resolves in the container, and it trusts a CA in the workspace", async () => {
  const mine = job();
  fs.copyFileSync(authority, path.join(mine.workspace, "authority.pem"));
  const { outputs } = await container({ ...named, SSL_CERT_FILE: "/github/workspace/authority.pem" }, { organization: "acme", "deliver-to": "none" }, { job: mine, args: dns });
  assert.equal(outputs.complete, "true");
  assert.ok(hosts.has("api.octocorp.test"));
});

await promise("5.6", "the image has its own CAs: for a private CA, the error says that it isn't trusted", async () => {
  const { printed } = await container(named, { organization: "acme", "deliver-to": "none" }, { expect: 1, args: dns });
  assert.match(printed, /certificate isn't trusted/);
});

await promise("5.7", "started like a runner on Kubernetes does: a waiting pod, then `sh -l` and `env`", async () => {
  const mine = job();
  const name = `conformance-${process.pid}`;
  run("podman", [...podman, "run", "--detach", "--name", name, ...mine.volumes, ...limits, "--entrypoint", "tail", IMAGE, "-f", "/dev/null"]);
  const inside = (...args) => finished("podman", [...podman, "exec", name, ...args], {});
  try {
    for (const command of ["sh", "env", "tail", "mv", "tar", "rm", "find", "stat", "chmod"]) {
      // Starts a process directly, because a shell would find itself in the list.
      const { printed } = await inside(command, "--help");
      assert.match(printed, /^BusyBox/, `${command}: ${printed}`);
    }
    // `writeRunScript` of the hooks passes every variable to `env`, including names with hyphens.
    const pairs = Object.entries(variables(github.env, { ...inputs, directory: "kubernetes" })).map(([name, value]) => `"${name}=${value.replace(/[\\"$`]/g, "\\$&")}"`);
    fs.writeFileSync(path.join(mine.workspace, "run.sh"), `#!/bin/sh -l\nset -e\ncd /github/workspace && \\\nexec env ${pairs.join(" ")} ${runs.entrypoint}\n`);
    const { status, printed } = await inside("sh", "-l", "/github/workspace/run.sh");
    assert.equal(status, 0, printed);
    assert.equal(mine.outputs().seats, "250");
    assert.match(mine.outputs()["commit-sha"], /^[0-9a-f]{40}$/);
    // The hooks pack and unpack files with these.
    const moved = await inside("sh", "-c", "cd /github/workspace && tar cf /tmp/all.tar . && mkdir /tmp/all && tar xf /tmp/all.tar -C /tmp/all && find /tmp/all -type f -exec stat -c '%s %n' {} +");
    assert.match(moved.printed, /seat-activity-\d+\.csv/);
  } finally {
    run("podman", [...podman, "rm", "--force", "--time", "0", name]);
  }
});

await promise("5.8", "the image has the Open Containers labels with the values of Cargo.toml", () => {
  const [{ Labels: labels }] = JSON.parse(run("podman", [...podman, "image", "inspect", IMAGE]));
  const { packages } = JSON.parse(run("cargo", ["metadata", "--locked", "--no-deps", "--format-version", "1"], { cwd: new URL("..", import.meta.url) }));
  const { description, license } = packages.find(({ name }) => name === "copilot-activity-report");
  const { name: title } = parse(fs.readFileSync(new URL("../action.yml", import.meta.url), "utf8"));
  for (const [name, value] of Object.entries({ title, description, licenses: license })) assert.equal(labels[`org.opencontainers.image.${name}`], value);
});

await promise("5.9", "the build context has only the sources", () => {
  const file = path.join(scratch, "Dockerfile.context");
  fs.writeFileSync(file, "FROM scratch\nCOPY . /\n");
  const image = run("buildah", ["bud", "--quiet", "--file", file, new URL("..", import.meta.url).pathname]).trim();
  const container = run("buildah", ["from", image]).trim();
  try {
    const folder = run("buildah", ["mount", container]).trim();
    const files = run("find", [folder, "-type", "f", "-printf", "%s %P\n"]).trim().split("\n").map((line) => line.split(" "));
    none(files.map(([, name]) => name).filter((name) => !/^(Cargo\.(toml|lock)|build\.rs|src\/.*\.rs|templates\/.*\.(html|css|js)|simulator\/(Cargo\.toml|src\/.*\.(rs|graphql)))$/.test(name)));
    const dockerfile = fs.readFileSync(new URL("../Dockerfile", import.meta.url), "utf8");
    const copied = [...dockerfile.matchAll(/^COPY (?!--)(.*) \S+$/gm)].flatMap(([, sources]) => sources.split(" "));
    none(copied.filter((source) => !files.some(([, name]) => name === source || name.startsWith(`${source}/`))));
    const size = files.reduce((sum, [size]) => sum + Number(size), 0);
    assert.ok(files.length > 50 && size < 2_000_000, `${files.length} files, ${size} bytes`);
    return `${files.length} files, ${(size / 1e6).toFixed(2)} MB`;
  } finally {
    run("buildah", ["rm", container]);
    run("buildah", ["rmi", image]);
  }
});

await promise("5.10", "time from start to the first request, with and without a container", async () => {
  let seen;
  const refusing = http.createServer((request, outgoing) => {
    seen ??= performance.now();
    outgoing.writeHead(401, { "content-type": "application/json" }).end('{"message":"Bad credentials"}');
  });
  await once(refusing.listen(0, "127.0.0.1"), "listening");
  const env = { ...github.env, GITHUB_API_URL: `http://127.0.0.1:${refusing.address().port}` };
  const inputs = { organization: "acme", "deliver-to": "none" };
  const first = async (start) => {
    seen = undefined;
    const began = performance.now();
    await start();
    assert.ok(seen > began, "there was no request");
    return Math.round(seen - began);
  };
  const times = [];
  for (let i = 0; i < 5; i++) {
    const workspace = fs.mkdtempSync(path.join(scratch, "first-"));
    const alone = { ...variables(env, inputs), GITHUB_WORKSPACE: workspace, GITHUB_OUTPUT: "/dev/null", GITHUB_STEP_SUMMARY: "/dev/null", RUNNER_TEMP: workspace };
    times.push(await first(async () => assert.equal((await finished(given("SHIPPED"), [], { env: alone })).status, 1)));
  }
  const inside = await first(() => container(env, inputs, { expect: 1 }));
  refusing.close();
  return `the binary ${times.sort((a, b) => a - b)[2]} ms, the middle of ${times.join(", ")}; in a container of podman ${inside} ms`;
});

await promise("5.11", "the binary is at most 6 MB", () => {
  const { size } = fs.statSync(given("SHIPPED"));
  assert.ok(size <= 6_000_000, `${size} bytes`);
  return `${(size / 1e6).toFixed(2)} MB`;
});

await promise("5.12", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
