import type { Definition } from "../core/definition.ts";
import type { Path } from "./document.ts";
import { faultAt } from "./fault.ts";
import { quote, type Problem } from "./problem.ts";
import type { SoundDefinition } from "./sound-definition.ts";
import { suggestNearest } from "./want.ts";

/** Every service that a definition may name. */
export interface KnownServices {
  /** Those that the directory makes, also where their own text is wrong. */
  readonly names: ReadonlySet<string>;
  /** Names of templates, without the @, and one instance of each; null: there is none. */
  readonly templates: ReadonlyMap<string, string | null>;
  /** Templates whose text is so wrong that nobody knows what they make. */
  readonly unreadable: ReadonlySet<string>;
}

/** For more names than these nothing similar is looked for. */
const MAX_SUGGESTIONS = 50;

/** Names that no service has, and services that cannot get on with each other. */
export function linkProblemsOf(sound: readonly SoundDefinition[], known: KnownServices): Problem[] {
  const byName = new Map(sound.map((each) => [each.definition.name, each.definition]));
  let unknown = 0;
  return sound.filter(isNaming).flatMap(({ definition, problemAt }) => [
    ...namedBy(definition).flatMap(({ name, path }) => {
      const reason = unknownReasonOf(name, known);
      if (reason === null) return [];
      const suggestion = unknown++ < MAX_SUGGESTIONS ? suggestNearest(name, known.names) : null;
      return [problemAt(faultAt(path, reason, suggestion), "use")];
    }),
    ...rivalryFaultsOf(definition, byName).map((fault) => problemAt(fault, "use")),
  ]);
}

/** Most definitions name no other. */
function isNaming({ definition }: SoundDefinition): boolean {
  const { requires, wants, after, before, conflicts, hooks } = definition;
  const count = requires.length + wants.length + after.length + before.length + conflicts.length;
  return count > 0 || hooks.onFailure?.tag === "start";
}

/** Every name of another service in a definition, and where it stands. */
function namedBy({ requires, wants, after, before, conflicts, hooks }: Definition): { name: string; path: Path }[] {
  const links = { requires: requires.map(({ name }) => name), wants, after, before, conflicts };
  const named: { name: string; path: Path }[] = Object.entries(links).flatMap(([key, names]) =>
    names.map((name, index) => ({ name, path: [key, index] })),
  );
  if (hooks.onFailure?.tag === "start")
    named.push({ name: hooks.onFailure.service, path: ["hooks", "on_failure", "start"] });
  return named;
}

function unknownReasonOf(name: string, { names, templates, unreadable }: KnownServices): string | null {
  if (names.has(name)) return null;
  const at = name.indexOf("@");
  if (at !== -1 && unreadable.has(name.slice(0, at))) return null;
  const instance = templates.get(name);
  if (instance === undefined) return `there is no service ${quote(name)}`;
  return `${quote(name)} is a template, want an instance of it${instance === null ? "" : `, like ${quote(instance)}`}`;
}

function rivalryFaultsOf(
  definition: Definition,
  byName: ReadonlyMap<string, Definition>,
): ReturnType<typeof faultAt>[] {
  const { name, hooks } = definition;
  const faults = definition.requires.flatMap((requirement, index) =>
    byName.get(requirement.name)?.conflicts.includes(name) === true
      ? [faultAt(["requires", index], `${quote(requirement.name)} conflicts with it`)]
      : [],
  );
  definition.conflicts.forEach((rival, index) => {
    const other = byName.get(rival);
    if (rival === name) faults.push(faultAt(["conflicts", index], "it is this service itself"));
    // Of two that name each other, the first is told.
    else if (
      other !== undefined &&
      !(other.conflicts.includes(name) && rival < name) &&
      startsAtOnce(definition) &&
      startsAtOnce(other)
    ) {
      const reason = `${quote(rival)} is started with the supervisor as well, and one would stop the other`;
      faults.push(faultAt(["conflicts", index], reason, `write start = "manual" in one of the two`));
    }
  });
  if (hooks.onFailure?.tag === "start" && hooks.onFailure.service === name)
    faults.push(faultAt(["hooks", "on_failure", "start"], "it is this service itself"));
  return faults;
}

/** With a schedule or a socket that is waited on, it is not started before its time has come. */
function startsAtOnce({ start, schedule, sockets }: Definition): boolean {
  return start === "auto" && schedule === null && !sockets.some(({ onDemand }) => onDemand);
}
