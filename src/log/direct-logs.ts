import type { DirectBeginning } from "../core/direct-output.ts";
import { logFilesOf, type FileSinkPolicy, type LogPolicy } from "../core/log-policy.ts";
import { DirectLog, type DirectLogPorts } from "./direct-log.ts";
import { readFileTail } from "./file-tail.ts";
import type { Block } from "./line-framer.ts";
import { isMoveUntold } from "./interrupted-move.ts";
import type { FileMark, PlaneLine } from "./plane-messages.ts";
import type { Source } from "./source.ts";

export interface DirectLogsPorts extends Omit<DirectLogPorts, "askRotation" | "follow"> {
  /** The files of the service are to be moved away: has `rotate` called if it can be told of that now. */
  askRotation(): void;
  /** The main process of the service is to open its files anew. */
  rotated(): void;
}

interface Held {
  readonly log: DirectLog;
  readonly policy: FileSinkPolicy;
  /** Where its latest run began. */
  began: DirectBeginning | null;
}

/** The files that one service writes itself. */
export class DirectLogs {
  readonly #service: string;
  readonly #ports: DirectLogsPorts;
  readonly #follow: (block: Block, source: Source) => void;
  #held = new Map<string, Held>();
  #isFollowed = false;
  /** The number of the latest run, if it writes them itself; null: it does not, or none is known. */
  #run: number | null = null;

  constructor(service: string, ports: DirectLogsPorts, follow: (block: Block, source: Source) => void) {
    this.#service = service;
    this.#ports = ports;
    this.#follow = follow;
  }

  /** What holds from now on; `standard` is the path of a file that has none of its own. */
  configure(policy: LogPolicy, standard: string): void {
    const before = this.#held;
    this.#held = new Map();
    const isMoved = policy.direct?.rotateSignal != null;
    let isUntold = false;
    for (const { path, sink } of logFilesOf(policy, standard)) {
      const limits = { limits: sink, isMoved };
      const known = this.#held.get(path) ?? before.get(path);
      if (known === undefined && isMoved && isMoveUntold(path, this.#portsFor(sink))) isUntold = true;
      const log = known?.log ?? new DirectLog(path, limits, this.#portsFor(sink));
      this.#held.set(path, { log, policy: sink, began: known?.began ?? null });
      log.adjust(limits);
      log.isFollowed = this.#isFollowed;
    }
    for (const [path, { log }] of before) if (!this.#held.has(path)) log.close();
    if (isUntold) this.#ports.rotated();
  }

  /** A run has begun: what is behind these places is its output. */
  begin(run: number, began: readonly DirectBeginning[]): void {
    this.#run = run;
    for (const held of this.#held.values()) {
      held.log.renew();
      held.began = began.find(({ path }) => path === held.log.path) ?? null;
    }
  }

  tick(): void {
    for (const { log } of this.#held.values()) log.tick();
  }

  /** Moves away what is due for that, and has the service told. */
  rotate(): void {
    const moved = [...this.#held.values()].filter(({ log }) => log.rotate());
    if (moved.length > 0) this.#ports.rotated();
  }

  /** Somebody may have renamed them: the service is told to go on with what has the name now. */
  reopen(): void {
    const renewed = [...this.#held.values()].filter(({ log }) => log.renew());
    if (renewed.length > 0) this.#ports.rotated();
  }

  set isFollowed(isFollowed: boolean) {
    this.#isFollowed = isFollowed;
    for (const { log } of this.#held.values()) log.isFollowed = isFollowed;
  }

  /** Tells followers of all that has been written; gives the places up to there. */
  marks(): readonly FileMark[] {
    return [...this.#held.values()].flatMap(({ log }) => {
      log.catchUp();
      return log.mark() ?? [];
    });
  }

  /** The last `count` lines, oldest first; of each file at most `most` bytes are read. */
  tail(count: number, most: number): readonly PlaneLine[] {
    return this.#merged(count, () => most);
  }

  /** The last `count` lines since this run began, of each file at most `most` bytes; null: it is not the latest one. */
  lastWords(run: number, count: number, most: number): readonly PlaneLine[] | null {
    if (run !== this.#run) return null;
    return this.#merged(count, ({ log, began }) => {
      const now = log.mark();
      const isSame = began !== null && now !== null && began.identity === now.identity && now.size >= began.size;
      if (!isSame) return most;
      const size = now.size - began.size;
      // And one byte more, so that the first line is known to begin there.
      return size === 0 ? 0 : Math.min(most, began.size > 0 ? size + 1 : size);
    });
  }

  close(): void {
    for (const { log } of this.#held.values()) log.close();
    this.#held.clear();
  }

  #merged(count: number, mostOf: (held: Held) => number): readonly PlaneLine[] {
    const { files } = this.#ports;
    return [...this.#held.values()]
      .flatMap((held) => {
        const [stream = "stdout"] = held.policy.streams;
        const most = mostOf(held);
        const lines = most === 0 ? [] : readFileTail(held.log.path, count, { files, policy: held.policy, most });
        return lines.map((line) => ({ ...line, stream }));
      })
      .toSorted((left, right) => left.at - right.at)
      .slice(-count);
  }

  #portsFor({ streams }: FileSinkPolicy): DirectLogPorts {
    const [stream = "stdout"] = streams;
    const pipe = {};
    return {
      ...this.#ports,
      askRotation: () => this.#ports.askRotation(),
      follow: (block) => this.#follow(block, { service: this.#service, pid: 0, stream, at: this.#ports.now(), pipe }),
    };
  }
}
