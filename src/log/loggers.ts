/*
 * The pipes to the standard input of services that others log to. Both ends are kept here, as long as anybody logs to the
 * service, and until what was sent is in it: so the pipe outlives every process on either side, and what is in it waits for the next
 * one. The estate keeps both for a successor as long as anybody logs there.
 */
import type { EstatePort } from "../core/estate.ts";
import type { LogPolicy } from "../core/log-policy.ts";
import { loggersOf } from "../core/log-policy.ts";
import { nameOfTarget } from "./relay-messages.ts";
import { type RelayPipePorts, RelayPipes } from "./relay-pipes.ts";

export interface LoggerPorts extends RelayPipePorts {
  /** A pipe whose write end does not block; a text says why there is none. */
  openPipe(): PipeEnds | string;
  readonly estate: EstatePort;
  readonly relay: RelayPipePorts["relay"] & {
    begin(): void;
    troubleOf(server: string): string | null;
  };
  report(message: string): void;
}

interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

interface LoggerPipe extends PipeEnds {
  /** true: nobody logs there any more, and what was for it is still on its way. */
  isEnding: boolean;
}

export class Loggers {
  readonly #ports: LoggerPorts;
  /** Which services each service logs to. */
  readonly #used = new Map<string, readonly string[]>();
  /** Which servers each service logs to, by the names of their targets. */
  readonly #servers = new Map<string, readonly string[]>();
  readonly #pipes = new Map<string, LoggerPipe>();
  readonly #relayed: RelayPipes;
  /** By the names in the estate. */
  readonly #inherited: Map<string, number>;

  constructor(ports: LoggerPorts) {
    this.#ports = ports;
    this.#relayed = new RelayPipes(ports);
    this.#inherited = new Map([...ports.estate.inherit(READ), ...ports.estate.inherit(WRITE)]);
  }

  /** What the standard input of a service is to be; null: nothing is logged to it. */
  standardInputOf(service: string): number | null {
    const pipe = this.#pipes.get(service);
    return pipe === undefined || pipe.isEnding ? null : pipe.read;
  }

  /** A service logs so from now on. */
  configure(service: string, log: Pick<LogPolicy, "sinks">): void {
    if (log.sinks.some(({ type }) => type === "remote" || type === "service")) this.#ports.relay.begin();
    const servers = log.sinks.flatMap((sink) =>
      sink.type === "remote" ? [nameOfTarget({ tag: "server", ...sink.server })] : [],
    );
    if (servers.length > 0) this.#servers.set(service, servers);
    else this.#servers.delete(service);
    const loggers = loggersOf(log);
    if (loggers.length === 0 && !this.#used.has(service)) return;
    this.#used.set(service, loggers);
    for (const logger of loggers) this.#open(logger);
    this.#closeUnused();
  }

  /** Why a server that the service logs to is not reached; null: all are, as far as is known. */
  troubleOf(service: string): string | null {
    for (const server of this.#servers.get(service) ?? []) {
      const trouble = this.#ports.relay.troubleOf(server);
      if (trouble !== null) return trouble;
    }
    return null;
  }

  /** Every service is configured: what a predecessor has left and nobody has asked for is not needed. */
  resume(): void {
    for (const [name, fd] of this.#inherited) {
      this.#ports.estate.release(name);
      this.#ports.close(fd);
    }
    this.#inherited.clear();
  }

  /** The service is gone. */
  forget(service: string): void {
    this.#servers.delete(service);
    if (this.#used.delete(service)) this.#closeUnused();
  }

  #open(logger: string): void {
    const known = this.#pipes.get(logger);
    if (known !== undefined) return this.#keep(logger, known);
    const opened = this.#inheritedPipe(logger) ?? this.#ports.openPipe();
    if (typeof opened === "string") return this.#ports.report(`cannot log to "${logger}": no pipe: ${opened}`);
    this.#hold(logger, opened);
    this.#pipes.set(logger, { ...opened, isEnding: false });
    this.#relayed.open(logger, opened.write);
  }

  /** Somebody logs there, perhaps again before it has ended: the relay may still write to that pipe. */
  #keep(logger: string, pipe: LoggerPipe): void {
    if (!pipe.isEnding) return;
    pipe.isEnding = false;
    this.#hold(logger, pipe);
    this.#relayed.reuse(logger);
  }

  #hold(logger: string, { read, write }: PipeEnds): void {
    this.#ports.estate.hold(READ + logger, read);
    this.#ports.estate.hold(WRITE + logger, write);
  }

  /** Both ends, or nothing: one without the other is of no use. */
  #inheritedPipe(logger: string): PipeEnds | null {
    const [read, write] = [this.#inherited.get(READ + logger), this.#inherited.get(WRITE + logger)];
    this.#inherited.delete(READ + logger);
    this.#inherited.delete(WRITE + logger);
    if (read !== undefined && write !== undefined) return { read, write };
    for (const fd of [read, write]) if (fd !== undefined) this.#ports.close(fd);
    return null;
  }

  #closeUnused(): void {
    const used = new Set([...this.#used.values()].flat());
    for (const [logger, pipe] of this.#pipes) {
      if (used.has(logger) || pipe.isEnding) continue;
      pipe.isEnding = true;
      this.#ports.estate.release(READ + logger);
      this.#ports.estate.release(WRITE + logger);
      this.#relayed.release(logger, () => {
        this.#pipes.delete(logger);
        this.#ports.close(pipe.read);
        this.#ports.close(pipe.write);
      });
    }
  }
}

const READ = "logger read ";
const WRITE = "logger write ";
