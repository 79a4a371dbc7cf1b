import { describe, expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { ReadyDescriptor } from "../../src/supervisor/ready-descriptor.ts";
import { LiteralLife } from "./literal-life.ts";

const READY = ["web ready"];

interface Predecessor {
  readonly it: LiteralLife;
  readonly written: ReadonlyMap<number, string>;
}

/** `holder`: the process and the number under which it has the pipe. */
function life(predecessor: Predecessor | null = null, holder = "") {
  const ready = { method: { tag: "fd", fd: 7 }, timeout: millis(1000), interval: millis(200) } as const;
  const it = new LiteralLife({ ready }, predecessor?.it);
  const written = new Map<number, string>(predecessor?.written);
  let lastRead = it.estate.manifest.get("ready web") ?? -1;
  let failure: string | null = null;
  const companion = new ReadyDescriptor({
    ...it.ports,
    readyPipes: {
      open() {
        if (failure !== null) return failure;
        lastRead = it.openFd();
        return { read: lastRead, write: it.openFd() };
      },
      identityOf: (fd) => `pipe ${fd}`,
      reopen(pid, as, identity) {
        if (`${pid} ${as}` !== holder) return null;
        lastRead = it.openFd();
        written.set(lastRead, written.get(Number(identity.slice("pipe ".length))) ?? "");
        return lastRead;
      },
      peek(fd, buffer) {
        const text = written.get(fd) ?? "";
        if (text === "END") return "ended";
        return text === "" ? "empty" : new TextEncoder().encodeInto(text, buffer).written;
      },
      take: (fd, room) => void written.set(fd, (written.get(fd) ?? "").slice(room.length)),
    },
  });
  it.companions.push(companion);
  return Object.assign(it, {
    it,
    written,
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

describe("over the death of the supervisor", () => {
  function successorOf(before: Predecessor, holder = "") {
    const it = life(before, holder);
    it.companion.adopted(it.record, { invocation: "run-1", pid: 201 });
    it.companion.allAdopted();
    it.timers.turns();
    return it;
  }

  function starting() {
    const it = life();
    it.start();
    it.starting();
    return it;
  }

  test("a newline that is written after it, or was written before it, makes the service ready", () => {
    const before = starting();
    before.write("boot");
    const it = successorOf(before);
    expect(it.told).toEqual([]);
    it.write("ed\n");
    expect(it.told).toEqual(READY);
    expect([it.open.size, it.estate.manifest.size]).toEqual([0, 0]);
  });

  test("a newline that was read but not acted upon is not lost", () => {
    const before = starting();
    before.onTell = () => {
      throw new Error("killed");
    };
    expect(() => before.write("\n")).toThrow("killed");
    const it = successorOf(before);
    expect(it.told).toEqual(READY);
  });

  test("one that came before the exec was known to have succeeded counts once it is", () => {
    const before = life();
    before.start();
    before.execing();
    before.write("\n");
    const it = successorOf(before);
    it.told.length = 0;
    it.starting();
    expect(it.told).toEqual(READY);
  });

  test("the pipe is had back from the service where it is lost, if the service has that very pipe there", () => {
    for (const [holder, open] of [
      ["201 7", 1],
      ["201 8", 0],
    ] as const) {
      const before = starting();
      before.estate.release("ready web");
      const it = successorOf(before, holder);
      expect(it.open.size).toBe(open);
      if (open === 0) continue;
      it.write("\n");
      expect(it.told).toEqual(READY);
    }
  });

  test("a pipe of a run that nobody goes on with is closed", () => {
    const it = life(starting());
    it.companion.allAdopted();
    expect([it.open.size, it.estate.manifest.size]).toEqual([0, 0]);
  });
});
