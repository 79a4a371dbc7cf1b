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

const RESTART_DELAY = 1_000;

export class RelayHost {
  readonly #ports: RelayHostPorts;
  /** Pipes to services, and who is told when one has to be waited for. */
  readonly #pipes = new Map<string, { readonly fd: number; readonly full: () => void }>();
  /** Why servers are not reached, by the names of their targets. */
  readonly #troubles = new Map<string, string>();
  readonly #releasing = new Map<string, () => void>();
  #thread: RelayThread | null = null;
  #isClosed = false;
  #done: (() => void) | null = null;

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

  /** The pipe to the standard input of a service; `full` is called when `room` is to be said. */
  usePipe(service: string, fd: number, full: () => void): void {
    this.#pipes.set(service, { fd, full });
    this.#thread?.post({ tag: "pipe", service, fd });
  }

  /** Done when the pipe may be closed. */
  releasePipe(service: string): Promise<void> {
    this.#pipes.delete(service);
    if (this.#thread === null) return Promise.resolve();
    this.#thread.post({ tag: "pipe", service, fd: null });
    return new Promise((resolve) => this.#releasing.set(service, resolve));
  }

  room(service: string): void {
    this.#thread?.post({ tag: "room", service });
  }

  /** Why the server of this name is not reached; null: it is, as far as is known. */
  troubleOf(server: string): string | null {
    return this.#troubles.get(server) ?? null;
  }

  /** Gives it so long to hand on what it has, in milliseconds. */
  async settle(millis: number): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      thread.post({ tag: "finish", millis });
    });
  }

  /** The same, then ends it. */
  async close(millis: number): Promise<void> {
    this.#isClosed = true;
    await this.settle(millis);
    const thread = this.#thread;
    this.#thread = null;
    thread?.end();
  }

  #hear(message: FromRelay): void {
    switch (message.tag) {
      case "ready":
        for (const [service, { fd }] of this.#pipes) this.#thread?.post({ tag: "pipe", service, fd });
        return this.#ports.renewed();
      case "released":
        return this.#released(message.service);
      case "full":
        return this.#pipes.get(message.service)?.full();
      case "done":
        return this.#done?.();
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

  #released(service: string): void {
    this.#releasing.get(service)?.();
    this.#releasing.delete(service);
  }

  #lose(reason: string): void {
    this.#thread = null;
    this.#troubles.clear();
    for (const service of [...this.#releasing.keys()]) this.#released(service);
    this.#done?.();
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
