import { describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadNative } from "../../src/os/native.ts";
import { Spawner } from "../../src/os/spawn.ts";
import { openStateMapping, type Opener, type StateOpened } from "../../src/os/state-mapping.ts";
import type { StateSlot } from "../../src/os/state-slot.ts";
import {
  commandOf,
  expectChild,
  hasCapability,
  makeScratch,
  outputOf,
  reap,
  requestOf,
  statFieldOf,
} from "./spawn-kit.ts";

const CAP_SYS_ADMIN = 21n;
const OPENER = join(import.meta.dir, "../programs/state-opener.ts");

const ME: Opener = { bootId: "boot", pid: process.pid };
const ZEROS = "0".repeat(32);
const ID = "0123456789abcdef".repeat(2);

function open(path: string, opener: Opener = ME): StateOpened {
  const opening = openStateMapping(path, opener);
  if (opening.tag === "failed") throw new Error(opening.message);
  return opening;
}

function allocate({ mapping }: StateOpened, name: string): StateSlot {
  const allocation = mapping.allocate(name);
  if (allocation.tag === "failed") throw new Error(allocation.reason);
  return allocation.slot;
}

const none = { tag: "none" } as const;

describe("a successor finds", () => {
  test("nothing at first, in a sparse file of mode 0600", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    const opened = open(path);
    using _ = opened.mapping;
    expect([opened.predecessor, opened.problems, opened.setAside, opened.mapping.records()]).toEqual([
      none,
      [],
      null,
      [],
    ]);
    const stats = statSync(path);
    expect(stats.mode & 0o7777).toBe(0o600);
    expect(stats.size).toBe(4096 + 4096 * 256);
    expect(stats.blocks * 512).toBeLessThan(64 * 1024);
  });

  test("what was noted by one that died, and again if nobody has acted on it", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    const first = open(path);
    allocate(first, "nothing-to-say");
    allocate(first, "idle").setWant("configured");
    allocate(first, "stopped").setWant("down");
    const running = allocate(first, "running");
    running.intent(ID, 1_000);
    running.running(42, 99);
    allocate(first, "intended").intent(ID, 2_000);
    const ended = allocate(first, "ended");
    ended.intent(ID, 3_000);
    ended.running(43, 100);
    ended.exited({ tag: "code", code: 3 });
    allocate(first, "removed");
    first.mapping.free("removed");
    first.mapping[Symbol.dispose]();
    for (let round = 0; round < 2; round++) {
      const next = open(path, { bootId: "boot", pid: 77 });
      using _ = next.mapping;
      expect(next.predecessor).toEqual({ tag: "died", pid: round === 0 ? process.pid : 77 });
      expect(next.problems).toEqual([]);
      expect(next.mapping.records()).toEqual([
        { name: "idle", want: "configured", invocationId: ZEROS, process: none, exit: null },
        { name: "stopped", want: "down", invocationId: ZEROS, process: none, exit: null },
        {
          name: "running",
          want: "configured",
          invocationId: ID,
          process: { tag: "running", pid: 42, startTicks: 99, invocationId: ID },
          exit: null,
        },
        { name: "intended", want: "configured", invocationId: ID, process: none, exit: null },
        { name: "ended", want: "configured", invocationId: ID, process: none, exit: { tag: "code", code: 3 } },
      ]);
    }
  });

  test("the slot of a service again, with what is wanted", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    const first = open(path);
    allocate(first, "a").setWant("down");
    first.mapping.closeCleanly();
    const next = open(path);
    using _ = next.mapping;
    expect(next.predecessor).toEqual({ tag: "clean", pid: process.pid });
    expect(allocate(next, "a").record).toMatchObject({ name: "a", want: "down", phase: "exited" });
  });

  test("after an orderly end nothing, if nothing is wanted by hand", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    const first = open(path);
    const slot = allocate(first, "a");
    slot.intent(ID, 1_000);
    slot.exited(null);
    first.mapping.closeCleanly();
    const next = open(path);
    using _ = next.mapping;
    expect(next.mapping.records()).toEqual([]);
    expect([next.predecessor.tag, next.problems]).toEqual(["clean", []]);
  });

  test.each([
    ["an orderly end", "boot"],
    ["another boot", "another"],
  ])("no starts by hand from before %s, however the next supervisor ends", (_, bootId) => {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    const first = open(path);
    allocate(first, "a").setWant("up");
    allocate(first, "b").setWant("down");
    if (bootId === "boot") first.mapping.closeCleanly();
    else first.mapping[Symbol.dispose]();
    for (let round = 0; round < 2; round++) {
      using mapping = open(path, { ...ME, bootId }).mapping;
      const wanted = mapping.records().filter(({ want }) => want !== "configured");
      expect(wanted).toMatchObject([{ name: "b", want: "down" }]);
    }
  });

  test("after another boot only what was stopped by hand", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    const first = open(path);
    for (const name of ["a", "b"]) {
      const slot = allocate(first, name);
      slot.intent(ID, 1_000);
      slot.running(42, 99);
    }
    allocate(first, "b").setWant("down");
    first.mapping[Symbol.dispose]();
    const next = open(path, { ...ME, bootId: "another" });
    using _ = next.mapping;
    expect(next.predecessor).toEqual({ tag: "foreign" });
    expect(next.mapping.records()).toMatchObject([{ name: "b", want: "down", process: none }]);
  });
});

describe("capacity", () => {
  test("4,096 services fit, one more does not, and a freed record is used again", () => {
    using scratch = makeScratch();
    const opened = open(join(scratch.path, "state"));
    using mapping = opened.mapping;
    for (let index = 0; index < 4096; index++) allocate(opened, `service-${index}`);
    expect(mapping.allocate("one-more")).toEqual({ tag: "failed", reason: "there are 4096 services already" });
    mapping.free("service-17");
    allocate(opened, "one-more").setWant("up");
    expect(mapping.allocate("another").tag).toBe("failed");
    expect(allocate(opened, "service-4095").record.name).toBe("service-4095");
  });

  test("a name of more than 64 bytes is refused", () => {
    using scratch = makeScratch();
    using mapping = open(join(scratch.path, "state")).mapping;
    expect(mapping.allocate("ü".repeat(32)).tag).toBe("ok");
    expect(mapping.allocate("ü".repeat(33))).toEqual({ tag: "failed", reason: "its name is longer than 64 bytes" });
  });

  test.skipIf(!hasCapability(CAP_SYS_ADMIN))("a full disk is a refusal, not a SIGBUS (only with CAP_SYS_ADMIN)", () => {
    using scratch = makeScratch();
    using spawner = new Spawner();
    // In a mount namespace of its own, so that nothing stays mounted whatever happens.
    const script = 'mount -t tmpfs -o size=32k none "$1" && exec "$2" "$3" "$1/state"';
    const args = ["-m", "/bin/sh", "-c", script, "sh", scratch.path, process.execPath, OPENER];
    const said = outputOf((request) => spawner.spawn(request, 10_000), commandOf("/usr/bin/unshare", ...args));
    expect(said).toBe("opened; its state cannot be written: ENOSPC\n");
  });
});

describe("a damaged file", () => {
  const SIZE = 4096 + 4096 * 256;

  function prepared(scratch: string): string {
    const path = join(scratch, "state");
    const first = open(path);
    for (const name of ["a", "b", "c"]) {
      const slot = allocate(first, name);
      slot.setWant("configured");
      slot.running(42, 99);
    }
    first.mapping[Symbol.dispose]();
    return path;
  }

  function change(path: string, edit: (bytes: Buffer) => void): void {
    const bytes = readFileSync(path);
    edit(bytes);
    writeFileSync(path, bytes);
  }

  test("with another format version is set aside, and begun anew", () => {
    using scratch = makeScratch();
    const path = prepared(scratch.path);
    change(path, (bytes) => bytes.writeUInt32LE(7, 16));
    const next = open(path);
    using _ = next.mapping;
    expect(next.problems).toEqual([`cannot read "${path}": it has format version 7, want 1`]);
    expect([next.predecessor, next.mapping.records()]).toEqual([{ tag: "unknown" }, []]);
    expect(next.setAside).toBe(`${path}.bad`);
    expect(readFileSync(`${path}.bad`).readUInt32LE(16)).toBe(7);
    expect(statSync(`${path}.bad`).mode & 0o7777).toBe(0o600);
    expect(allocate(next, "a").record.pid).toBe(0);
  });

  test("with a destroyed header keeps its records, which have checksums of their own", () => {
    using scratch = makeScratch();
    const path = prepared(scratch.path);
    change(path, (bytes) => bytes.fill(0xa5, 0, 4096));
    const next = open(path);
    using _ = next.mapping;
    expect(next.problems).toEqual([`cannot read the header of "${path}": it is damaged`]);
    expect(next.mapping.records().map((record) => record.name)).toEqual(["a", "b", "c"]);
  });

  test("loses only the record whose two copies are destroyed", () => {
    using scratch = makeScratch();
    const path = prepared(scratch.path);
    change(path, (bytes) => bytes.fill(0xa5, 4096 + 256, 4096 + 512));
    const next = open(path);
    expect(next.problems).toEqual([`cannot read record 1 of "${path}": neither of its two copies is whole`]);
    expect(next.mapping.records().map((record) => record.name)).toEqual(["a", "c"]);
    next.mapping[Symbol.dispose]();
    const third = open(path);
    using _ = third.mapping;
    expect(third.problems).toEqual([]);
  });

  test("goes back to the copy before when the newest one is destroyed", () => {
    using scratch = makeScratch();
    const path = prepared(scratch.path);
    change(path, (bytes) => bytes.fill(0xa5, 4096 + 16 + 8, 4096 + 16 + 20));
    const next = open(path);
    using _ = next.mapping;
    expect(next.problems).toEqual([]);
    expect(next.mapping.records()[0]).toMatchObject({ name: "a", want: "configured", process: none });
  });

  test.each([1, 20, 4095, 4096, 4096 + 256 + 40, SIZE - 1])("cut off at %d bytes keeps what is left", (length) => {
    using scratch = makeScratch();
    const path = prepared(scratch.path);
    truncateSync(path, length);
    const next = open(path);
    using _ = next.mapping;
    expect(next.problems).toContain(`cannot read all of "${path}": it has ${length} bytes, want ${SIZE}`);
    const left = next.mapping.records().map((record) => record.name);
    expect(left).toEqual(length < 4096 + 256 ? [] : length < 4096 + 512 ? ["a"] : ["a", "b", "c"]);
    allocate(next, "d").setWant("up");
  });

  test.each(["", "garbage", "x".repeat(SIZE), "\0".repeat(SIZE)])("of garbage is survived (case %#)", (content) => {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    writeFileSync(path, content);
    const next = open(path);
    expect(next.mapping.records()).toEqual([]);
    allocate(next, "a").setWant("up");
    next.mapping[Symbol.dispose]();
    const third = open(path);
    using _ = third.mapping;
    expect(third.problems).toEqual([]);
    expect(third.mapping.records()).toMatchObject([{ name: "a", want: "up", process: none }]);
  });
});

describe("a file that is not our own is refused", () => {
  test("a symlink, a directory, a file with two names", () => {
    using scratch = makeScratch();
    const at = (name: string) => join(scratch.path, name);
    writeFileSync(at("file"), "");
    symlinkSync(at("file"), at("link"));
    mkdirSync(at("directory"));
    linkSync(at("file"), at("other"));
    const reasons = ["link", "directory", "other"].map((name) => openStateMapping(at(name), ME));
    expect(reasons).toEqual([
      { tag: "failed", message: `cannot open "${at("link")}": ELOOP` },
      { tag: "failed", message: `cannot open "${at("directory")}": EISDIR` },
      { tag: "failed", message: `cannot open "${at("other")}": it has 2 names, want one` },
    ]);
  });
});

describe("the child's own part", () => {
  test("it writes its pid and the time, by which it is found before anything else is noted", () => {
    using place = makeIntent();
    const { spawner, path, first, slot } = place;
    const child = expectChild(
      spawner.spawn(requestOf({ ...commandOf("/bin/sleep", "10"), record: slot.address }), 10_000),
    );
    first.mapping[Symbol.dispose]();
    const next = open(path);
    using _ = next.mapping;
    const found = next.mapping.records()[0]?.process;
    const ticks = Number(statFieldOf(child.pid, 22));
    expect(found).toMatchObject({ tag: "candidate", pid: child.pid, invocationId: ID });
    if (found?.tag !== "candidate") throw new Error("no candidate");
    expect(found.fromTicks).toBeLessThanOrEqual(ticks);
    expect(found.toTicks ?? 0).toBeGreaterThanOrEqual(ticks);
    expect((found.toTicks ?? 0) - found.fromTicks).toBeLessThan(1_000);
    process.kill(child.pid, "SIGKILL");
    reap(child);
  });

  test("a child of a dead predecessor does not execute once the successor has opened the mapping", () => {
    using place = makeIntent();
    const { spawner, path, first, slot } = place;
    const next = open(path);
    const result = spawner.spawn(requestOf({ record: slot.address }), 10_000);
    expect(result).toEqual({ tag: "failed", stage: "revoked", errno: "ECANCELED" });
    const again = allocate(next, "a");
    expect(spawner.spawn(requestOf({ record: again.address, path: "/nonexistent" }), 10_000)).toMatchObject({
      stage: "exec",
    });
    next.mapping[Symbol.dispose]();
    first.mapping[Symbol.dispose]();
  });

  test("a child that ended itself has never been a process of the service, though it wrote its pid", () => {
    using place = makeIntent();
    const { spawner, path, first, slot } = place;
    open(path).mapping[Symbol.dispose]();
    expect(spawner.spawn(requestOf({ record: slot.address }), 10_000)).toMatchObject({ stage: "revoked" });
    const third = open(path);
    expect(third.mapping.records()[0]?.process).toEqual({ tag: "none" });
    third.mapping[Symbol.dispose]();
    first.mapping[Symbol.dispose]();
  });

  test("a child that has gone on has been there, also when it is gone", () => {
    using place = makeIntent();
    const { spawner, path, first, slot } = place;
    const child = expectChild(spawner.spawn(requestOf({ record: slot.address }), 10_000));
    reap(child);
    first.mapping[Symbol.dispose]();
    using second = open(path).mapping;
    expect(second.records()[0]?.process).toMatchObject({ tag: "candidate", pid: child.pid });
  });

  test("an intent wipes out what the child before it has written", () => {
    using place = makeIntent();
    const { spawner, path, first, slot } = place;
    reap(expectChild(spawner.spawn(requestOf({ record: slot.address }), 10_000)));
    slot.exited(null);
    slot.intent(ID, loadNative().bootNanoseconds());
    first.mapping[Symbol.dispose]();
    const next = open(path);
    using _ = next.mapping;
    expect(next.mapping.records()[0]?.process).toEqual(none);
  });
});

/** A record of a service that is about to be started, and what starts it. */
function makeIntent() {
  const scratch = makeScratch();
  const spawner = new Spawner();
  const path = join(scratch.path, "state");
  const first = open(path);
  const slot = allocate(first, "a");
  slot.intent(ID, loadNative().bootNanoseconds());
  return {
    spawner,
    path,
    first,
    slot,
    [Symbol.dispose]() {
      spawner[Symbol.dispose]();
      scratch[Symbol.dispose]();
    },
  };
}
