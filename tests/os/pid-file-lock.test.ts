import { expect, test } from "bun:test";
import { closeSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPidFileLocked, readPidFile, takePidFile } from "../../src/os/pid-file.ts";

test("a pid file is locked as long as whoever took it holds it, whatever number is in it", () => {
  const directory = mkdtempSync(join(tmpdir(), "pid-file-"));
  try {
    const path = join(directory, "supervisor.pid");
    expect(isPidFileLocked(path)).toBe(false);
    writeFileSync(path, "1\n");
    expect(isPidFileLocked(path)).toBe(false);
    const taken = takePidFile(path, 4321);
    expect(taken.tag).toBe("taken");
    expect(readPidFile(path)).toBe(4321);
    expect(isPidFileLocked(path)).toBe(true);
    if (taken.tag === "taken") closeSync(taken.fd);
    expect(isPidFileLocked(path)).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
