/* Lines for a file for which nobody waits, as a plane counts them: as lost if all of us die, until they have come there. */
import { describe, expect, test } from "bun:test";
import { fileReaderOf } from "../../src/core/dropped-files.ts";
import type { LogPolicy } from "../../src/core/log-policy.ts";
import { millis } from "../../src/core/units.ts";
import { PipeOutlets } from "../../src/log/pipe-outlets.ts";
import type { FromPlane } from "../../src/log/plane-messages.ts";
import { Plane } from "../../src/log/plane.ts";
import { RelayLine } from "../../src/log/relay-line.ts";
import { costOf, type RelayOrder } from "../../src/log/relay-messages.ts";
import { Relay } from "../../src/log/relay.ts";
import { fileSink, policyOf, QUIET_PLANE } from "./plane-harness.ts";

const FD = 6;
const PATH = "/nowhere/a.log";
const FILE = fileSink({ path: PATH, feed: { tag: "drop", buffer: 1_000 } });
const DROPPING = policyOf([FILE]);
const NO_FILE = { tag: "configure", service: "a", policy: policyOf([]), file: null } as const;

/** A plane that has read this and sent it over the line. */
function planeThatSent(text: string, policy: LogPolicy, relay: RelayLine) {
  relay.renew();
  let [left, underway] = [text, 0];
  const said: FromPlane[] = [];
  const plane = new Plane({
    ...QUIET_PLANE,
    relay,
    underway: (delta) => (underway += delta),
    post: (messages) => void said.push(...messages),
    pipes: {
      carryOf: () => ({ rest: new Uint8Array(0), continues: false }),
      noteMet: () => undefined,
      isMet: () => false,
      begin: () => undefined,
      settle: () => void (left = ""),
      readPipe: (_fd, buffer, { offset }) =>
        left === ""
          ? { tag: "empty" }
          : { tag: "read", count: new TextEncoder().encodeInto(left, buffer.subarray(offset)).written },
      waitingInPipe: () => left.length,
    },
  });
  plane.handle({ tag: "configure", service: "a", policy, file: "/nowhere/usual.log" });
  plane.handle({ tag: "open", run: 1, service: "a", pid: 1, pipes: [{ fd: FD, stream: "stdout", slot: 0 }] });
  plane.ready(FD);
  return { plane, said, underway: () => underway };
}

/** A plane that has sent two lines to a relay, and that relay. */
function sentLines() {
  const orders: RelayOrder[] = [];
  const sent = planeThatSent("one\ntwo\n", DROPPING, new RelayLine("test", (order) => orders.push(order)));
  return {
    ...sent,
    /** The relay has handed on all that it was sent. */
    take(): void {
      const taken = orders.flatMap((order) => (order.tag === "open" ? [order.taken] : []))[0];
      const cost = orders.reduce((sum, order) => sum + (order.tag === "records" ? costOf(order) : 0), 0);
      if (taken === undefined || cost === 0) throw new Error("nothing was sent");
      Atomics.add(new Int32Array(taken), 0, cost);
    },
  };
}

test("what has come to the file is counted no more once it is flushed, however short a while ago it was sent", () => {
  const { plane, underway, take } = sentLines();
  plane.handle({ tag: "flush", token: 1 });
  expect(underway()).toBe(2);
  take();
  plane.handle({ tag: "flush", token: 2 });
  expect(underway()).toBe(0);
});

test("what is on its way when the service logs elsewhere is counted until it has come there", () => {
  const { plane, underway, take } = sentLines();
  plane.handle(NO_FILE);
  plane.handle({ tag: "flush", token: 1 });
  expect(underway()).toBe(2);
  take();
  plane.handle({ tag: "flush", token: 2 });
  expect(underway()).toBe(0);
});

test("what is on its way to the file before is counted with what is on its way to another one", () => {
  const { plane, said, take } = sentLines();
  const policy = policyOf([{ ...FILE, path: "/nowhere/b.log" }]);
  plane.handle({ tag: "configure", service: "a", policy, file: "/nowhere/usual.log" });
  const underwayOf = (token: number): unknown => {
    plane.handle({ tag: "mark", service: "a", token });
    plane.finishRound();
    return said.flatMap((message) => (message.tag === "mark" && message.token === token ? [message.underway] : []));
  };
  expect(underwayOf(1)).toEqual([{ sent: 2, left: 2 }]);
  take();
  expect(underwayOf(2)).toEqual([{ sent: 0, left: 0 }]);
});

/** A plane that has sent this to a relay whose pipe takes so many bytes and then nothing more, and logs elsewhere by now. */
function stuckLines(text: string, policy: LogPolicy, room: number) {
  let left = room;
  const outlets = new PipeOutlets({
    write(_fd, _bytes, { start, end }) {
      const count = Math.min(left, end - start);
      left -= count;
      return count === 0 ? { tag: "full" } : { tag: "written", count };
    },
    takenWhole: () => 4096,
    markTorn: () => undefined,
    isMarkedTorn: () => false,
    awaitRoom: () => undefined,
    report: () => undefined,
    patience: () => Promise.resolve(),
  });
  const relay = new Relay((target) => {
    if (target.tag !== "service") throw new Error("no such target");
    return outlets.open(target.service);
  });
  const line = new RelayLine("test", (order) => relay.handle(structuredClone(order)));
  const { plane, said, underway } = planeThatSent(text, policy, line);
  outlets.use(fileReaderOf("a", PATH), 7);
  plane.handle(NO_FILE);
  return {
    line,
    underway,
    release: () => outlets.release(fileReaderOf("a", PATH)),
    /** What is said to be lost once everything has been looked at. */
    lost(): readonly FromPlane[] {
      plane.handle({ tag: "flush", token: 1 });
      plane.finishRound();
      return said.filter(({ tag }) => tag === "lost");
    },
  };
}

describe("what does not come to the file any more", () => {
  const lossOf = (lines: number): FromPlane => ({ tag: "lost", service: "a", sink: "file", reason: "failed", lines });

  test("is said to be lost when the relay gives it up", async () => {
    const { release, lost, underway } = stuckLines("one\ntwo\nthree\n", DROPPING, 4);
    expect([lost(), underway()]).toEqual([[], 3]);
    await release();
    expect([lost(), underway()]).toEqual([[lossOf(2)], 0]);
  });

  test("is said to be lost when the relay dies", () => {
    const { line, lost, underway } = stuckLines("one\ntwo\nthree\n", DROPPING, 0);
    line.renew();
    expect([lost(), underway()]).toEqual([[lossOf(3)], 0]);
  });

  test("is counted in lines, also where several are one record", async () => {
    const together = { start: "^[a-z]", lines: 100, bytes: 10_000, within: millis(1_000) };
    const policy = policyOf([{ ...FILE, format: "json" }], { multiline: { stdout: together, stderr: null } });
    const { release, lost, underway } = stuckLines("one\n 1\n 1\ntwo\n 2\nthree\n", policy, 0);
    expect([lost(), underway()]).toEqual([[], 6]);
    await release();
    expect([lost(), underway()]).toEqual([[lossOf(6)], 0]);
  });
});
