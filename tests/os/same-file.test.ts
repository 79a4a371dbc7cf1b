import { expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEventfd } from "../../src/os/eventfd.ts";
import { openLogPipe } from "../../src/os/pipe-io.ts";
import { isAlike, isSameOpenFile } from "../../src/os/same-file.ts";

/** With and without the kernel's word on it. */
const WAYS = [isSameOpenFile, isAlike] as const;

test("a descriptor is the same as itself; the ends of a pipe are two, and so are things of different kinds", () => {
  const pipe = openLogPipe();
  if (pipe.tag === "failed") throw new Error(pipe.errno);
  const { read, write } = pipe.ends;
  const other = openEventfd();
  for (const isSame of WAYS) {
    expect([isSame(read, read), isSame(read, write), isSame(read, other)]).toEqual([true, false, false]);
  }
  for (const fd of [read, write, other]) closeSync(fd);
});

test("a file opened for reading is not the one opened for writing", () => {
  const directory = mkdtempSync(join(tmpdir(), "same-"));
  const path = join(directory, "file");
  writeFileSync(path, "x");
  const [one, two] = [openSync(path, "r"), openSync(path, "r+")];
  for (const isSame of WAYS) expect(isSame(one, two)).toBe(false);
  for (const fd of [one, two]) closeSync(fd);
  rmSync(directory, { recursive: true });
});
