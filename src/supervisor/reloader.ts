/*
 * SIGHUP and `daemonsup reload`: reads every file again; if anything is invalid, changes nothing and relays nothing;
 * else applies the difference, then has every service that was not restarted do its [reload].
 */
import { faultOf } from "../core/fault.ts";
import type { Definition } from "../core/definition.ts";
import { type PlannedChange, planReload } from "./plan-reload.ts";
import { REQUEST } from "./pursuits.ts";
import { type Difference, applyDifference, findDifference } from "./reload.ts";
import type { Supervisor } from "./supervisor.ts";

/** What was read, with every problem rendered as `check` prints it. */
export type Configuration =
  | {
      readonly tag: "loaded";
      readonly definitions: readonly Definition[];
      /** By service, what the machine lacks for it. */
      readonly unfit: Readonly<Record<string, string>>;
      readonly warnings: readonly string[];
      /** Paths of the fields that may change while a service runs. */
      readonly liveFields: readonly string[];
    }
  | { readonly tag: "rejected"; readonly problems: readonly string[] };

type Loaded = Extract<Configuration, { tag: "loaded" }>;

export type ReloadOutcome =
  | {
      readonly tag: "applied";
      readonly difference: Difference;
      readonly relayed: readonly string[];
      readonly notes: readonly string[];
      /** Of a dry run: what would become of each service. */
      readonly plan: readonly PlannedChange[];
    }
  | { readonly tag: "invalid"; readonly problems: readonly string[] }
  | { readonly tag: "refused"; readonly message: string };

export interface ReloaderPorts {
  load(): Promise<Configuration>;
  /** A reload that may change something begins, and is over, whatever came of it. */
  began(): void;
  over(): void;
  /** What was loaded last, or some of it, is about to be applied: it is in force from now on, the own settings included. */
  accepted(difference: Difference): void;
}

export class Reloader {
  readonly #supervisor: Supervisor;
  readonly #ports: ReloaderPorts;
  #isAsked = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(supervisor: Supervisor, ports: ReloaderPorts) {
    this.#supervisor = supervisor;
    this.#ports = ports;
  }

  /** A SIGHUP waits to be carried out. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** By SIGHUP: however many arrive while one is waiting to be carried out, it is one. */
  askedBySignal(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.inTurn(async () => {
      this.#isAsked = false;
      await this.#reloadAnnounced(null);
    }).catch((error: unknown) => {
      const { severity, report } = faultOf(error);
      this.#supervisor.ports.report(severity, `reload: ${report}`);
    });
  }

  /**
   * `dryRun`: only tells what would be done. `request`: what it is known by, should it come a second time; null: by nothing. Services
   * that have been let reload for it before are not a second time.
   */
  reload(dryRun: boolean, request: string | null = null): Promise<ReloadOutcome> {
    return this.inTurn(() => (dryRun ? this.#reload(true, null) : this.#reloadAnnounced(request)));
  }

  /** Runs it after whatever else changes the configuration: two reloads at once would each compare with a state that the other changes. */
  inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  async #reloadAnnounced(request: string | null): Promise<ReloadOutcome> {
    this.#ports.began();
    try {
      return await this.#reload(false, request);
    } finally {
      this.#ports.over();
    }
  }

  async #reload(dryRun: boolean, request: string | null): Promise<ReloadOutcome> {
    if (this.#supervisor.isEnding) return REFUSED;
    const configuration = await this.#ports.load();
    if (this.#supervisor.isEnding) return REFUSED;
    if (configuration.tag === "rejected") {
      if (!dryRun) this.#tellRejected(configuration.problems);
      return { tag: "invalid", problems: configuration.problems };
    }
    const { definitions, warnings, liveFields } = configuration;
    const difference = findDifference(this.#supervisor.fleet, definitions, new Set(liveFields));
    if (dryRun) return this.#plan(difference, configuration);
    this.apply(difference, configuration, null);
    for (const warning of warnings) this.#supervisor.ports.report("warning", warning);
    const { relayed, notes } = this.#relay([...difference.unchanged, ...difference.adjusted], request);
    return { tag: "applied", difference, relayed, notes: [...warnings, ...notes], plan: [] };
  }

  /** What was read differs from what the services of a dead predecessor go by: applies it, and has nothing relayed. */
  catchUp(configuration: Loaded): void {
    const { definitions, liveFields } = configuration;
    const difference = findDifference(this.#supervisor.fleet, definitions, new Set(liveFields));
    const isSame = [difference.added, difference.removed, difference.changed, difference.adjusted].flat().length === 0;
    if (isSame) this.#ports.accepted(difference);
    else this.apply(difference, configuration, "the files have changed since the supervisor died");
  }

  #plan(difference: Difference, { definitions, unfit, warnings }: Loaded): ReloadOutcome {
    const { fleet } = this.#supervisor;
    const plan = planReload(difference, definitions, { fleet, unfit: (name) => unfit[name] ?? null });
    return { tag: "applied", difference, relayed: [], notes: warnings, plan };
  }

  /** Starts, stops and changes what differs; `what` says why, null: a reload of everything. To be called in turn. */
  apply(
    difference: Difference,
    { definitions, unfit }: Pick<Loaded, "definitions" | "unfit">,
    what: string | null,
  ): void {
    this.#ports.accepted(difference);
    const summary = what === null ? summaryOf(difference) : `${what}: ${summaryOf(difference)}`;
    this.#supervisor.ports.report("notice", what === null ? `reload: ${summary}` : summary);
    this.#supervisor.events.emit({
      service: null,
      event: "reload",
      state: null,
      previous: null,
      pid: null,
      message: summary,
    });
    this.#tellWhy(difference);
    applyDifference(difference, definitions, {
      fleet: this.#supervisor.fleet,
      configure: (definition) => this.#supervisor.configure(definition),
      unfit: (name) => unfit[name] ?? null,
      startIfAuto: (name) => this.#supervisor.startIfAuto(name, unfit[name] ?? null),
    });
  }

  #tellWhy({ added, changed, removed }: Difference): void {
    const { history } = this.#supervisor.companions;
    const isRunning = (name: string): boolean => this.#supervisor.belongings.mainOf(name) !== null;
    for (const name of added) history.asked(name, "start, as its definition was added");
    for (const name of changed.filter(isRunning)) history.asked(name, "restart, as its definition has changed");
    for (const name of removed) history.asked(name, "stop, as its definition was removed");
  }

  /** Has each of the services do its [reload]; those to which it cannot be passed on are named together. */
  #relay(
    services: readonly string[],
    request: string | null,
  ): { readonly relayed: readonly string[]; readonly notes: readonly string[] } {
    const { fleet, relays } = this.#supervisor;
    const able = services.filter((service) => {
      const record = fleet.get(service);
      return record !== null && record.state.tag === "up" && record.definition.reload.action !== "none";
    });
    const asked = able.filter((service) => request === null || fleet.get(service)?.beside[REQUEST] !== request);
    const relayed = new Set(able);
    const withheld = new Map<string, string[]>();
    relays.ask(fleet, asked, (service, result) => {
      if (result.tag === "sent") return;
      relayed.delete(service);
      const others = withheld.get(result.reason);
      if (others === undefined) withheld.set(result.reason, [service]);
      else others.push(service);
    });
    // After it: cut short, it is rather repeated than lost.
    for (const service of asked)
      if (request !== null && relayed.has(service)) fleet.annotate(service, REQUEST, request);
    const notes = [...withheld].map(([reason, names]) => `not relayed to ${namesOf(names)}: ${reason}`);
    if (relayed.size > 0) this.#supervisor.ports.report("notice", `relayed to ${namesOf([...relayed])}`);
    for (const note of notes) this.#supervisor.ports.report("notice", note);
    return { relayed: [...relayed], notes };
  }

  #tellRejected(problems: readonly string[]): void {
    const { report } = this.#supervisor.ports;
    for (const problem of problems) report("err", problem);
    const message = `reload refused, nothing is changed: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} in the configuration`;
    report("err", message);
    this.#supervisor.events.emit({ service: null, event: "problem", state: null, previous: null, pid: null, message });
  }
}

const REFUSED: ReloadOutcome = { tag: "refused", message: "the supervisor is shutting down" };

/** The names, as many as a person reads, and how many more there are. */
function namesOf(services: readonly string[]): string {
  const named = services.slice(0, MOST_NAMED).map((service) => `"${service}"`);
  const more = services.length - named.length;
  return more === 0 ? named.join(", ") : `${named.join(", ")} and ${more} more`;
}

const MOST_NAMED = 20;

function summaryOf(difference: Difference): string {
  const { added, removed, changed, adjusted, unchanged } = difference;
  return `${added.length} added, ${removed.length} removed, ${changed.length} changed, ${adjusted.length} adjusted, ${unchanged.length} unchanged`;
}
