import type { AST } from "toml-eslint-parser";
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

/** Reads TOML. The fast parser says what it means; the one that knows positions is loaded when one is needed. */
export function parseToml(text: string): Parsed {
  try {
    const value: unknown = Bun.TOML.parse(text);
    return { tag: "parsed", value, places: () => placesOf(text) };
  } catch (error) {
    return { tag: "faulty", faults: [locateFault(text, error)] };
  }
}

// Loaded here and not at the top: a directory without a fault never needs it.
function positionParser(): typeof import("toml-eslint-parser") {
  return require("toml-eslint-parser") as typeof import("toml-eslint-parser");
}

function locateFault(text: string, error: unknown): SyntaxFault {
  const start: Span = { start: 0, end: 0 };
  try {
    const program = positionParser().parseTOML(text, { tomlVersion: "1.1" });
    const tooBig = program.tokens.find((token) => token.type === "Integer" && !Number.isSafeInteger(token.number));
    if (tooBig !== undefined) return { span: spanOf(tooBig), reason: "number too large" };
    // Whatever follows a colon may repeat the text, and the text may be a secret.
    return {
      span: start,
      reason: String(error)
        .replace(/^SyntaxError: TOML Parse error: /, "")
        .replace(/:.*$/s, ""),
    };
  } catch (located) {
    if (located instanceof RangeError) return { span: start, reason: "nested too deeply" };
    const index = located instanceof SyntaxError && "index" in located ? Number(located.index) : 0;
    const at = Number.isSafeInteger(index) ? Math.min(index, text.length) : 0;
    const reason = located instanceof SyntaxError ? located.message : "not TOML";
    return { span: { start: at, end: at + 1 }, reason: reason.charAt(0).toLowerCase() + reason.slice(1) };
  }
}

function placesOf(text: string): PlaceIndex {
  const places = new Map<string, Place>();
  let program: AST.TOMLProgram;
  try {
    program = positionParser().parseTOML(text, { tomlVersion: "1.1" });
    for (const node of program.body[0].body) {
      if (node.type === "TOMLKeyValue") addKeyValue(places, [], node);
      else addTable(places, node);
    }
  } catch {
    // The two parsers disagree, or it is nested too deeply: a problem then points at what is known, at last at the beginning.
  }
  return places;
}

function addTable(places: Map<string, Place>, table: AST.TOMLTable): void {
  const keys = table.key.keys;
  const path = table.resolvedKey.slice(0, MAX_PLACE_DEPTH);
  let used = 0;
  path.forEach((part, index) => {
    const key = typeof part === "number" ? keys[used - 1] : keys[used++];
    if (key !== undefined)
      add(places, path.slice(0, index + 1), { key: spanOf(key), value: spanOf(key), isLeaf: false });
  });
  if (path.length < MAX_PLACE_DEPTH) for (const node of table.body) addKeyValue(places, path, node);
}

function addKeyValue(places: Map<string, Place>, above: Path, node: AST.TOMLKeyValue): void {
  const keys = node.key.keys;
  if (above.length + keys.length > MAX_PLACE_DEPTH) return;
  let path = above;
  keys.forEach((key, index) => {
    path = [...path, key.type === "TOMLBare" ? key.name : key.value];
    if (index < keys.length - 1) add(places, path, { key: spanOf(key), value: spanOf(key), isLeaf: false });
    else addValue(places, path, { key: spanOf(key), node: node.value });
  });
}

function addValue(
  places: Map<string, Place>,
  path: Path,
  { key, node }: { key: Span | null; node: AST.TOMLContentNode },
): void {
  add(places, path, { key, value: spanOf(node), isLeaf: node.type === "TOMLValue" });
  if (path.length === MAX_PLACE_DEPTH) return;
  if (node.type === "TOMLArray")
    node.elements.forEach((element, index) => addValue(places, [...path, index], { key: null, node: element }));
  if (node.type === "TOMLInlineTable") for (const inner of node.body) addKeyValue(places, path, inner);
}

function add(places: Map<string, Place>, path: Path, place: Place): void {
  const key = pathKeyOf(path);
  if (!places.has(key)) places.set(key, place);
}

function spanOf(node: { readonly range: readonly [number, number] }): Span {
  return { start: node.range[0], end: node.range[1] };
}
