import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { compressFile } from "../../src/os/compress-file.ts";
import { readCompressedLogEnd } from "../../src/os/compressed-log.ts";
import { lookAtLogFile } from "../../src/os/log-file.ts";
import { decodeSeekTable, encodeSeekTable } from "../../src/os/zstd-seek-table.ts";

let directory = "";
let source = "";
let target = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "compress-file-"));
  source = join(directory, "a.log.1");
  target = join(directory, "a.log.tmp");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const LINES = Array.from({ length: 400_000 }, (_, index) => `line ${index}\n`).join("");

function compress(compression: "zstd" | "gzip", identity = lookAtLogFile(source)?.identity ?? "") {
  return compressFile({ source, identity, target, compression });
}

function endOf(compression: "zstd" | "gzip", most: number) {
  const end = readCompressedLogEnd(target, compression, most);
  return end === null ? null : { text: Buffer.from(end.bytes).toString(), isWhole: end.isWhole };
}

describe("a file of several MiB", () => {
  test("is one file of zstd to every reader of it, and its end is read without the rest", () => {
    writeFileSync(source, LINES);
    expect(compress("zstd")).toEqual({ tag: "written", size: LINES.length });
    const bytes = readFileSync(target);
    expect(bytes.length).toBeLessThan(LINES.length / 2);
    expect(Bun.zstdDecompressSync(bytes).toString()).toBe(LINES);
    expect(endOf("zstd", 100)).toEqual({ text: LINES.slice(-100), isWhole: false });
    expect(endOf("zstd", 2_000_000)).toEqual({ text: LINES.slice(-2_000_000), isWhole: false });
    expect(endOf("zstd", LINES.length)).toEqual({ text: LINES, isWhole: true });
    // Nothing before the last frame is looked at.
    writeFileSync(target, new Uint8Array([...new Uint8Array(1000), ...bytes.subarray(1000)]));
    expect(endOf("zstd", 100)).toEqual({ text: LINES.slice(-100), isWhole: false });
  });

  test("is one file of gzip to every reader of it, and its end is read", () => {
    writeFileSync(source, LINES);
    expect(compress("gzip")).toEqual({ tag: "written", size: LINES.length });
    expect(gunzipSync(readFileSync(target)).toString()).toBe(LINES);
    expect(endOf("gzip", 100)).toEqual({ text: LINES.slice(-100), isWhole: false });
    expect(endOf("gzip", LINES.length)).toEqual({ text: LINES, isWhole: true });
  });
});

test("an empty file is compressed too", () => {
  writeFileSync(source, "");
  for (const compression of ["zstd", "gzip"] as const)
    expect(compress(compression)).toEqual({ tag: "written", size: 0 });
  expect(existsSync(target)).toBe(true);
  compress("zstd");
  expect(endOf("zstd", 100)).toEqual({ text: "", isWhole: true });
});

test("another file under the same name, or none, is not compressed", () => {
  expect(compress("zstd")).toEqual({ tag: "gone" });
  writeFileSync(source, "one\n");
  expect(compress("zstd", "1:2:3")).toEqual({ tag: "gone" });
  expect(existsSync(target)).toBe(false);
});

test("what stands in the place of the outcome is replaced, and a link there leads nowhere", () => {
  const victim = join(directory, "victim");
  writeFileSync(victim, "untouched");
  symlinkSync(victim, target);
  writeFileSync(source, "one\n");
  expect(compress("zstd").tag).toBe("written");
  expect(readFileSync(victim, "utf8")).toBe("untouched");
  rmSync(source);
  symlinkSync(victim, source);
  expect(compress("zstd")).toEqual({ tag: "failed", reason: "it is a symbolic link" });
});

test("a compressed file that is none, is broken or is of somebody else's making gives nothing", () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(50), Bun.zstdCompressSync("one\n")]) {
    writeFileSync(target, bytes);
    expect(endOf("zstd", 100)).toBeNull();
  }
  for (const bytes of [new Uint8Array(50), Bun.gzipSync("one\n").subarray(0, 10)]) {
    writeFileSync(target, bytes);
    expect(endOf("gzip", 100)).toBeNull();
  }
});

test("a gzip file that grows beyond measure is not unpacked", () => {
  writeFileSync(target, Bun.gzipSync(new Uint8Array(17 * 1024 * 1024)));
  expect(endOf("gzip", 100)).toBeNull();
});

test("a table of frames is read as it was written, and nothing else is one", () => {
  const frames = [
    { compressed: 1, original: 2 },
    { compressed: 2 ** 32 - 1, original: 2 ** 31 },
  ];
  const table = encodeSeekTable(frames);
  expect(decodeSeekTable(table)).toEqual(frames);
  expect(decodeSeekTable(table.subarray(1))).toBeNull();
  expect(decodeSeekTable(encodeSeekTable([]))).toEqual([]);
  expect(decodeSeekTable(new Uint8Array(3))).toBeNull();
});
