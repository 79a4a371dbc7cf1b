import { hintOf } from "../core/nearest.ts";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { renderProblem } from "../config/problem.ts";
import { ask, type Reply } from "../control/client.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type GraphView, graphNodeOf } from "../core/graph-view.ts";
import { Links } from "../core/links.ts";
import { ANY_SERVICES, type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { withEarlier } from "./graph-levels.ts";
import { DEFAULT_DIRECTORY, readDefinitions } from "./read-definitions.ts";
import { renderGraphDot, renderGraphMermaid } from "./render-graph-drawing.ts";
import { renderGraphText } from "./render-graph-text.ts";
import { type Look, lookOf } from "./render-paint.ts";
import { onlyServices, selectServices } from "../control/select-services.ts";

export const graph: Command = {
  about: `Shows in which order services are started, what links them and, if a supervisor runs,
how long each has waited for others and then taken until it was up; the services
marked * were the critical path of the last start. Names (or globs) show only these
and what they have to wait for. Arrows go from the earlier to the later service.

Without a running supervisor the definitions in ./${DEFAULT_DIRECTORY} are read instead.`,
  options: {
    format: { short: null, value: "FORMAT", help: "text (default), dot (Graphviz) or mermaid" },
    config: { short: null, value: "DIR", help: "read these definitions, ask no supervisor" },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [ANY_SERVICES],
  examples: [
    { line: "daemonsup graph", what: "who waits for whom, and for how long" },
    { line: "daemonsup graph web", what: "only web and what it needs" },
    { line: "daemonsup graph --format dot | dot -Tsvg > graph.svg", what: "as a drawing" },
  ],
  exits: { 6: "the definitions are wrong (without a supervisor)" },
  run: showGraph,
};

const FORMATS: Readonly<Record<string, (graph: GraphView, look: Look) => readonly string[]>> = {
  text: renderGraphText,
  dot: renderGraphDot,
  mermaid: renderGraphMermaid,
};

async function showGraph(call: CommandCall): Promise<number> {
  const { given, world } = call;
  const format = given.valueOf("format") ?? "text";
  const render = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (render === undefined) {
    const hint = hintOf(format, Object.keys(FORMATS));
    world.stderr.write(`cannot read "--format": got ${JSON.stringify(format)}, want text, dot or mermaid${hint}\n`);
    return EXIT.usage;
  }
  const found = await findGraph(call);
  if (typeof found === "number") return found;
  const names = found.services.map(({ name }) => name);
  const { names: selected, unknown } = selectServices(given.operands, onlyServices(names));
  for (const { word, reason } of unknown) world.stderr.write(`cannot show ${JSON.stringify(word)}: ${reason}\n`);
  const shown = given.operands.length === 0 ? found : partOf(found, selected);
  if (given.has("json")) world.stdout.write(`${JSON.stringify(shown)}\n`);
  else if (shown.services.length === 0 && format === "text") {
    if (unknown.length === 0) world.stdout.write("no services\n");
  } else world.stdout.write(`${render(shown, lookOf(world)).join("\n")}\n`);
  return unknown.length > 0 ? EXIT.noSuchService : EXIT.done;
}

function partOf(whole: GraphView, names: readonly string[]): GraphView {
  const services = withEarlier(names, whole.services);
  const kept = new Set(services.map(({ name }) => name));
  return { services, critical_path: whole.critical_path.filter((name) => kept.has(name)) };
}

/** Of the supervisor, or of the definitions; a number: there is none, and the reason has been told. */
async function findGraph(call: CommandCall): Promise<GraphView | number> {
  const { given, world, place } = call;
  const directory = given.valueOf("config");
  if (directory !== null) return await readGraph(directory, call);
  const reply: Reply<GraphView> = await ask(place, { route: "graph", name: null, patience: ANSWER_WITHIN });
  if (reply.tag === "ok") return reply.value;
  world.stderr.write(`${reply.message}\n`);
  // Whoever names a supervisor means that one.
  const isNamed = given.has("name") || given.has("runtime-dir");
  const mayRead = reply.why === "not-running" && !isNamed && existsSync(resolve(world.cwd, DEFAULT_DIRECTORY));
  if (!mayRead) return reply.exit;
  world.stderr.write(`this is what the definitions in "${DEFAULT_DIRECTORY}" say\n`);
  return await readGraph(DEFAULT_DIRECTORY, call);
}

async function readGraph(displayAs: string, call: CommandCall): Promise<GraphView | number> {
  const { result, problems } = await readDefinitions(displayAs, call);
  if (result.tag === "rejected") {
    for (const problem of problems) call.world.stderr.write(`${renderProblem(problem)}\n`);
    return EXIT.invalidConfiguration;
  }
  const byName = new Map(result.definitions.map((definition) => [definition.name, definition]));
  const links = new Links();
  for (const definition of byName.values()) links.set(definition);
  const ordered = links.inStartOrder(byName.keys()).flatMap((name) => byName.get(name) ?? []);
  return { services: ordered.map(graphNodeOf), critical_path: [] };
}
