/* What a shell offers: every word that may stand where the cursor is, and what each means. */
import { readdirSync } from "node:fs";
import { ask } from "../control/client.ts";
import type { ServiceView } from "../core/service-view.ts";
import { SIGNAL_NAMES } from "../core/signal-names.ts";
import { millis } from "../core/units.ts";
import { commandOf, COMMANDS, SUPERVISOR_TOPIC } from "./commands.ts";
import { commandIn, type Expected, expectedAt } from "./completion-place.ts";
import { findSupervisor, PLACE_OPTIONS, placesOf } from "./find-supervisor.ts";
import type { ValueKind } from "./option-values.ts";
import { type OptionTable, parseArguments } from "./parse-arguments.ts";
import type { CliWorld } from "./world.ts";

export interface Candidate {
  readonly word: string;
  /** A few words about it, or "". */
  readonly what: string;
}

export type Candidates =
  | { readonly tag: "words"; readonly candidates: readonly Candidate[] }
  /** The shell knows better than we do. */
  | { readonly tag: "directories"; readonly before: string };

/** Whoever presses a key does not wait longer for the names of services. */
const PATIENCE = millis(1_000);
const MOST_DESCRIPTION = 60;

/** What may stand in the place of the last of the words, which follow the program's name; all that begins like it. */
export async function candidatesFor(words: readonly string[], world: CliWorld): Promise<Candidates> {
  const name = commandIn(words);
  const entry = name === null ? null : commandOf(name);
  if (name !== null && entry === null) return { tag: "words", candidates: [] };
  const expected = expectedAt(words, entry === null ? null : await entry.load());
  const isDirectory = expected.tag === "value" && expected.kind === "directory";
  if (isDirectory) return { tag: "directories", before: expected.before };
  const begun = words.at(-1) ?? "";
  const all = await candidatesOf(expected, { words, world });
  return { tag: "words", candidates: all.filter(({ word }) => word.startsWith(begun)) };
}

interface Line {
  readonly words: readonly string[];
  readonly world: CliWorld;
}

async function candidatesOf(expected: Expected, line: Line): Promise<readonly Candidate[]> {
  switch (expected.tag) {
    case "command":
      return Object.entries(COMMANDS).map(([word, { summary }]) => ({ word, what: summary }));
    case "option":
      return optionsOf(expected.table, line.words);
    case "value": {
      const values = await valuesOf(expected.kind, line);
      const { before, taken } = expected;
      return values
        .filter(({ word }) => !taken.includes(word))
        .map(({ word, what }) => ({ word: `${before}${word}`, what }));
    }
    case "nothing":
      return [];
  }
}

function optionsOf(table: OptionTable, words: readonly string[]): readonly Candidate[] {
  return [...Object.entries(table), ["help", { help: "show the help" }] as const]
    .map(([name, { help }]) => ({ word: `--${name}`, what: help }))
    .filter(({ word }) => !words.slice(0, -1).includes(word));
}

async function valuesOf(kind: ValueKind, line: Line): Promise<readonly Candidate[]> {
  if (typeof kind !== "string") return kind.map((word) => ({ word, what: "" }));
  switch (kind) {
    case "service":
      return await servicesOf(line);
    case "oneshot":
      return await servicesOf(line, ({ type }) => type === "oneshot");
    case "template": {
      const instances = (await servicesOf(line)).filter(({ word }) => word.includes("@"));
      return [...new Set(instances.map(({ word }) => word.slice(0, word.indexOf("@"))))].map(plain);
    }
    case "command":
      return [
        ...Object.entries(COMMANDS).map(([word, { summary }]) => ({ word, what: summary })),
        { word: SUPERVISOR_TOPIC, what: "how a supervisor is started" },
      ];
    case "signal":
      return SIGNAL_NAMES.map((name) => plain(name.slice("SIG".length)));
    case "supervisor":
      return supervisorsOf(line.world).map(plain);
    case "time":
    case "number":
    case "text":
    case "directory":
      return [];
  }
}

/** Those of the supervisor that the line means; none if it does not answer. */
async function servicesOf(
  { words, world }: Line,
  isMeant: (service: ServiceView) => boolean = () => true,
): Promise<readonly Candidate[]> {
  const found = findSupervisor(placeOptionsIn(words), world);
  if (found.tag === "usage") return [];
  const reply = await ask(found.place, { route: "services", name: null, patience: PATIENCE });
  if (reply.tag === "refused") return [];
  return reply.value.filter(isMeant).map(({ name, state, description }) => ({
    word: name,
    what: description === "" ? state : `${state}, ${description.slice(0, MOST_DESCRIPTION)}`,
  }));
}

/** --name and --runtime-dir, wherever they stand on a line that is not finished. */
function placeOptionsIn(words: readonly string[]) {
  const kept: string[] = [];
  for (const [index, word] of words.slice(0, -1).entries()) {
    const option = Object.keys(PLACE_OPTIONS).find((name) => word === `--${name}` || word.startsWith(`--${name}=`));
    if (option === undefined) continue;
    kept.push(word, ...(word.includes("=") ? [] : [words[index + 1] ?? ""]));
  }
  const parsed = parseArguments(kept, PLACE_OPTIONS);
  const nothing = { operands: [], has: () => false, valueOf: () => null };
  return parsed.tag === "ok" ? parsed.arguments : nothing;
}

/** The names that supervisors of this user were given. */
function supervisorsOf(world: CliWorld): readonly string[] {
  const { runtime } = placesOf({ name: null, runtimeDir: null, stateDir: null, logDir: null }, world);
  try {
    return readdirSync(`${runtime}/instances`).toSorted();
  } catch {
    return [];
  }
}

function plain(word: string): Candidate {
  return { word, what: "" };
}
