import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Compression } from "../../src/core/log-policy.ts";
import { compressFile } from "../../src/os/compress-file.ts";
import { lookAtLogFile } from "../../src/os/log-file.ts";
import { openReadableLog, type ReadableLog } from "../../src/os/readable-log.ts";

const directory = mkdtempSync(join(tmpdir(), "readable-log-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`).join(""));

function written(name: string, bytes: Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

/** As the supervisor compresses: in pieces. */
function compressed(name: string, content: Uint8Array, compression: Compression): string {
  const source = written(`${name}.plain`, content);
  const target = join(directory, name);
  const identity = lookAtLogFile(source)?.identity ?? "";
  expect(compressFile({ source, identity, target, compression }).tag).toBe("written");
  return target;
}

function opened(path: string, compression: Compression | null): ReadableLog {
  const result = openReadableLog(path, compression);
  if (result.tag !== "open") throw new Error(`${path}: ${JSON.stringify(result)}`);
  return result.file;
}

function partOf(file: ReadableLog, position: number, length: number): Buffer | null {
  const into = Buffer.alloc(length);
  const count = file.read(into, position);
  return count === null ? null : into.subarray(0, count);
}

const FORMS: readonly (readonly [string, Compression | null, () => string])[] = [
  ["as it is", null, () => written("plain.log", CONTENT)],
  ["compressed by us with zstd", "zstd", () => compressed("ours.zst", CONTENT, "zstd")],
  ["compressed by us with gzip", "gzip", () => compressed("ours.gz", CONTENT, "gzip")],
  ["compressed by others with zstd", "zstd", () => written("other.zst", Bun.zstdCompressSync(CONTENT))],
  ["compressed by others with gzip", "gzip", () => written("other.gz", Bun.gzipSync(CONTENT, { level: 9 }))],
];

describe.each(FORMS)("a file that is %s", (_, compression, make) => {
  test("is read from anywhere, as much as there is", () => {
    const path = make();
    const file = opened(path, compression);
    expect(file.size).toBe(CONTENT.length);
    expect(file.identity).toBe(lookAtLogFile(path)?.identity ?? "");
    fc.assert(
      fc.property(fc.nat(CONTENT.length + 10), fc.nat(2_500_000), (position, length) => {
        expect(partOf(file, position, length)?.equals(CONTENT.subarray(position, position + length))).toBe(true);
      }),
      { numRuns: 30 },
    );
    file.close();
  });
});

test("an empty file has nothing in it, compressed or not", () => {
  const none = new Uint8Array(0);
  for (const [path, compression] of [
    [written("empty.log", none), null],
    [compressed("empty.zst", none, "zstd"), "zstd"],
  ] as const) {
    const file = opened(path, compression);
    expect([file.size, partOf(file, 0, 10)?.length]).toEqual([0, 0]);
    file.close();
  }
});

test("what is damaged says so where it is, and what is before it can be read", () => {
  const path = compressed("broken.zst", CONTENT, "zstd");
  const bytes = readFileSync(path);
  // The later pieces, up to the table: what is wrong with a few bytes alone zstd does not notice.
  bytes.fill(0xff, bytes.length / 2, bytes.length - 200);
  writeFileSync(path, bytes);
  const file = opened(path, "zstd");
  expect(partOf(file, 0, 6)?.toString()).toBe("line 0");
  expect(file.failure).toBe(null);
  expect(partOf(file, file.size - 10, 10)).toBe(null);
  expect(file.failure).toBe("it is damaged");
  file.close();
  const cut = written("cut.gz", Bun.gzipSync(CONTENT));
  truncateSync(cut, 1000);
  const rest = openReadableLog(cut, "gzip");
  // What it says of its length is nonsense: it is refused, or cannot be read.
  if (rest.tag === "open") expect(partOf(rest.file, 0, 10)).toBe(null);
  expect(openReadableLog(written("none.gz", Buffer.from("no gzip at all")), "gzip")).toEqual({
    tag: "failed",
    reason: "it is damaged",
  });
});

test("what would not fit into memory is refused", () => {
  const large = Bun.zstdCompressSync(new Uint8Array(65 * 1024 * 1024));
  const result = openReadableLog(written("large.zst", large), "zstd");
  expect(result).toMatchObject({ tag: "failed", reason: expect.stringContaining("more than 64 MiB") });
  const zipped = openReadableLog(written("large.gz", Bun.gzipSync(new Uint8Array(65 * 1024 * 1024))), "gzip");
  expect(zipped).toMatchObject({ tag: "failed", reason: expect.stringContaining("more than 64 MiB") });
});

test("links and what is no file are refused, what is not there is missing", () => {
  expect(openReadableLog(join(directory, "nothing"), null)).toEqual({ tag: "missing" });
  expect(openReadableLog(directory, null)).toMatchObject({ tag: "failed" });
  const link = join(directory, "link");
  symlinkSync(written("target.log", CONTENT), link);
  expect(openReadableLog(link, null)).toMatchObject({ tag: "failed" });
});
