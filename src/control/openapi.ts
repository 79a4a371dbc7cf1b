import { type Json, describeMember, describeShape } from "./describe-shape.ts";
import { type Answer, type Exchange, EXCHANGES, NAMED_SHAPES } from "./exchanges.ts";
import { type ProblemKind, PROBLEMS } from "./problem.ts";
import { ROUTE_NAMES, type RouteName, ROUTES } from "./routes.ts";
import type { OtherwiseShape, Shape } from "./shape.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Describes every route as OpenAPI 3.1 does, out of the shapes that requests are judged by. `version`: of the program. */
export function openApiOf(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const name of ROUTE_NAMES) {
    const { method, path } = ROUTES[name];
    const item = (paths[path.replace(/:(\w+)/g, "{$1}")] ??= {});
    item[method.toLowerCase()] = operationOf(name);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "daemonsup",
      version,
      summary: "Services and the supervisor that keeps them running",
      description:
        "Times are ISO 8601 UTC. A member without a value is null, never absent; further members may be added. " +
        "Requests are strict: an unknown member is refused. Lines are NDJSON after one empty line.",
      license: { name: "MIT", identifier: "MIT" },
    },
    jsonSchemaDialect: DIALECT,
    servers: [{ url: "/", description: "control.sock in the runtime directory; status.sock for what only shows" }],
    paths,
    components: { schemas: namedSchemas() },
  };
}

function operationOf(name: RouteName): Json {
  const exchange = EXCHANGES[name];
  const { path, access } = ROUTES[name];
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, parameter]) => ({
    name: parameter,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const parameters = [...inPath, ...parametersOf(exchange.query)];
  return {
    operationId: name,
    summary: exchange.summary,
    description: access === "read" ? "Only shows." : "Changes something: not for those who may only look.",
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(exchange.body === null
      ? {}
      : { requestBody: { content: contentOf(["application/json"], [exchange.body], true) } }),
    responses: { 200: { description: "Done", content: answerOf(exchange.answer) }, ...problemsOf(name, exchange) },
  };
}

function parametersOf(query: Exchange["query"]): readonly Json[] {
  return Object.entries(query?.members ?? {}).map(([name, member]) => ({
    name,
    in: "query",
    required: member.tag !== "otherwise",
    schema: parameterOf(member),
  }));
}

/** A query has no null: what is not said is. */
function parameterOf(member: Shape | OtherwiseShape<Shape>): Json {
  const isOptional = member.tag === "otherwise" && member.of.tag === "null-or";
  return isOptional ? parameterOf(member.of.of) : describeMember(member, { isRequest: true, referenceTo });
}

function answerOf(answer: Answer): Json {
  if (answer.tag === "text")
    return Object.fromEntries(answer.types.map((type) => [type, { schema: { type: "string" } }]));
  if (answer.tag === "value") return contentOf(["application/json"], [answer.shape], false);
  return contentOf(answer.types, answer.shapes, false);
}

/** Every problem that the route may answer with, by its status. */
function problemsOf(name: RouteName, { body, problems }: Exchange): Json {
  const { path, access } = ROUTES[name];
  const kinds: readonly ProblemKind[] = [
    "bad-request",
    ...(access === "operate" ? (["read-only"] as const) : []),
    ...(path.includes(":name") ? (["no-such-service"] as const) : []),
    ...(body === null ? [] : (["too-slow", "too-large"] as const)),
    "internal-error",
    ...problems,
  ];
  const content = { "application/problem+json": { schema: referenceToName("Problem") } };
  return Object.fromEntries(
    kinds.map((kind) => [PROBLEMS[kind].status, { description: PROBLEMS[kind].title, content }] as const),
  );
}

function contentOf(types: readonly string[], shapes: readonly Shape[], isRequest: boolean): Json {
  const described = shapes.map((shape) => referenceTo(shape) ?? describeShape(shape, { isRequest, referenceTo }));
  const schema = described.length === 1 ? described[0] : { anyOf: described };
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

/** null: the shape has no name of its own. */
function referenceTo(shape: Shape): Json | null {
  const name = Object.keys(NAMED_SHAPES).find((candidate) => NAMED_SHAPES[candidate] === shape);
  return name === undefined ? null : referenceToName(name);
}

function referenceToName(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function namedSchemas(): Json {
  // Requests are described as they are written, answers as they arrive.
  const schemas = Object.entries(NAMED_SHAPES).map(([name, shape]) => {
    return [name, describeShape(shape, { isRequest: name.endsWith("Request"), referenceTo })] as const;
  });
  return Object.fromEntries(schemas);
}
