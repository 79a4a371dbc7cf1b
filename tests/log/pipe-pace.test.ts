import { describe, expect, test } from "bun:test";
import { PipePace } from "../../src/log/pipe-pace.ts";
import type { PipeRead } from "../../src/log/pipe-reader.ts";
import type { FromPlane } from "../../src/log/plane-messages.ts";
import { Plane } from "../../src/log/plane.ts";
import { policyOf, QUIET_PLANE } from "./plane-harness.ts";

const USUAL = 64 * 1024;
const LARGE = 1024 * 1024;

/** A pipe in which so many bytes were found so many times, so many microseconds apart. */
function paceOf(found: number, apart: number, times = 20): PipePace {
  const pace = new PipePace();
  for (let index = 0; index < times; index++) pace.note(found, index * apart);
  return pace;
}

test.each([
  { what: "a line now and then", found: 100, apart: 1001, room: LARGE, pause: 0 },
  { what: "a line again and again: the longest pause", found: 100, apart: 900, room: USUAL, pause: 300 },
  { what: "lines as fast as they can be written", found: 3_000, apart: 12, room: LARGE, pause: 300 },
  { what: "the same where there is little room", found: 3_000, apart: 20, room: USUAL, pause: 109 },
  { what: "so much that no pause is worth the while", found: 15_000, apart: 15, room: USUAL, pause: 0 },
  { what: "more than is to gather", found: 130 * 1024, apart: 100, room: LARGE, pause: 0 },
  { what: "a pipe that was full", found: USUAL, apart: 300, room: USUAL, pause: 0 },
])("$what", ({ found, apart, room, pause }) => {
  expect(paceOf(found, apart).pauseWith(room)).toBe(pause);
});

test("a pause comes after eight quick finds, and none after nothing was found", () => {
  const pace = paceOf(100, 10, 8);
  expect(pace.isSteady).toBe(false);
  pace.note(100, 80);
  expect(pace.isSteady).toBe(true);
  pace.note(0, 90);
  expect([pace.isSteady, pace.pauseWith(LARGE)]).toEqual([false, 0]);
});

test("a pipe that brings much again and again wants room, and one that has brought much once does not", () => {
  expect([1, 2, 3].map((times) => paceOf(USUAL, 90_000, times).wantsRoom)).toEqual([false, false, true]);
  expect(paceOf(USUAL, 110_000).wantsRoom).toBe(false);
  expect([paceOf(100, 100, 3).wantsRoom, paceOf(100, 100).wantsRoom]).toEqual([false, true]);
});

/** A plane over pipes that are strings, with a clock that is set by hand. */
class Scene {
  at = 0;
  readonly waiting = new Map<number, string>();
  readonly watched = new Set<number>();
  readonly said: FromPlane[] = [];
  canWatch = true;
  readonly plane: Plane;

  constructor(services: Readonly<Record<number, string>>) {
    this.plane = new Plane({
      ...QUIET_PLANE,
      pipes: {
        carryOf: () => ({ rest: new Uint8Array(0), continues: false }),
        noteMet: () => undefined,
        isMet: () => false,
        begin: () => undefined,
        settle: () => undefined,
        waitingInPipe: (fd) => this.waiting.get(fd)?.length ?? 0,
        readPipe: (fd, buffer, { offset }) => this.#read(fd, buffer.subarray(offset)),
      },
      watch: (fd) => {
        if (!this.canWatch) return { tag: "failed", errno: "ENOSPC" };
        this.watched.add(fd);
        return { tag: "ok" };
      },
      unwatch: (fd) => void this.watched.delete(fd),
      monotonic: () => this.at,
      post: (messages) => this.said.push(...messages),
    });
    for (const [fd, service] of Object.entries(services)) {
      this.plane.handle({ tag: "configure", service, policy: policyOf([]), file: null });
      const pipes = [{ fd: Number(fd), stream: "stdout" as const, slot: 0 }];
      this.plane.handle({ tag: "open", run: Number(fd), service, pid: Number(fd), pipes });
    }
  }

  /** Something is written, and told of if the pipe is watched. */
  write(fd: number, text: string): void {
    this.waiting.set(fd, (this.waiting.get(fd) ?? "") + text);
    if (this.watched.has(fd)) this.plane.ready(fd);
  }

  /** Lines come so often that the pipe is looked at by the clock. */
  hasten(fd: number): void {
    for (let index = 0; this.watched.has(fd); index++) {
      expect(index).toBeLessThan(100);
      this.at += 20;
      this.write(fd, `quick ${fd}\n`);
    }
  }

  linesOf(service: string): readonly string[] {
    this.plane.handle({ tag: "tail", service, count: 100, run: null, token: 1 });
    this.plane.finishRound();
    const found = this.said.findLast((message) => message.tag === "tail");
    return found?.lines.map(({ text }) => text) ?? [];
  }

  #read(fd: number, room: Uint8Array): PipeRead {
    const text = this.waiting.get(fd) ?? "";
    if (text === "") return { tag: "empty" };
    this.waiting.delete(fd);
    return { tag: "read", count: new TextEncoder().encodeInto(text, room).written };
  }
}

describe("a pipe that brings lines again and again", () => {
  test("is left alone for a moment, then read, and watched again once there is nothing", () => {
    const scene = new Scene({ 5: "a" });
    expect(scene.plane.patience()).toBe(Number.POSITIVE_INFINITY);
    scene.hasten(5);
    scene.write(5, "later\n");
    const pause = scene.plane.patience();
    expect(pause).toBeWithin(100, 301);
    scene.at += pause - 1;
    scene.plane.doDue();
    expect([scene.linesOf("a").at(-1), scene.plane.patience()]).toEqual(["quick 5", 1]);
    scene.at += 1;
    scene.plane.doDue();
    expect([scene.linesOf("a").at(-1), scene.watched.has(5)]).toEqual(["later", false]);
    scene.at += scene.plane.patience();
    scene.plane.doDue();
    expect([scene.watched.has(5), scene.plane.patience()]).toEqual([true, Number.POSITIVE_INFINITY]);
  });

  test("is read before what the service says elsewhere after that, and what has ended is", () => {
    const scene = new Scene({ 5: "a", 6: "a", 7: "b" });
    for (const fd of [5, 7]) scene.hasten(fd);
    for (const fd of [5, 7, 6]) scene.write(fd, `after that ${fd}\n`);
    expect(scene.linesOf("a").slice(-2)).toEqual(["after that 5", "after that 6"]);
    expect(scene.linesOf("b").at(-1)).toBe("quick 7");
    scene.write(5, "once more\n");
    scene.plane.handle({ tag: "drain", run: 6, token: 1 });
    expect(scene.linesOf("a").at(-1)).toBe("once more");
  });

  test("is forgotten with its service", () => {
    const scene = new Scene({ 5: "a" });
    scene.hasten(5);
    scene.plane.handle({ tag: "release", service: "a", token: 1 });
    expect(scene.plane.patience()).toBe(Number.POSITIVE_INFINITY);
  });
});

test("a pipe that cannot be watched is looked at all the same, and that is said once", () => {
  const scene = new Scene({});
  scene.canWatch = false;
  scene.plane.handle({ tag: "configure", service: "a", policy: policyOf([]), file: null });
  const pipes = [{ fd: 5, stream: "stdout" as const, slot: 0 }];
  scene.plane.handle({ tag: "open", run: 1, service: "a", pid: 1, pipes });
  for (let round = 0; round < 3; round++) {
    scene.write(5, `${round}\n`);
    scene.at += scene.plane.patience();
    scene.plane.doDue();
  }
  expect(scene.linesOf("a")).toEqual(["0", "1", "2"]);
  expect(scene.said.filter(({ tag }) => tag === "problem").length).toBe(1);
  scene.canWatch = true;
  scene.at += scene.plane.patience();
  scene.plane.doDue();
  expect([scene.watched.has(5), scene.plane.patience()]).toEqual([true, Number.POSITIVE_INFINITY]);
});
