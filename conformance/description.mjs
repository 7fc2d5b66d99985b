// GitHub's OpenAPI description of its REST API (npm `@octokit/openapi`), and where an exchange differs from it.

import fs from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const FILE = new URL("node_modules/@octokit/openapi/generated/ghec.json", import.meta.url);
export const description = JSON.parse(fs.readFileSync(FILE));

// What GitHub does but doesn't describe, with the reason.
const BESIDES = {
  // GitHub's `Link` headers use an organization's ID, in a path that isn't documented.
  path: (path) => path.replace(/^\/organizations\/\d+\//, "/orgs/by-number/"),
  // "Troubleshooting the REST API": every endpoint returns 401 for bad credentials, even if its description doesn't
  // list it.
  statuses: [401],
  // "Get repository content", "Custom media types": the text lists it, but the schema doesn't.
  contentTypes: ["application/vnd.github.raw+json"],
};

// OpenAPI 3.0 uses `nullable` for "or null", even next to `oneOf`. JSON Schema has no equivalent.
const components = JSON.parse(JSON.stringify(description.components), withNull);
function withNull(_, node) {
  if (node?.nullable !== true) return node;
  const { nullable, ...rest } = node;
  return { anyOf: [{ type: "null" }, rest] };
}

const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, logger: false });
addFormats(ajv);
ajv.addSchema({ $id: "https://github/description", components });
const coercing = new Ajv({ strict: false, coerceTypes: true, validateSchema: false, logger: false });
coercing.addSchema({ $id: "https://github/description", components });

const compiled = new Map();
function validator(engine, schema) {
  const key = JSON.stringify(schema);
  if (!compiled.has(key)) {
    compiled.set(key, engine.compile(JSON.parse(key.replaceAll('"#/components/', '"https://github/description#/components/'), withNull)));
  }
  return compiled.get(key);
}

function resolved(node) {
  if (!node?.$ref) return node;
  return node.$ref.slice(2).split("/").reduce((at, key) => at[key], description);
}

const operations = Object.entries(description.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const parameters = (operation.parameters ?? []).map(resolved);
    const names = [];
    const pattern = template.replace(/\{(.+?)\}/g, (_, name) => {
      names.push(name);
      return parameters.find((one) => one.name === name)?.["x-multi-segment"] ? "(.+)" : "([^/]+)";
    });
    return { method: method.toUpperCase(), template, operation, parameters, names, pattern: new RegExp(`^${pattern}$`) };
  }),
);
// Fixed paths come before placeholders. `/repos/{owner}/{repo}/git/refs` must come before any pattern that also matches
// it.
operations.sort((a, b) => a.names.length - b.names.length);

/** Where an exchange differs from the description of its `operation`. */
export function differences({ request, response }) {
  const url = new URL(request.url, "http://api");
  const pathname = BESIDES.path(url.pathname);
  const found = operations.find(({ method, pattern }) => method === request.method && pattern.test(pathname));
  if (!found) return { operation: "none", problems: [`${request.method} ${url.pathname} isn't documented`] };
  const problems = [];
  const hold = (what, engine, schema, value) => {
    const validate = validator(engine, schema);
    if (!validate(value)) {
      for (const error of validate.errors) problems.push(`${what}${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
    }
  };

  const inPath = pathname.match(found.pattern).slice(1).map(decodeURIComponent);
  const path = Object.fromEntries(found.names.map((name, i) => [name, inPath[i]]));
  const query = Object.fromEntries(url.searchParams);
  for (const [place, values] of Object.entries({ path, query })) {
    const known = found.parameters.filter((parameter) => parameter.in === place);
    for (const name of Object.keys(values)) {
      if (!known.some((parameter) => parameter.name === name)) problems.push(`${place} parameter ${name} isn't documented`);
    }
    for (const { name, required, schema } of known) {
      if (values[name] === undefined) {
        if (required) problems.push(`${place} parameter ${name} is missing`);
      } else hold(`${place} parameter ${name}`, coercing, { properties: { [name]: schema } }, { [name]: values[name] });
    }
  }

  const taken = resolved(found.operation.requestBody)?.content?.["application/json"]?.schema;
  if (request.body.length > 0 && !taken) problems.push("the request has a body, which isn't documented");
  if (taken) {
    const body = JSON.parse(request.body);
    hold("request", ajv, taken, body);
    for (const name of Object.keys(body)) {
      if (!taken.properties?.[name]) problems.push(`request/${name} isn't documented`);
    }
  }

  const documented = resolved(found.operation.responses[response.status]);
  const type = response.headers["content-type"]?.split(";")[0];
  if (!documented) {
    if (!BESIDES.statuses.includes(response.status)) problems.push(`status ${response.status} isn't documented`);
  } else if (response.body.length > 0 && !BESIDES.contentTypes.includes(type)) {
    const schema = documented.content?.[type]?.schema;
    if (schema) hold("response", ajv, schema, JSON.parse(response.body));
    else problems.push(`the response's content type ${type} isn't documented`);
    if (response.headers.link && !documented.headers?.Link) problems.push("the response has a Link header, which isn't documented");
  }
  return { operation: `${found.method} ${found.template}`, problems };
}

/** Where a request body differs from the description. */
export function bodyErrors(method, template, body) {
  const taken = resolved(description.paths[template][method].requestBody).content["application/json"].schema;
  const validate = validator(ajv, taken);
  const problems = validate(body) ? [] : validate.errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  return [...problems, ...Object.keys(body).filter((name) => !taken.properties[name]).map((name) => `/${name} isn't documented`)];
}

/** The part of the description with the endpoints whose path has this ending. */
export function excerpt(ending) {
  const paths = Object.fromEntries(Object.entries(description.paths).filter(([path]) => path.endsWith(ending)));
  const components = {};
  const keep = (node) => {
    for (const [, kind, name] of JSON.stringify(node).matchAll(/"#\/components\/(.+?)\/(.+?)"/g)) {
      if (components[kind]?.[name]) continue;
      (components[kind] ??= {})[name] = description.components[kind][name];
      keep(components[kind][name]);
    }
  };
  keep(paths);
  const { openapi, info, servers } = description;
  return { openapi, info, servers, paths, components };
}
