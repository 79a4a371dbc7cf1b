/* The signals of the supervisor, from the moment it may be sent any. Part of the composition root. */
import { SIGNAL_NUMBERS, type SignalName, signalNameOf } from "./core/signal-names.ts";
import type { GuardianLink } from "./daemon-guardian.ts";
import type { Logs } from "./daemon-logs.ts";
import type { Upgrades } from "./daemon-upgrade.ts";
import { ignoreSignals, unblockSignals } from "./os/become-daemon.ts";
import { monotonicNow } from "./os/clock.ts";
import { closeDescriptor, readPipe } from "./os/pipe-io.ts";
import type { SupervisorRole } from "./role.ts";
import { type Hearer, PairedSignals } from "./supervisor/paired-signals.ts";
import type { Reloader } from "./supervisor/reloader.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";

export interface SignalReceivers {
  readonly supervisor: Supervisor;
  readonly reloader: Reloader;
  readonly logs: Logs;
  readonly upgrades: Upgrades;
  /** null: there is no guardian, and so nobody else who hears signals. */
  readonly guardian: GuardianLink | null;
  /** The guardian has died. */
  orphaned(): void;
}

const HANDLED = ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCHLD"] as const;
type Handled = (typeof HANDLED)[number];

const IGNORED: readonly SignalName[] = ["SIGPIPE", "SIGTTIN", "SIGTTOU", "SIGTSTP"];

/** Receives signals at once and keeps them until there is somebody to deliver them to, so that none is lost or deadly. */
export class Signals {
  readonly #early: Handled[] = [];
  readonly #endsOnHangup: boolean;
  readonly #pairs = new PairedSignals();
  #receivers: SignalReceivers | null = null;

  constructor(role: SupervisorRole) {
    this.#endsOnHangup = role.endsOnHangup;
    for (const signal of HANDLED) process.on(signal, () => this.#receive(signal));
    ignoreSignals(IGNORED);
    if (role.signalPipe !== null) this.#collectDiverted(role.signalPipe);
    unblockSignals();
  }

  deliverTo(receivers: SignalReceivers): void {
    this.#receivers = receivers;
    for (const signal of this.#early.splice(0)) this.#receive(signal);
    // Children may have ended, and their signal be lost, while nobody listened.
    this.#childrenEnded(receivers);
  }

  #receive(signal: Handled): void {
    if (this.#receivers === null) this.#early.push(signal);
    else if (signal === "SIGCHLD") this.#childrenEnded(this.#receivers);
    else this.#deliver(signal, this.#receivers, "self");
  }

  /** The guardian says by the same signal that there is something to hear from it. */
  #childrenEnded(receivers: SignalReceivers): void {
    receivers.guardian?.hear({
      signal: (name) => {
        const handled = HANDLED.find((known) => known === name);
        if (handled !== undefined) this.#deliver(handled, receivers, "guardian");
      },
      trouble: (text) => receivers.logs.report("crit", `internal error of the guardian: ${text}`),
      followed: (failure) => receivers.upgrades.guardianFollowed(failure),
      gone: () => receivers.orphaned(),
    });
    receivers.supervisor.childrenEnded();
  }

  #deliver(signal: Handled, { supervisor, reloader, logs, guardian, upgrades }: SignalReceivers, by: Hearer): void {
    if (guardian !== null && !this.#pairs.counts(signal, by, monotonicNow())) return;
    if (signal !== "SIGCHLD" && upgrades.leaves(signal)) return;
    switch (signal) {
      case "SIGCHLD":
        return;
      case "SIGHUP":
        return this.#endsOnHangup ? supervisor.endBySignal("SIGHUP from the terminal") : reloader.askedBySignal();
      case "SIGTERM":
      case "SIGINT":
        return supervisor.endBySignal(signal);
      case "SIGQUIT":
        return supervisor.kill(signal);
      case "SIGUSR1":
        logs.report("info", "SIGUSR1: opening the log files again");
        return logs.plane.reopen();
      case "SIGUSR2":
        return upgrades.askedBySignal();
    }
  }

  /** Signals that came while the program was being replaced were written into this pipe, a byte each. */
  #collectDiverted(pipe: number): void {
    const bytes = new Uint8Array(256);
    const read = readPipe(pipe, bytes, { offset: 0, most: bytes.length });
    closeDescriptor(pipe);
    if (read.tag !== "read") return;
    for (const number of bytes.subarray(0, read.count)) {
      const signal = HANDLED.find((name) => SIGNAL_NUMBERS[name] === number && name === signalNameOf(number));
      if (signal !== undefined) this.#early.push(signal);
    }
  }
}
