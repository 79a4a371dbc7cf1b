import { expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { ReadyDescriptor } from "../../src/supervisor/ready-descriptor.ts";
import { LiteralLife } from "./literal-life.ts";

const READY = ["web ready"];

function life() {
  const it = new LiteralLife({
    ready: { method: { tag: "fd", fd: 7 }, timeout: millis(1000), interval: millis(200) },
  });
  const written = new Map<number, string>();
  let lastRead = -1;
  let failure: string | null = null;
  const companion = new ReadyDescriptor({
    ...it.ports,
    pipe() {
      if (failure !== null) return failure;
      lastRead = it.openFd();
      return { read: lastRead, write: it.openFd() };
    },
    read(fd, buffer) {
      const text = written.get(fd) ?? "";
      if (text === "END") return "ended";
      if (text === "") return "empty";
      const { written: count } = new TextEncoder().encodeInto(text, buffer);
      written.set(fd, text.slice(count));
      return count;
    },
  });
  it.companions.push(companion);
  return Object.assign(it, {
    companion,
    failWith: (errno: string) => (failure = errno),
    /** The service writes; the end that is read is the last one made. */
    write(text: string): void {
      written.set(lastRead, text);
      for (let turn = 0; it.watched.has(lastRead) && written.get(lastRead) !== "" && turn < 10; turn++)
        it.readable(lastRead);
    },
    start(): void {
      companion.equip(it.definition);
      companion.began(it.definition, 201);
    },
  });
}

test("the process is given the end of a pipe under the number that the definition names", () => {
  const it = life();
  const equipment = it.companion.equip(it.definition);
  if (typeof equipment === "string") throw new Error(equipment);
  expect(equipment.descriptors).toEqual([{ fd: 12, as: 7 }]);
  expect([...it.open]).toEqual([11, 12]);
  it.companion.began(it.definition, 201);
  expect([...it.open]).toEqual([11]);
});

test("a newline makes it ready, whatever stands before it", () => {
  const it = life();
  it.start();
  it.starting();
  it.write("booting");
  expect(it.told).toEqual([]);
  it.write("x".repeat(10_000));
  expect(it.told).toEqual([]);
  it.write("almost\nready");
  expect(it.told).toEqual(READY);
  expect(it.open.size).toBe(0);
});

test("a newline that comes before the exec is known to have succeeded counts once it is", () => {
  const it = life();
  it.start();
  it.execing();
  it.write("\n");
  it.told.length = 0;
  it.starting();
  expect(it.told).toEqual(READY);
});

test("a descriptor that is closed without a newline says nothing", () => {
  const it = life();
  it.start();
  it.starting();
  it.write("END");
  expect(it.told).toEqual([]);
  expect([it.open.size, it.watched.size]).toEqual([0, 0]);
});

test("each run has a pipe of its own, and what an earlier one said does not count", () => {
  const it = life();
  it.start();
  it.starting();
  it.write("\n");
  it.told.length = 0;
  it.start();
  it.starting();
  expect(it.told).toEqual([]);
  expect(it.open.size).toBe(1);
  it.backoff();
  expect([it.open.size, it.watched.size]).toEqual([0, 0]);
});

test("nothing stays open if no process came of it, or the pipe cannot be made", () => {
  const it = life();
  it.companion.equip(it.definition);
  it.companion.began(it.definition, null);
  expect(it.open.size).toBe(0);
  it.failWith("EMFILE");
  expect(it.companion.equip(it.definition)).toBe("pipe failed: EMFILE");
});

test("a service with another method of readiness gets none", () => {
  const it = life();
  expect(it.companion.equip({ ...it.definition, ready: null })).toEqual({ env: {}, descriptors: [] });
});
