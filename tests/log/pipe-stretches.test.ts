/* A death before or after any single call to the kernel, one after the other, in a stretch that rotates its file. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planePorts, stretchPartsOf } from "../../src/daemon-plane.ts";
import { CARRY_TABLE_SIZE, CarryStore } from "../../src/log/carry-store.ts";
import { Compressors } from "../../src/log/compressors.ts";
import { journaledLogFiles } from "../../src/log/journaled-files.ts";
import { JOURNAL_SIZE, PipeJournal } from "../../src/log/pipe-journal.ts";
import { finishStretch, type StretchParts, stretchesOf } from "../../src/log/pipe-stretches.ts";
import type { PlaneEstate } from "../../src/log/plane-messages.ts";
import { Plane } from "../../src/log/plane.ts";
import { closeDescriptor, openLogPipe } from "../../src/os/pipe-io.ts";
import { FILES, QUIET_PLANE, fileSink, policyOf } from "./plane-harness.ts";

/** What is written, and looked at after each: with line ends, without, and a line of several pieces. */
const STEPS = [
  "1\n2\n3",
  " goes on\n4\n5\n6\n",
  "7",
  "\n",
  `8 ${"x".repeat(60_000)}`,
  "y".repeat(50_000),
  "\n9\n",
  "10",
];

/** Lets a number of calls pass; the next one is the last, and whether it still happens, `happens` says. */
class Fate {
  left: number;
  readonly #happens: boolean;
  /** What its memory was at that moment. */
  atDeath: (() => void) | null = null;

  constructor(calls: number, happens: boolean) {
    this.left = calls;
    this.#happens = happens;
  }

  get isDead(): boolean {
    return this.left < 0;
  }

  /** The same object, each call of which counts. */
  over<Port extends object>(port: Port): Port {
    const wrapped = { ...port } as Record<string, unknown>;
    for (const [name, value] of Object.entries(port)) {
      if (typeof value === "function") wrapped[name] = (...given: unknown[]) => this.#call(() => value(...given));
    }
    return wrapped as Port;
  }

  #call(act: () => unknown): unknown {
    if (this.isDead) throw new Error("dead");
    if (this.left-- > 0) return act();
    try {
      if (this.#happens) act();
    } finally {
      this.atDeath?.();
    }
    throw new Error("died");
  }
}

/** One life after the other over the same pipe and files. */
class Lives {
  readonly directory = mkdtempSync(join(tmpdir(), "stretches-"));
  readonly estate: PlaneEstate = planePorts({
    compressors: new Compressors(() => {
      throw new Error("nothing is compressed here");
    }),
    syslogPath: "/dev/null",
    home: "/",
    files: null,
  }).openEstate("");
  readonly #pipe = openLogPipe();
  readonly #opened: number[] = [];
  readonly #parts: StretchParts;
  #journal = new Uint8Array(JOURNAL_SIZE);
  #table = new Uint32Array(CARRY_TABLE_SIZE / 4);
  readonly #carried = new Map<number, Uint8Array>();
  hasEnded = false;
  /** Somebody has been told that the expected line came. */
  hasMatched = false;

  constructor() {
    this.#parts = stretchPartsOf(this.estate, (fd) => this.#opened.push(fd));
  }

  get ends(): { readonly read: number; readonly write: number } {
    if (this.#pipe.tag === "failed") throw new Error(this.#pipe.errno);
    return this.#pipe.ends;
  }

  /** A plane with this fate, on what the last one has left. */
  begin(fate: Fate, stamp: "iso" | "none"): Plane {
    const journal = this.#journal;
    const table = this.#table;
    fate.atDeath = () => {
      this.#journal = journal.slice();
      this.#table = table.slice();
    };
    const { pipes } = this.#parts;
    const counted = fate.over({ peek: pipes.peek, take: pipes.take, waiting: pipes.waiting });
    const file = fate.over({
      write: (bytes: Uint8Array, at: number) => void this.#carried.set(at, bytes.slice()),
      read: (length: number, at: number) => (this.#carried.get(at) ?? new Uint8Array(0)).slice(0, length),
    });
    const parts: StretchParts = {
      journal: new PipeJournal(journal),
      carries: new CarryStore(table, file),
      pipes: counted,
    };
    const files = fate.over(FILES);
    const fd = this.ends.read;
    try {
      expect(finishStretch(parts, files, fd)).toEqual([]);
    } catch (error) {
      if (!fate.isDead) throw error;
    }
    const plane = new Plane({
      ...QUIET_PLANE,
      files: journaledLogFiles(files, parts.journal),
      pipes: stretchesOf(parts),
      now: () => 1_700_000_000_000_000,
      post: (messages) => {
        if (fate.isDead) return;
        this.hasEnded ||= messages.some(({ tag }) => tag === "ended");
        this.hasMatched ||= messages.some(({ tag }) => tag === "matched");
      },
    });
    const policy = policyOf([fileSink({ stamp, maxSize: 6, keep: 100 })]);
    plane.handle({ tag: "configure", service: "a", policy, file: join(this.directory, "a.log") });
    if (!this.hasMatched) plane.handle({ tag: "expect", service: "a", id: 1, pattern: "^3 goes on$" });
    plane.handle({ tag: "open", run: 1, service: "a", pid: 1, pipes: [{ fd, slot: 3, stream: "stdout" }] });
    return plane;
  }

  get text(): string {
    const names = readdirSync(this.directory).toSorted((one, other) => numberOf(other) - numberOf(one));
    return names.map((name) => readFileSync(join(this.directory, name), "utf8")).join("");
  }

  [Symbol.dispose](): void {
    const { journal, carries } = this.estate;
    for (const fd of [...this.#opened, journal, carries]) closeDescriptor(fd);
    for (const fd of [this.ends.read, this.ends.write]) closeDescriptor(fd);
    rmSync(this.directory, { recursive: true });
  }
}

function numberOf(name: string): number {
  return Number(name.split(".")[2] ?? 0);
}

/** Writes every step; where the first life ends, a second one goes on. true: the first one did end. */
function live(lives: Lives, fate: Fate, stamp: "iso" | "none"): boolean {
  let plane = lives.begin(fate, stamp);
  const { read, write } = lives.ends;
  let current = fate;
  for (const step of [...STEPS, null]) {
    if (step === null) closeDescriptor(write);
    else writeSync(write, step);
    plane.ready(read);
    plane.finishRound();
    if (current !== fate || !fate.isDead) continue;
    current = new Fate(Number.POSITIVE_INFINITY, true);
    plane = lives.begin(current, stamp);
    plane.ready(read);
    plane.finishRound();
  }
  plane.handle({ tag: "flush", token: 1 });
  expect([lives.hasEnded, lives.hasMatched]).toEqual([true, true]);
  return current !== fate;
}

describe.each(["none", "iso"] as const)("with stamp %p", (stamp) => {
  test.each([true, false])(
    "a death at any call leaves each line written once, and the expected one told (the call happens: %p)",
    (happens) => {
      using untroubled = new Lives();
      live(untroubled, new Fate(Number.POSITIVE_INFINITY, true), stamp);
      const whole = untroubled.text;
      expect(whole).toContain("3 goes on\n");
      let calls = 0;
      for (let hasDied = true; hasDied; calls++) {
        using lives = new Lives();
        hasDied = live(lives, new Fate(calls, happens), stamp);
        expect({ calls, isWhole: lives.text === whole }).toEqual({ calls, isWhole: true });
      }
      expect(calls).toBeGreaterThan(50);
    },
    60_000,
  );
});
