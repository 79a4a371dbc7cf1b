/*
 * The commands by which a service is stopped or reloads its configuration, where its definition has such. Those that were at
 * work for a predecessor are waited for on its behalf.
 */
import type { ServiceRecord } from "../core/service-record.ts";
import { mainPidOf } from "../core/service-state.ts";
import { millis } from "../core/units.ts";
import type { Commands } from "./commands.ts";
import type { CommandDone } from "./command-request.ts";
import type { Companion, Tell } from "./companion.ts";
import type { Report, TimerPort } from "./ports.ts";

export interface StopReloadPorts {
  readonly commands: Pick<Commands, "run"> & { readonly left: Pick<Commands["left"], "claim"> };
  readonly timers: Pick<TimerPort, "soon">;
  readonly report: Report;
  readonly tell: Tell;
  amend(service: string, change: { readonly reloading: boolean }): void;
  /** `failure`: a clause; null: it has succeeded. */
  reloadEnded(service: string, failure: string | null): void;
}

/** How long a [reload] command may take. */
const RELOAD_TIMEOUT = millis(60_000);

export class StopReloadCommands implements Companion {
  readonly #ports: StopReloadPorts;
  /** Services whose stop command is at work. */
  readonly #stopping = new Set<string>();

  constructor(ports: StopReloadPorts) {
    this.#ports = ports;
  }

  concerns({ stop, reload }: ServiceRecord["definition"]): boolean {
    return stop.command !== null || reload.command !== null;
  }

  changed(): void {
    // What is to be done is told by the decider.
  }

  adopted(record: ServiceRecord): void {
    const { definition, state, reloading } = record;
    const { name } = definition;
    const { left } = this.#ports.commands;
    if (
      state.tag === "stopping" &&
      state.force === "asked" &&
      left.claim(name, "stop", this.#stopDone(record)) !== null
    )
      this.#stopping.add(name);
    if (!reloading || definition.reload.action !== "command") return;
    if (left.claim(name, "reload", this.#reloadDone(name)) === null)
      this.#ports.timers.soon(() => this.#ports.amend(name, { reloading: false }));
  }

  forgotten(service: string): void {
    this.#stopping.delete(service);
  }

  /** Starts the stop command, unless it is at work; if it fails, `stop-command-failed` follows. false: it has not been started. */
  stop(record: ServiceRecord): boolean {
    const { definition, state } = record;
    const { name, stop } = definition;
    if (this.#stopping.has(name)) return true;
    const request = { definition, command: stop.command ?? [], mainPid: mainPidOf(state), timeout: stop.timeout };
    const started = this.#ports.commands.run({ kind: "stop", ...request }, this.#stopDone(record));
    if (started.tag === "started") this.#stopping.add(name);
    else this.#tellStop(record, started.reason);
    return started.tag === "started";
  }

  reload({ definition, state }: ServiceRecord): void {
    const { name, reload } = definition;
    const done = this.#reloadDone(name);
    this.#ports.amend(name, { reloading: true });
    const request = {
      definition,
      command: reload.command ?? [],
      mainPid: mainPidOf(state),
      timeout: RELOAD_TIMEOUT,
    };
    const started = this.#ports.commands.run({ kind: "reload", ...request }, done);
    if (started.tag === "failed") done(started.reason, true);
  }

  /** One of which it cannot be told whether it succeeded has failed: the signal does no harm, and the service ends. */
  #stopDone(record: ServiceRecord): CommandDone {
    const { name } = record.definition;
    return (failure) => {
      this.#stopping.delete(name);
      if (failure === null) return;
      this.#tellStop(record, failure);
      this.#ports.tell(name, { tag: "stop-command-failed" });
    };
  }

  #tellStop({ definition: { name, stop } }: ServiceRecord, failure: string): void {
    this.#ports.report("warning", `${name}: stop.command: ${failure}; sending ${stop.signal} instead`);
  }

  #reloadDone(service: string): CommandDone {
    return (failure) => {
      this.#ports.amend(service, { reloading: false });
      this.#ports.reloadEnded(service, failure);
    };
  }
}
