/* What is written down of a service when something has become of it: all of it before anything follows, and nothing that is over. */
import { expect, spyOn, test } from "bun:test";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import { millis } from "../../src/core/units.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const HOUR = { delay: millis(3_600_000), maxDelay: millis(3_600_000) };

test("a run has its end and its count written down before what follows from the end is done", () => {
  const world = literalSupervisor();
  world.boot([{ name: "web", restart: HOUR }]);
  const kept: (ServiceRecord | undefined)[] = [];
  using _ = spyOn(world.supervisor.ports.memory, "performed").mockImplementation(() => {
    kept.push(world.kept.at(-1));
  });
  world.end(201, { tag: "code", code: 3 });
  const end: unknown = expect.stringContaining('"cause":"crash"');
  const counts = { starts: 1, exits: [{ reason: "exit", status: "3", count: 1 }] };
  expect(kept).toMatchObject([{ state: { tag: "backoff" }, beside: { run: { end }, counts } }]);
});

test("where the output of a run begins in its files is forgotten with the first run that writes none itself", () => {
  const world = literalSupervisor();
  const began = [{ path: "/var/log/web.log", identity: "1:2", size: 5 }];
  let isDirect = true;
  using _ = spyOn(world.supervisor.ports.files, "takeEnds").mockImplementation(() =>
    isDirect ? { tag: "open", stdout: world.machine.openFd(), stderr: world.machine.openFd(), began } : null,
  );
  /** Of each run, as it was written down last while it was up: where its output begins. */
  const beginningOf = (): unknown => world.kept.findLast(({ state }) => state.tag === "up")?.beside["log"] ?? null;
  world.boot([{ name: "web", restart: { delay: millis(0) } }]);
  expect(beginningOf()).toMatchObject({ began });
  isDirect = false;
  world.end(201);
  world.timers.passTime(60_000);
  world.timers.turns();
  expect(world.spawned).toHaveLength(2);
  expect(world.supervisor.fleet.get("web")?.state.tag).toBe("up");
  expect(beginningOf()).toBeNull();
});
