/* Fleets for tests of what lies between services: told in short, and moved by the words that a test reads like. */
import type { Definition } from "../../src/core/definition.ts";
import type { Requirement } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { type DefinitionChanges, literalDefinition } from "./literal-definition.ts";
import { type LiteralFleet, literalFleet } from "./literal-fleet.ts";

/** A definition whose requirements may be given as names. */
export type LinkedChanges = Omit<DefinitionChanges, "name" | "requires"> & {
  readonly requires?: readonly (string | Requirement)[];
};

/** What it takes to be up only when told so. */
export const NOTIFIES = {
  ready: { method: { tag: "notify" }, timeout: millis(60_000), interval: millis(200) },
} as const;

export const ONESHOT = { type: "oneshot" } as const;

export interface LinkedFleet extends LiteralFleet {
  /** Starts by hand. */
  start(...services: readonly string[]): void;
  /** Starts as the supervisor does of itself. */
  enable(service: string): void;
  /** Stops by hand. */
  stop(...services: readonly string[]): void;
  ready(service: string): void;
  /** Its main process ends as it was asked to. */
  end(...services: readonly string[]): void;
  /** "db up, app waiting" of all services, or of these. */
  told(...services: readonly string[]): string;
  /** Why it waits; null: it does not. */
  why(service: string): string | null;
  /** The services that have been started since the last look, in this order. */
  takeStarts(): readonly string[];
  /** The services that have been asked to end since the last look, in this order. */
  takeStops(): readonly string[];
}

export function linkedFleet(services: Readonly<Record<string, LinkedChanges>>): LinkedFleet {
  const world = literalFleet();
  const { fleet } = world;
  const seen = { spawn: 0, "signal-all": 0 };
  const take = (deed: keyof typeof seen): readonly string[] => {
    const news = world.performed.slice(seen[deed]);
    seen[deed] = world.performed.length;
    return news.filter((one) => one.endsWith(` ${deed}`)).map((one) => one.slice(0, one.indexOf(" ")));
  };
  const linked: LinkedFleet = Object.assign(world, {
    start: (...names: readonly string[]) => names.forEach((name) => fleet.want(name, "up", true)),
    enable: (name: string) => {
      fleet.amend(name, { want: "up" });
      fleet.enable(name);
    },
    stop: (...names: readonly string[]) => names.forEach((name) => fleet.want(name, "down", true)),
    ready: (name: string) => fleet.post(name, { tag: "ready" }),
    end: (...names: readonly string[]) => names.forEach((name) => world.exit(name, 0)),
    told: (...names: readonly string[]) => {
      const records = names.length === 0 ? [...fleet.records()] : names.map((name) => world.record(name));
      return records.map(({ definition, state }) => `${definition.name} ${state.tag}`).join(", ");
    },
    why: (name: string) => {
      const { state } = world.record(name);
      return state.tag === "waiting" ? state.reason : null;
    },
    takeStarts: () => take("spawn"),
    takeStops: () => take("signal-all"),
  });
  for (const [name, changes] of Object.entries(services)) fleet.add(definitionOf(name, changes));
  return linked;
}

export function definitionOf(name: string, { requires = [], ...changes }: LinkedChanges): Definition {
  const all = requires.map((one) => (typeof one === "string" ? { name: one, restartWith: false } : one));
  return literalDefinition({ ...changes, name, requires: all });
}
