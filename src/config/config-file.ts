import { dottedOf, placeOf, type Parsed, type Path, type PlaceIndex, type SyntaxFault } from "./document.ts";
import type { Fault } from "./fault.ts";
import { parseJson } from "./json-document.ts";
import type { Format } from "./list-directory.ts";
import { quote, type Problem } from "./problem.ts";
import { isSecret, mayShowSecret, secretSpansOf } from "./secrets.ts";
import { excerptOf, positionOf, sourceTextOf, type SourceText, type Span } from "./source-text.ts";
import { parseToml } from "./toml-document.ts";
import { parseYaml } from "./yaml-document.ts";

/** A file of the configuration as text. */
export interface ConfigText {
  /** As the user names it: "services.d/web.toml". */
  readonly display: string;
  readonly format: Format;
  readonly text: string;
}

export type Opened =
  | { readonly tag: "opened"; readonly file: ConfigFile }
  | { readonly tag: "faulty"; readonly problems: readonly Problem[] };

/** Keys, tables and lists in one file, roughly: the parsers take time that grows with the square of these. */
const MAX_MARKS = 10_000;

/** Parses a file; its meaning is not judged yet. */
export function openConfigFile(source: ConfigText): Opened {
  if (hasTooManyMarks(source.text)) {
    const message = `cannot parse ${quote(nameOf(source.display))}: it has more than ${MAX_MARKS} of the characters that make keys and lists ([ { = : . -)`;
    return { tag: "faulty", problems: [wholeFileProblem(source.display, message)] };
  }
  const parsed = parserOf(source.format)(source.text);
  if (parsed.tag === "parsed") return { tag: "opened", file: new ConfigFile(source, parsed) };
  return { tag: "faulty", problems: parsed.faults.map((fault) => syntaxProblemOf(source, fault)) };
}

/** A parsed file that can say where in its text something is wrong. Positions are worked out when first asked for. */
export class ConfigFile {
  readonly display: string;
  readonly format: Format;
  readonly value: unknown;
  readonly #text: string;
  readonly #parsed: Parsed & { readonly tag: "parsed" };
  #located: { readonly source: SourceText; readonly places: PlaceIndex; readonly secrets: readonly Span[] } | null =
    null;

  constructor({ display, format, text }: ConfigText, parsed: Parsed & { readonly tag: "parsed" }) {
    this.display = display;
    this.format = format;
    this.value = parsed.value;
    this.#text = text;
    this.#parsed = parsed;
  }

  /** `verb` is what cannot be done with the key: parse it, or use what it names. */
  problemAt(fault: Fault, verb: "parse" | "use" = "parse"): Problem {
    if (fault.path.length === 0)
      return wholeFileProblem(this.display, `cannot ${verb} ${quote(nameOf(this.display))}: ${fault.reason}`);
    const { source, places, secrets } = this.#locate();
    const place = placeOf(places, fault.path);
    const span = fault.at === "key" ? (place.key ?? place.value) : place.value;
    return {
      file: this.display,
      ...positionOf(source, span.start),
      message: `cannot ${verb} ${quote(shownPathOf(fault.path))}: ${fault.reason}`,
      excerpt: span.end > span.start ? excerptOf(source, span, secrets) : null,
      suggestion: fault.suggestion,
    };
  }

  #locate(): { readonly source: SourceText; readonly places: PlaceIndex; readonly secrets: readonly Span[] } {
    if (this.#located === null) {
      const places = this.#parsed.places();
      this.#located = { source: sourceTextOf(this.#text), places, secrets: secretSpansOf(places) };
    }
    return this.#located;
  }
}

/** A problem of a file as a whole. */
export function wholeFileProblem(display: string, message: string, suggestion: string | null = null): Problem {
  return { file: display, line: 1, column: 1, message, excerpt: null, suggestion };
}

function parserOf(format: Format): (text: string) => Parsed {
  switch (format) {
    case "toml":
      return parseToml;
    case "yaml":
      return parseYaml;
    case "json":
      return parseJson;
  }
}

function syntaxProblemOf({ display, format, text }: ConfigText, { span, reason }: SyntaxFault): Problem {
  const source = sourceTextOf(text);
  return {
    file: display,
    ...positionOf(source, span.start),
    message: `cannot parse ${quote(nameOf(display))}: ${reason}`,
    excerpt: span.end === 0 || mayShowSecret(format, text, span.start) ? null : excerptOf(source, span, []),
    suggestion: null,
  };
}

function nameOf(display: string): string {
  return display.slice(display.lastIndexOf("/") + 1);
}

function hasTooManyMarks(text: string): boolean {
  if (text.length <= MAX_MARKS) return false;
  let count = 0;
  for (const _ of text.matchAll(/[[{=:.-]/g)) if (++count > MAX_MARKS) return true;
  return false;
}

// Somebody may have written "TOKEN=secret" as the name of a variable.
function shownPathOf(path: Path): string {
  const dotted = dottedOf(path);
  return isSecret(path) ? dotted.replace(/=.*$/s, "=***") : dotted;
}
