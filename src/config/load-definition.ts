import type { Definition } from "../core/definition.ts";
import { openConfigFile, type ConfigFile, type ConfigText } from "./config-file.ts";
import { crossFaultsOf } from "./cross-checks.ts";
import { layOverDefaults } from "./defaults.ts";
import { definitionSchema } from "./definition-schema.ts";
import { valueAt, type Path, type Table } from "./document.ts";
import { explainIssues } from "./explain-issues.ts";
import type { Fault } from "./fault.ts";
import { isLaterKey } from "./later-keys.ts";
import { normalizeDefinition, type Origin } from "./normalize-definition.ts";
import { tableParserOf } from "./parse-table.ts";
import { parsePlainTable } from "./plain-table.ts";
import type { Problem } from "./problem.ts";

/** More problems than these in one file are not worth reading. */
const MAX_PROBLEMS = 100;

/** [defaults], and the file it stands in for pointing at it. */
export interface Defaults {
  readonly table: Table;
  readonly file: ConfigFile | null;
}

/** A sound definition with the text it came from, or everything that is wrong with it. */
export type DefinitionLoaded =
  | {
      readonly tag: "loaded";
      readonly definition: Definition;
      readonly problemAt: (fault: Fault, verb: "parse" | "use") => Problem;
    }
  | { readonly tag: "faulty"; readonly problems: readonly Problem[] };

export function parseDefinition(text: ConfigText, origin: Origin, defaults: Defaults): DefinitionLoaded {
  const opened = openConfigFile(text);
  if (opened.tag === "faulty") return opened;
  const { file } = opened;
  const plain = parsePlainTable(file.value);
  if (plain.tag === "faulty") return { tag: "faulty", problems: [file.problemAt(plain.fault)] };

  const table = layOverDefaults(defaults.table, plain.table);
  const parsed = parseKeys(table);
  const faults = [...(parsed === null ? wrongIn(table) : []), ...crossFaultsOf(table)];
  const problemAt = (fault: Fault, verb: "parse" | "use"): Problem => problemOf(fault, verb, { file, defaults });
  if (faults.length > 0 || parsed === null) {
    return { tag: "faulty", problems: faults.slice(0, MAX_PROBLEMS).map((fault) => problemAt(fault, "parse")) };
  }
  return { tag: "loaded", definition: normalizeDefinition(parsed, origin), problemAt };
}

/** A definition lacks nothing but its command. */
const parseKeys = tableParserOf(definitionSchema, { command: ["true"] });

function wrongIn(table: Table): Fault[] {
  const { error } = definitionSchema.safeParse(table);
  if (error === undefined) throw new Error("internal error: the schema finds nothing wrong with a refused definition");
  return explainIssues(error.issues.slice(0, MAX_PROBLEMS), {
    schema: definitionSchema,
    value: table,
    isLater: isLaterKey,
  });
}

/** Points at whichever of the two files says more of what is wrong. */
function problemOf(
  fault: Fault,
  verb: "parse" | "use",
  { file, defaults }: { file: ConfigFile; defaults: Defaults },
): Problem {
  const inDefaults: Path = ["defaults", ...fault.path];
  if (defaults.file !== null && depthOf(defaults.file.value, inDefaults) - 1 > depthOf(file.value, fault.path)) {
    return defaults.file.problemAt({ ...fault, path: inDefaults }, verb);
  }
  return file.problemAt(fault, verb);
}

/** How far the path leads. */
function depthOf(value: unknown, path: Path): number {
  let depth = path.length;
  while (depth > 0 && valueAt(value, path.slice(0, depth)) === undefined) depth--;
  return depth;
}
