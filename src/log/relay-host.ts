/*
 * The main thread's side of the relay. It is started when some service logs to a server or to another service, and replaced
 * when it dies: the data plane is then told, and so is the new one of the pipes.
 */
import { unreachable } from "../core/unreachable.ts";
import { threadEndOf } from "./thread-end.ts";
import type { FromRelay, ToRelay } from "./relay-messages.ts";

export interface RelayThread {
  post(message: ToRelay): void;
  end(): void;
}

export interface RelayThreadListener {
  said(message: FromRelay): void;
  /** The thread is no more; null: it was ended. Called once. */
  ended(reason: string | null): void;
}

export interface RelayHostPorts {
  startThread(listener: RelayThreadListener): RelayThread;
  /** There is a relay, or another one: the data plane has to know. */
  renewed(): void;
  report(message: string, recovered: boolean): void;
}

interface HostedPipe {
  readonly fd: number;
  readonly full: () => void;
}

const RESTART_DELAY = 1_000;

export class RelayHost {
  readonly #ports: RelayHostPorts;
  /** Pipes to services, and who is told when one has to be waited for. */
  readonly #pipes = new Map<string, HostedPipe>();
  /** Why servers are not reached, by the names of their targets. */
  readonly #troubles = new Map<string, string>();
  /** Who waits for `done`, by number. */
  readonly #waiting = new Map<number, () => void>();
  #number = 0;
  #thread: RelayThread | null = null;
  #isClosed = false;

  constructor(ports: RelayHostPorts) {
    this.#ports = ports;
  }

  /** From now on there is to be a relay. */
  begin(): void {
    if (this.#thread !== null || this.#isClosed) return;
    try {
      const thread = this.#ports.startThread({
        said: (message) => this.#thread === thread && this.#hear(message),
        ended: (reason) => this.#thread === thread && this.#lose(reason ?? "it was ended"),
      });
      this.#thread = thread;
      thread.post({ tag: "begin" });
    } catch (error) {
      // The machine has no thread to give at the moment.
      this.#lose(error instanceof Error ? error.message : String(error));
    }
  }

  /** The pipe to the standard input of a service, also if it was to be released; `full` is called when `room` is to be said. */
  usePipe(service: string, fd: number, full: () => void): void {
    this.#pipes.set(service, { fd, full });
    this.#thread?.post({ tag: "pipe", service, fd });
  }

  /** Done when the pipe may be closed, unless it was used again meanwhile. */
  async releasePipe(service: string): Promise<void> {
    const pipe = this.#pipes.get(service);
    await this.#ask((number) => ({ tag: "release", service, number }));
    if (this.#pipes.get(service) === pipe) this.#pipes.delete(service);
  }

  room(service: string): void {
    this.#thread?.post({ tag: "room", service });
  }

  /** Why the server of this name is not reached; null: it is, as far as is known. */
  troubleOf(server: string): string | null {
    return this.#troubles.get(server) ?? null;
  }

  /** Gives it so long to hand on what it has for file readers, in milliseconds. */
  settle(millis: number): Promise<void> {
    return this.#ask((number) => ({ tag: "finish", to: "files", millis, number }));
  }

  /** Gives it so long to hand on all that it has, in milliseconds, then ends it. */
  async close(millis: number): Promise<void> {
    this.#isClosed = true;
    await this.#ask((number) => ({ tag: "finish", to: "all", millis, number }));
    const thread = this.#thread;
    this.#thread = null;
    thread?.end();
  }

  #hear(message: FromRelay): void {
    switch (message.tag) {
      case "ready":
        for (const [service, { fd }] of this.#pipes) this.#thread?.post({ tag: "pipe", service, fd });
        return this.#ports.renewed();
      case "full":
        return this.#pipes.get(message.service)?.full();
      case "done":
        return this.#answered(message.number);
      case "problem":
        return this.#ports.report(message.message, message.recovered);
      case "server":
        if (message.trouble === null) this.#troubles.delete(message.name);
        else this.#troubles.set(message.name, message.trouble);
        return;
      default:
        return unreachable(message);
    }
  }

  /** Done when it says so, or is no more. */
  #ask(questionOf: (number: number) => ToRelay): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return Promise.resolve();
    const number = ++this.#number;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      thread.post(questionOf(number));
    });
  }

  #answered(number: number): void {
    this.#waiting.get(number)?.();
    this.#waiting.delete(number);
  }

  #lose(reason: string): void {
    this.#thread = null;
    this.#troubles.clear();
    for (const number of [...this.#waiting.keys()]) this.#answered(number);
    if (this.#isClosed) return;
    this.#ports.report(`the log relay died: ${reason}; what waited there is lost, a new one goes on`, false);
    setTimeout(() => this.begin(), RESTART_DELAY).unref();
  }
}

/** A Worker as such a thread; it does not keep the process alive. */
export function relayThreadOf(worker: Worker, listener: RelayThreadListener): RelayThread {
  let reason: string | null = null;
  worker.addEventListener("message", (event: MessageEvent<FromRelay>) => listener.said(event.data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    reason ??= threadEndOf(event.message);
  });
  worker.addEventListener("close", () => listener.ended(reason));
  worker.unref();
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
