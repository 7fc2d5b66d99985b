// GitHub's own description of its REST API (npm `@octokit/openapi`), and what of an exchange is not as it says.

import fs from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const FILE = new URL("node_modules/@octokit/openapi/generated/ghec.json", import.meta.url);
export const description = JSON.parse(fs.readFileSync(FILE));

// What is true of GitHub and not in its description. Each with its reason.
const BESIDES = {
  // GitHub's own `Link` headers name an organization by its number, in a path that is described nowhere.
  path: (path) => path.replace(/^\/organizations\/\d+\//, "/orgs/by-number/"),
  // "Troubleshooting the REST API": every endpoint answers bad credentials so, whether its entry says it or not.
  statuses: [401],
  // "Get repository content", "Custom media types": described in words, not in the entry's list of contents.
  contentTypes: ["application/vnd.github.raw+json"],
};

// OpenAPI 3.0 says "or null" by `nullable`, also beside `oneOf`, which JSON Schema has no word for.
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
// Words before placeholders, as in `/repos/{owner}/{repo}/git/refs` before anything that could swallow it.
operations.sort((a, b) => a.names.length - b.names.length);

/** Everything in an exchange that is not as described. `operation` is the entry it was held against. */
export function breaches({ request, answer }) {
  const url = new URL(request.url, "http://api");
  const pathname = BESIDES.path(url.pathname);
  const found = operations.find(({ method, pattern }) => method === request.method && pattern.test(pathname));
  if (!found) return { operation: "none", problems: [`${request.method} ${url.pathname} is not described`] };
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
      if (!known.some((parameter) => parameter.name === name)) problems.push(`${place} parameter ${name} is not described`);
    }
    for (const { name, required, schema } of known) {
      if (values[name] === undefined) {
        if (required) problems.push(`${place} parameter ${name} is missing`);
      } else hold(`${place} parameter ${name}`, coercing, { properties: { [name]: schema } }, { [name]: values[name] });
    }
  }

  const taken = resolved(found.operation.requestBody)?.content?.["application/json"]?.schema;
  if (request.body.length > 0 && !taken) problems.push("a body is sent that is not described");
  if (taken) {
    const body = JSON.parse(request.body);
    hold("request", ajv, taken, body);
    for (const name of Object.keys(body)) {
      if (!taken.properties?.[name]) problems.push(`request/${name} is not described`);
    }
  }

  const response = resolved(found.operation.responses[answer.status]);
  const type = answer.headers["content-type"]?.split(";")[0];
  if (!response) {
    if (!BESIDES.statuses.includes(answer.status)) problems.push(`status ${answer.status} is not described`);
  } else if (answer.body.length > 0 && !BESIDES.contentTypes.includes(type)) {
    const schema = response.content?.[type]?.schema;
    if (schema) hold("answer", ajv, schema, JSON.parse(answer.body));
    else problems.push(`the answer's content type ${type} is not described`);
    if (answer.headers.link && !response.headers?.Link) problems.push("the answer has a Link header that is not described");
  }
  return { operation: `${found.method} ${found.template}`, problems };
}

/** Everything in a body that such a request doesn't take. */
export function misfits(method, template, body) {
  const taken = resolved(description.paths[template][method].requestBody).content["application/json"].schema;
  const validate = validator(ajv, taken);
  const problems = validate(body) ? [] : validate.errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  return [...problems, ...Object.keys(body).filter((name) => !taken.properties[name]).map((name) => `/${name} is not described`)];
}

/** The description of the endpoints whose path ends so, and of nothing else. */
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
