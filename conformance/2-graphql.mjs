// Part 2: the action's GraphQL documents and variables match GitHub's public schema (npm `@octokit/graphql-schema`),
// and so do the simulator's responses. A typo in any name fails validation.

import assert from "node:assert/strict";
import fs from "node:fs";
import { schema as published } from "@octokit/graphql-schema";
import { buildClientSchema, execute, getOperationAST, getVariableValues, parse, validate, visit } from "graphql";
import { done, none, promise, relay, simulator, step } from "./lib.mjs";

const schema = buildClientSchema(published.json);

/** The validation errors of a document and its variables. */
function problems(text, variables) {
  const document = parse(text);
  const found = validate(schema, document).map((error) => error.message);
  if (found.length > 0) return found;
  const { variableDefinitions } = getOperationAST(document);
  const declared = variableDefinitions.map(({ variable }) => variable.name.value);
  // GitHub ignores undeclared variables, but they're still a bug.
  const undeclared = Object.keys(variables).filter((name) => !declared.includes(name));
  return [
    ...undeclared.map((name) => `variable ${name} is not declared`),
    ...(getVariableValues(schema, variableDefinitions, variables).errors ?? []).map((error) => error.message),
  ];
}

// The cases that send all documents: an existing branch, a new branch, an empty repository, and a lost response, after
// which the action looks for its commit.
const github = await simulator("--people", "30");
const sent = new Map();
const responses = [];
let lose = false;
const api = await relay(github.env.GITHUB_API_URL, {
  see: ({ request, response }) => {
    if (request.url !== "/graphql") return;
    const { query, variables } = JSON.parse(request.body);
    sent.set(query, [...(sent.get(query) ?? []), variables]);
    responses.push({ query, variables, response: JSON.parse(response.body) });
    if (!lose || !query.startsWith("mutation")) return;
    lose = false;
    return { status: 502, headers: { "content-type": "text/html" }, body: "<html>Bad Gateway</html>" };
  },
});
const env = { ...github.env, GITHUB_API_URL: api, GITHUB_GRAPHQL_URL: `${api}/graphql` };
const commit = async (inputs) => (await step(env, { organization: "acme", "deliver-to": "repository", repository: "octo/audit", ...inputs })).outputs;

await promise("2.1", "each way to commit succeeds, even after a lost response", async () => {
  await commit({});
  await commit({ branch: "another" });
  await commit({ repository: "octo/empty" });
  await commit({ organization: "", enterprise: "globex" });
  lose = true;
  assert.match((await commit({ directory: "lost" }))["commit-sha"], /^[0-9a-f]{40}$/);
  assert.equal(lose, false);
});

await promise("2.2", "every document in the source was sent", async () => {
  const source = new URL("../src/", import.meta.url);
  // One document has the fields of whatever is looked up at that time. Aliases and values don't make a field different.
  const fields = (text) => text.match(/^ *field\d+:.*$/gm) ?? [text];
  const kinds = new Set([...sent.keys()].flatMap(fields).map((text) => text.replaceAll(/"[^"]*"|\d+/g, "#")));
  const files = fs.readdirSync(source, { recursive: true }).filter((file) => file.endsWith(".rs"));
  const texts = files.map((file) => fs.readFileSync(new URL(file, source), "utf8"));
  const found = (pattern) => texts.flatMap((text) => text.match(pattern) ?? []).length;
  const written = found(/"(query|mutation)\b[^"]*[({]/g) - 1 + found(/\.objects\(/g) + found(/\.look_up\(vec!/g);
  assert.equal(kinds.size, written, `${written} in the source, sent were:\n${[...kinds].join("\n")}`);
  return `${kinds.size} documents`;
});

await promise("2.3", "documents and variables match GitHub's schema", async () => {
  for (const [text, all] of sent) for (const variables of all) none(problems(text, variables));
});

await promise("2.4", "a typo in any name of a document or its variables fails validation", async () => {
  let typos = 0;
  const seen = (found, what) => assert.notDeepEqual(found, [], `not found in ${what} (typo ${++typos})`);
  for (const [text, [variables]] of sent) {
    const document = parse(text);
    const places = [];
    // The document defines aliases and its own name. GitHub defines all other names.
    visit(document, { Name: (node, key, parent) => void (key === "alias" || parent.kind === "OperationDefinition" || places.push(node.loc)) });
    for (const { start, end } of places) seen(problems(`${text.slice(0, end)}x${text.slice(end)}`, variables), `${text.slice(0, end)}x`);
    const misspell = (value, put) => {
      if (value === null || typeof value !== "object") return;
      for (const [name, inner] of Object.entries(value)) {
        if (!Array.isArray(value)) {
          const { [name]: _, ...rest } = value;
          seen(problems(text, put({ ...rest, [`${name}x`]: inner })), `variable ${name}x of ${text}`);
        }
        misspell(inner, (changed) => put(Array.isArray(value) ? value.with(name, changed) : { ...value, [name]: changed }));
      }
    };
    misspell(variables, (changed) => changed);
  }
  return `${typos} typos`;
});

await promise("2.5", "the simulator's responses match GitHub's schema", async () => {
  for (const { query, variables, response } of responses) {
    assert.equal(response.errors, undefined);
    // The types of the simulator's objects, which aren't in the response.
    const typeResolver = (value, context, info, type) => (type.name === "GitSignature" ? "GpgSignature" : "text" in value ? "Blob" : "entries" in value ? "Tree" : "Commit");
    const fieldResolver = (value, given, context, info) => value[info.path.key];
    const { data, errors } = execute({ schema, document: parse(query), rootValue: response.data, variableValues: variables, typeResolver, fieldResolver });
    none((errors ?? []).map((error) => `${error.path.join(".")}: ${error.message}`));
    assert.deepEqual(JSON.parse(JSON.stringify(data)), response.data);
  }
  return `${responses.length} responses`;
});

await promise("2.6", "the simulator found no violations", async () => assert.equal(await github.violations(), ""));

done();
