import { expect, test } from "bun:test";
import { readFileSync, writeSync } from "node:fs";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { PlaneHarness, POLICY } from "./plane-harness.ts";

const ROUNDS = 20;
/** Keeps the Worker busy for a moment: it hears of nothing else meanwhile. */
const MUCH = "x\n".repeat(32_000);

test("what a command has written before it ended stands before what the service says after that, however late both are heard of", async () => {
  await using harness = new PlaneHarness();
  const { plane } = harness;
  plane.configure("a", POLICY, harness.file("a.log"));
  plane.configure("busy", POLICY, harness.file("busy.log"));
  const [service, busy] = [harness.pipe(), harness.pipe()];
  plane.open({ run: 1, service: "a", pid: 11 }, [{ fd: service.read, stream: "stdout" }]);
  plane.open({ run: 2, service: "busy", pid: 12 }, [{ fd: busy.read, stream: "stdout" }]);
  let heard = (): void => {};
  plane.follow("a", ({ text }) => {
    if (text.startsWith("service")) heard();
  });
  await plane.reached();
  for (let round = 0; round < ROUNDS; round++) {
    const command = harness.pipe();
    writeSync(command.write, `command ${round}\n`);
    closeDescriptor(command.write);
    writeSync(busy.write, MUCH);
    plane.open({ run: 3 + round, service: "a", pid: 13 + round }, [{ fd: command.read, stream: "stdout" }]);
    const drained = plane.drain(3 + round);
    // Messages go out at the end of the turn.
    await Promise.resolve();
    // What comes of the next command may stand before it as long as it was not read.
    const { promise: isHeard, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    writeSync(service.write, `service ${round}\n`);
    await drained;
    await isHeard;
  }
  for (const { write } of [service, busy]) closeDescriptor(write);
  await harness.until(() => harness.closed.has(service.read) && harness.closed.has(busy.read));
  const rounds = Array.from({ length: ROUNDS }, (_, round) => `command ${round}\nservice ${round}\n`);
  expect(readFileSync(harness.file("a.log"), "utf8")).toBe(rounds.join(""));
});
