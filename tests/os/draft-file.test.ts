import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptDraft, draftOf, dropDraft, writeDraft } from "../../src/os/draft-file.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-draft-"));
const path = join(directory, "file.json");
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  for (const each of [path, draftOf(path)]) rmSync(each, { force: true });
});

describe("a draft", () => {
  test("is for its owner alone, and changes nothing until it is accepted", async () => {
    writeFileSync(path, "old");
    expect(await writeDraft(path, "new")).toBeNull();
    expect([readFileSync(path, "utf8"), readFileSync(draftOf(path), "utf8")]).toEqual(["old", "new"]);
    expect(statSync(draftOf(path)).mode & 0o777).toBe(0o600);
    expect(acceptDraft(path)).toBeNull();
    expect([readFileSync(path, "utf8"), existsSync(draftOf(path))]).toEqual(["new", false]);
  });

  test("that is dropped leaves the file as it was", async () => {
    writeFileSync(path, "old");
    await writeDraft(path, "new");
    dropDraft(path);
    dropDraft(path);
    expect([readFileSync(path, "utf8"), existsSync(draftOf(path))]).toEqual(["old", false]);
  });

  test("is not written through a link that lies in its place", async () => {
    const victim = join(directory, "victim");
    writeFileSync(victim, "mine");
    symlinkSync(victim, draftOf(path));
    expect(await writeDraft(path, "new")).toBeNull();
    expect(readFileSync(victim, "utf8")).toBe("mine");
  });

  test("that cannot be written or accepted says why", async () => {
    const nowhere = join(directory, "nowhere", "file");
    expect(await writeDraft(nowhere, "new")).toBe(`cannot write "${draftOf(nowhere)}": ENOENT`);
    expect(acceptDraft(path)).toBe(`cannot write "${path}": ENOENT`);
  });
});
