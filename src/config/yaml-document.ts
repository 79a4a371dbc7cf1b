import type { Node, YAMLError } from "yaml";
import { pathKeyOf, type Parsed, type Path, type Place, type PlaceIndex, type SyntaxFault } from "./document.ts";
import type { Span } from "./source-text.ts";

/** How often aliases of one document may be followed before it is refused as a bomb. */
const MAX_ALIASES = 100;

type Yaml = typeof import("yaml");

/** Reads YAML 1.2 with the core schema: one document, unique keys, no tags that need code. */
export function parseYaml(text: string): Parsed {
  // Loaded here and not at the top: most directories hold no YAML.
  const yaml = require("yaml") as Yaml;
  try {
    const document = yaml.parseDocument(text, {
      version: "1.2",
      schema: "core",
      prettyErrors: false,
      logLevel: "error",
    });
    const errors = [...document.errors, ...document.warnings];
    if (errors.length > 0) return { tag: "faulty", faults: errors.map((error) => faultOf(error, text)) };
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { tag: "parsed", value: value ?? {}, places: () => placesOf(yaml, document.contents) };
  } catch (error) {
    const reason =
      error instanceof RangeError ? "nested too deeply" : "an alias without an anchor, or too many aliases";
    return { tag: "faulty", faults: [{ span: { start: 0, end: 0 }, reason }] };
  }
}

function faultOf(error: YAMLError, text: string): SyntaxFault {
  const start = Math.min(error.pos[0], text.length);
  // Whatever follows a colon, a quote or a line end may repeat the text, and the text may be a secret.
  const reason = error.message.replace(/(:\s|["\n]).*$/s, "");
  return {
    span: { start, end: Math.max(start, Math.min(error.pos[1], text.length)) },
    reason: reason.charAt(0).toLowerCase() + reason.slice(1),
  };
}

function placesOf(yaml: Yaml, contents: Node | null): PlaceIndex {
  const places = new Map<string, Place>();
  const visit = (node: unknown, path: Path, key: Span | null): void => {
    const value = spanOf(node) ?? key;
    if (value === null) return;
    if (path.length > 0) places.set(pathKeyOf(path), { key, value, isLeaf: !yaml.isCollection(node) });
    if (yaml.isMap(node)) {
      for (const pair of node.items) {
        if (yaml.isScalar(pair.key)) visit(pair.value, [...path, String(pair.key.value)], spanOf(pair.key));
      }
    } else if (yaml.isSeq(node)) node.items.forEach((item, index) => visit(item, [...path, index], null));
  };
  visit(contents, [], null);
  return places;
}

function spanOf(node: unknown): Span | null {
  const range = (node as Partial<Node> | null)?.range;
  return range ? { start: range[0], end: range[1] } : null;
}
