import { type Expectation, Expectations } from "./expectation.ts";
import type { Block } from "./line-framer.ts";
import { type PipeSizePorts, PipeSizes } from "./pipe-sizes.ts";
import { type PipePorts, PipeReader, READ_BUFFER_SIZE, type ReadTurn } from "./pipe-reader.ts";
import type { FromPlane, Pipe, ToPlane } from "./plane-messages.ts";
import { type Run, type Service, beginRun, countLines } from "./plane-parts.ts";

export interface RunsPorts {
  readonly pipes: PipePorts;
  readonly sizes: PipeSizePorts;
  /** Microseconds since 1970. */
  now(): number;
  say(message: FromPlane): void;
  /** true: there is something to be done that comes before whatever has been read since. */
  isAsked(): boolean;
  /** Microseconds of a clock that is never set. */
  monotonic(): number;
  /** `reader` is to be read whenever its pipe is readable, until `unwatch`. false: it cannot be told. */
  watch(run: Run, reader: PipeReader): boolean;
  unwatch(fd: number): void;
  report(service: string, message: string): void;
  /** Does it; a fault in it is reported. */
  guard(what: string, service: string, act: () => void): void;
  /** The last pipe of a service that is to be forgotten has ended. */
  left(service: string): void;
}

/** What one pipe may be read in a round before the others have their turn. */
const TURN_BYTES = 256 * 1024;
/** How often a pipe is looked at that cannot be watched, in microseconds. */
const BLIND_PAUSE = 20_000;

interface Paced {
  readonly run: Run;
  /** In microseconds. */
  readonly due: number;
}

/** The runs of services that may still say something, and the reading of their pipes. */
export class PlaneRuns {
  readonly expectations = new Expectations();
  readonly #ports: RunsPorts;
  readonly #runs = new Map<number, Run>();
  readonly #buffer = new Uint8Array(READ_BUFFER_SIZE);
  readonly #sizes: PipeSizes;
  /** Pipes that are not read, as a sink of their service has no room. */
  readonly #held = new Map<PipeReader, Run>();
  /** Pipes that are not watched but looked at by the clock, and when. */
  readonly #paced = new Map<PipeReader, Paced>();

  constructor(ports: RunsPorts) {
    this.#ports = ports;
    this.#sizes = new PipeSizes(ports.sizes);
  }

  open(service: Service, message: Extract<ToPlane, { tag: "open" }>): void {
    const run = beginRun(service, message, this.expectations.take(service.name));
    this.#runs.set(run.number, run);
    for (const pipe of message.pipes) {
      const reader = new PipeReader(pipe, this.#ports.pipes.carryOf(pipe));
      run.readers.add(reader);
      service.pipes++;
      this.#watch(run, reader);
    }
    // A predecessor has read the line, and died before anybody was told.
    const { expected } = run;
    if (expected !== null && message.pipes.some((pipe) => this.#ports.pipes.isMet(pipe))) {
      this.expectations.unexpect(service.name, expected.id);
      this.#ports.say({ tag: "matched", service: service.name, id: expected.id });
    }
  }

  /** The pipe is readable. */
  read(run: Run, reader: PipeReader): void {
    this.#readPacedOf(run.service, reader);
    this.#read(run, reader);
  }

  /** How long no pipe is to be looked at by the clock, in microseconds; infinite: there is none. */
  get patience(): number {
    if (this.#paced.size === 0) return Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#paced.values()) next = Math.min(next, due);
    return Math.max(0, next - this.#ports.monotonic());
  }

  /** Reads the pipes that are looked at by the clock, where it is time. */
  readDue(): void {
    if (this.#paced.size === 0) return;
    const at = this.#ports.monotonic();
    for (const [reader, { run, due }] of this.#paced)
      if (due <= at) this.#ports.guard("read the output", run.service.name, () => this.#read(run, reader));
  }

  /** true: the pipes of some service are left alone for the moment, and `resume` is to be called soon. */
  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  /** Goes on with the pipes that nobody is waiting for any more. */
  resume(): void {
    for (const [reader, run] of this.#held) {
      if (run.service.log.isHeld(this.#ports.now())) continue;
      this.#held.delete(reader);
      this.#watch(run, reader);
    }
  }

  /** The main process is gone, so what it wrote is in the pipes already; whoever holds them yet may write on. */
  drain(number: number): void {
    const run = this.#runs.get(number);
    if (run === undefined) return;
    const { name, log } = run.service;
    this.#readPacedOf(run.service, null);
    for (const reader of run.readers) this.#ports.guard("read the output", name, () => this.#drainPipe(run, reader));
    log.flush(this.#ports.now());
  }

  /** Leaves the pipes of the service as they are: somebody else goes on with them. */
  release(service: Service): void {
    for (const run of [...this.#runs.values()].filter((each) => each.service === service)) {
      for (const reader of run.readers) {
        this.#ports.unwatch(reader.pipe.fd);
        this.#sizes.forget(reader);
        this.#held.delete(reader);
        this.#paced.delete(reader);
      }
      this.#runs.delete(run.number);
    }
    service.pipes = 0;
  }

  /** Ends lines that have not ended. */
  finishLines(): void {
    for (const run of this.#runs.values()) {
      const { name } = run.service;
      for (const reader of run.readers)
        this.#ports.guard("write the output", name, () => reader.finishLine(this.#turnOf(run, reader, 0)));
    }
  }

  /** What the service has said elsewhere before comes before what it says now. */
  #readPacedOf(service: Service, now: PipeReader | null): void {
    for (const [reader, { run }] of this.#paced)
      if (run.service === service && reader !== now)
        this.#ports.guard("read the output", service.name, () => this.#read(run, reader));
  }

  #read(run: Run, reader: PipeReader): void {
    if (run.service.log.isHeld(this.#ports.now())) {
      this.#ports.unwatch(reader.pipe.fd);
      this.#paced.delete(reader);
      this.#held.set(reader, run);
      return;
    }
    const turn = this.#turnOf(run, reader, TURN_BYTES);
    // What has gathered comes at once: to look again right after that would find little.
    const result = reader.read({ ...turn, enough: TURN_BYTES, mustYield: () => this.#ports.isAsked() });
    if (result === "ended" || result === "failed") return this.#end(run, reader);
    if (result !== "yielded") this.#pace(run, reader);
  }

  /** Decides when the pipe is looked at again. */
  #pace(run: Run, reader: PipeReader): void {
    const { pace, pipe, found } = reader;
    const at = this.#ports.monotonic();
    pace.note(found, at);
    if (pace.wantsRoom) this.#sizes.noteBusy(reader, pipe.fd, at);
    const pause = pace.isSteady ? pace.pauseWith(this.#sizes.roomOf(reader, pipe.fd)) : 0;
    const isPaced = this.#paced.has(reader);
    if (pause > 0) {
      if (!isPaced) this.#ports.unwatch(pipe.fd);
      this.#paced.set(reader, { run, due: at + pause });
    } else if (isPaced) {
      this.#watch(run, reader);
    }
  }

  #watch(run: Run, reader: PipeReader): void {
    if (this.#ports.watch(run, reader)) this.#paced.delete(reader);
    else this.#paced.set(reader, { run, due: this.#ports.monotonic() + BLIND_PAUSE });
  }

  #turnOf(run: Run, reader: PipeReader, most: number): ReadTurn {
    const { service, pid } = run;
    const { stream } = reader.pipe;
    const source = { service: service.name, pid, stream, at: this.#ports.now(), pipe: reader };
    const write = (block: Block): void => {
      service.log.write(block, source);
      countLines(run, block);
      if (run.expected !== null) this.#match(run, run.expected, { block, pipe: reader.pipe });
    };
    return { ports: this.#ports.pipes, buffer: this.#buffer, most, enough: 0, mustYield: () => false, write };
  }

  #match({ service }: Run, expected: Expectation, { block, pipe }: { block: Block; pipe: Pipe }): void {
    if (!this.expectations.isMetBy(block, service.name, expected)) return;
    this.#ports.pipes.noteMet(pipe);
    this.#ports.say({ tag: "matched", service: service.name, id: expected.id });
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

  /** The pipe has come to its end. */
  #end(run: Run, reader: PipeReader): void {
    const { service } = run;
    if (reader.failure !== null) this.#ports.report(service.name, `cannot read the output: ${reader.failure}`);
    const { fd } = reader.pipe;
    this.#ports.unwatch(fd);
    this.#sizes.forget(reader);
    this.#held.delete(reader);
    this.#paced.delete(reader);
    run.readers.delete(reader);
    if (run.readers.size === 0) this.#runs.delete(run.number);
    this.#ports.say({ tag: "ended", run: run.number, fd });
    service.pipes--;
    reader.finishLine(this.#turnOf(run, reader, 0));
    if (service.isLeaving) this.#ports.left(service.name);
  }
}
