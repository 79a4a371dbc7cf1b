import type { Exit } from "../../src/core/exit.ts";

/** A process of the simulated machine. */
export interface FakeProcess {
  readonly pid: number;
  readonly service: string;
  /** Milliseconds from a request to end until it does; null: it ignores requests. */
  readonly endsOnRequest: number | null;
  /** Milliseconds from SIGKILL until it has gone; null: never (state D). */
  readonly endsOnKill: number | null;
  isAlive: boolean;
  /** true: SIGKILL is on its way to it, so it does nothing any more. */
  isKilled: boolean;
  /** true: it may still become the main process of a forking service, whether it is looked after or not. */
  mayBecomeMain: boolean;
}

/** What the supervisor's room knows of the processes of a service. */
interface Run {
  main: FakeProcess | null;
  readonly others: Set<FakeProcess>;
}

export interface ProcessListener {
  exited(service: string, exit: Exit, survivors: number): void;
  /** A process that is not the main one has gone. */
  otherGone(service: string): void;
}

/** Which process belongs to which service, as the supervisor's room keeps it. */
export class FakeProcesses {
  readonly #listener: ProcessListener;
  readonly #runs = new Map<string, Run>();
  readonly #alive = new Set<FakeProcess>();
  readonly #lastMain = new Map<string, number>();
  #lastPid = 1;

  constructor(listener: ProcessListener) {
    this.#listener = listener;
  }

  create(
    service: string,
    kind: "main" | "other",
    traits: Pick<FakeProcess, "endsOnRequest" | "endsOnKill">,
  ): FakeProcess {
    const created = { pid: ++this.#lastPid, service, ...traits, isAlive: true, isKilled: false, mayBecomeMain: false };
    this.#alive.add(created);
    const run = this.#runOf(service);
    if (kind === "main") run.main = created;
    else run.others.add(created);
    return created;
  }

  mainOf(service: string): FakeProcess | null {
    return this.#runOf(service).main;
  }

  /** The main process that ended last. */
  lastMainOf(service: string): number {
    return this.#lastMain.get(service) ?? 0;
  }

  othersOf(service: string): ReadonlySet<FakeProcess> {
    return this.#runOf(service).others;
  }

  /** Everything that is looked after: the main process and the others. */
  membersOf(service: string): readonly FakeProcess[] {
    const { main, others } = this.#runOf(service);
    return main === null ? [...others] : [main, ...others];
  }

  /** Processes that must not exist when the service is started. */
  obstaclesOf(service: string): readonly FakeProcess[] {
    const left = [...this.#alive].filter((process) => process.service === service && process.mayBecomeMain);
    return [...new Set([...this.membersOf(service), ...left])];
  }

  /** The pid file names it: it is the main process from now on. */
  name(process: FakeProcess): void {
    const run = this.#runOf(process.service);
    run.others.delete(process);
    run.main = process;
    for (const other of this.#alive) if (other.service === process.service) other.mayBecomeMain = false;
  }

  /** What is left is nobody's concern any more. */
  leave(service: string): void {
    this.#runOf(service).others.clear();
  }

  /** Its exec failed after all: it is gone, and nobody hears of an exit. */
  vanish(process: FakeProcess): void {
    this.#bury(process);
    const run = this.#runOf(process.service);
    if (run.main === process) run.main = null;
  }

  end(process: FakeProcess, exit: Exit): void {
    if (!process.isAlive) return;
    this.#bury(process);
    const run = this.#runOf(process.service);
    if (run.main === process) {
      run.main = null;
      this.#lastMain.set(process.service, process.pid);
      this.#listener.exited(process.service, exit, run.others.size);
    } else if (run.others.delete(process)) {
      this.#listener.otherGone(process.service);
    }
  }

  #bury(process: FakeProcess): void {
    process.isAlive = false;
    this.#alive.delete(process);
  }

  #runOf(service: string): Run {
    const known = this.#runs.get(service);
    if (known !== undefined) return known;
    const run: Run = { main: null, others: new Set() };
    this.#runs.set(service, run);
    return run;
  }
}
