/*
 * Sockets that are passed to services (sd_listen_fds(3)). They are opened when a definition is loaded and stay open for
 * as long as it asks for them, whatever becomes of the processes: while a service restarts, whoever connects waits in the
 * socket and is served by the next process.
 *
 * A supervisor that takes the place of another one goes on with the very same sockets: nobody who connects is turned away.
 *
 * A service that is started on demand is told as soon as something waits in one of its sockets. They are looked at only
 * while the service waits for that: otherwise they are its own concern.
 */
import type { Definition } from "../core/definition.ts";
import type { SocketPolicy } from "../core/life-policies.ts";
import { addressTextOf } from "../core/listen-address.ts";
import { OWN_PID } from "../core/own-pid.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { hasNoProcess } from "../core/service-state.ts";
import type { Companion, Equipment, Tell } from "./companion.ts";
import { HeldSockets, type SocketPort } from "./held-sockets.ts";
import type { ClockPort, OutputPort, Report } from "./ports.ts";
import { MOST_TRIGGERS, TRIGGER_SPAN, TriggerLimit } from "./trigger-limit.ts";

export interface ListenersPorts {
  readonly sockets: SocketPort;
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  readonly clock: Pick<ClockPort, "now">;
  readonly report: Report;
  readonly tell: Tell;
  /** Descriptors that are kept for the service, which follow its sockets. */
  stored(service: string): readonly { readonly name: string; readonly fd: number }[];
}

/** The first descriptor that is passed (SD_LISTEN_FDS_START). */
const FIRST_PASSED = 3;

const NOTHING: Equipment = { env: {}, descriptors: [] };

export class Listeners implements Companion {
  readonly #ports: ListenersPorts;
  readonly #held: HeldSockets;
  /** Descriptors that are watched, by service. */
  readonly #watched = new Map<string, Set<number>>();
  readonly #limits = new Map<string, TriggerLimit>();

  constructor(ports: ListenersPorts) {
    this.#ports = ports;
    this.#held = new HeldSockets(ports.sockets, (service, fd) => {
      if (this.#watched.get(service)?.delete(fd) === true) ports.output.unwatch(fd);
    });
  }

  /** Opens what is new, beside what the definition before it asked for: that is closed once no run has it any more. */
  configured({ name, sockets }: Definition): void {
    this.#held.want(name, sockets);
    for (const policy of sockets) {
      const socket = this.#held.open(name, policy);
      const problem = typeof socket === "string" ? `${socket}; tried again when it starts` : socket.adjust(policy);
      if (problem !== null) this.#ports.report("warning", `${name}: ${problem}`);
    }
  }

  /** What is kept for a service is passed to it as sockets are. */
  concerns({ sockets, descriptorStore }: Definition): boolean {
    return sockets.length > 0 || descriptorStore !== null;
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const { definition, next, state } = record;
    const { name, sockets } = definition;
    if (record.removed) this.#held.want(name, []);
    if (definition !== previous.definition || next !== previous.next)
      this.#held.keepOnly(name, [...sockets, ...(next?.sockets ?? [])]);
    if (state === previous.state && definition === previous.definition) return;
    this.#unwatch(name);
    if (state.tag === "waiting" && state.on === "socket") this.#watch(name, sockets);
    else if (hasNoProcess(state) && !hasNoProcess(previous.state) && !record.removed) this.#openMissing(definition);
  }

  /** If guardian and supervisor died together, only the service has its sockets on: with its end they are free to be opened again. */
  #openMissing({ name, sockets }: Definition): void {
    for (const policy of sockets) this.#held.open(name, policy);
  }

  adopted({ definition, next, state }: ServiceRecord): void {
    this.configured(definition);
    if (next !== null) this.configured(next);
    if (state.tag === "waiting" && state.on === "socket") this.#watch(definition.name, definition.sockets);
  }

  allAdopted(): void {
    this.#ports.sockets.closeUnclaimed();
  }

  equip({ name, sockets }: Definition): Equipment | string {
    const passed: { readonly name: string; readonly fd: number }[] = [];
    for (const policy of sockets) {
      const socket = this.#held.open(name, policy);
      if (typeof socket === "string") return socket;
      socket.refresh();
      passed.push({ name: policy.name, fd: socket.fd });
    }
    passed.push(...this.#ports.stored(name));
    if (passed.length === 0) return NOTHING;
    return {
      env: {
        LISTEN_PID: OWN_PID,
        LISTEN_FDS: String(passed.length),
        LISTEN_FDNAMES: passed.map((each) => each.name).join(":"),
      },
      descriptors: passed.map(({ fd }, index) => ({ fd, as: FIRST_PASSED + index })),
    };
  }

  forgotten(service: string): void {
    this.#held.forget(service);
    this.#watched.delete(service);
    this.#limits.delete(service);
  }

  /** Nobody can connect any more, and the files of Unix sockets are gone. */
  close(): void {
    this.#held.close();
  }

  #watch(service: string, policies: readonly SocketPolicy[]): void {
    const watched = new Set<number>();
    this.#watched.set(service, watched);
    for (const policy of policies) {
      if (!policy.onDemand) continue;
      const socket = this.#held.open(service, policy);
      if (typeof socket === "string") return this.#giveUp(service, socket);
      watched.add(socket.fd);
      this.#ports.output.watch(socket.fd, () => this.#demanded(service, policy));
    }
  }

  #unwatch(service: string): void {
    for (const fd of this.#watched.get(service) ?? []) this.#ports.output.unwatch(fd);
    this.#watched.delete(service);
  }

  #demanded(service: string, { listen }: SocketPolicy): void {
    this.#unwatch(service);
    const limit = this.#limits.get(service) ?? new TriggerLimit();
    this.#limits.set(service, limit);
    if (limit.note(this.#ports.clock.now())) return this.#ports.tell(service, { tag: "demanded" });
    const often = `more than ${MOST_TRIGGERS} times within ${TRIGGER_SPAN / 1000}s`;
    this.#giveUp(service, `demanded ${often}: it ends without taking all that arrives on "${addressTextOf(listen)}"`);
  }

  /** Closes its sockets, so that whoever waits in them knows; they are opened again when it is started. */
  #giveUp(service: string, reason: string): void {
    this.#unwatch(service);
    this.#limits.delete(service);
    this.#held.keepOnly(service, []);
    this.#ports.tell(service, { tag: "give-up", reason });
  }
}
