/*
 * SIGHUP and `daemonsup reload`: reads every file again; if anything is invalid, changes nothing and relays nothing;
 * else applies the difference, then has every service that was not restarted do its [reload].
 */
import type { Definition } from "../core/definition.ts";
import { type Difference, applyDifference, findDifference } from "./reload.ts";
import type { Supervisor } from "./supervisor.ts";

/** What was read, with every problem rendered as `check` prints it. */
export type Configuration =
  | {
      readonly tag: "loaded";
      readonly definitions: readonly Definition[];
      readonly unfit: ReadonlyMap<string, string>;
      readonly warnings: readonly string[];
    }
  | { readonly tag: "rejected"; readonly problems: readonly string[] };

export type ReloadOutcome =
  | {
      readonly tag: "applied";
      readonly difference: Difference;
      readonly relayed: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly tag: "invalid"; readonly problems: readonly string[] }
  | { readonly tag: "refused"; readonly message: string };

export interface ReloaderPorts {
  load(): Configuration;
}

export class Reloader {
  readonly #supervisor: Supervisor;
  readonly #ports: ReloaderPorts;
  #isAsked = false;

  constructor(supervisor: Supervisor, ports: ReloaderPorts) {
    this.#supervisor = supervisor;
    this.#ports = ports;
  }

  /** By SIGHUP: however many arrive before it is carried out, it is carried out once. */
  askedBySignal(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#supervisor.ports.timers.soon(() => {
      this.#isAsked = false;
      this.reload(false);
    });
  }

  /** `dryRun`: only tells what would be done. */
  reload(dryRun: boolean): ReloadOutcome {
    const { report } = this.#supervisor.ports;
    if (this.#supervisor.isEnding) return { tag: "refused", message: "cannot reload: the supervisor is shutting down" };
    const configuration = this.#ports.load();
    if (configuration.tag === "rejected") {
      if (!dryRun) this.#tellRejected(configuration.problems);
      return { tag: "invalid", problems: configuration.problems };
    }
    const { definitions, unfit, warnings } = configuration;
    const difference = findDifference(this.#supervisor.fleet, definitions);
    if (dryRun) return { tag: "applied", difference, relayed: [], notes: warnings };

    report("notice", `reload: ${summaryOf(difference)}`);
    for (const warning of warnings) report("warning", warning);
    this.#supervisor.events.emit({
      service: null,
      event: "reload",
      state: null,
      previous: null,
      pid: null,
      message: summaryOf(difference),
    });
    applyDifference(difference, definitions, {
      fleet: this.#supervisor.fleet,
      configure: (definition) => this.#supervisor.ports.output.configure(definition),
      startIfAuto: (name) => this.#supervisor.startIfAuto(name, unfit.get(name) ?? null),
    });
    const { relayed, notes } = this.#relay([...difference.unchanged, ...difference.adjusted]);
    return { tag: "applied", difference, relayed, notes: [...warnings, ...notes] };
  }

  #relay(services: readonly string[]): { readonly relayed: readonly string[]; readonly notes: readonly string[] } {
    const relayed: string[] = [];
    const notes: string[] = [];
    for (const service of services) {
      const record = this.#supervisor.fleet.get(service);
      if (record === null || record.state.tag !== "up" || record.definition.reload.action === "none") continue;
      let isWithheld = false;
      this.#supervisor.relay(service, (result) => {
        if (result.tag === "sent") return;
        isWithheld = true;
        notes.push(`${service}: not relayed: ${result.reason}`);
      });
      if (!isWithheld) relayed.push(service);
    }
    return { relayed, notes };
  }

  #tellRejected(problems: readonly string[]): void {
    const { report } = this.#supervisor.ports;
    for (const problem of problems) report("err", problem);
    const message = `reload refused, nothing is changed: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} in the configuration`;
    report("err", message);
    this.#supervisor.events.emit({ service: null, event: "problem", state: null, previous: null, pid: null, message });
  }
}

function summaryOf(difference: Difference): string {
  const { added, removed, changed, adjusted, unchanged } = difference;
  return `${added.length} added, ${removed.length} removed, ${changed.length} changed, ${adjusted.length} adjusted, ${unchanged.length} unchanged`;
}
