import { expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { EXCHANGES } from "../../src/control/exchanges.ts";
import { openApiOf } from "../../src/control/openapi.ts";
import { ROUTE_NAMES, ROUTES } from "../../src/control/routes.ts";
import { literalPort } from "./literal-port.ts";
import { serveTemporarily } from "./temporary-server.ts";

const REFERENCE = /"\$ref":"#\/components\/schemas\/([^"]+)"/g;

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Description {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

function description(): Description {
  return JSON.parse(JSON.stringify(openApiOf("1.2.3"))) as Description;
}

test("the description of the interface is sound OpenAPI 3.1", async () => {
  const validator = new Validator();
  const result = await validator.validate(openApiOf("1.2.3") as Record<string, unknown>);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("it describes every route with its method, and nothing else", () => {
  const described = Object.entries(description().paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
  );
  const routes = ROUTE_NAMES.map(
    (name) => `${name} ${ROUTES[name].method.toLowerCase()} ${ROUTES[name].path.replace(/:(\w+)/g, "{$1}")}`,
  );
  expect(described.toSorted()).toEqual(routes.toSorted());
});

test("it names every parameter of a path and every member of a query", () => {
  for (const item of Object.values(description().paths)) {
    for (const { operationId, parameters = [] } of Object.values(item)) {
      const route = operationId as keyof typeof EXCHANGES;
      const inPath = [...ROUTES[route].path.matchAll(/:(\w+)/g)].map(([, name]) => name);
      const inQuery = Object.keys(EXCHANGES[route].query?.members ?? {});
      expect(parameters.filter((each) => each.in === "path").map(({ name }) => name)).toEqual(inPath as string[]);
      expect(parameters.filter((each) => each.in === "query").map(({ name }) => name)).toEqual(inQuery);
    }
  }
});

test("a route that changes something says that it may be refused to those who only look", () => {
  for (const item of Object.values(description().paths)) {
    for (const { operationId, responses } of Object.values(item))
      expect("403" in responses).toBe(ROUTES[operationId as keyof typeof ROUTES].access === "operate");
  }
});

test("what is referred to is there, and what is there is referred to", () => {
  const { paths, components } = description();
  const names = (value: unknown): string[] =>
    [...JSON.stringify(value).matchAll(REFERENCE)].map(([, name]) => name ?? "");
  const used = new Set([...names(paths), ...names(components)]);
  expect([...used].toSorted()).toEqual(Object.keys(components.schemas).toSorted());
});

test("members that a later version adds to an answer fit the description, in a request they do not", () => {
  const { schemas } = description().components;
  expect(schemas["Service"]).not.toHaveProperty("additionalProperties");
  expect(schemas["AskRequest"]).toHaveProperty("additionalProperties", false);
});

test("the server answers with it, and with its own version", async () => {
  await using server = serveTemporarily(literalPort([]));
  const response = await server.fetch("/openapi.json");
  expect(response.headers.get("content-type")).toStartWith("application/json");
  const served = (await response.json()) as Description;
  expect(served.info.version).toBe("9.9.9");
  expect(served.paths).toEqual(description().paths);
});
