import type { LogPolicy } from "../core/definition.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Pipe, ToPlane } from "./plane-messages.ts";

/** A run whose pipes have not all come to their end. */
interface OpenRun {
  readonly run: number;
  readonly service: string;
  readonly pid: number;
  readonly pipes: Map<number, Pipe>;
}

/** What a Worker has to know, kept so that a new one can be told all of it again. */
export class PlaneState {
  readonly #policies = new Map<string, { readonly policy: LogPolicy; readonly file: string | null }>();
  readonly #runs = new Map<number, OpenRun>();
  readonly #followed = new Set<string>();
  readonly #watched = new Map<number, number>();
  #own: Extract<ToPlane, { tag: "configure-own" }> | null = null;

  /** Takes note of what a message changes, before it is posted. */
  note(message: ToPlane): void {
    switch (message.tag) {
      case "configure":
        this.#policies.set(message.service, { policy: message.policy, file: message.file });
        return;
      case "forget":
        this.#policies.delete(message.service);
        this.#followed.delete(message.service);
        return;
      case "open": {
        const pipes = new Map(message.pipes.map((pipe) => [pipe.fd, pipe]));
        this.#runs.set(message.run, { run: message.run, service: message.service, pid: message.pid, pipes });
        return;
      }
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
      // These are asked once, or asked again by whoever waits for the answer.
      case "drain":
      case "tail":
      case "flush":
      case "followed":
      case "own":
      case "reopen":
        return;
      default:
        return unreachable(message);
    }
  }

  /** true: the pipe was open until now, and is to be closed. */
  noteEnded(run: number, fd: number): boolean {
    const pipes = this.#runs.get(run)?.pipes;
    const wasOpen = pipes?.delete(fd) ?? false;
    if (pipes?.size === 0) this.#runs.delete(run);
    return wasOpen;
  }

  /** true: somebody waits for this, and is to be told. */
  noteReadable(fd: number, id: number): boolean {
    return this.#watched.get(fd) === id && this.#watched.delete(fd);
  }

  get hasOwnLog(): boolean {
    return this.#own !== null;
  }

  /** The messages that bring a new Worker up to date, in the right order. */
  get replay(): readonly ToPlane[] {
    return [
      ...(this.#own === null ? [] : [this.#own]),
      ...[...this.#policies].map(([service, value]): ToPlane => ({ tag: "configure", service, ...value })),
      ...[...this.#followed].map((service): ToPlane => ({ tag: "follow", service, on: true })),
      ...[...this.#runs.values()].map((open): ToPlane => ({ tag: "open", ...open, pipes: [...open.pipes.values()] })),
      ...[...this.#watched].map(([fd, id]): ToPlane => ({ tag: "watch", fd, id })),
    ];
  }
}
