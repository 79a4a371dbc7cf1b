import { describe, expect, spyOn, test } from "bun:test";
import type { DescriptorStorePolicy } from "../../src/core/life-policies.ts";
import { FRESH_STREAK } from "../../src/core/service-state.ts";
import { DescriptorStore } from "../../src/supervisor/descriptor-store.ts";
import { LiteralLife } from "./literal-life.ts";

function life(policy: Partial<DescriptorStorePolicy> | null = {}, predecessor: Life | null = null) {
  const definition = { descriptorStore: policy === null ? null : { max: 3, keep: "restart" as const, ...policy } };
  const it = new LiteralLife(definition, predecessor?.it);
  const fileOf = new Map<number, string>(predecessor?.fileOf);
  const polled = new Set<number>();
  const hungUp = new Set<number>();
  const hangups = it.openFd();
  const store = new DescriptorStore({
    ...it.ports,
    hangups: {
      fd: hangups,
      add(fd) {
        const isPollable = fileOf.get(fd) !== "memory";
        if (isPollable) polled.add(fd);
        return isPollable;
      },
      remove: (fd) => void polled.delete(fd),
      look: () => [...polled].filter((fd) => hungUp.has(fd)),
    },
    isSameOpenFile: (left, right) => fileOf.get(left) === fileOf.get(right),
  });
  it.companions.push(store);
  return Object.assign(it, {
    it,
    fileOf,
    store,
    polled,
    hungUp,
    /** Its other end is closed. */
    hangUp(fd: number): void {
      hungUp.add(fd);
      it.readable(hangups);
    },
    /** Descriptors of these files arrive. */
    keep(files: readonly string[], name = "stored", poll = true): readonly number[] {
      const fds = files.map((file) => {
        const fd = it.openFd();
        fileOf.set(fd, file);
        return fd;
      });
      store.keep("web", fds, { name, poll });
      return fds;
    },
    names: () => store.storedFor("web").map(({ fd, name }) => `${fileOf.get(fd)} ${name}`),
  });
}

interface Life {
  readonly it: LiteralLife;
  readonly fileOf: ReadonlyMap<number, string>;
}

test("what is stored is handed out in its order, with the names that it was given", () => {
  const it = life();
  it.up();
  it.keep(["a"]);
  it.keep(["b", "c"], "http");
  expect(it.names()).toEqual(["a stored", "b http", "c http"]);
});

test("a duplicate of what is stored is closed, and so is what is too much, which is said", () => {
  const it = life();
  it.up();
  const [a, again, b, c, d] = it.keep(["a", "a", "b", "c", "d"]);
  expect(it.names()).toEqual(["a stored", "b stored", "c stored"]);
  expect([a, b, c].every((fd) => it.open.has(fd ?? -1))).toBe(true);
  expect([again, d].some((fd) => it.open.has(fd ?? -1))).toBe(false);
  expect(it.reports).toEqual(["warning: web: cannot store a descriptor: got more than the 3 of its fd_store"]);
});

test("that it was too much is said once for each run", () => {
  const it = life({ max: 1 });
  it.up();
  it.keep(["a", "b"]);
  it.keep(["c"]);
  expect(it.reports.length).toBe(1);
  it.store.equip(it.definition);
  it.keep(["d"]);
  expect(it.reports.length).toBe(2);
});

test("without a store nothing is kept", () => {
  const it = life(null);
  it.up();
  const fds = it.keep(["a", "b"]);
  expect(it.names()).toEqual([]);
  expect(fds.some((fd) => it.open.has(fd))).toBe(false);
  expect(it.reports).toEqual(["warning: web: cannot store 2 descriptors: no fd_store in its definition"]);
});

test("all of a name are dropped together", () => {
  const it = life();
  it.up();
  const [a] = it.keep(["a"]);
  it.keep(["b", "c"], "http");
  it.store.drop("web", "http");
  it.store.drop("web", "nothing");
  expect(it.names()).toEqual(["a stored"]);
  expect([...it.polled]).toEqual([a ?? -1]);
});

test("what is hung up on is dropped, unless it is not to be polled", () => {
  const it = life();
  it.up();
  const [a] = it.keep(["a"]);
  const [b] = it.keep(["b"], "quiet", false);
  const [c] = it.keep(["c"]);
  it.hangUp(b ?? -1);
  expect(it.names()).toEqual(["a stored", "b quiet", "c stored"]);
  it.hangUp(a ?? -1);
  expect(it.names()).toEqual(["b quiet", "c stored"]);
  expect(it.open.has(a ?? -1)).toBe(false);
  // It is watched again.
  it.hangUp(c ?? -1);
  expect(it.names()).toEqual(["b quiet"]);
});

test("what is hung up on is not handed out, also if nobody has told of it yet", () => {
  const it = life();
  it.up();
  const [a] = it.keep(["a", "b"]);
  it.hungUp.add(a ?? -1);
  expect(it.names()).toEqual(["b stored"]);
});

test("what cannot be hung up on is kept without a watch", () => {
  const it = life();
  it.up();
  it.keep(["memory"]);
  expect(it.names()).toEqual(["memory stored"]);
  expect(it.watched.size).toBe(0);
});

test("it outlives a restart, by hand or by itself, and waiting for others", () => {
  const it = life();
  it.up();
  it.keep(["a"]);
  it.stopping();
  it.backoff();
  it.enter({ tag: "waiting", on: "others", streak: FRESH_STREAK, automatic: true, reason: "", pending: true });
  it.up();
  expect(it.names()).toEqual(["a stored"]);
});

test("it is dropped when the service comes to rest, unless it is to be kept always", () => {
  const [once, always] = [life(), life({ keep: "always" })];
  for (const it of [once, always]) {
    it.up();
    it.keep(["a"]);
    it.down();
  }
  expect([once.names(), always.names()]).toEqual([[], ["a stored"]]);
  expect(once.open.size).toBe(1);
  always.store.forgotten("web");
  expect(always.open.size).toBe(1);
});

test("it is dropped when the definition has no store any more", () => {
  const it = life({ keep: "always" });
  it.up();
  it.keep(["a"]);
  it.change({ definition: { ...it.definition, descriptorStore: null } });
  expect(it.names()).toEqual([]);
});

test("the service is told how many it may store", () => {
  expect(life().store.equip(life().definition).env).toEqual({ FDSTORE: "3" });
  expect(life(null).store.equip(life(null).definition).env).toEqual({});
});

describe("over the death of the supervisor", () => {
  test("what was stored is there in its order, with its names, and is let go of when it is hung up on, or not", () => {
    const before = life();
    before.up();
    const [plain] = before.keep(["a"], "a name");
    const [quiet] = before.keep(["b"], "quiet", false);
    const it = life({}, before);
    it.store.adopted(it.record);
    expect(it.names()).toEqual(["a a name", "b quiet"]);
    expect([...it.polled]).toEqual([plain ?? 0]);
    it.keep(["c"]);
    expect([...it.estate.manifest.keys()]).toEqual([
      "stored web 1 polled a name",
      "stored web 2 unpolled quiet",
      "stored web 3 polled stored",
    ]);
    it.hangUp(quiet ?? 0);
    it.hangUp(plain ?? 0);
    expect(it.names()).toEqual(["b quiet", "c stored"]);
  });

  test("what was stored is kept for a successor before what has brought it is taken from its socket", () => {
    const it = life();
    it.up();
    const kept: (readonly string[])[] = [];
    using flushed = spyOn(it.estate, "flush").mockImplementation(() => {
      kept.push([...it.estate.manifest.keys()]);
    });
    it.keep(["a"]);
    expect([flushed.mock.calls.length, kept]).toEqual([1, [["stored web 1 polled stored"]]]);
  });

  test("what is given once more, as it had not been read to the end, is stored once", () => {
    const before = life();
    before.up();
    before.keep(["a"]);
    const it = life({}, before);
    it.store.adopted(it.record);
    it.keep(["a"]);
    expect(it.names()).toEqual(["a stored"]);
  });

  test("what was let go of is not left to anybody, nor what is of no service that goes on", () => {
    const before = life();
    before.up();
    before.keep(["a"]);
    before.store.drop("web", "stored");
    expect(before.estate.manifest.size).toBe(0);
    before.keep(["b"]);
    const it = life({}, before);
    it.store.allAdopted();
    expect([it.estate.manifest.size, it.names()]).toEqual([0, []]);
  });
});
