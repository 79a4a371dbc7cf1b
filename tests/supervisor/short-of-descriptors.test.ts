/* Where there is no descriptor to hold a process by for long, it is signalled by one that is closed again at once. */
import { expect, test } from "bun:test";
import { killTree } from "../../src/supervisor/kill-tree.ts";
import { LiteralMachine } from "./literal-machine.ts";
import { twoServices } from "./two-services.ts";

/** "late" runs as 401, and was started without a descriptor; 402 is in its group, 403 in one of its own. */
function withLateService() {
  const services = twoServices();
  const { machine, begin } = services;
  const before = machine.openPidfds;
  machine.isShort = true;
  begin("late", 401);
  machine.start(402, { parent: 401, group: 401 });
  machine.start(403, { parent: 401 });
  return { ...services, held: () => machine.openPidfds - before };
}

test("everything of a service is reached, whatever group it is in", () => {
  const { machine, belongings, endMain, held } = withLateService();
  belongings.signalAll("late", "SIGTERM");
  expect([machine.takeReceivers("SIGTERM"), held()]).toEqual([[401, 402, 403], 0]);
  endMain("late", 401);
  belongings.signalAll("late", "SIGTERM");
  expect([machine.takeReceivers("SIGTERM"), held()]).toEqual([[402, 403], 0]);
});

test("the main process alone is reached, and nobody once it is gone", () => {
  const { machine, belongings, held } = withLateService();
  expect(belongings.signalMain("late", "SIGHUP")).toBe(true);
  expect([machine.takeReceivers("SIGHUP"), held()]).toEqual([[401], 0]);
  machine.end(401);
  expect([belongings.signalMain("late", "SIGHUP"), machine.received, held()]).toEqual([false, [], 0]);
});

test("what has taken a number in the moment of the signal is not reached", () => {
  const { machine, belongings, held } = withLateService();
  // Before anything is opened for it, 403 is gone, and its number a stranger's.
  machine.onOpen = (pid) => {
    if (pid !== 403) return;
    machine.end(403);
    machine.start(403, { parent: 1 });
  };
  belongings.signalAll("late", "SIGTERM");
  expect([machine.takeReceivers("SIGTERM"), held()]).toEqual([[401, 402], 0]);
});

test("a child is killed with its descendants, each stopped before", () => {
  const machine = new LiteralMachine();
  machine.isShort = true;
  machine.start(201);
  machine.start(202, { parent: 201 });
  machine.start(203, { parent: 202 });
  machine.start(901);
  killTree(201, machine);
  expect(machine.received).toEqual(
    ["SIGSTOP", "SIGKILL"].flatMap((signal) => [201, 202, 203].map((pid) => `${pid} ${signal}`)),
  );
  expect(machine.openPidfds).toBe(0);
});
