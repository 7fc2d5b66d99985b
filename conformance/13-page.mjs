// Part 13: the page of `format: html` in Chromium, read from a file, with names that could break it. axe-core checks its
// accessibility, and ESLint its script.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import js from "@eslint/js";
import { ESLint } from "eslint";
import { chromium } from "playwright-core";
import { done, given, none, promise, relay, scratch, simulator, step } from "./lib.mjs";

const PEOPLE = 700;
const DAY = 86_400_000;
const HOSTILE = [
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "<img src=x onerror=alert(1)>",
  '" autofocus onfocus="alert(1)',
  "{{ 7 * 7 }} ${7 * 7}",
  "\u202eright to left\u202c",
  "\u05e9\u05dc\u05d5\u05dd",
  "two\nlines\u2028and more",
  '=HYPERLINK("https://example.com")',
  "+1, -1",
  "@everyone",
  "x".repeat(300),
  "\u{1f984}",
];
const STATUSES = ["active", "new", "inactive", "never used"];
const ago = (days) => new Date(Date.now() - days * DAY).toISOString();

const github = await simulator("--people", String(PEOPLE));
/** Makes a list of people of every status, whose teams and editors have hostile names. */
const hostile = ({ request, response }) => {
  if (!request.url.includes("/copilot/billing/seats")) return undefined;
  const list = JSON.parse(response.body);
  for (const seat of list.seats) {
    const id = seat.assignee.id;
    seat.created_at = ago([400, 10, 80, 40][id % 4]);
    seat.last_activity_at = id % 4 === 0 ? ago(id % 29) : id % 8 === 2 ? ago(40 + (id % 40)) : null;
    seat.last_activity_editor = seat.last_activity_at && `${HOSTILE[id % HOSTILE.length].replaceAll("/", "")}/1.0`;
    seat.pending_cancellation_date = id % 50 === 0 ? ago(-10).slice(0, 10) : null;
    seat.assigning_team = id % 3 === 0 ? null : { id: id % HOSTILE.length, name: HOSTILE[id % HOSTILE.length] };
  }
  return { ...response, body: JSON.stringify(list) };
};
const broken = { ...github.env, GITHUB_API_URL: await relay(github.env.GITHUB_API_URL, { see: hostile }) };

/** Runs the action as it's shipped. Resolves to its page, its CSV with all columns, and its outputs. */
async function made(env, inputs) {
  process.env.ACTION = given("SHIPPED");
  const { workspace, outputs } = await step(env, { "deliver-to": "none", format: "csv, html", columns: "all", ...inputs });
  const [csv, page] = outputs["report-path"].split("\n").map((name) => path.join(workspace, name));
  const [header, ...rows] = parsed(fs.readFileSync(csv, "utf8"));
  const people = rows.map((row) => Object.fromEntries(row.map((cell, place) => [header[place], cell])));
  return { page, csv, outputs, people };
}

/** Runs the action over several organizations, one of which doesn't exist. Resolves to the page over all of them. */
async function over(env, organization) {
  process.env.ACTION = given("SHIPPED");
  const { workspace, outputs } = await step(env, { "deliver-to": "none", format: "html", organization }, { expect: 1 });
  const results = JSON.parse(fs.readFileSync(path.join(workspace, outputs["results-path"]), "utf8"));
  return { page: path.join(workspace, results.page.path), outputs };
}

/** Parses a CSV as RFC 4180 defines it. */
function parsed(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
process.on("exit", () => browser.close());

/** Opens a page from its file. `problems` has what the browser complains about, and all other requests. */
async function opened(file, { width = 1280, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, acceptDownloads: true, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => problems.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("request", (request) => {
    if (request.url() !== pathToFileURL(file).href && !request.url().startsWith("blob:")) problems.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  const column = (number) => page.locator(`#people tbody tr > :nth-child(${number})`).allTextContents();
  const shown = async () => Number(/^([\d,]+) of/.exec(await page.textContent("#shown"))[1].replaceAll(",", ""));
  return { page, problems, column, shown, close: () => context.close() };
}

const few = await made(broken, { organization: "acme" });
const enterprise = await made(github.env, { enterprise: "globex" });
const small = await made(github.env, { organization: "octo" });
const nobody = await made(github.env, { organization: "nobody" });
const all = await over(github.env, "acme, octo, nobody, missing");
const { page, problems, column, shown } = await opened(few.page);
const held = (status) => few.people.filter((row) => row.Status === status).length;

await promise("13.1", "the script follows ESLint's recommended rules", async () => {
  const names = ["document", "window", "navigator", "setTimeout", "Blob", "Option", "URL"];
  const globals = Object.fromEntries(names.map((name) => [name, "readonly"]));
  const languageOptions = { ecmaVersion: 2023, sourceType: "script", globals };
  const eslint = new ESLint({ cwd: path.resolve("."), overrideConfigFile: true, overrideConfig: [js.configs.recommended, { languageOptions, linterOptions: { reportUnusedDisableDirectives: "error" } }] });
  const [{ messages }] = await eslint.lintFiles(["templates/report.js"]);
  none(messages.map(({ line, message }) => `templates/report.js:${line} ${message}`));
});

await promise("13.2", "the page opens from a file without a complaint, and requests nothing else", async () => {
  for (const { page: file } of [few, enterprise, small, nobody, all]) {
    const { problems, close } = await opened(file);
    none(problems);
    await close();
  }
  none(problems);
});

await promise("13.3", "hostile names are text", async () => {
  assert.equal(await page.locator("img, iframe, [onfocus], [onerror]").count(), 0);
  assert.equal(await page.locator("script").count(), 2);
  const options = await page.locator("#team option").allTextContents();
  for (const name of HOSTILE.filter((name) => !/[\u202e\n]/.test(name))) assert.ok(options.includes(name), name);
  assert.ok(options.some((name) => name.startsWith("\\u{202e}right to left")), options.join("; "));
  assert.ok((await page.locator("#editors-title ~ * tbody th").allTextContents()).some((name) => name.startsWith("<img")));
});

await promise("13.4", "the figures are those of the CSV and of the outputs", async () => {
  const figures = await page.locator(".cards .figure").allTextContents();
  const counts = [few.people.length, ...STATUSES.map(held)];
  assert.deepEqual(figures.map((text) => Number(text.split(" ")[0])), counts);
  assert.deepEqual(counts, ["seats", "active", "new", "inactive", "never-used"].map((name) => Number(few.outputs[name])));
  assert.ok(counts.every((count) => count > 20), counts.join(" "));
  const hash = createHash("sha256").update(fs.readFileSync(few.csv)).digest("hex");
  assert.match(await page.textContent(".evidence"), new RegExp(hash));
  return counts.join(", ");
});

await promise("13.5", "search and each filter show the people of the CSV", async () => {
  assert.equal(await shown(), PEOPLE);
  await page.fill("#search", "MONALISA");
  assert.deepEqual(await column(1), ["monalisa"]);
  await page.click("#reset");
  for (const [place, status] of STATUSES.entries()) {
    await page.selectOption("#status", String(place));
    assert.equal(await shown(), held(status), status);
    assert.deepEqual([...new Set(await column(2))], [status]);
  }
  await page.selectOption("#status", "idle");
  const idle = held("inactive") + held("never used");
  assert.equal(await shown(), idle);
  await page.click("#reset");
  for (const [label, count] of [
    ["No team", few.people.filter((row) => row["Assigning Team"] === "None").length],
    [HOSTILE[0], few.people.filter((row) => row["Assigning Team"] === HOSTILE[0]).length],
  ]) {
    await page.selectOption("#team", { label });
    assert.equal(await shown(), count, label);
  }
  await page.selectOption("#status", "0");
  assert.equal(await shown(), few.people.filter((row) => row["Assigning Team"] === HOSTILE[0] && row.Status === "active").length);
  await page.click("#reset");
  await page.selectOption("#editor", { label: HOSTILE[12] });
  assert.equal(await shown(), few.people.filter((row) => row.Surface === HOSTILE[12]).length);
  await page.click("#reset");
  assert.equal(await shown(), PEOPLE);
  const other = await opened(enterprise.page);
  const acme = new Set(enterprise.people.filter((row) => row.Organization === "acme").map((row) => row.Login));
  await other.page.selectOption("#organization", { label: "acme" });
  assert.equal(await other.shown(), acme.size);
  await other.close();
});

await promise("13.6", "the slider counts the same idle people as the headline", async () => {
  await page.locator("#idle").fill("30");
  const idle = held("inactive") + held("never used");
  assert.match(await page.textContent(".headline"), new RegExp(`^${idle} of ${PEOPLE} Copilot seats are idle`));
  assert.equal(await page.textContent("#idle-people"), `${idle} of ${PEOPLE} people`);
  assert.equal(await shown(), idle);
  await page.focus("#idle");
  await page.keyboard.press("End");
  assert.equal(await page.textContent("#idle-days"), await page.getAttribute("#idle", "max"));
  await page.click("#reset");
  return `${idle} people`;
});

await promise("13.7", "columns sort in both directions, also from the keyboard", async () => {
  const most = (texts) => texts.map((text) => text.toLowerCase());
  await page.getByRole("button", { name: "Login" }).focus();
  await page.keyboard.press("Enter");
  const first = most(await column(1));
  assert.deepEqual(first, most(few.people.map((row) => row.Login)).toSorted().slice(0, 200));
  await page.keyboard.press("Enter");
  assert.deepEqual(most(await column(1)), most(few.people.map((row) => row.Login)).toSorted().toReversed().slice(0, 200));
  assert.equal(await page.locator("[aria-sort]").count(), 1);
  assert.equal(await page.locator("th[data-key=login]").getAttribute("aria-sort"), "descending");
  await page.getByRole("button", { name: "Idle days" }).click();
  const days = (await column(4)).map((text) => parseInt(text, 10));
  assert.deepEqual(days, days.toSorted((one, other) => other - one));
  await page.getByRole("button", { name: "Idle days" }).click();
  assert.ok(parseInt((await column(4))[0], 10) < days[0]);
  await page.getByRole("button", { name: "Idle days" }).click();
});

await promise("13.8", "the view is copied and downloaded as a CSV without formulas", async () => {
  await page.selectOption("#team", { label: '=HYPERLINK("https://example.com")' });
  const expected = few.people.filter((row) => row["Assigning Team"].startsWith("=HYPERLINK"));
  await page.click("#copy");
  await page.getByText(`Copied ${expected.length} people`).waitFor();
  const copied = await page.evaluate("navigator.clipboard.readText()");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  assert.equal(download.suggestedFilename(), `${path.basename(few.csv, ".csv")}-view.csv`);
  const file = path.join(scratch, "view.csv");
  await download.saveAs(file);
  const text = fs.readFileSync(file, "utf8");
  assert.equal(copied.replaceAll("\r\n", "\n"), text.replaceAll("\r\n", "\n"));
  const [header, ...rows] = parsed(text);
  assert.deepEqual(header, await page.locator("#people thead th").allTextContents());
  assert.deepEqual(rows.map(([login]) => login).toSorted(), expected.map((row) => row.Login).toSorted());
  assert.ok(rows.every((row) => row.length === header.length && row[5] === `'=HYPERLINK("https://example.com")`), text);
  assert.ok(text.endsWith("\r\n"));
  await page.click("#reset");
  return `${rows.length} rows`;
});

await promise("13.9", "a long list grows on request, and prints as a whole", async () => {
  assert.equal((await column(1)).length, 200);
  await page.click("#more");
  assert.equal((await column(1)).length, 400);
  assert.equal(await page.textContent("#more"), "Show 200 more");
  await page.click("#more");
  await page.click("#more");
  assert.equal((await column(1)).length, PEOPLE);
  assert.equal(await page.isVisible("#more"), false);
  await page.selectOption("#status", "0");
  await page.click("#reset");
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  await page.emulateMedia({ media: "print" });
  assert.equal((await column(1)).length, PEOPLE);
  for (const control of ["#filters", "#reset", "#copy", "#download", "#more"]) assert.equal(await page.isVisible(control), false, control);
  await page.emulateMedia({ media: "screen" });
  await page.evaluate("dispatchEvent(new Event('afterprint'))");
  assert.equal((await column(1)).length, 200);
  none(problems);
});

await promise("13.10", "axe finds nothing in light and dark, on wide and narrow screens", async () => {
  const source = fs.readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
  let checks = 0;
  for (const [name, { page: file }] of Object.entries({ few, enterprise, nobody, all })) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [375, 1280]) {
        const { page, close } = await opened(file, { colorScheme, width });
        // All rows are alike, and axe needs long for each.
        if (await page.locator("#search").count()) await page.fill("#search", "mona-001");
        await page.evaluate(source);
        const { violations, passes } = await page.evaluate("axe.run()");
        none(violations.map(({ id, nodes }) => `${name} ${colorScheme} ${width}: ${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`));
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
        checks += passes.length;
        await close();
      }
    }
  }
  assert.ok(checks > 200, `${checks} checks`);
  return `${checks} checks passed`;
});

await promise("13.11", "without JavaScript, the table is there and the controls are not", async () => {
  const plain = await opened(small.page, { javaScriptEnabled: false });
  assert.deepEqual((await plain.column(1)).toSorted(), small.people.map((row) => row.Login).toSorted());
  assert.equal(await plain.page.isVisible("#people"), true);
  for (const control of ["#filters", "#copy", "#more"]) assert.equal(await plain.page.isVisible(control), false, control);
  await plain.close();
  const large = await opened(few.page, { javaScriptEnabled: false });
  assert.match(await large.page.textContent("#too-many"), new RegExp(`${PEOPLE} people needs JavaScript`));
  assert.equal(await large.page.isVisible("#people"), false);
  assert.equal(await large.page.isVisible(".cards"), true);
  await large.close();
});

await promise("13.12", "the page over all organizations counts people once, and names the one that's missing", async () => {
  const { page, shown, close } = await opened(all.page);
  const figures = await page.locator(".cards .figure").allTextContents();
  const outputs = ["seats", "active", "new", "inactive", "never-used"].map((name) => Number(all.outputs[name]));
  assert.deepEqual(figures.map((text) => Number(text.split(" ")[0])), outputs);
  assert.equal(await shown(), Number(all.outputs.people));
  assert.ok(outputs[0] > Number(all.outputs.people), "no one is in two organizations");
  await page.selectOption("#organization", { label: "octo" });
  assert.equal(await shown(), small.people.length);
  assert.match(await page.textContent(".alert"), /missing: no report\./);
  await close();
  return `${outputs[0]} seats, ${all.outputs.people} people`;
});

await promise("13.13", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

await browser.close();
done();
