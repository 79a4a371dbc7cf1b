import { expect, test } from "bun:test";
import { join } from "node:path";

const MODULE = JSON.stringify(join(import.meta.dir, "..", "..", "src", "cli", "descriptor-output.ts"));

/** Writes until nobody reads any more, then says so on standard error. */
const PROGRAM = `
  import { outputTo } from ${MODULE};
  const out = outputTo(1);
  const line = "x".repeat(999) + "\\n";
  let written = 0;
  while (written < 100_000 && out.write(line)) written++;
  outputTo(2).write(written < 100_000 ? "closed" : "never closed");
`;

test("writing to a pipe that nobody reads any more ends quietly", async () => {
  const command = ["/bin/sh", "-c", '"$0" -e "$1" | head -c 5000', process.execPath, PROGRAM];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  expect((await child.stdout.text()).length).toBe(5_000);
  expect(await child.stderr.text()).toBe("closed");
  await child.exited;
});

test("neither a pipe nor /dev/null is a terminal", async () => {
  const program = `import { outputTo } from ${MODULE}; outputTo(2).write(JSON.stringify([outputTo(1).isTerminal, outputTo(1).columns]))`;
  for (const stdout of ["pipe", "ignore"] as const) {
    const child = Bun.spawn([process.execPath, "-e", program], { stdout, stderr: "pipe" });
    expect(await child.stderr.text()).toBe("[false,null]");
    await child.exited;
  }
});

test("an output that cannot be written ends a command with 1 and the reason", async () => {
  const main = join(import.meta.dir, "..", "..", "src", "main.ts");
  const child = Bun.spawn(["/bin/sh", "-c", '"$0" "$1" help > /dev/full', process.execPath, main], { stderr: "pipe" });
  expect(await child.stderr.text()).toBe("cannot write the output: no space left on device\n");
  expect(await child.exited).toBe(1);
});
