import { describe, expect, test } from "bun:test";
import { Connection, type NetworkPort } from "../../src/supervisor/connection.ts";
import { LiteralTimers } from "./literal-timers.ts";

/** What an address does with a connection: accepts it at once or later, or refuses it at once or later. */
type Fate = "accepts" | "accepts later" | "refuses" | "refuses later";

/** A connection to a host of so many addresses. */
function connecting(host: string, fates: Readonly<Record<string, Fate>>) {
  const timers = new LiteralTimers();
  const open = new Set<number>();
  const watched = new Map<number, () => void>();
  const fateOf = new Map<number, Fate>();
  const world = {
    timers,
    open,
    watched,
    /** What was heard, as "connected" or a reason. */
    heard: [] as string[],
    /** The addresses that were tried, in order. */
    tried: [] as string[],
    answerLookUp: (_found: readonly string[] | string): void => {},
    /** Everything that is watched is readable. */
    decide(): void {
      for (const [fd, ready] of [...watched]) {
        watched.delete(fd);
        ready();
      }
    },
  };
  let lastFd = 10;
  const openFd = (): number => {
    open.add(++lastFd);
    return lastFd;
  };
  const network: NetworkPort = {
    addressesOf: (_host, done) => (world.answerLookUp = done),
    connect(address) {
      world.tried.push(address);
      const fate = fates[address] ?? "refuses";
      if (fate === "refuses") return { tag: "failed", errno: "ECONNREFUSED" };
      const fd = openFd();
      fateOf.set(fd, fate);
      return { tag: "begun", fd, decided: fate === "accepts" ? null : openFd() };
    },
    takeError: (fd) => (fateOf.get(fd) === "accepts later" ? null : "ETIMEDOUT"),
    send: () => null,
    receive: () => ({ tag: "empty" }),
    close(fd) {
      if (!open.delete(fd)) throw new Error(`descriptor ${fd} is closed twice`);
    },
  };
  const output = {
    watch: (fd: number, ready: () => void): void => void watched.set(fd, ready),
    unwatch: (fd: number): void => void watched.delete(fd),
  };
  const connection = new Connection(
    { host, port: 80 },
    { network, output, timers },
    {
      connected: () => void world.heard.push("connected"),
      failed: (reason) => void world.heard.push(reason),
    },
  );
  return Object.assign(world, { connection });
}

describe("a connection", () => {
  test.each(["127.0.0.1", "::1"])("to the address %s is made without a look-up, in a later turn", (host) => {
    const world = connecting(host, { [host]: "accepts" });
    expect(world.tried).toEqual([]);
    world.timers.turns();
    expect([world.tried, world.heard]).toEqual([[host], ["connected"]]);
  });

  test.each([
    ["a accepts", { a: "accepts", b: "accepts" }, ["a", "connected"]],
    ["a refuses", { a: "refuses", b: "accepts" }, ["a", "b", "connected"]],
    ["both decide later", { a: "refuses later", b: "accepts later" }, ["a", "b", "connected"]],
    ["b refuses later", { a: "refuses", b: "refuses later" }, ["a", "b", "connection timed out"]],
    ["both refuse", { a: "refuses later", b: "refuses" }, ["a", "b", "connection refused"]],
    ["there is none", {}, ["no such host"]],
  ] as const)("to a name tries its addresses in turn; where %s: %j", (_what, fates, course) => {
    const world = connecting("db", fates);
    world.timers.turns();
    world.answerLookUp(Object.keys(fates));
    world.decide();
    world.decide();
    expect([...world.tried, ...world.heard]).toEqual([...course]);
    world.connection.close();
    expect([world.open.size, world.watched.size]).toEqual([0, 0]);
  });

  test("to a name that is not known fails", () => {
    const world = connecting("db", {});
    world.timers.turns();
    world.answerLookUp("ENOTFOUND");
    expect(world.heard).toEqual(['cannot resolve "db": no such host']);
  });

  test.each(["before it begins", "during the look-up", "while it is pending", "when it is made"])(
    "that is closed %s hears of nothing more, and leaves nothing open",
    (when) => {
      const world = connecting("db", { a: when === "when it is made" ? "accepts" : "accepts later" });
      if (when !== "before it begins") world.timers.turns();
      if (when === "while it is pending" || when === "when it is made") world.answerLookUp(["a"]);
      world.connection.close();
      world.timers.turns();
      world.answerLookUp(["a"]);
      world.decide();
      expect(world.heard).toEqual(when === "when it is made" ? ["connected"] : []);
      expect([world.open.size, world.watched.size]).toEqual([0, 0]);
    },
  );

  test("tells each time that there is something to be read, until it is closed", () => {
    const world = connecting("127.0.0.1", { "127.0.0.1": "accepts" });
    let reads = 0;
    world.timers.turns();
    world.connection.onReadable(() => {
      reads++;
      if (reads === 3) world.connection.close();
    });
    for (let turn = 0; turn < 5; turn++) world.decide();
    expect([reads, world.open.size, world.watched.size]).toEqual([3, 0, 0]);
  });
});
