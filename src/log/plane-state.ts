import type { LogPolicy } from "../core/log-policy.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Pipe, ToPlane } from "./plane-messages.ts";

/** A run whose pipes have not all come to their end. */
interface OpenRun {
  readonly run: number;
  readonly service: string;
  readonly pid: number;
  readonly pipes: Map<number, Pipe>;
}

type Expect = Extract<ToPlane, { tag: "expect" }>;

/** What a Worker has to know, kept so that a new one can be told all of it again. */
export class PlaneState {
  readonly #policies = new Map<string, { readonly policy: LogPolicy; readonly file: string | null }>();
  readonly #runs = new Map<number, OpenRun>();
  /** Services that are gone, but for pipes that somebody still holds. */
  readonly #leaving = new Set<string>();
  readonly #followed = new Set<string>();
  readonly #watched = new Map<number, number>();
  /** The newest expectation of each service; null in `run`: its run has not begun. */
  readonly #expected = new Map<string, { readonly expect: Expect; run: number | null }>();
  /** Of services that write their files themselves, where the latest run begins. */
  readonly #begun = new Map<string, Extract<ToPlane, { tag: "begin" }>>();
  #hasRelay = false;
  #own: Extract<ToPlane, { tag: "configure-own" }> | null = null;

  /** Takes note of what a message changes, before it is posted. */
  note(message: ToPlane): void {
    switch (message.tag) {
      case "configure":
        this.#policies.set(message.service, { policy: message.policy, file: message.file });
        this.#leaving.delete(message.service);
        return;
      case "forget":
        this.#leaving.add(message.service);
        this.#forgetLeft(message.service);
        this.#followed.delete(message.service);
        this.#expected.delete(message.service);
        this.#begun.delete(message.service);
        return;
      case "open": {
        const pipes = new Map(message.pipes.map((pipe) => [pipe.fd, pipe]));
        this.#runs.set(message.run, { run: message.run, service: message.service, pid: message.pid, pipes });
        const expected = this.#expected.get(message.service);
        if (expected !== undefined) expected.run ??= message.run;
        return;
      }
      case "expect":
        this.#expected.set(message.service, { expect: message, run: null });
        return;
      case "unexpect":
        if (this.#expected.get(message.service)?.expect.id === message.id) this.#expected.delete(message.service);
        return;
      case "follow":
        if (message.on) this.#followed.add(message.service);
        else this.#followed.delete(message.service);
        return;
      case "watch":
        this.#watched.set(message.fd, message.id);
        return;
      case "unwatch":
        this.#watched.delete(message.fd);
        return;
      case "configure-own":
        this.#own = message;
        return;
      case "begin":
        this.#begun.set(message.service, message);
        return;
      // These are asked once, or asked again by whoever waits for the answer.
      case "drain":
      case "tail":
      case "mark":
      case "flush":
      case "release":
      case "rotate":
      case "followed":
      case "own":
      case "reopen":
      case "compressed":
        return;
      case "relay-renewed":
        this.#hasRelay = true;
        return;
      default:
        return unreachable(message);
    }
  }

  /** Lets go of a service; gives what another lane has to be told to go on with it. */
  take(service: string): readonly ToPlane[] {
    const policy = this.#policies.get(service);
    const begun = this.#begun.get(service);
    const runs = [...this.#runs.values()].filter((run) => run.service === service);
    const taken: readonly ToPlane[] = [
      ...(policy === undefined ? [] : [{ tag: "configure", service, ...policy } as const]),
      ...(this.#followed.has(service) ? [{ tag: "follow", service, on: true } as const] : []),
      ...runs.flatMap((run) => this.#opening(run)),
      ...(begun === undefined ? [] : [begun]),
      ...this.#expectedOf(service, null),
      ...(this.#leaving.has(service) ? [{ tag: "forget", service } as const] : []),
    ];
    for (const { run } of runs) this.#runs.delete(run);
    for (const known of [this.#policies, this.#followed, this.#expected, this.#leaving, this.#begun])
      known.delete(service);
    return taken;
  }

  /** true: the service has pipes here. */
  hasPipesOf(service: string): boolean {
    for (const run of this.#runs.values()) if (run.service === service) return true;
    return false;
  }

  hasRun(run: number): boolean {
    return this.#runs.has(run);
  }

  /** The pipe that was open until now, and is to be closed; null: there is none. */
  noteEnded(run: number, fd: number): Pipe | null {
    const open = this.#runs.get(run);
    const ended = open?.pipes.get(fd) ?? null;
    open?.pipes.delete(fd);
    if (open?.pipes.size !== 0) return ended;
    this.#runs.delete(run);
    this.#forgetLeft(open.service);
    return ended;
  }

  /** true: somebody waits for this, and is to be told. */
  noteReadable(fd: number, id: number): boolean {
    return this.#watched.get(fd) === id && this.#watched.delete(fd);
  }

  /** true: somebody waits for this, and is to be told. */
  noteMatched(service: string, id: number): boolean {
    return this.#expected.get(service)?.expect.id === id && this.#expected.delete(service);
  }

  get hasOwnLog(): boolean {
    return this.#own !== null;
  }

  /** The messages that bring a new Worker up to date, in the right order. */
  get replay(): readonly ToPlane[] {
    return [
      ...(this.#own === null ? [] : [this.#own]),
      ...(this.#hasRelay ? [{ tag: "relay-renewed" } as const] : []),
      ...[...this.#policies].map(([service, value]): ToPlane => ({ tag: "configure", service, ...value })),
      ...[...this.#followed].map((service): ToPlane => ({ tag: "follow", service, on: true })),
      ...[...this.#runs.values()].flatMap((open) => this.#opening(open)),
      ...this.#begun.values(),
      ...[...this.#expected.keys()].flatMap((service) => this.#expectedOf(service, null)),
      ...[...this.#leaving].map((service): ToPlane => ({ tag: "forget", service })),
      ...[...this.#watched].map(([fd, id]): ToPlane => ({ tag: "watch", fd, id })),
    ];
  }

  #opening(open: OpenRun): readonly ToPlane[] {
    return [...this.#expectedOf(open.service, open.run), { tag: "open", ...open, pipes: [...open.pipes.values()] }];
  }

  #forgetLeft(service: string): void {
    if (!this.#leaving.has(service)) return;
    if (this.hasPipesOf(service)) return;
    this.#leaving.delete(service);
    this.#policies.delete(service);
  }

  /** What is expected of this run; null: of the next. */
  #expectedOf(service: string, run: number | null): readonly ToPlane[] {
    const expected = this.#expected.get(service);
    return expected?.run === run ? [expected.expect] : [];
  }
}
