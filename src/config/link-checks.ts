import type { Path } from "./document.ts";
import { faultAt } from "./fault.ts";
import type { LinkedService } from "./linked-service.ts";
import { neededRivalProblemsOf } from "./needed-rivals.ts";
import { quote, type Problem } from "./problem.ts";
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
export function linkProblemsOf(services: readonly LinkedService[], known: KnownServices): Problem[] {
  const byName = new Map(services.map((each) => [each.name, each]));
  let unknown = 0;
  const problems = services.filter(isNaming).flatMap((service) => [
    ...namedBy(service).flatMap(({ name, path }) => {
      const reason = unknownReasonOf(name, known);
      if (reason === null) return [];
      const suggestion = unknown++ < MAX_SUGGESTIONS ? suggestNearest(name, known.names) : null;
      return [service.problemAt(faultAt(path, reason, suggestion), "use")];
    }),
    ...rivalryFaultsOf(service, byName).map((fault) => service.problemAt(fault, "use")),
  ]);
  return [...problems, ...neededRivalProblemsOf(services)];
}

/** Most definitions name no other. */
function isNaming({ links, onFailure, loggers }: LinkedService): boolean {
  const { requires, wants, after, before, conflicts } = links;
  if (loggers.length > 0) return true;
  return onFailure !== null || requires.length + wants.length + after.length + before.length + conflicts.length > 0;
}

/** Every name of another service in a definition, and where it stands. */
function namedBy({ links, onFailure, loggers }: LinkedService): { name: string; path: Path }[] {
  const { requires, wants, before, conflicts } = links;
  const isLogger = (name: string): boolean => loggers.some((logger) => logger.name === name);
  const keys = { requires: requires.map(({ name }) => name), wants, after: links.after, before, conflicts };
  const named: { name: string; path: Path }[] = Object.entries(keys).flatMap(([key, names]) =>
    names.flatMap((name, index) => (key === "after" && isLogger(name) ? [] : [{ name, path: [key, index] }])),
  );
  named.push(...loggers);
  if (onFailure !== null) named.push({ name: onFailure, path: ["hooks", "on_failure", "start"] });
  return named;
}

/** Why there is no service of this name; null: there is one. */
export function unknownReasonOf(name: string, { names, templates, unreadable }: KnownServices): string | null {
  if (names.has(name)) return null;
  const at = name.indexOf("@");
  if (at !== -1 && unreadable.has(name.slice(0, at))) return null;
  const instance = templates.get(name);
  if (instance === undefined) return `there is no service ${quote(name)}`;
  return `${quote(name)} is a template, want an instance of it${instance === null ? "" : `, like ${quote(instance)}`}`;
}

function rivalryFaultsOf(
  { name, links, onFailure, loggers, startsAtOnce }: LinkedService,
  byName: ReadonlyMap<string, LinkedService>,
): ReturnType<typeof faultAt>[] {
  const faults: ReturnType<typeof faultAt>[] = [];
  links.conflicts.forEach((rival, index) => {
    const other = byName.get(rival);
    if (rival === name) faults.push(faultAt(["conflicts", index], "it is this service itself"));
    // Of two that name each other, the first is told.
    else if (
      other !== undefined &&
      !(other.links.conflicts.includes(name) && rival < name) &&
      startsAtOnce &&
      other.startsAtOnce
    ) {
      const reason = `${quote(rival)} is started with the supervisor as well, and one would stop the other`;
      faults.push(faultAt(["conflicts", index], reason, `write start = "manual" in one of the two`));
    }
  });
  for (const logger of loggers)
    if (logger.name === name) faults.push(faultAt(logger.path, "it would read its own output"));
  if (onFailure === name) faults.push(faultAt(["hooks", "on_failure", "start"], "it is this service itself"));
  return faults;
}
