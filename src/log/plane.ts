/*
 * The data plane inside its Worker: pipes on one side, the logs of services on the other, messages of the main thread in
 * between. Everything happens in rounds: the descriptors that are ready get a bounded turn each, then what there is to say
 * is posted at once. A fault in the handling of one descriptor or message is reported and costs nothing else.
 */
import { unreachable } from "../core/unreachable.ts";
import { CompressionQueue } from "./compression-queue.ts";
import { DatagramLog, type SendDatagram } from "./datagram-log.ts";
import type { DirectKernel } from "./direct-files.ts";
import type { FileLog, FileLogPorts } from "./file-log.ts";
import type { LogFiles } from "./log-files.ts";
import { type CopyStamped, OutBuffer } from "./out-buffer.ts";
import { OwnLog } from "./own-log.ts";
import type { PipePorts } from "./pipe-reader.ts";
import type { PipeSizePorts } from "./pipe-sizes.ts";
import { OpenFiles } from "./open-files.ts";
import { answersOf } from "./plane-asked.ts";
import { PlaneOutbox } from "./plane-outbox.ts";
import { PlaneDirect } from "./plane-direct.ts";
import type { FromPlane, ToPlane } from "./plane-messages.ts";
import type { Service } from "./plane-parts.ts";
import { PlaneRuns, type RunsPorts } from "./plane-runs.ts";
import { PlaneWatches, type WatchPorts } from "./plane-watches.ts";
import type { RelayLine } from "./relay-line.ts";
import { RotationClock } from "./rotation-clock.ts";
import { ServiceLog } from "./service-log.ts";
import type { SinkSetPorts } from "./service-sinks.ts";
import { OWN_WRITER, SharedFiles, type SharedFilesPorts } from "./shared-files.ts";

export interface PlanePorts extends WatchPorts {
  readonly files: LogFiles;
  readonly pipes: PipePorts;
  readonly sizes: PipeSizePorts;
  readonly send: SendDatagram;
  /** null: it is done in JavaScript. */
  readonly copyStamped: CopyStamped | null;
  /** For logs that services write themselves. */
  readonly direct: DirectKernel;
  /** To whatever takes lines and is no file and no local syslog. */
  readonly relay: RelayLine;
  /** true: the main thread has asked for something that was not handled yet. */
  isAsked(): boolean;
  /** So many lines more (or fewer) are in memory alone. */
  held(delta: number): void;
  /** So many lines more (or fewer) are on their way to files that another thread writes. */
  underway(delta: number): void;
  /** Microseconds since 1970. */
  now(): number;
  /** Microseconds of a clock that is never set. */
  monotonic(): number;
  post(messages: readonly FromPlane[]): void;
}

/** How often it is looked whether a sink has room again that a service waits for, in microseconds. */
const HELD_PATIENCE = 20_000;
/** How often it is looked whether it is time to tell of lines that are lost, in microseconds. */
const LOSS_PATIENCE = 200_000;

export class Plane {
  readonly #ports: PlanePorts;
  readonly #services = new Map<string, Service>();
  readonly #watches: PlaneWatches;
  readonly #followed = new Set<Service>();
  readonly #out: OutBuffer;
  readonly #openFiles = new OpenFiles();
  readonly #runs: PlaneRuns;
  readonly #datagrams: DatagramLog;
  readonly #compression = new CompressionQueue((job) => this.#outbox.say({ tag: "compress", job }));
  readonly #clock = new RotationClock();
  readonly #own: OwnLog;
  readonly #shared: SharedFiles;
  readonly #direct: PlaneDirect;
  readonly #outbox: PlaneOutbox;

  constructor(ports: PlanePorts) {
    this.#ports = ports;
    this.#outbox = new PlaneOutbox(() => ports.now());
    this.#out = new OutBuffer(ports.copyStamped);
    this.#watches = new PlaneWatches(ports, (service, message) => this.#outbox.report(service, message, false));
    this.#runs = new PlaneRuns(this.#runsPorts());
    this.#datagrams = new DatagramLog({
      send: ports.send,
      report: (message, recovered) => this.#outbox.report(null, message, recovered),
      lost: (loss) => this.#outbox.lost(loss),
    });
    const shared: Pick<SharedFilesPorts, "report" | "lost"> = {
      report: (...said) => this.#outbox.report(...said),
      lost: (loss) => this.#outbox.lost(loss),
    };
    this.#shared = new SharedFiles({ ...this.#filePorts(), ...shared });
    this.#direct = new PlaneDirect({
      ...this.#filePorts(),
      machine: ports,
      watch: (fd) => void this.#watches.add(fd, { tag: "writes" }),
      say: (message) => this.#outbox.say(message),
      ...shared,
    });
    this.#own = new OwnLog({ ...this.#filePorts(), ...this.#logPorts(null) });
  }

  /** Does what the main thread asks. */
  handle(message: ToPlane): void {
    this.#outbox.guard("handle a message", null, () => this.#handle(message));
  }

  /** Something that is another one once the number stands for another descriptor; undefined: nothing is known of it. */
  watchedAs(fd: number): object | undefined {
    return this.#watches.get(fd);
  }

  /** A descriptor is readable. */
  ready(fd: number): void {
    const watched = this.#watches.get(fd);
    // Told of before it was taken out, in the same round.
    if (watched === undefined) return;
    if (watched.tag === "writes") return this.#outbox.guard("look at the logs", null, () => this.#direct.ready());
    if (watched.tag === "watch") return this.#outbox.say({ tag: "readable", fd, id: watched.id });
    this.#outbox.guard("read the output", watched.run.service.name, () => this.#runs.read(watched.run, watched.reader));
  }

  /** How long nothing is to be done if nothing becomes readable, in microseconds; infinite: without end. */
  patience(): number {
    const { isHolding, patience } = this.#runs;
    const most = isHolding ? HELD_PATIENCE : this.#outbox.isWaiting ? LOSS_PATIENCE : Number.POSITIVE_INFINITY;
    return Math.min(
      most,
      patience,
      this.#clock.patience(() => this.#ports.now()),
    );
  }

  /** Reads and rotates what it is time for. Costs next to nothing as long as there is nothing. */
  doDue(): void {
    this.#runs.readDue();
    if (this.#runs.isHolding) this.#runs.resume();
    if (this.#clock.takeDue(() => this.#ports.now())) this.#forEachLog((log) => log.rotateIfDue(this.#ports.now()));
  }

  /** Posts what there is to say. */
  finishRound(): void {
    for (const service of this.#followed) {
      const lines = service.log.takeFollowed();
      if (lines.length > 0) this.#outbox.say({ tag: "lines", service: service.name, lines });
    }
    const messages = this.#outbox.take();
    if (messages.length > 0) this.#ports.post(messages);
  }

  #handle(message: ToPlane): void {
    switch (message.tag) {
      case "open":
        return this.#runs.open(this.#serviceOf(message.service), message);
      case "begin":
        return this.#serviceOf(message.service).log.begin(message.run, message.began);
      case "configure": {
        const service = this.#serviceOf(message.service);
        service.isLeaving = false;
        return service.log.configure(message.policy, message.file, this.#ports.now());
      }
      case "forget":
        return this.#leave(message.service);
      case "drain":
        this.#runs.drain(message.run);
        return this.#outbox.say({ tag: "drained", run: message.run, token: message.token });
      case "tail":
      case "mark":
        for (const answer of answersOf(this.#services.get(message.service), message, this.#ports.now()))
          this.#outbox.say(answer);
        return;
      case "follow":
        return this.#follow(this.#serviceOf(message.service), message.on);
      case "followed":
        return this.#services.get(message.service)?.log.acknowledgeFollowed();
      case "expect":
        return this.#runs.expectations.expect(message.service, message.id, message.pattern);
      case "unexpect":
        return this.#runs.expectations.unexpect(message.service, message.id);
      case "own":
        this.#own.write(message.lines, this.#ports.now());
        return this.#outbox.say({ tag: "own-taken", count: message.lines.length });
      case "configure-own":
        return this.#own.configure(message.file, message.policy, this.#ports.now());
      case "reopen":
        return this.#forEachLog((log) => log.reopen(this.#ports.now()));
      case "rotate":
        return this.#services.get(message.service)?.log.rotate();
      case "watch":
        return void this.#watches.add(message.fd, { tag: "watch", id: message.id });
      case "unwatch":
        if (this.#watches.get(message.fd)?.tag === "watch") this.#watches.remove(message.fd);
        return;
      case "relay-renewed":
        return this.#ports.relay.renew();
      case "compressed":
        return this.#compression.finish(message.result, this.#ports.now());
      case "release":
        return this.#release(message);
      case "flush":
        return this.#flush(message.token);
      default:
        return unreachable(message);
    }
  }

  #serviceOf(name: string): Service {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const service = { name, log: new ServiceLog(this.#logPorts(name)), pipes: 0, isLeaving: false, latest: null };
    this.#services.set(name, service);
    return service;
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

  #release({ service: name, token }: Extract<ToPlane, { tag: "release" }>): void {
    const service = this.#services.get(name);
    if (service !== undefined) this.#runs.release(service);
    this.#leave(name);
    this.#outbox.say({ tag: "released", token });
  }

  #follow(service: Service, on: boolean): void {
    service.log.follow(on);
    this.#followed[on ? "add" : "delete"](service);
  }

  #filePorts(): Omit<FileLogPorts, "report" | "lost"> {
    return {
      files: this.#ports.files,
      out: this.#out,
      openFiles: this.#openFiles,
      held: (delta) => this.#ports.held(delta),
      compressSoon: (keeper) => this.#compression.add(keeper),
      wakeAt: (at) => this.#clock.wakeAt(at),
    };
  }

  #logPorts(service: string | null): SinkSetPorts {
    return {
      ...this.#filePorts(),
      service: service ?? OWN_WRITER,
      lost: (loss) => this.#outbox.lost({ service: service ?? OWN_WRITER, ...loss }),
      shared: this.#shared,
      underway: (delta) => this.#ports.underway(delta),
      report: (message, recovered) => this.#outbox.report(service, message, recovered),
      ...this.#direct.portsFor(service ?? OWN_WRITER),
      datagrams: this.#datagrams,
      relay: this.#ports.relay,
    };
  }

  #runsPorts(): RunsPorts {
    return {
      ...this.#ports,
      say: (message) => this.#outbox.say(message),
      watch: (run, reader) => this.#watches.add(reader.pipe.fd, { tag: "pipe", run, reader }),
      unwatch: (fd) => this.#watches.remove(fd),
      report: (service, message) => this.#outbox.report(service, message, false),
      guard: (what, service, act) => this.#outbox.guard(what, service, act),
      left: (service) => this.#leave(service),
    };
  }

  /** Also ends lines that have not ended: whoever flushes may be about to go away. */
  #flush(token: number): void {
    this.#runs.finishLines();
    this.#forEachLog((log) => log.flush(this.#ports.now()));
    this.#outbox.say({ tag: "flushed", token });
  }

  #forEachLog(act: (log: ServiceLog | FileLog) => void): void {
    for (const { name, log } of this.#services.values()) this.#outbox.guard("write the log", name, () => act(log));
    this.#ports.relay.leaving.look(this.#ports.now());
    const { file } = this.#own;
    if (file !== null) this.#outbox.guard("write the log", null, () => act(file));
  }
}
