/* Lines for a file for which nobody waits, as a plane counts them: as lost if all of us die, until they have come there. */
import { expect, test } from "bun:test";
import { Plane } from "../../src/log/plane.ts";
import { RelayLine } from "../../src/log/relay-line.ts";
import { costOf, type RelayOrder } from "../../src/log/relay-messages.ts";
import { fileSink, policyOf, QUIET_PLANE } from "./plane-harness.ts";

const FD = 6;
const TEXT = "one\ntwo\n";
const DROPPING = policyOf([fileSink({ path: "/nowhere/a.log", feed: { tag: "drop", buffer: 1_000 } })]);

/** A plane that has sent two lines to a relay, and that relay. */
function sentLines() {
  const orders: RelayOrder[] = [];
  const relay = new RelayLine("test", (order) => orders.push(order));
  relay.renew();
  let [left, underway] = [TEXT, 0];
  const plane = new Plane({
    ...QUIET_PLANE,
    relay,
    underway: (delta) => (underway += delta),
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
  plane.handle({ tag: "configure", service: "a", policy: DROPPING, file: "/nowhere/usual.log" });
  plane.handle({ tag: "open", run: 1, service: "a", pid: 1, pipes: [{ fd: FD, stream: "stdout", slot: 0 }] });
  plane.ready(FD);
  return {
    plane,
    underway: () => underway,
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
  plane.handle({ tag: "configure", service: "a", policy: policyOf([]), file: null });
  plane.handle({ tag: "flush", token: 1 });
  expect(underway()).toBe(2);
  take();
  plane.handle({ tag: "flush", token: 2 });
  expect(underway()).toBe(0);
});
