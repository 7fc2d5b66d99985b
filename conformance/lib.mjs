// What the parts share: promises and how they are told, the simulator, a runner around the action, and a relay that
// sees what the two say to each other.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import zlib from "node:zlib";

/** Folder of this part's files; goes when the part ends. */
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "conformance-"));
const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  fs.rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

// Kept as it is now: a part may silence what others print.
const write = process.stdout.write.bind(process.stdout);
const tell = (line) => write(`${line}\n`);

/** A variable that `conformance/run` sets. */
export function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start the parts with conformance/run`);
  return value;
}

/** Keeps one promise and prints its line. What `body` returns stands in brackets behind it. */
export async function promise(number, name, body) {
  let timer;
  try {
    // Something by others that never ends is no kept promise either.
    const late = new Promise((_, reject) => (timer = setTimeout(reject, 120_000, "nothing came of it within two minutes")));
    const said = await Promise.race([body(), late]);
    tell(`ok ${number} ${name}${said ? ` (${said})` : ""}`);
  } catch (error) {
    process.exitCode = 1;
    tell(`FAILED ${number} ${name}`);
    tell(String(error.stack ?? error).split("\n").slice(0, 30).join("\n").replace(/^/gm, "    "));
  } finally {
    clearTimeout(timer);
  }
}

/** Fails where there is any. */
export function none(problems) {
  if (problems.length > 0) throw problems.slice(0, 20).join("\n") + (problems.length > 20 ? `\n… ${problems.length} in all` : "");
}

/** Ends the part; servers that still listen end with it. */
export function done() {
  process.exit();
}

export function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"], ...options });
}

/** Starts a program that goes on until the part ends. Resolves once it has printed `ready`. */
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

/** A port that nobody uses at the moment. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts the simulator. `env` is what a runner would set; `complaints()` ends it and tells what it had to object to. */
export async function simulator(...args) {
  const { child, printed, exited } = await serve(given("SIMULATOR"), args, "export SIMULATOR_GIT_DIR");
  const env = Object.fromEntries([...printed.out.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]));
  const gitDir = (repository) => env.SIMULATOR_GIT_DIR.replace(env.GITHUB_REPOSITORY, repository);
  const complaints = async () => {
    child.stdin.end();
    await exited;
    return printed.err;
  };
  return { env, gitDir, complaints };
}

/** Runs a program while this one's servers go on. */
export async function finished(command, args, options) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
  const [status] = await once(child, "close");
  return { status, printed };
}

/** The outputs in a file as the runner gives it to a step. */
export function outputsIn(file) {
  const found = fs.readFileSync(file, "utf8").matchAll(/^(.+?)<<(.+)\n([^]*?)\n?^\2$/gm);
  return Object.fromEntries([...found].map(([, name, , value]) => [name, value]));
}

/**
 * Runs the action as a step of a job of its own: environment, inputs, files. Resolves to everything the step left,
 * whatever its status.
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
  if (status !== expect) throw new Error(`the action ended with ${status} instead of ${expect}:\n${printed}`);
  return {
    printed,
    outputs,
    workspace: at("workspace"),
    summary: fs.readFileSync(at("summary"), "utf8"),
    report: () => fs.readFileSync(path.join(at("workspace"), outputs["report-path"])),
  };
}

/**
 * A server in front of another that passes everything on, both ways. `see(exchange)` gets each request with its
 * answer, unpacked, and may return another answer. `others` maps origins to what stands for them on this side, in
 * `Link` headers and JSON alike. `asking` are headers that take the place of the request's own. With `tls` (key and
 * cert) it speaks https.
 */
export async function relay(origin, { see, others = {}, asking = {}, tls, host = "127.0.0.1" } = {}) {
  const pass = async (request, response) => {
    const body = await content(request);
    const headers = { ...request.headers, host: new URL(origin).host, ...asking };
    const passed = http.request(origin + request.url, { method: request.method, headers }).end(body);
    const [upstream] = await once(passed, "response");
    let answer = { status: upstream.statusCode, headers: { ...upstream.headers }, body: await content(upstream) };
    if (answer.headers["content-encoding"] === "gzip") {
      answer.body = zlib.gunzipSync(answer.body);
      delete answer.headers["content-encoding"];
    }
    answer = see?.({ request: { method: request.method, url: request.url, headers: request.headers, body }, answer }) ?? answer;
    const mine = (text) => Object.entries({ ...others, [origin]: own }).reduce((text, [from, to]) => text.replaceAll(from, to), text);
    if (answer.headers.link) answer.headers.link = mine(answer.headers.link);
    if (answer.headers["content-type"]?.includes("json")) answer.body = mine(answer.body.toString());
    delete answer.headers["transfer-encoding"];
    answer.headers["content-length"] = Buffer.byteLength(answer.body);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const handler = (request, response) =>
    pass(request, response).catch((error) => {
      // Whatever went wrong here is no word of the other server: the promise that asked is not kept.
      tell(`FAILED relay ${request.method} ${request.url}: ${error.stack}`);
      process.exitCode = 1;
      response.destroy();
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
