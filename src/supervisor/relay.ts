import type { ServiceRecord } from "../core/service-record.ts";
import { SIGNAL_NUMBERS, type SignalName } from "../core/signal-names.ts";

/** What became of passing a signal on to a service's main process. */
export type RelayResult =
  | { readonly tag: "sent"; readonly pid: number; readonly signal: SignalName }
  /** Not sent, for a reason that an operator should hear. */
  | { readonly tag: "withheld"; readonly reason: string };

export interface RelayPorts {
  catchesSignal(pid: number, signal: number): boolean;
  signalMain(service: string, signal: SignalName): void;
}

/**
 * Passes the reload signal on. A process that does not catch SIGHUP would die of it, so it is sent only to one that does,
 * unless the definition names the signal itself.
 */
export function relaySignal(
  record: ServiceRecord,
  relay: { pid: number; signal: SignalName; force: boolean },
  ports: RelayPorts,
): RelayResult {
  const { pid, signal, force } = relay;
  if (!force) {
    if (record.endsOnRelay)
      return {
        tag: "withheld",
        reason: `ended by ${signal} when it was relayed before; write [reload] to say what is wanted`,
      };
    if (!ports.catchesSignal(pid, SIGNAL_NUMBERS[signal])) {
      return {
        tag: "withheld",
        reason: `${signal} is not caught; write [reload] to say what is wanted instead`,
      };
    }
  }
  ports.signalMain(record.definition.name, signal);
  return { tag: "sent", pid, signal };
}
