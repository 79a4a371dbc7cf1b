/*
 * Readiness in the manner of s6: a service is given the write end of a pipe under the number that its definition names, and
 * writes a newline to it when it is ready. What it writes before that means nothing.
 */
import type { Definition } from "../core/definition.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { hasNoProcess } from "../core/service-state.ts";
import type { Companion, Equipment, Tell } from "./companion.ts";
import type { OutputPort, SpawnPort } from "./ports.ts";

export interface ReadyDescriptorPorts {
  readonly pipe: SpawnPort["pipe"];
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  readonly tell: Tell;
  closeFd(fd: number): void;
  /** What the pipe holds now, at most as much as the buffer; a count, "empty", or "ended" if no more will come. */
  read(fd: number, buffer: Uint8Array): number | "empty" | "ended";
}

interface Pipe {
  readonly read: number;
  /** null: the process has been started, or none came of it. */
  write: number | null;
}

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

  equip({ name, ready }: Definition): Equipment | string {
    this.forgotten(name);
    if (ready?.method.tag !== "fd") return { env: {}, descriptors: [] };
    const pipe = this.#ports.pipe();
    if (typeof pipe === "string") return `pipe failed: ${pipe}`;
    this.#pipes.set(name, { ...pipe });
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
    this.#ready.delete(service);
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
    const count = this.#ports.read(pipe.read, this.#buffer);
    if (count === "empty") return this.#watch(service, pipe);
    if (count === "ended") return this.#close(service, pipe);
    if (!this.#buffer.subarray(0, count).includes(NEWLINE)) return this.#watch(service, pipe);
    this.#close(service, pipe);
    this.#ready.add(service);
    this.#ports.tell(service, { tag: "ready" });
  }

  #close(service: string, pipe: Pipe): void {
    this.#pipes.delete(service);
    this.#closeWrite(pipe);
    this.#ports.output.unwatch(pipe.read);
    this.#ports.closeFd(pipe.read);
  }

  #closeWrite(pipe: Pipe): void {
    if (pipe.write !== null) this.#ports.closeFd(pipe.write);
    pipe.write = null;
  }
}
