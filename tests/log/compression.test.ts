import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { unfinishedNameOf } from "../../src/log/rotated-files.ts";
import { withFileSizeLimit } from "./file-size-limit.ts";
import { RotatingLog, textOf } from "./rotating-log.ts";

const SMALL = { maxSize: 4 };
const ENDINGS = { zstd: ".zst", gzip: ".gz" } as const;

for (const compress of ["zstd", "gzip"] as const) {
  describe(`rotated files compressed with ${compress}`, () => {
    const ending = ENDINGS[compress];

    test("replace the originals, and move up like any other", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress });
      for (const text of ["11\n", "22\n", "33\n"]) log.write(text);
      expect(log.names()).toEqual(["a.log", "a.log.1", "a.log.2"]);
      log.finishJobs();
      expect(log.names()).toEqual(["a.log", `a.log.1${ending}`, `a.log.2${ending}`]);
      log.write("44\n");
      expect(log.names()).toEqual(["a.log", "a.log.1", `a.log.2${ending}`, `a.log.3${ending}`]);
      expect(log.content()).toBe("11\n22\n33\n44\n");
      expect(log.problems).toEqual([]);
    });

    test("keep mode and time of the originals", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress });
      log.write("11\n");
      chmodSync(log.path, 0o604);
      log.write("22\n");
      utimesSync(`${log.path}.1`, 1000, 2000);
      log.finishJobs();
      const { mode, mtimeMs } = statSync(`${log.path}.1${ending}`);
      expect([mode & 0o777, mtimeMs]).toEqual([0o604, 2_000_000]);
    });

    test("are found under the name that they have when they are done", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress });
      for (const text of ["11\n", "22\n"]) log.write(text);
      const begun = log.job;
      // The file is read under its old name, and two rotations come before it is put in its place.
      const { finishJob } = log.startJob();
      for (const text of ["33\n", "44\n"]) log.write(text);
      finishJob();
      expect(begun?.source).toBe(`${log.path}.1`);
      expect(textOf(`${log.path}.3${ending}`)).toBe("11\n");
      expect(existsSync(`${log.path}.3`)).toBe(false);
      log.finishJobs();
      expect(log.content()).toBe("11\n22\n33\n44\n");
    });

    test("stand beside their originals until their names are on the disk, and a rotation in between begins anew", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress });
      for (const text of ["11\n", "22\n"]) log.write(text);
      log.doJob();
      expect(log.job?.step).toBe("sync");
      expect(log.names()).toEqual(["a.log", "a.log.1", `a.log.1${ending}`]);
      log.write("33\n");
      expect(log.names()).toEqual(["a.log", "a.log.1", "a.log.2"]);
      log.finishJobs();
      expect(log.names()).toEqual(["a.log", `a.log.1${ending}`, `a.log.2${ending}`]);
      expect(log.content()).toBe("11\n22\n33\n");
    });

    test("are done also when the definition changes meanwhile", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress });
      for (const text of ["11\n", "22\n"]) log.write(text);
      const { finishJob } = log.startJob();
      log.open({ ...SMALL, compress, keep: 7 });
      finishJob();
      expect(log.names()).toEqual(["a.log", `a.log.1${ending}`]);
      expect(log.problems).toEqual([]);
    });

    test("are given up without a trace if they were removed meanwhile", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress, keep: 1 });
      for (const text of ["11\n", "22\n"]) log.write(text);
      const { finishJob } = log.startJob();
      log.write("33\n");
      finishJob();
      log.finishJobs();
      expect(log.names()).toEqual(["a.log", `a.log.1${ending}`]);
      expect(log.content()).toBe("22\n33\n");
      expect(log.problems).toEqual([]);
    });

    test("stay as they are while somebody writes to them, and nothing is lost", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress });
      for (const text of ["11\n", "22\n"]) log.write(text);
      const { finishJob } = log.startJob();
      appendFileSync(`${log.path}.1`, "late\n");
      finishJob();
      expect(log.names()).toEqual(["a.log", "a.log.1"]);
      expect(log.content()).toBe("11\nlate\n22\n");
      expect(log.problems.length).toBe(1);
      log.write("33\n");
      log.finishJobs();
      expect(log.names()).toEqual(["a.log", `a.log.1${ending}`, `a.log.2${ending}`]);
      expect(log.content()).toBe("11\nlate\n22\n33\n");
      expect(log.problems.length).toBe(2);
    });

    test("stay as they are on a full disk, which is said once, and are compressed when there is room", () => {
      using log = new RotatingLog();
      log.open({ ...SMALL, compress });
      for (const text of ["11\n", "22\n"]) log.write(text);
      withFileSizeLimit(5, () => {
        log.finishJobs();
        log.write("33\n");
        log.finishJobs();
      });
      expect(log.names()).toEqual(["a.log", "a.log.1", "a.log.2"]);
      expect(log.problems.map((problem) => problem.split(";")[0])).toEqual([
        `cannot compress "${log.path}.1": EFBIG: file too large`,
      ]);
      log.write("44\n");
      log.finishJobs();
      expect(log.names()).toEqual(["a.log", `a.log.1${ending}`, `a.log.2${ending}`, `a.log.3${ending}`]);
      expect(log.problems.at(-1)).toContain("are compressed again");
      expect(log.content()).toBe("11\n22\n33\n44\n");
    });

    test("are whole after a crash at any moment: what was being written goes, what was left is done", () => {
      using log = new RotatingLog();
      writeFileSync(
        `${log.path}.3${ending}`,
        compress === "zstd" ? Bun.zstdCompressSync("old\n") : Bun.gzipSync("old\n"),
      );
      // The crash came after the compressed file had its name, and before the original went. The compressed one is not trusted.
      writeFileSync(`${log.path}.2`, "11\n");
      writeFileSync(`${log.path}.2${ending}`, "half a file");
      writeFileSync(`${log.path}.1`, "22\n");
      writeFileSync(unfinishedNameOf(log.path, compress), "half a file");
      writeFileSync(log.path, "33\n");
      log.open({ ...SMALL, compress });
      log.write("\n");
      expect(existsSync(unfinishedNameOf(log.path, compress))).toBe(false);
      log.finishJobs();
      expect(log.names()).toEqual(["a.log", `a.log.1${ending}`, `a.log.2${ending}`, `a.log.3${ending}`]);
      expect(log.content()).toBe("old\n11\n22\n33\n\n");
    });
  });
}

describe("rotated files", () => {
  test("hold every numbered line once, through a thousand rotations with compressions in between", () => {
    using log = new RotatingLog();
    let number = 0;
    let expected = "";
    let begun: { finishJob(): void } | null = null;
    for (let rotation = 0; rotation < 1000; rotation++) {
      if (rotation % 50 === 0) log.open({ maxSize: 100, keep: 20, compress: rotation % 100 < 50 ? "zstd" : "gzip" });
      const line = `${number++} ${"x".repeat(60 + (number % 30))}\n`;
      log.write(line);
      expected += line;
      if (rotation % 3 === 2) begun?.finishJob();
      if (rotation % 3 === 2 && log.job !== null) begun = log.startJob();
      if (rotation % 10 !== 9) continue;
      const content = log.content();
      expect(content.split("\n").length).toBeGreaterThan(Math.min(rotation, 20));
      expect(expected.endsWith(content)).toBe(true);
    }
    expect(log.names().filter((name) => /\.(zst|gz)$/.test(name)).length).toBeGreaterThan(4);
    expect(log.problems).toEqual([]);
  });

  test("of another compression, or none, stay what they are when the definition changes", () => {
    using log = new RotatingLog();
    log.open({ ...SMALL, compress: "gzip" });
    for (const text of ["11\n", "22\n"]) log.write(text);
    log.finishJobs();
    log.open(SMALL);
    log.write("33\n");
    log.open({ ...SMALL, compress: "zstd" });
    log.write("44\n");
    log.finishJobs();
    expect(log.names()).toEqual(["a.log", "a.log.1.zst", "a.log.2.zst", "a.log.3.gz"]);
    expect(log.content()).toBe("11\n22\n33\n44\n");
  });

  test("that a crash left in two forms are moved as one, also when nothing is compressed any more", () => {
    using log = new RotatingLog();
    writeFileSync(`${log.path}.2`, "11\n");
    writeFileSync(`${log.path}.2.gz`, Bun.gzipSync("11\n"));
    writeFileSync(`${log.path}.1`, "22\n");
    log.open(SMALL);
    for (const text of ["33\n", "44\n"]) log.write(text);
    expect(log.names()).toEqual(["a.log", "a.log.1", "a.log.2", "a.log.3"]);
    expect(log.content()).toBe("11\n22\n33\n44\n");
  });

  test("are no more than asked for, in whatever form, also after the number was made smaller", () => {
    using log = new RotatingLog();
    log.open({ ...SMALL, keep: 5, compress: "zstd" });
    for (let number = 10; number < 20; number++) {
      log.write(`${number}\n`);
      if (number % 2 === 0) log.finishJobs();
    }
    expect(log.content()).toBe("14\n15\n16\n17\n18\n19\n");
    log.open({ ...SMALL, keep: 2 });
    log.write("20\n");
    expect(log.content()).toBe("18\n19\n20\n");
    expect(log.names().length).toBe(3);
  });

  test("take no more room together than asked for, as they are when they are compressed", () => {
    using log = new RotatingLog();
    const line = `${"x".repeat(5000)}\n`;
    log.open({ maxSize: 5001, keepSize: 200, compress: "zstd" });
    for (let count = 0; count < 4; count++) {
      log.write(line);
      log.finishJobs();
    }
    const sizes = log
      .names()
      .slice(1)
      .map((name) => statSync(`${log.directory}/${name}`).size);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.length).toBe(Math.min(3, Math.floor(200 / (sizes[0] ?? 0))));
    log.open({ maxSize: 5001, keepSize: 10_002 });
    for (let count = 0; count < 4; count++) log.write(line);
    expect(log.names()).toEqual(["a.log", "a.log.1", "a.log.2"]);
  });

  test("are removed at their age, and a wake-up is asked for only while there is one", () => {
    using log = new RotatingLog();
    const day = 86_400;
    log.at = 100 * day * 1_000_000;
    log.open({ ...SMALL, keepAge: (day * 1000) as never });
    for (const text of ["11\n", "22\n", "33\n"]) log.write(text);
    expect(log.clock.patience(() => log.at)).toBeGreaterThan(0);
    utimesSync(`${log.path}.2`, 99.5 * day, 98.9 * day);
    utimesSync(`${log.path}.1`, 99.5 * day, 99.5 * day);
    const file = log.open({ ...SMALL, keepAge: (day * 1000) as never });
    expect(log.names()).toEqual(["a.log", "a.log.1"]);
    expect(log.clock.patience(() => log.at)).toBe(day * 500_000);
    log.at += 0.5 * day * 1_000_000;
    expect(log.clock.takeDue(() => log.at)).toBe(true);
    file.rotateIfDue(log.at);
    expect(log.names()).toEqual(["a.log"]);
    expect(log.clock.patience(() => log.at)).toBe(Number.POSITIVE_INFINITY);
  });

  test("and the current file may be moved away or emptied by others in between", () => {
    using log = new RotatingLog();
    const file = log.open({ ...SMALL, compress: "zstd" });
    for (const text of ["11\n", "22\n"]) log.write(text);
    renameSync(log.path, `${log.path}-elsewhere`);
    log.write("3\n");
    file.reopen(log.at);
    log.write("44\n");
    truncateSync(log.path, 0);
    log.write("55\n");
    log.finishJobs();
    expect(textOf(`${log.path}-elsewhere`)).toBe("22\n");
    expect(log.names()).toContain("a.log.1.zst");
    expect(textOf(log.path)).toBe("55\n");
  });
});
