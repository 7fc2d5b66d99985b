// What the parts share: promises and their output, the simulator, a runner for the action, and a relay that records
// requests and responses.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import zlib from "node:zlib";

/** The folder for this part's files, which is removed when the part ends. */
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "conformance-"));
const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  fs.rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

// Saved at the start, because a part may redirect standard output.
const write = process.stdout.write.bind(process.stdout);
const print = (line) => write(`${line}\n`);

/** A variable that `conformance/run` sets. */
export function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start the parts with conformance/run`);
  return value;
}

/** Checks one promise and prints its line, with the result of `body` in parentheses. */
export async function promise(number, name, body) {
  let timer;
  try {
    // A third-party tool might hang.
    const late = new Promise((_, reject) => (timer = setTimeout(reject, 120_000, "it took more than two minutes")));
    const detail = await Promise.race([body(), late]);
    print(`ok ${number} ${name}${detail ? ` (${detail})` : ""}`);
  } catch (error) {
    process.exitCode = 1;
    print(`FAILED ${number} ${name}`);
    print(String(error.stack ?? error).split("\n").slice(0, 30).join("\n").replace(/^/gm, "    "));
  } finally {
    clearTimeout(timer);
  }
}

/** Fails if there are any problems. */
export function none(problems) {
  if (problems.length > 0) throw problems.slice(0, 20).join("\n") + (problems.length > 20 ? `\n… ${problems.length} in all` : "");
}

/** Ends the part and its servers. */
export function done() {
  process.exit();
}

export function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"], ...options });
}

/** Starts a program that runs until the part ends. Resolves after it printed `ready`. */
export async function serve(command, args, ready, options = {}) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
  children.add(child);
  const printed = { out: "", err: "" };
  child.stdout.on("data", (data) => (printed.out += data));
  child.stderr.on("data", (data) => (printed.err += data));
  const exited = once(child, "exit").finally(() => children.delete(child));
  const deadline = Date.now() + 180_000;
  while (!printed.out.includes(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${command} did not start:\n${printed.out}${printed.err}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { child, printed, exited };
}

/** An unused port. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts the simulator. `env` is a step's environment. `violations()` ends the simulator and returns its violations. */
export async function simulator(...args) {
  const { child, printed, exited } = await serve(given("SIMULATOR"), args, "export SIMULATOR_GIT_DIR");
  const env = Object.fromEntries([...printed.out.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]));
  const gitDir = (repository) => env.SIMULATOR_GIT_DIR.replace(env.GITHUB_REPOSITORY, repository);
  const violations = async () => {
    child.stdin.end();
    await exited;
    return printed.err;
  };
  return { env, gitDir, violations };
}

/** Runs a program without blocking this part's servers. */
export async function finished(command, args, options) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
  const [status] = await once(child, "close");
  return { status, printed };
}

/** Parses the outputs in the runner's file. */
export function outputsIn(file) {
  const found = fs.readFileSync(file, "utf8").matchAll(/^(.+?)<<(.+)\n([^]*?)\n?^\2$/gm);
  return Object.fromEntries([...found].map(([, name, , value]) => [name, value]));
}

/**
 * Runs the action as a step in a new job. Resolves to everything that the step left, if its status is `expect`.
 */
export async function step(env, inputs, { expect = 0 } = {}) {
  const folder = fs.mkdtempSync(path.join(scratch, "job-"));
  const at = (name) => path.join(folder, name);
  for (const name of ["workspace", "temp", "home"]) fs.mkdirSync(at(name));
  for (const name of ["output", "summary"]) fs.writeFileSync(at(name), "");
  const { GITHUB_TOKEN: token, SIMULATOR_GIT_DIR: _, ...runner } = env;
  const variables = {
    ...runner,
    GITHUB_WORKSPACE: at("workspace"),
    GITHUB_OUTPUT: at("output"),
    GITHUB_STEP_SUMMARY: at("summary"),
    RUNNER_TEMP: at("temp"),
    HOME: at("home"),
    TEST_WAIT_SCALE: "0.01",
  };
  for (const [name, value] of Object.entries({ token, "commit-token": token, ...inputs })) variables[`INPUT_${name.toUpperCase()}`] = value;
  const { status, printed } = await finished(given("ACTION"), [], { cwd: at("workspace"), env: variables });
  const outputs = outputsIn(at("output"));
  if (status !== expect) throw new Error(`the action exited with ${status} instead of ${expect}:\n${printed}`);
  return {
    printed,
    outputs,
    workspace: at("workspace"),
    outputFile: fs.readFileSync(at("output")),
    summary: fs.readFileSync(at("summary"), "utf8"),
    report: () => fs.readFileSync(path.join(at("workspace"), outputs["report-path"])),
  };
}

/**
 * A server that forwards requests to another. `see(exchange)` gets each request and its uncompressed response, and
 * can return another response. `others` maps origins to their replacements in `Link` headers and JSON. `asking` has
 * headers that replace the request's. `tls` (key and cert) turns on HTTPS.
 */
export async function relay(origin, { see, others = {}, asking = {}, tls, host = "127.0.0.1" } = {}) {
  const pass = async (request, outgoing) => {
    const body = await content(request);
    const headers = { ...request.headers, host: new URL(origin).host, ...asking };
    const passed = http.request(origin + request.url, { method: request.method, headers }).end(body);
    const [upstream] = await once(passed, "response");
    let response = { status: upstream.statusCode, headers: { ...upstream.headers }, body: await content(upstream) };
    if (response.headers["content-encoding"] === "gzip") {
      response.body = zlib.gunzipSync(response.body);
      delete response.headers["content-encoding"];
    }
    response = see?.({ request: { method: request.method, url: request.url, headers: request.headers, body }, response }) ?? response;
    const mine = (text) => Object.entries({ ...others, [origin]: own }).reduce((text, [from, to]) => text.replaceAll(from, to), text);
    if (response.headers.link) response.headers.link = mine(response.headers.link);
    if (response.headers["content-type"]?.includes("json")) response.body = mine(response.body.toString());
    delete response.headers["transfer-encoding"];
    response.headers["content-length"] = Buffer.byteLength(response.body);
    outgoing.writeHead(response.status, response.headers).end(response.body);
  };
  const handler = (request, outgoing) =>
    pass(request, outgoing).catch((error) => {
      // The error is in the relay, so the promise fails.
      print(`FAILED relay ${request.method} ${request.url}: ${error.stack}`);
      process.exitCode = 1;
      outgoing.destroy();
    });
  const server = (tls ? https.createServer(tls, handler) : http.createServer(handler)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = `${tls ? "https" : "http"}://${host}:${server.address().port}`;
  return own;
}

async function content(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
