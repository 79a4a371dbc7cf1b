import { expect, test } from "bun:test";
import { join } from "node:path";

const SOURCE = join(import.meta.dir, "..", "..", "src");
const IMPORTS = `
  import { outputTo as makeOutput } from ${JSON.stringify(join(SOURCE, "cli", "descriptor-output.ts"))};
  import { openStandardOutput } from ${JSON.stringify(join(SOURCE, "os", "standard-output.ts"))};
  const outputTo = (descriptor) => makeOutput(openStandardOutput(descriptor));
`;
/** With and without the compiler that foreign functions need. */
const SURROUNDINGS = [{}, { BUN_JSC_useJIT: "0" }];

/** Writes until nobody reads any more, then says so on standard error. */
const PROGRAM = `
  ${IMPORTS}
  const out = outputTo(1);
  const line = "x".repeat(999) + "\\n";
  let written = 0;
  while (written < 100_000 && out.write(line)) written++;
  outputTo(2).write(written < 100_000 ? "closed" : "never closed");
`;

test.each(SURROUNDINGS)("writing to a pipe that nobody reads any more ends quietly (%j)", async (more) => {
  const command = ["/bin/sh", "-c", '"$0" -e "$1" | head -c 5000', process.execPath, PROGRAM];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", env: { ...process.env, ...more } });
  expect((await child.stdout.text()).length).toBe(5_000);
  expect(await child.stderr.text()).toBe("closed");
  await child.exited;
});

test.each(SURROUNDINGS)("neither a pipe nor /dev/null is a terminal (%j)", async (more) => {
  const program = `${IMPORTS} outputTo(2).write(JSON.stringify([outputTo(1).isTerminal, outputTo(1).columns]))`;
  for (const stdout of ["pipe", "ignore"] as const) {
    const child = Bun.spawn([process.execPath, "-e", program], {
      stdout,
      stderr: "pipe",
      env: { ...process.env, ...more },
    });
    expect(await child.stderr.text()).toBe("[false,null]");
    await child.exited;
  }
});

test.each(SURROUNDINGS)("an output that cannot be written ends a command with 1 and the reason (%j)", async (more) => {
  const main = join(SOURCE, "main.ts");
  const child = Bun.spawn(["/bin/sh", "-c", '"$0" "$1" help > /dev/full', process.execPath, main], {
    stderr: "pipe",
    env: { ...process.env, ...more },
  });
  expect(await child.stderr.text()).toBe("cannot write the output: no space left on device\n");
  expect(await child.exited).toBe(1);
});
