import { expect, test } from "bun:test";
import { join } from "node:path";

const SPAWNER = join(import.meta.dir, "../programs/shielded-spawner.ts");

test("a process has a lower oom score while it starts nothing; its children have the usual one, or what they are given", async () => {
  const spawner = Bun.spawn([process.execPath, SPAWNER], { stdout: "pipe" });
  const told = (await new Response(spawner.stdout).json()) as Readonly<Record<string, unknown>>;
  expect(told).toMatchObject({ inherits: [0, 300, 300], isGiven: [0, 400, 300], after: 300 });
});
