import type { Aim, Entry, Figure } from "./figure.ts";
import { LOG_ENTRIES } from "./log-entries.ts";
import { sampleOf } from "./sample.ts";

export const FLOOR = "floor";
export const OURS = "daemonsup";

const within = (limit: number, text: string): Aim => ({ text, isReached: (ours) => ours <= limit });

/** Everything that is measured, in the order of the table. */
const ENTRIES = {
  start: {
    title: "start, no service needs another: from the command until the last one's first instruction",
    unit: "ms",
    against: "ratio",
    aim: { text: "at most 1.4 x", isReached: (ours, floor) => ours <= 1.4 * floor },
  },
  startInside: {
    title: "of that: from the first service's first instruction until the last one's",
    unit: "ms",
    against: "ratio",
    aim: null,
  },
  chain: {
    title: "chain: 100 services, each ready at once: from the first one's first instruction until the last one's",
    unit: "ms",
    against: "ratio",
    aim: { text: "at most 1.2 x", isReached: (ours, floor) => ours <= 1.2 * floor },
  },
  restart: {
    title: 'restart: from SIGKILL until the new instance\'s first instruction, `delay = "0ms"`',
    unit: "ms",
    against: "difference",
    aim: { text: "at most +1 ms", isReached: (ours, floor) => ours <= floor + 1 },
  },
  restartCold: {
    title: "the same as the first thing after 8 idle seconds",
    unit: "ms",
    against: "nothing",
    aim: null,
  },
  hangup: {
    title: "SIGHUP, nothing changed: from the signal until the last service's handler",
    unit: "ms",
    against: "ratio",
    aim: within(40, "under 40 ms"),
  },
  end: {
    title: "shutdown: from SIGTERM until everything has ended",
    unit: "ms",
    against: "ratio",
    aim: null,
  },
  pss: { title: "memory (PSS), 8 s after the start", unit: "MB", against: "nothing", aim: within(60, "under 60 MB") },
  pssGuardian: { title: "of that: the guardian", unit: "MB", against: "nothing", aim: within(6, "under 6 MB") },
  pssWritten: {
    title: "memory (PSS), each service has written to its log",
    unit: "MB",
    against: "nothing",
    aim: within(60, "under 60 MB"),
  },
  pssWorked: {
    title: "memory (PSS), at the end of all this",
    unit: "MB",
    against: "nothing",
    aim: within(60, "under 60 MB"),
  },
  anonymous: { title: "of that: anonymous", unit: "MB", against: "nothing", aim: null },
  wakeUps: { title: "wake-ups in 30 idle seconds", unit: "", against: "nothing", aim: within(0, "0") },
  idleCpu: { title: "CPU time in 30 idle seconds", unit: "ms", against: "nothing", aim: null },
  version: { title: "`daemonsup version`", unit: "ms", against: "difference", aim: within(10, "under 10 ms") },
  statusAll: { title: "`daemonsup status --json`", unit: "ms", against: "difference", aim: within(25, "under 25 ms") },
  statusOne: { title: "`daemonsup status NAME`", unit: "ms", against: "difference", aim: within(10, "under 10 ms") },
  stopOne: { title: "`daemonsup stop NAME`", unit: "ms", against: "difference", aim: within(10, "under 10 ms") },
  startOne: { title: "`daemonsup start NAME`", unit: "ms", against: "difference", aim: within(10, "under 10 ms") },
  gapFew: {
    title: "gap: from SIGKILL of the supervisor until another one has answered `GET /v1/services`, with 10 services",
    unit: "ms",
    against: "nothing",
    aim: within(30, "under 30 ms"),
  },
  gapFewCommand: {
    title: "the same until `daemonsup status NAME`, asked at that moment, has ended; the floor is the command in peace",
    unit: "ms",
    against: "difference",
    aim: null,
  },
  gapMany: { title: "gap with all services", unit: "ms", against: "nothing", aim: within(60, "under 60 ms") },
  gapManyCommand: { title: "the command with all services", unit: "ms", against: "difference", aim: null },
  ...LOG_ENTRIES,
} as const satisfies Readonly<Record<string, Entry>>;

export type FigureName = keyof typeof ENTRIES;

/** Collects what was measured. */
export class Book {
  readonly #values = new Map<FigureName, Map<string, number[]>>();

  /** `contender`: FLOOR, OURS or the name of a peer. */
  note(figure: FigureName, contender: string, value: number): void {
    const values = this.#values.get(figure) ?? new Map<string, number[]>();
    this.#values.set(figure, values);
    values.set(contender, [...(values.get(contender) ?? []), value]);
  }

  /** Those that something was noted of, in the order of the table. */
  figures(): readonly Figure[] {
    return Object.entries(ENTRIES).flatMap(([name, entry]) => {
      const values = this.#values.get(name as FigureName);
      if (values === undefined) return [];
      const sample = (contender: string) => sampleOf(values.get(contender) ?? []);
      const peers = new Map<string, NonNullable<ReturnType<typeof sample>>>();
      for (const contender of values.keys()) {
        const found = sample(contender);
        if (contender !== FLOOR && contender !== OURS && found !== null) peers.set(contender, found);
      }
      return [{ ...entry, floor: sample(FLOOR), ours: sample(OURS), peers }];
    });
  }
}
