/*
 * Readiness in the manner of s6: a service is given the write end of a pipe under the number that its definition names, and
 * writes a newline to it when it is ready. What it writes before that means nothing.
 *
 * The pipe outlives this process, and the newline stays in it until it is written down that the service is ready. The end that
 * the service has is open for reading as well: should nobody else have the pipe any more, writing to it ends no program.
 */
import type { Definition } from "../core/definition.ts";
import type { EstatePort } from "../core/estate.ts";
import { isTrueIn, textIn } from "../core/plain-data.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { hasNoProcess } from "../core/service-state.ts";
import type { AdoptedRun, Annotate, Companion, Equipment, Tell } from "./companion.ts";
import type { OutputPort, TimerPort } from "./ports.ts";

export interface ReadyDescriptorPorts {
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  readonly tell: Tell;
  readonly annotate: Annotate;
  readonly timers: Pick<TimerPort, "soon">;
  readonly estate: EstatePort;
  closeFd(fd: number): void;
  readonly readyPipes: {
    /** A pipe, both ends close-on-exec, the read end non-blocking; or the name of an errno. */
    open(): { readonly read: number; readonly write: number } | string;
    /** Which pipe it is. */
    identityOf(fd: number): string;
    /** Another read end of the pipe that the process has under this number; null if it has not got that pipe there. */
    reopen(pid: number, as: number, identity: string): number | null;
    /** What the pipe holds now, which stays there, at most as much as the buffer; "ended": no more will come. */
    peek(fd: number, buffer: Uint8Array): number | "empty" | "ended";
    /** Takes what was looked at. */
    take(fd: number, room: Uint8Array): void;
  };
}

interface Pipe {
  readonly read: number;
  /** null: the process has been started, or none came of it. */
  write: number | null;
}

/** The word under which it is written down which pipe it is. */
const PIPE = "ready-pipe";
/** The first word of names in the estate: "ready SERVICE". */
const HELD = "ready";
const NEWLINE = 0x0a;
const BUFFER_BYTES = 4096;

export class ReadyDescriptor implements Companion {
  readonly #ports: ReadyDescriptorPorts;
  readonly #pipes = new Map<string, Pipe>();
  readonly #ready = new Set<string>();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);

  constructor(ports: ReadyDescriptorPorts) {
    this.#ports = ports;
  }

  concerns({ ready }: Definition): boolean {
    return ready?.method.tag === "fd";
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    if (record.state === previous.state) return;
    const { name } = record.definition;
    if (hasNoProcess(record.state)) return this.forgotten(name);
    // It was ready before its exec was known to have succeeded, or while its starter ran.
    if (record.state.tag === "starting" && record.state.phase === "ready" && this.#ready.has(name))
      this.#ports.tell(name, { tag: "ready" });
  }

  /** Where the pipe is lost with the guardian, the service still has it. */
  adopted({ definition, beside, state }: ServiceRecord, run: AdoptedRun | null): void {
    const { name, ready } = definition;
    const written = beside[PIPE];
    const identity = textIn(written, "identity");
    if (identity === null || hasNoProcess(state)) return;
    const { estate, readyPipes, timers } = this.#ports;
    if (isTrueIn(written, "ready")) {
      this.#ready.add(name);
      timers.soon(() => this.#ports.tell(name, { tag: "ready" }));
    }
    const held = estate.inherit(heldAs(name)).get(heldAs(name));
    const number = ready?.method.tag === "fd" ? ready.method.fd : null;
    const found = held ?? (run?.pid == null || number === null ? null : readyPipes.reopen(run.pid, number, identity));
    if (found === null) return;
    if (held === undefined) estate.hold(heldAs(name), found);
    const pipe = { read: found, write: null };
    this.#pipes.set(name, pipe);
    this.#watch(name, pipe);
  }

  allAdopted(): void {
    for (const [name, fd] of this.#ports.estate.inherit(`${HELD} `)) {
      this.#ports.estate.release(name);
      this.#ports.closeFd(fd);
    }
  }

  equip({ name, ready }: Definition): Equipment | string {
    this.forgotten(name);
    if (ready?.method.tag !== "fd") return { env: {}, descriptors: [] };
    const { estate, readyPipes, annotate } = this.#ports;
    const pipe = readyPipes.open();
    if (typeof pipe === "string") return `pipe failed: ${pipe}`;
    this.#pipes.set(name, { ...pipe });
    estate.hold(heldAs(name), pipe.read);
    annotate(name, PIPE, { identity: readyPipes.identityOf(pipe.read) });
    return { env: {}, descriptors: [{ fd: pipe.write, as: ready.method.fd }] };
  }

  began({ name }: Definition, pid: number | null): void {
    const pipe = this.#pipes.get(name);
    if (pipe === undefined) return;
    if (pid === null) return this.forgotten(name);
    this.#closeWrite(pipe);
    this.#watch(name, pipe);
  }

  forgotten(service: string): void {
    if (this.#ready.delete(service) || this.#pipes.has(service)) this.#ports.annotate(service, PIPE, null);
    const pipe = this.#pipes.get(service);
    if (pipe !== undefined) this.#close(service, pipe);
  }

  close(): void {
    for (const [service, pipe] of [...this.#pipes]) this.#close(service, pipe);
  }

  #watch(service: string, pipe: Pipe): void {
    this.#ports.output.watch(pipe.read, () => this.#look(service, pipe));
  }

  /** One buffer a turn, however much it writes. */
  #look(service: string, pipe: Pipe): void {
    if (this.#pipes.get(service) !== pipe) return;
    const { readyPipes, annotate, tell } = this.#ports;
    const count = readyPipes.peek(pipe.read, this.#buffer);
    if (count === "empty") return this.#watch(service, pipe);
    if (count === "ended") return this.#close(service, pipe);
    const seen = this.#buffer.subarray(0, count);
    if (!seen.includes(NEWLINE)) {
      readyPipes.take(pipe.read, seen);
      return this.#watch(service, pipe);
    }
    this.#ready.add(service);
    annotate(service, PIPE, { identity: "", ready: true });
    tell(service, { tag: "ready" });
    if (this.#pipes.get(service) === pipe) this.#close(service, pipe);
  }

  #close(service: string, pipe: Pipe): void {
    this.#pipes.delete(service);
    this.#closeWrite(pipe);
    this.#ports.output.unwatch(pipe.read);
    this.#ports.estate.release(heldAs(service));
    this.#ports.closeFd(pipe.read);
  }

  #closeWrite(pipe: Pipe): void {
    if (pipe.write !== null) this.#ports.closeFd(pipe.write);
    pipe.write = null;
  }
}

/** Its name in the estate. */
function heldAs(service: string): string {
  return `${HELD} ${service}`;
}
