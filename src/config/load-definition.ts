import { openConfigFile, type ConfigFile, type ConfigText } from "./config-file.ts";
import { crossFaultsOf } from "./cross-checks.ts";
import { layOverDefaults } from "./defaults.ts";
import { definitionSchema } from "./definition-schema.ts";
import { valueAt, type Path, type Table } from "./document.ts";
import type { EnvironmentFiles } from "./environment-files.ts";
import { fillTable, specifyTable, type Expanded } from "./expand-table.ts";
import { explainIssues } from "./explain-issues.ts";
import type { Fault } from "./fault.ts";
import { hideValues } from "./hide-values.ts";
import { linkedIn, type LinkedService } from "./linked-service.ts";
import { isLaterKey } from "./later-keys.ts";
import type { Normalizer, Origin } from "./normalize-definition.ts";
import { parseKeys } from "./parse-keys.ts";
import { parsePlainTable } from "./plain-table.ts";
import type { Problem } from "./problem.ts";
import type { SoundDefinition } from "./sound-definition.ts";

/** More problems than these in one file are not worth reading. */
const MAX_PROBLEMS = 100;

/** [defaults], and the file it stands in for pointing at it. */
export interface Defaults {
  readonly table: Table;
  readonly file: ConfigFile | null;
}

/** A sound definition, or everything that is wrong with it. */
export type DefinitionLoaded =
  | ({ readonly tag: "loaded" } & SoundDefinition)
  | {
      readonly tag: "faulty";
      readonly problems: readonly Problem[];
      /** What it says of others all the same. */
      readonly linked: LinkedService;
    };

/** A file of the definitions' directory, parsed but not judged. */
export interface DefinitionFile {
  readonly file: ConfigFile;
  /** What it says, without [defaults]. */
  readonly own: Table;
}

export type DefinitionOpened =
  | { readonly tag: "opened"; readonly opened: DefinitionFile }
  | { readonly tag: "faulty"; readonly problems: readonly Problem[] };

/** What a definition is judged with. */
export interface Surroundings {
  readonly defaults: Defaults;
  readonly files: EnvironmentFiles;
  /** The name of this host. */
  readonly host: string;
  /** The definitions' directory, absolute. */
  readonly directory: string;
  readonly normalizer: Normalizer;
}

export function openDefinition(text: ConfigText): DefinitionOpened {
  const opened = openConfigFile(text);
  if (opened.tag === "faulty") return opened;
  const { file } = opened;
  const plain = parsePlainTable(file.value);
  if (plain.tag === "faulty") return { tag: "faulty", problems: [file.problemAt(plain.fault)] };
  return { tag: "opened", opened: { file, own: withoutEditorsKey(file, plain.table) } };
}

/** JSON has no comments: where its schema is, a key tells the editor. */
function withoutEditorsKey({ format }: ConfigFile, { $schema, ...table }: Table): Table {
  return format === "json" || $schema === undefined ? table : { ...table, $schema };
}

/** Judges what a file says of one service. */
export function parseDefinition(
  { file, own }: DefinitionFile,
  origin: Origin,
  { defaults, files, host, directory, normalizer }: Surroundings,
): DefinitionLoaded {
  const { instance } = origin;
  const specific =
    instance === null
      ? { table: own, faults: [] }
      : specifyTable(own, { instance: instance.name, template: instance.template, name: origin.name, host });
  const merged = layOverDefaults(defaults.table, specific.table, origin.name);
  const filled = fillTable(merged, { directory, files });
  const problemAt = (fault: Fault, verb: "parse" | "use"): Problem =>
    problemOf(hideValues(fault, filled, verb), verb, { file, defaults });
  const unfilled = [...specific.faults.map(({ path }) => path), ...filled.unfilled];
  const parsed = parseKeys(filled.table);
  const faults = [
    ...specific.faults,
    ...filled.faults,
    ...beyond(unfilled, parsed === null ? wrongIn(filled) : []),
    ...combined(filled, { own: specific.table, unfilled }),
  ];
  if (faults.length === 0 && parsed !== null)
    return { tag: "loaded", definition: normalizer.definitionOf(parsed, origin), problemAt };
  return {
    tag: "faulty",
    problems: faults.slice(0, MAX_PROBLEMS).map((fault) => problemAt(fault, "parse")),
    linked: linkedIn(filled.table, origin.name, problemAt),
  };
}

/** Without those about values that could not be filled in: they would only tell more of the same. */
function beyond(unfilled: readonly Path[], faults: readonly Fault[]): readonly Fault[] {
  if (unfilled.length === 0) return faults;
  return faults.filter(({ path }) => !unfilled.some((other) => isWithin(path, other) || isWithin(other, path)));
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}

/** Keys whose values say nothing of others. */
const LONELY: ReadonlySet<unknown> = new Set(["environment", "command", "description", "user", "group", "directory"]);

/** What several keys say together, unless it is not known what one of them says. */
function combined(
  { table }: Expanded,
  { own, unfilled }: { readonly own: Table; readonly unfilled: readonly Path[] },
): readonly Fault[] {
  return unfilled.every(([first]) => LONELY.has(first)) ? crossFaultsOf(table, own) : [];
}

function wrongIn({ table, shown }: Expanded): Fault[] {
  const { error } = definitionSchema.safeParse(table);
  if (error === undefined) throw new Error("internal error: the schema finds nothing wrong with a refused definition");
  return explainIssues(error.issues.slice(0, MAX_PROBLEMS), {
    schema: definitionSchema,
    value: shown,
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
