import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { contentOf, PLACE } from "./rotating-log.ts";

const PROGRAM = join(import.meta.dir, "../programs/rotating-writer.ts");
const KILLS = 8;
/** Rotations before each kill; never more than are kept, so that every line is looked at once. */
const FEWEST = 5;
const MOST = 30;

for (const compress of ["zstd", "gzip"] as const) {
  test(`a writer that is killed again and again in the middle of rotation and ${compress} loses and doubles no line`, async () => {
    const directory = mkdtempSync(join(PLACE, "rotation-crash-"));
    try {
      let next = 0;
      let rotations = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const wanted = FEWEST + Math.floor(Math.random() * (MOST - FEWEST));
        await runUntilKilled([directory, String(next), compress], wanted);
        rotations += wanted;
        const lines = contentOf(directory)
          .split("\n")
          .filter((line) => line !== "");
        // A kill may tear the line that is just being written: it was not confirmed, and is written again.
        const whole = lines.filter((line) => /^\d+ x* end$/.test(line)).map((line) => Number.parseInt(line, 10));
        expect(lines.length - whole.length).toBeLessThanOrEqual(kill + 1);
        const start = whole[0] ?? 0;
        expect(whole).toEqual(Array.from(whole, (_, index) => start + index));
        expect(start === 0 || readdirSync(directory).length > MOST).toBe(true);
        next = (whole.at(-1) ?? -1) + 1;
      }
      expect(rotations).toBeGreaterThanOrEqual(KILLS * FEWEST);
      expect(readdirSync(directory).some((name) => !/^a\.log(\.\d+(\.zst|\.gz)?)?$|\.tmp$/.test(name))).toBe(false);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

async function runUntilKilled(words: readonly string[], rotations: number): Promise<void> {
  const child = Bun.spawn([process.execPath, PROGRAM, ...words], { stdout: "pipe", stderr: "inherit" });
  let seen = 0;
  for await (const chunk of child.stdout) {
    seen += chunk.length;
    if (seen >= rotations) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
}
