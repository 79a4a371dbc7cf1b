import { expect, test } from "bun:test";
import { join } from "node:path";

test("writing to a pipe that nobody reads any more ends quietly", async () => {
  const program = join(import.meta.dir, "programs", "write-much.ts");
  const child = Bun.spawn(["/bin/sh", "-c", `"$0" "$1" | head -c 5000`, process.execPath, program], {
    stdout: "pipe",
    stderr: "pipe",
  });
  expect((await child.stdout.text()).length).toBe(5_000);
  expect(await child.stderr.text()).toBe("closed");
  await child.exited;
});
