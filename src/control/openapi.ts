import * as z from "zod/mini";
import { type Answer, type Exchange, EXCHANGES, NAMED_SCHEMAS } from "./exchanges.ts";
import { type ProblemKind, PROBLEMS } from "./problem.ts";
import { ROUTE_NAMES, type RouteName, ROUTES } from "./routes.ts";

type Json = Readonly<Record<string, unknown>>;

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Describes every route as OpenAPI 3.1 does, out of the schemas that requests are judged by. `version`: of the program. */
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
      : { requestBody: { content: contentOf(["application/json"], exchange.body, "input") } }),
    responses: { 200: { description: "Done", content: answerOf(exchange.answer) }, ...problemsOf(name, exchange) },
  };
}

function parametersOf(query: Exchange["query"]): readonly Json[] {
  if (query === null) return [];
  const required = schemaOf(query, "input")["required"];
  const properties = Object.entries((schemaOf(query, "output")["properties"] ?? {}) as Json);
  return properties.map(([name, schema]) => ({
    name,
    in: "query",
    required: Array.isArray(required) && required.includes(name),
    schema,
  }));
}

function answerOf(answer: Answer): Json {
  if (answer.tag === "text")
    return Object.fromEntries(answer.types.map((type) => [type, { schema: { type: "string" } }]));
  return contentOf(answer.tag === "value" ? ["application/json"] : answer.types, answer.schema, "output");
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
  const content = { "application/problem+json": { schema: referenceTo("Problem") } };
  return Object.fromEntries(
    kinds.map((kind) => [PROBLEMS[kind].status, { description: PROBLEMS[kind].title, content }] as const),
  );
}

function contentOf(types: readonly string[], schema: z.ZodMiniType, io: "input" | "output"): Json {
  const named = nameOf(schema);
  const shown = named === null ? schemaOf(schema, io) : referenceTo(named);
  return Object.fromEntries(types.map((type) => [type, { schema: shown }]));
}

function nameOf(schema: z.core.$ZodType): string | null {
  return Object.entries(NAMED_SCHEMAS).find(([, candidate]) => asCore(candidate) === schema)?.[0] ?? null;
}

function asCore(schema: z.core.$ZodType): z.core.$ZodType {
  return schema;
}

function referenceTo(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

function namedSchemas(): Json {
  const names = Object.keys(NAMED_SCHEMAS);
  // Requests are described as they are written, answers as they arrive.
  return Object.fromEntries(
    names.map((name) => [
      name,
      schemaOf(NAMED_SCHEMAS[name] ?? z.unknown(), name.endsWith("Request") ? "input" : "output"),
    ]),
  );
}

/** The JSON Schema of a schema; what has a name of its own inside it is only referred to. */
function schemaOf(schema: z.ZodMiniType, io: "input" | "output"): Json {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // Whoever reads answers must not stumble over what a later version adds.
      if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      const name = zodSchema === asCore(schema) ? null : nameOf(zodSchema);
      if (name === null) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      jsonSchema.$ref = referenceTo(name).$ref;
    },
  });
  const { $schema: _dialect, ...rest } = made;
  return rest;
}
