/*
 * What services are started from that lies in files: conditions, environment files, secrets. They are looked at on threads of
 * their own, each look with a limit of time: a file system that does not answer keeps the service that needs it from being
 * started, and nobody else. What was read last holds for the commands that run beside the service as well.
 */
import { type FileVariables, type LookAnswer, type LookRequest, lookRequestOf, NO_FILES } from "../config/look.ts";
import type { Definition } from "../core/definition.ts";
import type { DirectEnds, DirectFiles } from "../core/direct-output.ts";
import { readsFiles } from "../core/transitions.ts";
import { millis } from "../core/units.ts";
import type { TimerPort } from "./ports.ts";

export interface RunFilesPorts {
  readonly timers: TimerPort;
  /** The name of this machine. */
  host(): string;
  /** Looks on another thread; `done` is called later, if ever. A string says why that cannot be done now. */
  look(request: LookRequest, done: (answer: LookAnswer | string) => void): void;
  /** The files that the service is to write itself; null: it writes none. */
  outputOf(definition: Definition): DirectFiles | null;
  closeFd(fd: number): void;
}

/** What comes of a look, as a clause: why the conditions are not met; null: they are, as far as could be seen. */
export type Looked = (unmet: string | null) => void;

interface Asked {
  readonly request: LookRequest;
  readonly done: Looked;
  readonly cancelLimit: () => void;
}

/** A disk that has to spin up takes less. */
const LIMIT = millis(15_000);

const NOT_READ: FileVariables = { tag: "unable", reason: "the files of its environment have not been read yet" };

export class RunFiles {
  readonly #ports: RunFilesPorts;
  readonly #read = new Map<string, FileVariables>();
  readonly #asked = new Map<string, Asked>();
  /** Those of which a look has not returned yet: there is never a second one beside it. */
  readonly #away = new Set<string>();
  /** What was opened for the next process of a service. */
  readonly #ends = new Map<string, DirectEnds>();

  constructor(ports: RunFilesPorts) {
    this.#ports = ports;
  }

  /** What was read last for the service. */
  of(definition: Definition): FileVariables {
    const read = this.#read.get(definition.name);
    if (readsFiles(definition)) return read ?? NOT_READ;
    // A condition that could not be looked at is not met by that.
    return definition.condition !== null && read?.tag === "unable" ? read : NO_FILES;
  }

  /** Looks for a start that is about to be. `again`: only at what the environment comes from. */
  look(definition: Definition, again: boolean, done: Looked): void {
    const service = definition.name;
    this.drop(service);
    const cancelLimit = this.#ports.timers.after(LIMIT, () => {
      const reason = `a file system has not answered within ${LIMIT / 1000}s`;
      this.#finish(service, unableTo(reason));
    });
    const output = again ? null : this.#ports.outputOf(definition);
    const request = { ...lookRequestOf(definition, this.#ports.host(), again), output };
    this.#asked.set(service, { request, done, cancelLimit });
    this.#begin(service);
  }

  /**
   * What was opened for the next process of the service; null: nothing was, as it writes no files itself. From now on it is the
   * caller's.
   */
  takeEnds(service: string): DirectEnds | null {
    const ends = this.#ends.get(service) ?? null;
    this.#ends.delete(service);
    return ends;
  }

  /** Nobody wants to know any more. */
  drop(service: string): void {
    this.#asked.get(service)?.cancelLimit();
    this.#asked.delete(service);
  }

  forget(service: string): void {
    this.drop(service);
    this.#read.delete(service);
    this.#close(this.takeEnds(service));
  }

  #begin(service: string): void {
    const asked = this.#asked.get(service);
    if (asked === undefined || this.#away.has(service)) return;
    this.#away.add(service);
    this.#ports.look(asked.request, (answer) => {
      this.#away.delete(service);
      // Meanwhile the service may have been given up, or is to be started anew, perhaps with other files.
      if (this.#asked.get(service) !== asked) {
        if (typeof answer !== "string") this.#close(answer.ends);
        return this.#begin(service);
      }
      this.#finish(service, typeof answer === "string" ? unableTo(answer) : answer);
    });
  }

  #close(ends: DirectEnds | null): void {
    if (ends?.tag !== "open") return;
    for (const fd of new Set([ends.stdout, ends.stderr])) this.#ports.closeFd(fd);
  }

  #finish(service: string, { unmet, files, ends }: LookAnswer): void {
    const asked = this.#asked.get(service);
    if (asked === undefined) return;
    this.drop(service);
    this.#read.set(service, files);
    if (asked.request.output !== null) {
      this.#close(this.takeEnds(service));
      if (ends !== null) this.#ends.set(service, ends);
    }
    asked.done(unmet);
  }
}

function unableTo(reason: string): LookAnswer {
  const unable = `cannot look at its files: ${reason}`;
  return { unmet: null, files: { tag: "unable", reason: unable }, ends: { tag: "failed", reason: unable } };
}
