import { hintOf } from "../core/nearest.ts";
import { quote } from "./problem.ts";
import type { ObjectShape, Shape, ValueOf } from "./shape.ts";

/** Where values stand: in JSON each has a type, in a query all are text. */
export type Notation = "json" | "query";

export type Judgement<T> =
  | { readonly tag: "ok"; readonly value: T }
  /** A piece of a sentence for each thing that is wrong: where, what was found, what is wanted. */
  | { readonly tag: "refused"; readonly reasons: readonly string[] };

const MOST_UNKNOWN = 5;

/** Whether a value has this shape. If so, it is made anew of what the shape names, with what was left out filled in. */
export function judge<S extends Shape>(shape: S, raw: unknown, notation: Notation = "json"): Judgement<ValueOf<S>> {
  const judging = new Judging(notation);
  const value = judging.value([], shape, raw);
  if (judging.reasons.length > 0) return { tag: "refused", reasons: judging.reasons };
  // What nothing is wrong with has the shape: that is what is judged.
  return { tag: "ok", value: value as ValueOf<S> };
}

class Judging {
  readonly reasons: string[] = [];
  readonly #notation: Notation;

  constructor(notation: Notation) {
    this.#notation = notation;
  }

  value(path: readonly string[], shape: Shape, raw: unknown): unknown {
    const wanted = coreOf(shape);
    if (shape.tag === "null-or" && raw === null) return null;
    if (wanted.tag === "object" && isObject(raw)) return this.#members(path, wanted, raw);
    if (wanted.tag === "list" && Array.isArray(raw) && isWithin(raw.length, wanted))
      return raw.map((item, index) => this.value([...path, String(index)], wanted.item, item));
    const meant = this.#notation === "query" && typeof raw === "string" ? meaningOf(raw, wanted) : raw;
    if (fits(meant, wanted)) return meant;
    const allowed = shape.tag === "null-or" && this.#notation === "json" ? " or null" : "";
    const hint = wanted.tag === "choice" && typeof raw === "string" ? hintOf(raw, wanted.values) : "";
    this.#refuse(path, `got ${foundOf(raw, wanted)}, want ${wantOf(wanted)}${allowed}${hint}`);
    return undefined;
  }

  #members(path: readonly string[], shape: ObjectShape, raw: Readonly<Record<string, unknown>>): unknown {
    const known = Object.keys(shape.members);
    const unknown = shape.isOpen ? [] : Object.keys(raw).filter((key) => !known.includes(key));
    if (unknown.length > 0) this.#refuse(path, unknownOf(unknown, known));
    const members = Object.entries(shape.members).map(([name, member]): [string, unknown] => {
      const given = Object.hasOwn(raw, name) ? raw[name] : undefined;
      if (member.tag !== "otherwise") return [name, this.value([...path, name], member, given)];
      return [name, given === undefined ? member.value : this.value([...path, name], member.of, given)];
    });
    return Object.fromEntries(members);
  }

  #refuse(path: readonly string[], reason: string): void {
    this.reasons.push(path.length === 0 ? reason : `${quote(path.join("."))}: ${reason}`);
  }
}

/** Every shape but one that may also be null. */
type Wanted = Exclude<Shape, { readonly tag: "null-or" }>;

function coreOf(shape: Shape): Wanted {
  return shape.tag === "null-or" ? coreOf(shape.of) : shape;
}

function isObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function isWithin(count: number, { least, most }: { readonly least: number; readonly most: number }): boolean {
  return count >= least && count <= most;
}

/** What text in a query means where this shape is wanted; the text itself if nothing else. */
function meaningOf(raw: string, shape: Wanted): unknown {
  if (shape.tag === "whole") return /^-?[0-9]{1,9}$/.test(raw) ? Number(raw) : raw;
  if (shape.tag !== "flag") return raw;
  // Yes if it is there at all, unless it says no.
  if (raw === "true" || raw === "1" || raw === "") return true;
  return raw === "false" || raw === "0" ? false : raw;
}

/** Whether a single value is as wanted. */
function fits(value: unknown, shape: Wanted): boolean {
  switch (shape.tag) {
    case "text":
      return typeof value === "string" && value.length <= shape.most;
    case "moment":
      return typeof value === "string" && isMoment(value);
    case "whole":
      return Number.isSafeInteger(value) && isWithin(Number(value), shape);
    case "number":
      return Number.isFinite(value);
    case "flag":
      return typeof value === "boolean";
    case "choice":
      return typeof value === "string" && shape.values.includes(value);
    case "list":
    case "object":
      return false;
  }
}

const MOMENT = /^(\d{4}-\d\d-\d\d)T(?!24)\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function isMoment(text: string): boolean {
  const [, day = ""] = MOMENT.exec(text) ?? [];
  // The runtime takes the 30th of February for the 2nd of March.
  return day !== "" && !Number.isNaN(Date.parse(text)) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function foundOf(raw: unknown, shape: Wanted): string {
  if (raw === undefined) return "nothing";
  if (Array.isArray(raw)) return shape.tag === "list" ? `${raw.length} items` : "a list";
  if (typeof raw === "object" && raw !== null) return "an object";
  if (typeof raw === "string" && shape.tag === "text") return `${raw.length} characters`;
  return typeof raw === "string" ? quote(raw) : JSON.stringify(raw);
}

function wantOf(shape: Wanted): string {
  switch (shape.tag) {
    case "text":
      return shape.most === Number.POSITIVE_INFINITY ? "text" : `text of at most ${shape.most} characters`;
    case "moment":
      return 'a time like "2026-01-02T03:04:05Z"';
    case "whole":
      return `a whole number${rangeOf(shape)}`;
    case "number":
      return "a number";
    case "flag":
      return "true or false";
    case "choice":
      return `one of ${shape.values.join(", ")}`;
    case "list":
      return `a list${rangeOf(shape)}`;
    case "object":
      return "an object";
  }
}

function rangeOf({ tag, least, most }: Extract<Shape, { readonly tag: "whole" | "list" }>): string {
  if (most === Number.POSITIVE_INFINITY) return "";
  return tag === "list" ? ` of ${least} to ${most} items` : ` from ${least} to ${most}`;
}

function unknownOf(unknown: readonly string[], known: readonly string[]): string {
  const named = unknown.slice(0, MOST_UNKNOWN).map((key) => `${quote(key)}${hintOf(key, known)}`);
  return `unknown member ${named.join(", ")}: ${known.length === 0 ? "want none" : `want ${known.join(", ")}`}`;
}
