import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeHistory, openHistory, openHistoryForReading } from "../../src/os/history-file.ts";
import { queryHistory } from "../../src/os/history-query.ts";

const WRITER = join(import.meta.dir, "..", "programs", "history-writer.ts");
const DEATHS = 15;

/** Lets a process write, and kills it once it has said that it has written so many and a random time more. */
async function writeAndDie(path: string, session: string, least: number): Promise<number> {
  const child = Bun.spawn([process.execPath, WRITER, path, session], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += Buffer.from(chunk).toString();
    if (text.split("\n").length > least) child.kill("SIGKILL");
  }
  await child.exited;
  return Number(text.trimEnd().split("\n").at(-1));
}

test("a writer that is killed at any moment leaves a sound file with all that it has said to have written", async () => {
  const directory = mkdtempSync(join(tmpdir(), "history-"));
  try {
    const path = join(directory, "history.db");
    const written: number[] = [];
    for (let death = 0; death < DEATHS; death++)
      written.push(await writeAndDie(path, `session-${death}`, 1 + Math.floor(Math.random() * 60)));
    // Whoever reads before anybody writes again sees the same.
    const reader = openHistoryForReading(path);
    const left = queryHistory(reader, { tag: "list", patterns: [], since: null, most: 10_000 });
    reader.close();
    const opened = openHistory(path, 64 * 1024 * 1024);
    if (opened.tag === "failed") throw new Error(opened.message);
    expect(opened.aside).toBeNull();
    const { db } = opened;
    expect(db.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    const counts = db
      .prepare<{ session: string; runs: number; last: number }, []>(
        "SELECT session, count(*) AS runs, max(run) AS last FROM runs GROUP BY session",
      )
      .all();
    for (const [death, number] of written.entries()) {
      const kept = counts.find(({ session }) => session === `session-${death}`);
      expect(kept?.last).toBeGreaterThanOrEqual(number);
      expect(kept?.runs).toBe(kept?.last ?? 0);
    }
    if (left.tag === "list") expect(left.lines.length).toBeGreaterThan(0);
    closeHistory(db);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
