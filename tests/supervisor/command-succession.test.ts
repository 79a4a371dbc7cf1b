/* Commands over the death of whoever began them, with real processes; the successor is in the same process. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlainData } from "../../src/core/plain-data.ts";
import { newRecord } from "../../src/core/service-record.ts";
import { type WallTime, millis } from "../../src/core/units.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { until } from "../os/spawn-kit.ts";
import { realCommands } from "./real-commands.ts";

const DEFINITION = literalDefinition({ name: "web" });

type World = ReturnType<typeof realCommands>;

/** Begins a hook that ends with this status once there is a file "go", and has the supervisor die. */
function leave(world: World, status: number) {
  const go = join(world.directory, "go");
  const script = `while ! [ -e ${go} ]; do sleep 0.01; done; exit ${status}`;
  const started = world.commands.run(
    {
      kind: "before_start",
      definition: DEFINITION,
      command: ["/bin/sh", "-c", script],
      mainPid: null,
      timeout: millis(60_000),
      invocation: "an-invocation",
    },
    () => {
      throw new Error("whoever began it is dead");
    },
  );
  if (started.tag === "failed") throw new Error(started.reason);
  return () => writeFileSync(go, "");
}

function adopt(world: World) {
  const beside = JSON.parse(JSON.stringify(Object.fromEntries(world.notes))) as Readonly<Record<string, PlainData>>;
  const { left } = world.succeed();
  left.adopt({ ...newRecord(DEFINITION, 0 as WallTime), beside });
  return left;
}

test("a command that is at work is waited for, and its end is noted until it has been told", async () => {
  await using world = realCommands();
  const go = leave(world, 3);
  const left = adopt(world);
  const ended = Promise.withResolvers<string | null>();
  left.claim("web", "before_start", (failure, isKnown) => {
    expect([isKnown, world.notes.get("command before_start")]).toMatchObject([
      true,
      { over: true, failure: "exited 3" },
    ]);
    ended.resolve(failure);
  });
  go();
  expect(await ended.promise).toBe("exited 3");
  expect(world.notes.get("command before_start")).toBe(null);
});

test("one that has not been told of is told of by the next", async () => {
  await using world = realCommands();
  const go = leave(world, 0);
  const left = adopt(world);
  const ended = Promise.withResolvers<void>();
  let noted: PlainData = null;
  left.claim("web", "before_start", () => {
    noted = world.notes.get("command before_start") ?? null;
    ended.resolve();
  });
  go();
  await ended.promise;
  world.notes.set("command before_start", noted);
  const again = Promise.withResolvers<string | null>();
  adopt(world).claim("web", "before_start", (failure) => again.resolve(failure));
  expect(await again.promise).toBe(null);
});

test("one that nobody waits for is killed", async () => {
  await using world = realCommands();
  leave(world, 0);
  const left = adopt(world);
  const { pid } = world.notes.get("command before_start") as { readonly pid: number };
  left.endUnclaimed();
  await until("the command is gone", () => world.notes.get("command before_start") === null);
  expect(() => process.kill(pid, 0)).toThrow();
});
