import type { Definition } from "../../src/core/definition.ts";
import type { Exit } from "../../src/core/exit.ts";
import type { FakeProcess, FakeProcesses } from "./fake-processes.ts";
import type { RandomDraw } from "./random-draw.ts";
import type { VirtualTime } from "./virtual-time.ts";

const EXITS: readonly [Exit, ...Exit[]] = [
  { tag: "code", code: 0 },
  { tag: "code", code: 1 },
  { tag: "code", code: 78 },
  { tag: "signal", signal: "SIGTERM", dumped: false },
  { tag: "signal", signal: "SIGSEGV", dumped: true },
];
const SUCCESS: Exit = { tag: "code", code: 0 };
const KILLED: Exit = { tag: "signal", signal: "SIGKILL", dumped: false };
const LIVES: readonly [number, ...number[]] = [0, 1, 9, 60, 400, 3_000, 12_000, 90_000, 1e9];

/** What becomes of the processes of a simulated machine: how long they live, whom they leave, and how they take signals. */
export class FakeFates {
  readonly #processes: FakeProcesses;
  readonly #time: VirtualTime;
  readonly #draw: RandomDraw;

  constructor(processes: FakeProcesses, time: VirtualTime, draw: RandomDraw) {
    this.#processes = processes;
    this.#time = time;
    this.#draw = draw;
  }

  create(service: string, kind: "main" | "other"): FakeProcess {
    return this.#processes.create(service, kind, {
      endsOnRequest: this.#draw.pick([0, 1, 40, 2_000, 11_000, null]),
      endsOnKill: this.#draw.happens(0.85) ? this.#draw.below(30) : this.#draw.pick([11_000, 50_000, null]),
    });
  }

  /** What a main process does of its own accord once it has executed. */
  live(main: FakeProcess, definition: Definition): void {
    const isStarter = definition.type === "forking";
    main.mayBecomeMain = isStarter;
    const life = isStarter ? this.#draw.pick([0, 5, 200, 59_999, 61_000]) : this.#draw.pick(LIVES);
    for (let count = this.#draw.below(isStarter ? 4 : 2); count > 0; count--) {
      this.#time.after(this.#draw.below(life + 1), () => this.#fork(main, isStarter));
    }
    const exit = isStarter && this.#draw.happens(0.85) ? SUCCESS : this.#draw.pick(EXITS);
    this.#endAfter(life, main, exit);
  }

  /** It is sent a signal that asks it to end. */
  request(process: FakeProcess | null): void {
    if (process?.endsOnRequest == null) return;
    // Some only go once they have made another.
    const leaves = this.#draw.happens(0.1);
    this.#time.after(process.endsOnRequest, () => {
      if (process.isKilled) return;
      if (leaves) this.#fork(process, process.mayBecomeMain);
      this.#processes.end(process, this.#draw.pick([SUCCESS, { tag: "signal", signal: "SIGTERM", dumped: false }]));
    });
  }

  kill(process: FakeProcess | null): void {
    if (process !== null) process.isKilled = true;
    if (process?.endsOnKill == null) return;
    this.#time.after(process.endsOnKill, () => this.#processes.end(process, KILLED));
  }

  /** Ends a process of the service from outside. */
  endOne(service: string, choice: number): void {
    const members = this.#processes.membersOf(service);
    const chosen = members[choice % Math.max(members.length, 1)];
    if (chosen !== undefined) this.#processes.end(chosen, this.#draw.pick(EXITS));
  }

  #fork(parent: FakeProcess, mayBecomeMain: boolean): void {
    if (parent.isKilled || !this.#processes.membersOf(parent.service).includes(parent)) return;
    const child = this.create(parent.service, "other");
    child.mayBecomeMain = mayBecomeMain;
    this.#endAfter(this.#draw.pick(LIVES), child, SUCCESS);
  }

  /** Of its own accord, so not once it is killed: then it ends by that or hangs in the kernel. */
  #endAfter(span: number, process: FakeProcess, exit: Exit): void {
    this.#time.after(span, () => {
      if (!process.isKilled) this.#processes.end(process, exit);
    });
  }
}
