/*
 * The number of instances of a template, changed while the supervisor runs: the wish is tried on the files, remembered, and only
 * then the difference in instances of this one template is applied. Whatever else may have changed in the files waits for a
 * reload.
 */
import type { Definition } from "../core/definition.ts";
import type { Millis } from "../core/units.ts";
import { type InstanceWish, partsOf, wishFor } from "./instance-wish.ts";
import { type Difference, NO_DIFFERENCE, findDifference } from "./reload.ts";
import type { Reloader } from "./reloader.ts";
import type { Goal, Outcome } from "./requests.ts";
import type { Supervisor } from "./supervisor.ts";

/** By template. */
export type InstanceWishes = Readonly<Record<string, InstanceWish>>;

/** What the files say under some wishes. */
export type Trial =
  | {
      readonly tag: "loaded";
      readonly definitions: readonly Definition[];
      readonly unfit: Readonly<Record<string, string>>;
      readonly templates: readonly string[];
    }
  | { readonly tag: "rejected"; readonly problems: readonly string[] };

export interface ScalingPorts {
  /** The names of all templates, as the files were read last. */
  templates(): readonly string[];
  /** What is wished at present. */
  wishes(): InstanceWishes;
  /** Why there can be no such service; null: there can. */
  nameFaultOf(name: string): string | null;
  /** Reads the files as if these were the wishes. A string says why that cannot be tried, as a whole sentence. */
  tryOut(wishes: InstanceWishes): Promise<Trial | string>;
  /** What was tried last is remembered from now on, for this template; otherwise why it cannot be, as a whole sentence. */
  keep(wishes: InstanceWishes, template: string): string | null;
  /** Nothing comes of what was tried last. */
  drop(): void;
}

export type ScaleOutcome =
  | {
      readonly tag: "scaled";
      readonly result: "done" | "failed" | "overtaken" | "timed-out";
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly instances: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly tag: "no-such-template"; readonly template: string; readonly known: readonly string[] }
  | { readonly tag: "invalid"; readonly problems: readonly string[] }
  | { readonly tag: "refused"; readonly message: string };

export interface ScaleOptions {
  readonly wait: boolean;
  readonly timeout: Millis | null;
  /** What is to be made has to be of this type; null: of any. */
  readonly type?: Definition["type"] | null;
}

/** What was applied, and who waits for what. */
interface Applied {
  readonly tag: "applied";
  readonly template: string;
  /** true: the template itself was scaled, not an instance of it. */
  readonly isWhole: boolean;
  readonly wish: InstanceWish;
  readonly difference: Difference;
  readonly waits: readonly { readonly service: string; readonly outcome: Promise<Outcome> }[];
}

type Refused = Exclude<ScaleOutcome, { tag: "scaled" }>;

const NO_WISH: InstanceWish = { count: null, names: [] };
/** The worst first. */
const WORST = ["failed", "timed-out", "overtaken", "done"] as const;

export class Scaling {
  readonly #supervisor: Supervisor;
  readonly #reloader: Reloader;
  readonly #ports: ScalingPorts;

  constructor(supervisor: Supervisor, reloader: Reloader, ports: ScalingPorts) {
    this.#supervisor = supervisor;
    this.#reloader = reloader;
    this.#ports = ports;
  }

  templates(): readonly string[] {
    return this.#ports.templates();
  }

  /** `count`: null means as many as the file says. */
  async scale(name: string, count: number | null, options: ScaleOptions): Promise<ScaleOutcome> {
    const { template, instance } = partsOf(name);
    const fault = this.#ports.nameFaultOf(instance === null ? `${template}@` : name);
    if (fault !== null) return { tag: "refused", message: fault };
    // Outside of the turn: what is waited for may take as long as it likes.
    const turn = await this.#reloader.inTurn(() => this.#change(name, count, options));
    return turn.tag === "applied" ? await this.#conclude(turn) : turn;
  }

  /**
   * To be called before a start: makes the instance that is to be started if there is none yet. null: the start may go on.
   * `type`: none of another type is made.
   */
  async makeMissing(name: string, type: Definition["type"] | null = null): Promise<Outcome | null> {
    const isMissing = this.#supervisor.fleet.get(name) === null && partsOf(name).instance !== null;
    if (!isMissing || this.#ports.nameFaultOf(name) !== null) return null;
    const outcome = await this.scale(name, 1, { wait: false, timeout: null, type });
    switch (outcome.tag) {
      case "scaled":
      case "no-such-template":
        return null;
      case "refused":
        return { tag: "failed", message: `it cannot be made: ${outcome.message}` };
      case "invalid": {
        const [first = "", ...more] = outcome.problems;
        const others = more.length === 0 ? "" : ` (and ${more.length} more, see daemonsup check)`;
        return { tag: "failed", message: `it cannot be made, the configuration is invalid: ${first}${others}` };
      }
    }
  }

  async #change(name: string, count: number | null, options: ScaleOptions): Promise<Applied | Refused> {
    if (this.#supervisor.isEnding) return { tag: "refused", message: "the supervisor is shutting down" };
    const wishes = this.#ports.wishes();
    const { template } = partsOf(name);
    const before = Object.hasOwn(wishes, template) ? (wishes[template] ?? NO_WISH) : NO_WISH;
    const result = wishFor(name, count, before);
    if (result.tag === "refused") return { tag: "refused", message: result.reason };
    const next = withWish(wishes, template, result.wish);
    const trial = await this.#ports.tryOut(next);
    if (typeof trial === "string") return { tag: "refused", message: trial };
    const refused = this.#judge(template, trial) ?? refusalOfType(name, trial, options.type ?? null);
    if (refused !== null || trial.tag === "rejected") {
      this.#ports.drop();
      return refused ?? { tag: "invalid", problems: [] };
    }
    const failure = this.#ports.keep(next, template);
    if (failure !== null) return { tag: "refused", message: failure };
    const isWhole = partsOf(name).instance === null;
    return { ...this.#apply(template, trial, options), wish: result.wish, isWhole };
  }

  #judge(template: string, trial: Trial): Refused | null {
    if (this.#supervisor.isEnding) return { tag: "refused", message: "the supervisor is shutting down" };
    if (trial.tag === "rejected") return { tag: "invalid", problems: trial.problems };
    if (trial.templates.includes(template)) return null;
    return { tag: "no-such-template", template, known: trial.templates };
  }

  #apply(
    template: string,
    trial: Extract<Trial, { tag: "loaded" }>,
    options: ScaleOptions,
  ): Omit<Applied, "wish" | "isWhole"> {
    const { fleet } = this.#supervisor;
    const all = findDifference(fleet, trial.definitions, new Set());
    const isMeant = (service: string): boolean => isInstanceOf(service, template);
    const difference = { ...NO_DIFFERENCE, added: all.added.filter(isMeant), removed: all.removed.filter(isMeant) };
    const automatic = difference.added.filter(
      (service) => trial.definitions.find(({ name }) => name === service)?.start === "auto",
    );
    const waits = options.wait
      ? [...this.#awaitAll(automatic, "start", options), ...this.#awaitAll(difference.removed, "stop", options)]
      : [];
    this.#reloader.apply(difference, trial, `scaled "${template}"`);
    // They need not wait for their turn among those of a whole reload.
    for (const service of automatic) if (trial.unfit[service] === undefined) fleet.enable(service);
    for (const { service } of waits) {
      const record = fleet.get(service);
      if (record !== null) this.#supervisor.requests.release(record);
    }
    return { tag: "applied", template, difference, waits };
  }

  #awaitAll(services: readonly string[], goal: Goal, { timeout }: ScaleOptions): Applied["waits"] {
    const { requests } = this.#supervisor;
    return services.map((service) => {
      requests.overtake(service, goal);
      return { service, outcome: requests.wait(service, goal, timeout) };
    });
  }

  async #conclude({ template, wish, difference, waits, isWhole }: Applied): Promise<ScaleOutcome> {
    const outcomes = await Promise.all(waits.map(async ({ service, outcome }) => ({ service, ...(await outcome) })));
    const instances = [...this.#supervisor.fleet.records()]
      .filter(({ definition, removed }) => !removed && isInstanceOf(definition.name, template))
      .map(({ definition }) => definition.name)
      .sort();
    const troubles = outcomes.flatMap(({ service, tag, message }) =>
      tag === "done" ? [] : [`${service}: ${message ?? tag}`],
    );
    const named = wish.names.map((name) => `${template}@${name}`).filter((name) => instances.includes(name));
    const stay = isWhole && named.length > 0 ? [`made by name and not counted: ${named.join(", ")}`] : [];
    return {
      tag: "scaled",
      result: WORST.find((tag) => outcomes.some((outcome) => outcome.tag === tag)) ?? "done",
      added: difference.added,
      removed: difference.removed,
      instances,
      notes: [...troubles, ...stay],
    };
  }
}

function refusalOfType(name: string, trial: Trial, type: Definition["type"] | null): Refused | null {
  const made = trial.tag === "loaded" ? trial.definitions.find((definition) => definition.name === name) : undefined;
  if (type === null || made === undefined || made.type === type) return null;
  return { tag: "refused", message: `its type is "${made.type}", want "${type}"` };
}

function withWish(wishes: InstanceWishes, template: string, wish: InstanceWish): InstanceWishes {
  const others = Object.entries(wishes).filter(([name]) => name !== template);
  const isAny = wish.count !== null || wish.names.length > 0;
  return Object.fromEntries(isAny ? [...others, [template, wish]] : others);
}

export function isInstanceOf(service: string, template: string): boolean {
  return service.startsWith(`${template}@`);
}
