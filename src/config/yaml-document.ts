import type { Node, YAMLError } from "yaml";
import {
  MAX_PLACE_DEPTH,
  pathKeyOf,
  type Parsed,
  type Path,
  type Place,
  type PlaceIndex,
  type SyntaxFault,
} from "./document.ts";
import type { Span } from "./source-text.ts";

/** How often aliases of one document may be followed before it is refused as a bomb. */
const MAX_ALIASES = 100;
/** One mistake in YAML makes many; the first are the true ones. */
const MAX_FAULTS = 5;

type Yaml = typeof import("yaml");

/** Reads YAML 1.2 with the core schema: one document, unique keys, no tags that need code. */
export function parseYaml(text: string): Parsed {
  // Loaded here and not at the top: most directories hold no YAML.
  const yaml = require("yaml") as Yaml;
  try {
    const document = yaml.parseDocument(text, {
      version: "1.2",
      schema: "core",
      // Looked for below: the parser compares each key with all others.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "error",
    });
    const errors = [...document.errors, ...document.warnings];
    if (errors.some((error) => error.message.includes("call stack"))) return faulty("nested too deeply");
    if (errors.length > 0)
      return { tag: "faulty", faults: errors.slice(0, MAX_FAULTS).map((error) => faultOf(error, text)) };
    const faults = keyFaultsOf(yaml, document.contents);
    if (faults.length > 0) return { tag: "faulty", faults };
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { tag: "parsed", value: value ?? {}, places: () => placesOf(yaml, document.contents) };
  } catch (error) {
    return faulty(
      error instanceof RangeError ? "nested too deeply" : "an alias without an anchor, or too many aliases",
    );
  }
}

function faulty(reason: string): Parsed {
  return { tag: "faulty", faults: [{ span: { start: 0, end: 0 }, reason }] };
}

function faultOf(error: YAMLError, text: string): SyntaxFault {
  const start = Math.min(error.pos[0], text.length);
  // Whatever follows a colon, a quote, a line end or a percent sign may repeat the text, and the text may be a secret.
  const reason = error.message.replace(/(:\s|["\r\n]| ?%).*$/s, "");
  return {
    span: { start, end: Math.max(start + 1, Math.min(error.pos[1], text.length)) },
    reason: reason.charAt(0).toLowerCase() + reason.slice(1),
  };
}

/** Keys that are no words, and keys that are there before. */
function keyFaultsOf(yaml: Yaml, node: unknown): SyntaxFault[] {
  if (yaml.isSeq(node)) return node.items.flatMap((item) => keyFaultsOf(yaml, item));
  if (!yaml.isMap(node)) return [];
  const known = new Set<string>();
  return node.items.flatMap((pair) => {
    const span = spanOf(pair.key) ?? { start: 0, end: 0 };
    if (!yaml.isScalar(pair.key)) return [{ span, reason: "want a word as the key" }];
    const key = String(pair.key.value);
    const isRepeated = known.has(key);
    known.add(key);
    return [...(isRepeated ? [{ span, reason: "this key was given before" }] : []), ...keyFaultsOf(yaml, pair.value)];
  });
}

function placesOf(yaml: Yaml, contents: Node | null): PlaceIndex {
  const places = new Map<string, Place>();
  const visit = (node: unknown, path: Path, key: Span | null): void => {
    const value = spanOf(node) ?? key;
    if (value === null || path.length > MAX_PLACE_DEPTH) return;
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
