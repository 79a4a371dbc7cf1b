/*
 * The data plane inside its Worker: pipes on one side, the logs of services on the other, messages of the main thread in
 * between. Everything happens in rounds: the descriptors that are ready get a bounded turn each, then what there is to say
 * is posted at once. A fault in the handling of one descriptor or message is reported and costs nothing else.
 */
import { unreachable } from "../core/unreachable.ts";
import { CompressionQueue } from "./compression-queue.ts";
import { DatagramLog, type SendDatagram } from "./datagram-log.ts";
import { type Expectation, Expectations } from "./expectation.ts";
import type { FileLog, FileLogPorts } from "./file-log.ts";
import type { Block } from "./line-framer.ts";
import type { LogFiles } from "./log-files.ts";
import { OutBuffer } from "./out-buffer.ts";
import { OwnLog } from "./own-log.ts";
import { READ_BUFFER_SIZE, type PipePorts, PipeReader, type ReadTurn } from "./pipe-reader.ts";
import { answersOf } from "./plane-asked.ts";
import type { FromPlane, ToPlane } from "./plane-messages.ts";
import { type Run, type Service, type Watched, beginRun, countLines } from "./plane-parts.ts";
import { RotationClock } from "./rotation-clock.ts";
import { ServiceLog } from "./service-log.ts";

export interface PlanePorts {
  readonly files: LogFiles;
  readonly pipes: PipePorts;
  readonly send: SendDatagram;
  /** Reports `fd` when it is readable, a single time if `once`; arms it anew if it is known. */
  watch(fd: number, once: boolean): { readonly tag: "ok" } | { readonly tag: "failed"; readonly errno: string };
  unwatch(fd: number): void;
  /** Microseconds since 1970. */
  now(): number;
  post(messages: readonly FromPlane[]): void;
}

/** What one pipe may be read in a round before the others have their turn. */
const TURN_BYTES = 256 * 1024;

export class Plane {
  readonly #ports: PlanePorts;
  readonly #services = new Map<string, Service>();
  readonly #runs = new Map<number, Run>();
  readonly #watched = new Map<number, Watched>();
  readonly #followed = new Set<Service>();
  readonly #expectations = new Expectations();
  readonly #buffer = new Uint8Array(READ_BUFFER_SIZE);
  readonly #out = new OutBuffer();
  readonly #datagrams: DatagramLog;
  readonly #compression = new CompressionQueue((job) => void this.#outbox.push({ tag: "compress", job }));
  readonly #clock = new RotationClock();
  readonly #own: OwnLog;
  #outbox: FromPlane[] = [];

  constructor(ports: PlanePorts) {
    this.#ports = ports;
    this.#datagrams = new DatagramLog(ports.send, (message, recovered) => this.#report(null, message, recovered));
    this.#own = new OwnLog(this.#logPorts(null));
  }

  /** Does what the main thread asks. */
  handle(message: ToPlane): void {
    this.#guard("handle a message", null, () => this.#handle(message));
  }

  /** A descriptor is readable. */
  ready(fd: number): void {
    const watched = this.#watched.get(fd);
    // Told of before it was taken out, in the same round.
    if (watched === undefined) return;
    if (watched.tag === "watch") {
      this.#outbox.push({ tag: "readable", fd, id: watched.id });
      return;
    }
    this.#guard("read the output", watched.run.service.name, () => this.#readPipe(watched.run, watched.reader));
  }

  /** How long nothing is to be done until a file is old enough to be rotated, in milliseconds; -1: without end. */
  patience(): number {
    return this.#clock.patience(() => this.#ports.now());
  }

  /** Rotates what has become old enough. Costs next to nothing as long as nothing has. */
  rotateDue(): void {
    if (this.#clock.takeDue(() => this.#ports.now())) this.#forEachLog((log) => log.rotateIfDue(this.#ports.now()));
  }

  /** Posts what there is to say. */
  finishRound(): void {
    for (const service of this.#followed) {
      const lines = service.log.takeFollowed();
      if (lines.length > 0) this.#outbox.push({ tag: "lines", service: service.name, lines });
    }
    if (this.#outbox.length === 0) return;
    const messages = this.#outbox;
    this.#outbox = [];
    this.#ports.post(messages);
  }

  #handle(message: ToPlane): void {
    switch (message.tag) {
      case "open":
        return this.#open(message);
      case "configure":
        return this.#configure(message);
      case "forget":
        return this.#leave(message.service);
      case "drain":
        return this.#drain(message);
      case "tail":
      case "mark":
        this.#outbox.push(...answersOf(this.#services.get(message.service), message));
        return;
      case "follow":
        return this.#follow(this.#serviceOf(message.service), message.on);
      case "followed":
        return this.#services.get(message.service)?.log.acknowledgeFollowed();
      case "expect":
        return this.#expectations.expect(message.service, message.id, message.pattern);
      case "unexpect":
        return this.#expectations.unexpect(message.service, message.id);
      case "own":
        this.#own.write(message.lines, this.#ports.now());
        this.#outbox.push({ tag: "own-taken", count: message.lines.length });
        return;
      case "configure-own":
        return this.#own.configure(message.file, message.rotation, this.#ports.now());
      case "reopen":
        return this.#forEachLog((log) => log.reopen(this.#ports.now()));
      case "watch":
        return this.#watch(message.fd, { tag: "watch", id: message.id });
      case "unwatch":
        return this.#unwatch(message.fd);
      case "compressed":
        return this.#compression.finish(message.result, this.#ports.now());
      case "flush":
        return this.#flush(message.token);
      default:
        return unreachable(message);
    }
  }

  #serviceOf(name: string): Service {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const log = new ServiceLog({ ...this.#logPorts(name), datagrams: this.#datagrams });
    const service: Service = { name, log, pipes: 0, isLeaving: false, latest: null };
    this.#services.set(name, service);
    return service;
  }

  #configure(message: Extract<ToPlane, { tag: "configure" }>): void {
    const service = this.#serviceOf(message.service);
    service.isLeaving = false;
    service.log.configure(message.policy, message.file, this.#ports.now());
  }

  #open(message: Extract<ToPlane, { tag: "open" }>): void {
    const service = this.#serviceOf(message.service);
    const run = beginRun(service, message, this.#expectations.take(service.name));
    this.#runs.set(run.number, run);
    for (const pipe of message.pipes) {
      const reader = new PipeReader(pipe, this.#ports.pipes.carryOf(pipe));
      run.readers.add(reader);
      service.pipes++;
      this.#watch(pipe.fd, { tag: "pipe", run, reader });
    }
  }

  #watch(fd: number, watched: Watched): void {
    const result = this.#ports.watch(fd, watched.tag === "watch");
    // Whoever asked has closed it since: that it is to be unwatched is on its way.
    if (result.tag === "failed" && result.errno === "EBADF" && watched.tag === "watch") return;
    this.#watched.set(fd, watched);
    if (result.tag === "ok") return;
    const service = watched.tag === "pipe" ? watched.run.service.name : null;
    this.#report(service, `cannot watch "descriptor ${fd}": ${result.errno}`, false);
  }

  #unwatch(fd: number): void {
    if (this.#watched.get(fd)?.tag !== "watch") return;
    this.#watched.delete(fd);
    this.#ports.unwatch(fd);
  }

  #turnOf(run: Run, reader: PipeReader, most: number): ReadTurn {
    const { service, pid } = run;
    const { stream } = reader.pipe;
    const source = { service: service.name, pid, stream, at: this.#ports.now(), pipe: reader };
    const write = (block: Block): void => {
      service.log.write(block, source);
      countLines(run, block);
      if (run.expected !== null) this.#match(run.expected, block, service.name);
    };
    return { ports: this.#ports.pipes, buffer: this.#buffer, most, write };
  }

  #match(expected: Expectation, block: Block, service: string): void {
    if (!this.#expectations.isMetBy(block, service, expected)) return;
    this.#outbox.push({ tag: "matched", service, id: expected.id });
  }

  #readPipe(run: Run, reader: PipeReader): void {
    const result = reader.read(this.#turnOf(run, reader, TURN_BYTES));
    if (result === "ended" || result === "failed") this.#end(run, reader);
  }

  /** The pipe has come to its end. */
  #end(run: Run, reader: PipeReader): void {
    if (reader.failure !== null) this.#report(run.service.name, `cannot read the output: ${reader.failure}`, false);
    const { fd } = reader.pipe;
    this.#watched.delete(fd);
    this.#ports.unwatch(fd);
    run.readers.delete(reader);
    if (run.readers.size === 0) this.#runs.delete(run.number);
    this.#outbox.push({ tag: "ended", run: run.number, fd });
    run.service.pipes--;
    reader.finishLine(this.#turnOf(run, reader, 0));
    if (run.service.isLeaving) this.#leave(run.service.name);
  }

  /** The main process is gone, so what it wrote is in the pipes already; whoever holds them yet may write on. */
  #drain(message: Extract<ToPlane, { tag: "drain" }>): void {
    const run = this.#runs.get(message.run);
    for (const reader of run === undefined ? [] : [...run.readers]) {
      this.#guard(
        "read the output",
        run?.service.name ?? null,
        () => run !== undefined && this.#drainPipe(run, reader),
      );
    }
    run?.service.log.flush(this.#ports.now());
    this.#outbox.push({ tag: "drained", run: message.run, token: message.token });
  }

  #drainPipe(run: Run, reader: PipeReader): void {
    const { pipes } = this.#ports;
    const turn = this.#turnOf(run, reader, Math.max(1, pipes.waitingInPipe(reader.pipe.fd)));
    const result = reader.read(turn);
    if (result === "ended" || result === "failed") return this.#end(run, reader);
    // Somebody is writing at this moment: the line may yet be completed.
    if (result === "more" && pipes.waitingInPipe(reader.pipe.fd) > 0) return;
    reader.finishLine(turn);
  }

  /** Forgets a service, once its last pipe has ended. */
  #leave(name: string): void {
    const service = this.#services.get(name);
    if (service === undefined) return;
    service.isLeaving = true;
    if (service.pipes > 0) return;
    service.log.close(this.#ports.now());
    this.#services.delete(name);
    this.#followed.delete(service);
  }

  #follow(service: Service, on: boolean): void {
    service.log.follow(on);
    if (on) this.#followed.add(service);
    else this.#followed.delete(service);
  }

  #logPorts(service: string | null): FileLogPorts {
    return {
      files: this.#ports.files,
      out: this.#out,
      report: (message, recovered) => this.#report(service, message, recovered),
      compressSoon: (keeper) => this.#compression.add(keeper),
      wakeAt: (at) => this.#clock.wakeAt(at),
    };
  }

  /** Also ends lines that have not ended: whoever flushes may be about to go away. */
  #flush(token: number): void {
    for (const run of this.#runs.values()) {
      for (const reader of run.readers) {
        this.#guard("write the output", run.service.name, () => reader.finishLine(this.#turnOf(run, reader, 0)));
      }
    }
    this.#forEachLog((log) => log.flush(this.#ports.now()));
    this.#outbox.push({ tag: "flushed", token });
  }

  #forEachLog(act: (log: ServiceLog | FileLog) => void): void {
    for (const { name, log } of this.#services.values()) this.#guard("write the log", name, () => act(log));
    const own = this.#own.file;
    if (own !== null) this.#guard("write the log", null, () => act(own));
  }

  #guard(what: string, service: string | null, act: () => unknown): void {
    try {
      act();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#report(service, `internal error: cannot ${what}: ${reason}`, false);
    }
  }

  #report(service: string | null, message: string, recovered: boolean): void {
    this.#outbox.push({ tag: "problem", service, message, recovered });
  }
}
