// Measures the page for each number of people. benchmarks/page starts it.

import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";
import zlib from "node:zlib";
import { chromium } from "playwright-core";

const RUNS = 5;
const MOST_BYTES = 10_000_000;
const MOST_MS = 1_000;

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [3, 250, 5_000, 50_000];
const median = (numbers) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)];
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "page-"));
process.on("exit", () => fs.rmSync(scratch, { recursive: true, force: true }));

/** Starts the simulator. Resolves to a step's environment. */
async function simulator(people) {
  const child = spawn(process.env.SIMULATOR, ["--people", String(people)], { stdio: ["pipe", "pipe", "inherit"] });
  const env = {};
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const [, name, value] = /^export (\w+)='(.*)'$/.exec(line) ?? [];
    env[name] = value;
    if (name === "SIMULATOR_GIT_DIR") return { env, end: () => child.kill() };
  }
  throw new Error("the simulator ended");
}

/** Runs the action. Returns the path of its page. */
function made(env, people) {
  const workspace = path.join(scratch, String(people));
  fs.mkdirSync(workspace);
  const { GITHUB_TOKEN: token, ...runner } = env;
  const inputs = { INPUT_TOKEN: token, INPUT_ORGANIZATION: "acme", "INPUT_DELIVER-TO": "none", INPUT_FORMAT: "html", INPUT_SUMMARY: "false" };
  const files = { GITHUB_OUTPUT: path.join(workspace, "output"), GITHUB_WORKSPACE: workspace };
  fs.writeFileSync(files.GITHUB_OUTPUT, "");
  const { status, stdout } = spawnSync(process.env.ACTION, [], { env: { ...runner, ...inputs, ...files, TEST_WAIT_SCALE: "0.01" }, encoding: "utf8" });
  if (status !== 0) throw new Error(`the action failed:\n${stdout}`);
  const folder = path.join(workspace, "copilot-activity-report");
  return path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith(".html")));
}

/** Opens the page. Returns the time to open it, and the longest of some changes to the view, in milliseconds. */
async function measured(browser, file) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  const times = await page.evaluate(async () => {
    const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    await painted();
    const opened = performance.now();
    const took = async (change) => {
      const began = performance.now();
      change();
      await painted();
      return performance.now() - began;
    };
    const set = (id, value) => () => {
      const control = document.getElementById(id);
      control.value = value;
      control.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const changes = [set("search", "mona-00"), set("search", ""), set("status", "2"), set("status", ""), set("idle", "90"), set("idle", "0")];
    const filters = [];
    for (const change of changes) filters.push(await took(change));
    const sorts = [];
    for (const button of document.querySelectorAll("#people thead button")) sorts.push(await took(() => button.click()));
    return { opened, filter: Math.max(...filters), sort: Math.max(...sorts) };
  });
  await context.close();
  return times;
}

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
console.log("| people | size | compressed | open | filter | sort |\n| ---: | ---: | ---: | ---: | ---: | ---: |");
let missed = false;
for (const people of sizes) {
  const { env, end } = await simulator(people);
  const file = made(env, people);
  end();
  const content = fs.readFileSync(file);
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await measured(browser, file));
  const time = (name) => median(runs.map((run) => run[name]));
  const kb = (bytes) => (bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(2)} MB`);
  const ms = (name) => `${Math.round(time(name))} ms`;
  console.log(`| ${people.toLocaleString("en-US")} | ${kb(content.length)} | ${kb(zlib.gzipSync(content).length)} | ${ms("opened")} | ${ms("filter")} | ${ms("sort")} |`);
  missed ||= content.length > MOST_BYTES || ["opened", "filter", "sort"].some((name) => time(name) > MOST_MS);
}
await browser.close();
process.exit(missed ? 1 : 0);
