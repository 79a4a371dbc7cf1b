/* The order of services for programs that draw: DOT of Graphviz, and Mermaid. Arrows go from the earlier to the later one. */
import type { GraphNode, GraphView } from "../core/graph-view.ts";
import { conflictsOf, type Edge, edgesOf } from "./graph-levels.ts";
import { tookWordsOf } from "./render-words.ts";

const DOT_STYLE: Readonly<Record<Edge["kind"], string>> = { requires: "solid", wants: "dashed", after: "dotted" };

/** See https://graphviz.org/doc/info/lang.html */
export function renderGraphDot(graph: GraphView): readonly string[] {
  const critical = criticalOf(graph);
  const nodes = graph.services.map((node) => {
    const label = labelsOf(node).map(dotText).join("\\n");
    const style = critical.has(node.name) ? ", color=red, penwidth=2" : "";
    return `  "${dotText(node.name)}" [label="${label}"${style}];`;
  });
  const edges = edgesOf(graph.services).map(({ from, to, kind }) => {
    const style = critical.isStep(from, to) ? ", color=red, penwidth=2" : "";
    return `  "${dotText(from)}" -> "${dotText(to)}" [style=${DOT_STYLE[kind]}, tooltip=${kind}${style}];`;
  });
  const rivals = conflictsOf(graph.services).map(
    ([one, other]) =>
      `  "${dotText(one)}" -> "${dotText(other)}" [dir=none, style=dashed, color=gray, label="conflicts", constraint=false];`,
  );
  return ["digraph daemonsup {", "  rankdir=LR;", "  node [shape=box];", ...nodes, ...edges, ...rivals, "}"];
}

const MERMAID_ARROW: Readonly<Record<Edge["kind"], string>> = {
  requires: "-->",
  wants: "-.->|wants|",
  after: "-.->|after|",
};

/** See https://mermaid.js.org/syntax/flowchart.html */
export function renderGraphMermaid(graph: GraphView): readonly string[] {
  // Names may be words of the language: nodes are called by number, and show their names.
  const ids = new Map(graph.services.map(({ name }, index) => [name, `s${index}`]));
  const idOf = (name: string): string => ids.get(name) ?? "";
  const nodes = graph.services.map(
    (node) => `  ${idOf(node.name)}["${labelsOf(node).map(mermaidText).join("<br/>")}"]`,
  );
  const edges = edgesOf(graph.services).map(
    ({ from, to, kind }) => `  ${idOf(from)} ${MERMAID_ARROW[kind]} ${idOf(to)}`,
  );
  const rivals = conflictsOf(graph.services).map(([one, other]) => `  ${idOf(one)} x--x|conflicts| ${idOf(other)}`);
  const marked = graph.critical_path.filter((name) => ids.has(name)).map(idOf);
  const marks =
    marked.length === 0
      ? []
      : ["  classDef critical stroke:#c00,stroke-width:3px", `  class ${marked.join(",")} critical`];
  return ["flowchart LR", ...nodes, ...edges, ...rivals, ...marks];
}

function labelsOf({ name, start }: GraphNode): readonly string[] {
  const took = start?.took_ms ?? null;
  return took === null ? [name] : [name, tookWordsOf(took)];
}

interface Critical {
  has(name: string): boolean;
  /** true: the path goes from one straight to the other. */
  isStep(from: string, to: string): boolean;
}

function criticalOf({ critical_path: path }: GraphView): Critical {
  const places = new Map(path.map((name, index) => [name, index]));
  return {
    has: (name) => places.has(name),
    isStep: (from, to) => path[(places.get(from) ?? path.length) + 1] === to,
  };
}

function dotText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ");
}

/** Entities of Mermaid are written with # instead of &. */
function mermaidText(text: string): string {
  return text.replaceAll("#", "#35;").replaceAll('"', "#quot;").replaceAll("<", "#lt;").replaceAll("\n", " ");
}
