import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readStoppedFile, stoppedFileOf, writeStoppedFile } from "../../src/os/stopped-file.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-stopped-"));
const path = stoppedFileOf(directory);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const SERVICES = new Set(["db", "web@1", "__proto__", 'odd"name', "ünicode"]);
const DAMAGED = { tag: "failed", message: `cannot read "${path}": it is damaged` } as const;

test("gives back what was written, for its owner alone, and leaves nothing beside it", async () => {
  expect(readStoppedFile(path)).toEqual({ tag: "missing" });
  expect(await writeStoppedFile(path, new Set(["older"]))).toBeNull();
  expect(await writeStoppedFile(path, SERVICES)).toBeNull();
  expect(readStoppedFile(path)).toEqual({ tag: "read", services: SERVICES });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["stopped.json"]);
});

test("cut short at any byte, or with zeros from there on, it is whole or damaged, never another one", async () => {
  await writeStoppedFile(path, SERVICES);
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    // Without its last newline nothing is missing.
    const expected = length === whole.length - 1 ? { tag: "read", services: SERVICES } : DAMAGED;
    expect(readStoppedFile(path)).toEqual(expected as never);
    writeFileSync(path, Buffer.concat([whole.subarray(0, length), Buffer.alloc(whole.length - length)]));
    expect(readStoppedFile(path)).toEqual(DAMAGED);
  }
});

test.each(["[]", "null", "7", '{"version":2,"services":[]}', '{"version":1}', '{"version":1,"services":[7]}'])(
  "with %j in it it is damaged",
  (text) => {
    writeFileSync(path, text);
    expect(readStoppedFile(path)).toEqual(DAMAGED);
  },
);

test("what cannot be written leaves the file as it was, and says why", async () => {
  await writeStoppedFile(path, SERVICES);
  mkdirSync(`${path}.new`);
  expect(await writeStoppedFile(path, new Set())).toStartWith(`cannot write "${path}.new": E`);
  expect(readStoppedFile(path)).toEqual({ tag: "read", services: SERVICES });
  expect(readStoppedFile(join(path, "below"))).toMatchObject({ tag: "failed" });
});
