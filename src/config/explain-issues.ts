import type * as z from "zod";
import { dottedOf, isTable, valueAt, type Path } from "./document.ts";
import type { Fault } from "./fault.ts";
import { DATE } from "./plain-table.ts";
import { innerSchemaOf, keyNamesOf, tableShapeOf } from "./key-meta.ts";
import { quote } from "./problem.ts";
import { isSecret } from "./secrets.ts";
import { parseWanted, suggestNearest } from "./want.ts";

export interface Judged {
  readonly schema: z.core.$ZodType;
  /** What was judged, as parsed. */
  readonly value: unknown;
  /** true for the dotted name of a key that a later version will know. */
  readonly isLater: (dotted: string) => boolean;
}

/** Says in our words what the schema found wrong. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], judged: Judged): Fault[] {
  return issues.flatMap((issue) => explain(issue, [], judged));
}

function explain(issue: z.core.$ZodIssue, above: Path, judged: Judged): Fault[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey([...path, key], judged));
    case "invalid_union": {
      const branch = branchOf(issue);
      return branch === null
        ? [unwanted(path, issue, judged)]
        : branch.flatMap((inner) => explain(inner, path, judged));
    }
    case "invalid_key": {
      const { want, suggestion } = parseWanted(issue.issues[0]?.message ?? issue.message);
      return [{ path, at: "key", reason: `want ${want}`, suggestion }];
    }
    default:
      return [unwanted(path, issue, judged)];
  }
}

/** The alternative of a union that was meant: the one whose kind of value fits. */
function branchOf(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | null {
  return issue.errors.find((branch) => branch.length > 0 && !branch.some(isMismatch)) ?? null;
}

function isMismatch(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === "invalid_type" || (issue.code === "invalid_union" && branchOf(issue) === null);
}

function unwanted(path: Path, issue: z.core.$ZodIssue, judged: Judged): Fault {
  const { want, suggestion } = parseWanted(issue.message);
  const value = valueAt(judged.value, path);
  if (value === undefined) return { path, at: "key", reason: `it is missing, want ${want}`, suggestion };
  const isCounted = Array.isArray(value) && (issue.code === "too_big" || issue.code === "too_small");
  const got = isCounted ? `${value.length} entries` : shownOf(value, path);
  return { path, at: "value", reason: `got ${got}, want ${want}`, suggestion: isSecret(path) ? null : suggestion };
}

function shownOf(value: unknown, path: Path): string {
  if (value === DATE) return "a date or time";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isTable(value)) return "a table";
  if (value === null) return "nothing";
  if (isSecret(path)) return `a ${typeof value}`;
  return typeof value === "string" ? quote(value) : JSON.stringify(value);
}

function unknownKey(path: Path, judged: Judged): Fault {
  const dotted = dottedOf(path);
  if (judged.isLater(dotted))
    return { path, at: "key", reason: "this version of daemonsup does not know this key yet", suggestion: null };
  return { path, at: "key", reason: "unknown key", suggestion: suggestKey(path, judged) };
}

function suggestKey(path: Path, { schema, value }: Judged): string | null {
  const key = String(path.at(-1));
  const table = path.slice(0, -1);
  const siblings = keysAt(schema, table);
  // A key that is there already can hardly have been meant.
  const present = valueAt(value, table);
  const near = suggestNearest(
    key,
    siblings.filter((name) => !isTable(present) || !Object.hasOwn(present, name)),
  );
  const homes = homesOf(key, schema, []);
  if (table.length > 0 && homes.some((home) => home.length === 1) && valueAt(value, [key]) === undefined) {
    return `did you mean "${key}" at the top level? In TOML it stands above the first [table]`;
  }
  const [home] = homes.filter((path) => path.length > 1);
  return near ?? (home === undefined ? null : `did you mean "${dottedOf(home)}"?`);
}

function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  let table: z.core.$ZodType | null = schema;
  for (const part of path) table = table === null ? null : innerSchemaOf(table, part);
  return table === null ? [] : keyNamesOf(table);
}

/** Every place where the schema has a key of this very name. */
function homesOf(key: string, schema: z.core.$ZodType, above: Path): Path[] {
  return Object.entries(tableShapeOf(schema) ?? {}).flatMap(([name, inner]) => [
    ...(name === key ? [[...above, name]] : []),
    ...homesOf(key, inner, [...above, name]),
  ]);
}
