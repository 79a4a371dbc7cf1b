/* What operators ask for by name, over the control interface. Every answer is a value; promises end when it is decided. */
import { criticalPathOf } from "../core/critical-path.ts";
import type { Definition } from "../core/definition.ts";
import { type GraphNode, type GraphView, graphNodeOf, startViewOf } from "../core/graph-view.ts";
import { type ServiceRecord, messageOf } from "../core/service-record.ts";
import { PUBLIC_STATE_OF } from "../core/service-state.ts";
import type { PublicState, ServiceView } from "../core/service-view.ts";
import type { SignalName } from "../core/signal-names.ts";
import { millis } from "../core/units.ts";
import { type Clocks, isWell, viewOf } from "../core/view.ts";
import { type AskOptions, Pursuits, REQUEST } from "./pursuits.ts";
import type { Goal, Outcome } from "./requests.ts";
import type { Supervisor } from "./supervisor.ts";

export type Verb = Goal | "reload" | "reset";

export interface Unwell {
  readonly name: string;
  readonly state: PublicState;
  /** Why, as far as it is known. */
  readonly message: string | null;
}

/** How long a [reload] command is waited for if the request does not say. */
const RELOAD_COMMAND_WAIT = millis(65_000);

/** Says which services are made from files that have changed. */
export interface FilesPort {
  /** Looks at the files of these. Never rejects. */
  look(definitions: Iterable<Definition>): Promise<void>;
  isChanged(definition: Definition): boolean;
}

const NO_FILES: FilesPort = { look: () => Promise.resolve(), isChanged: () => false };

export class Operator {
  readonly #supervisor: Supervisor;
  readonly #files: FilesPort;
  readonly #pursuits: Pursuits;

  constructor(supervisor: Supervisor, files: FilesPort = NO_FILES) {
    this.#supervisor = supervisor;
    this.#files = files;
    const { fleet, requests, ports, companions } = supervisor;
    this.#pursuits = new Pursuits({
      ...ports,
      fleet,
      requests,
      isEnding: () => supervisor.isEnding,
      asked: (name, goal) => companions.history.asked(name, `${goal}, by an operator`),
    });
  }

  names(): readonly string[] {
    return [...this.#supervisor.fleet.records()].map(({ definition }) => definition.name).sort();
  }

  /** To be called before services are shown; null: all of them. */
  look(name: string | null): Promise<void> {
    const { fleet } = this.#supervisor;
    const records = name === null ? [...fleet.records()] : [fleet.get(name)];
    return this.#files.look(records.flatMap((record) => (record === null ? [] : [newestOf(record)])));
  }

  services(isWanted: (name: string) => boolean = () => true): readonly ServiceView[] {
    const clocks = this.#clocks();
    const views = [...this.#supervisor.fleet.records()]
      .filter(({ definition }) => isWanted(definition.name))
      .map((record) => this.#view(record, clocks));
    return views.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  service(name: string): ServiceView | null {
    const record = this.#supervisor.fleet.get(name);
    return record === null ? null : this.#view(record, this.#clocks());
  }

  /** Those that are wanted and not well, in the order of their names. */
  unwell(): readonly Unwell[] {
    return [...this.#supervisor.fleet.records()]
      .filter((record) => record.want === "up" && !isWell(record))
      .map((record) => ({
        name: record.definition.name,
        state: PUBLIC_STATE_OF[record.state.tag],
        message: messageOf(record),
      }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  graph(): GraphView {
    const { fleet, companions } = this.#supervisor;
    const { times } = companions.starts;
    const clocks = this.#clocks();
    const names = fleet.links.inStartOrder(this.names());
    const services = names.flatMap((name): readonly GraphNode[] => {
      const record = fleet.get(name);
      if (record === null || record.removed) return [];
      const time = times.of(name);
      const start = time === null ? null : startViewOf(time, clocks);
      return [{ ...graphNodeOf(newestOf(record)), state: PUBLIC_STATE_OF[record.state.tag], start }];
    });
    const path = criticalPathOf(names, {
      timeOf: (service) => times.of(service),
      earlierThan: (service) => [
        ...fleet.links.requirementsOf(service).map(({ name }) => name),
        ...fleet.links.predecessorsOf(service),
      ],
    });
    return { services, critical_path: path };
  }

  #clocks(): Clocks {
    const { clock } = this.#supervisor.ports;
    return { now: clock.now(), wall: clock.wall() };
  }

  #view(record: ServiceRecord, clocks: Clocks): ServiceView {
    const lastCheck = this.#supervisor.companions.lastCheckOf(record.definition.name);
    const trouble = this.#supervisor.ports.output.troubleOf(record.definition.name);
    return viewOf(record, clocks, { lastCheck, isChangedOnDisk: this.#files.isChanged(newestOf(record)), trouble });
  }

  async ask(name: string, verb: Verb, options: AskOptions): Promise<Outcome> {
    const [outcome] = this.askAll([name], verb, options);
    return (await outcome) ?? unknown();
  }

  /** Asks the same of several, all of it before anything follows from the first. Each promise is about the name in its place. */
  askAll(names: readonly string[], verb: Verb, options: AskOptions): readonly Promise<Outcome>[] {
    const outcomes = new Map<string, Promise<Outcome>>();
    const able: ServiceRecord[] = [];
    for (const name of new Set(names)) {
      const record = this.#supervisor.fleet.get(name);
      const refusal = this.#refusalOf(record, verb);
      if (refusal !== null) outcomes.set(name, Promise.resolve(refusal));
      else if (record !== null) able.push(record);
    }
    const { request = null } = options;
    const before = able.filter((record) => request !== null && record.beside[REQUEST] === request);
    const fresh = able.filter((record) => !before.includes(record));
    for (const [name, outcome] of this.#resume(before, verb, options)) outcomes.set(name, outcome);
    for (const [name, outcome] of this.#askOf(fresh, verb, options)) outcomes.set(name, outcome);
    // What is no change of the record itself is noted after it is carried out: cut short, it is rather repeated than lost.
    for (const { definition } of fresh) {
      const now = request === null ? null : this.#supervisor.fleet.get(definition.name);
      if (now !== null && now.beside[REQUEST] !== request)
        this.#supervisor.fleet.annotate(definition.name, REQUEST, request);
    }
    return names.map((name) => outcomes.get(name) ?? Promise.resolve(unknown()));
  }

  #refusalOf(record: ServiceRecord | null, verb: Verb): Outcome | null {
    if (record === null) return unknown();
    if (this.#supervisor.isEnding && verb !== "stop") return refused("the supervisor is shutting down");
    if (record.removed && verb !== "stop") return refused("its definition was removed, it is being stopped");
    return null;
  }

  /** The very same request has been carried out for these before. */
  #resume(
    records: readonly ServiceRecord[],
    verb: Verb,
    options: AskOptions,
  ): Iterable<readonly [string, Promise<Outcome>]> {
    const names = records.map(({ definition }) => definition.name);
    if (verb === "start" || verb === "stop" || verb === "restart") return this.#pursuits.resume(names, verb, options);
    return names.map((name) => [name, Promise.resolve({ tag: "done", message: null })] as const);
  }

  #askOf(
    records: readonly ServiceRecord[],
    verb: Verb,
    options: AskOptions,
  ): Iterable<readonly [string, Promise<Outcome>]> {
    const pursue = (wanted: readonly ServiceRecord[], goal: Goal): ReadonlyMap<string, Promise<Outcome>> =>
      this.#pursuits.ask(
        wanted.map(({ definition }) => definition.name),
        goal,
        options,
      );
    switch (verb) {
      case "start":
      case "stop":
      case "restart":
        return pursue(records, verb);
      case "reload": {
        const [restarts, others] = [records.filter(reloadsByRestart), records.filter((one) => !reloadsByRestart(one))];
        const reload = (one: ServiceRecord) => [one.definition.name, this.#reload(one, options)] as const;
        return [...pursue(restarts, "restart"), ...others.map(reload)];
      }
      case "reset":
        return records.map(({ definition: { name } }) => {
          this.#supervisor.fleet.post(name, { tag: "reset-asked" });
          return [name, Promise.resolve({ tag: "done", message: null })] as const;
        });
    }
  }

  /** `request`: what it is known by, should it come a second time; null: by nothing. */
  signal(name: string, signal: SignalName, request: string | null = null): Outcome {
    const { fleet, belongings } = this.#supervisor;
    const record = fleet.get(name);
    if (record === null) return unknown();
    if (request !== null && record.beside[REQUEST] === request) return { tag: "done", message: null };
    const isSent = belongings.signalMain(name, signal);
    if (isSent && request !== null) fleet.annotate(name, REQUEST, request);
    if (isSent) return { tag: "done", message: null };
    return refused(`it is not running (${PUBLIC_STATE_OF[record.state.tag]})`);
  }

  async #reload(record: ServiceRecord, options: AskOptions): Promise<Outcome> {
    const { name, reload } = record.definition;
    if (record.state.tag !== "up") return refused(`it is ${PUBLIC_STATE_OF[record.state.tag]}, want "up"`);
    switch (reload.action) {
      case "none":
        return refused(`its reload.action is "none"`);
      case "restart":
        throw new Error("internal error: a restart is no reload of its own");
      case "command":
        return this.#reloadByCommand(name, options);
      case "signal":
        return this.#reloadBySignal(name);
    }
  }

  #reloadBySignal(name: string): Outcome {
    let outcome: Outcome = refused("it was not up any more");
    this.#supervisor.relays.ask(this.#supervisor.fleet, [name], (_, result) => {
      outcome =
        result.tag === "sent"
          ? { tag: "done", message: `sent ${result.signal} to pid ${result.pid}` }
          : refused(result.reason);
    });
    return outcome;
  }

  #reloadByCommand(name: string, options: AskOptions): Promise<Outcome> {
    return new Promise((resolve) => {
      const wait = options.timeout ?? RELOAD_COMMAND_WAIT;
      const cancel = this.#supervisor.ports.timers.after(wait, () =>
        resolve({
          tag: "timed-out",
          message: `reload.command has not ended within ${wait / 1000}s; it goes on`,
        }),
      );
      this.#supervisor.relays.awaitCommand(name, (failure) => {
        cancel();
        resolve(failure === null ? { tag: "done", message: null } : refused(`reload.command: ${failure}`));
      });
      this.#supervisor.fleet.post(name, { tag: "reload-asked" });
      if (!options.wait) resolve({ tag: "done", message: "asked, not waited for" });
    });
  }
}

/** What was read last: the files that it was made from, and its links, count from then on. */
function newestOf({ definition, next }: ServiceRecord): Definition {
  return next ?? definition;
}

function reloadsByRestart({ state, definition }: ServiceRecord): boolean {
  return state.tag === "up" && definition.reload.action === "restart";
}

function unknown(): Outcome {
  return { tag: "no-such-service", message: "there is no such service" };
}

function refused(message: string): Outcome {
  return { tag: "failed", message };
}
