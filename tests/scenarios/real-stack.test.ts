/* A database, a cache, an application, a proxy and a nightly job, as docs/real-stack.md shows them, killed in turn. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentedFiles, needsRealStack, RealStack, shownLines } from "./real-stack.ts";

const SERVICES = ["app", "cache", "db", "nightly", "proxy", "setup"];

test("the page of the real stack has a definition of each service", () => {
  const names = Object.keys(documentedFiles()).filter((name) => name.endsWith(".toml"));
  expect(names.toSorted()).toEqual([...SERVICES, "daemonsup"].map((name) => `${name}.toml`).toSorted());
});

test("what the tour shows of the real stack stands in its definitions", () => {
  const files = documentedFiles();
  const shown = Object.entries(shownLines());
  expect(shown.length).toBeGreaterThanOrEqual(5);
  for (const [name, lines] of shown) expect(files[name]?.split("\n")).toEqual(expect.arrayContaining([...lines]));
});

// One stack for all of them, as to make a database takes a second of processor time: the first test finds it new, the last
// one ends it, and each of the others leaves it running.
describe.skipIf(needsRealStack)("a real stack", () => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await RealStack.start();
  }, 30_000);
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
  }, 30_000);

  test("is up from nothing at the first attempt", async () => {
    expect((await stack.tryOrder()).text).toBe("order 1, 1 since the cache began\n");
    // The application does not try again: it would have ended if anything had not been ready.
    for (const name of ["app", "cache", "db", "proxy"])
      expect(await stack.supervisor.service(name)).toMatchObject({ state: "up", restarts: 0 });
  });

  test.each(["db", "cache", "app", "proxy"])("goes on after %s is killed, which alone is restarted", async (name) => {
    const last = await stack.order();
    const pids = await stack.pids();
    const before = stack.now;
    await stack.kill(name);
    const { pid } = await stack.entered(name, "up", before);
    expect(await stack.order()).toBeGreaterThan(last);
    const states = stack.statesSince(before).filter((state) => state !== `${name} stopping`);
    expect(states).toEqual([`${name} backoff`, `${name} starting`, `${name} up`]);
    expect(pid).not.toBe(pids[name] ?? null);
    expect(await stack.pids()).toEqual({ ...pids, [name]: pid });
  });

  test("is brought up by the start of its last part, in order, each when what it needs is ready", async () => {
    const { supervisor } = stack;
    const up = stack.now;
    expect((await supervisor.command("stop", ...SERVICES)).code).toBe(0);
    for (const name of SERVICES) await stack.entered(name, "down", up);
    const before = stack.now;
    expect((await supervisor.command("start", "proxy", "nightly")).code).toBe(0);
    await stack.entered("proxy", "up", before);
    const states = stack.statesSince(before);
    expectOrder(states, "setup done", "db starting", "db up", "app starting", "app up", "proxy starting", "proxy up");
    expectOrder(states, "setup done", "cache starting", "cache up", "app starting");
    expect((await stack.tryOrder()).status).toBe(200);
    await supervisor.until("nightly", (view) => view.state === "waiting");
  });

  test("comes up in order after everything is killed at once", async () => {
    const last = await stack.order();
    const before = stack.now;
    await stack.kill("db", "cache", "app", "proxy");
    await stack.entered("proxy", "up", before);
    await stack.entered("app", "up", before);
    const states = stack.statesSince(before);
    expectOrder(states, "db up", "app starting", "app up");
    expectOrder(states, "cache up", "app starting");
    expect(await stack.order()).toBeGreaterThan(last);
  });

  test("stops the application before a database that is stopped by hand, and starts it after that again", async () => {
    const { supervisor } = stack;
    const last = await stack.order();
    const pids = await stack.pids();
    const before = stack.now;
    expect((await supervisor.command("stop", "db")).code).toBe(0);
    await stack.entered("db", "down", before);
    expectOrder(endsSince(stack, before), "app", "db");
    const waiting = await supervisor.until("app", (view) => view.state === "waiting" && view.message !== null);
    expect(waiting.message).toContain('requires "db", which was stopped by hand');
    expect((await stack.tryOrder()).status).toBe(502);

    const stopped = stack.now;
    expect((await supervisor.command("start", "db")).code).toBe(0);
    await stack.entered("app", "up", stopped);
    expect(await stack.order()).toBeGreaterThan(last);
    expect(stack.statesSince(stopped)).toEqual(["db starting", "db up", "app starting", "app up"]);
    expect(stack.statesSince(before).join()).not.toMatch(/cache|proxy|nightly|setup/);
    expect((await stack.pids())["proxy"]).toBe(pids["proxy"] ?? null);
  });

  test("restarts the application with the database where it asks for that", async () => {
    const { supervisor } = stack;
    const file = join(supervisor.place.config, "app.toml");
    const asItWas = readFileSync(file, "utf8");
    writeFileSync(file, asItWas.replace('["db", "cache"]', '[{ name = "db", restart_with = true }, "cache"]'));
    expect((await supervisor.command("reload")).code).toBe(0);
    const pids = await stack.pids();
    const before = stack.now;
    await stack.kill("db");
    const { pid } = await stack.entered("app", "up", before);
    expectOrder(stack.statesSince(before), "db up", "app starting", "app up");
    expect(await stack.pids()).toEqual({ ...pids, app: pid, db: (await supervisor.service("db")).pid });
    expect(pid).not.toBe(pids["app"] ?? null);
    await stack.order();
    writeFileSync(file, asItWas);
    expect((await supervisor.command("reload")).code).toBe(0);
  });

  test("keeps a copy of the orders each night, and now if it is asked to", async () => {
    const { supervisor } = stack;
    await stack.order();
    const { state, next_start } = await supervisor.service("nightly");
    expect(state).toBe("waiting");
    const time = new Date(next_start ?? "").toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin" });
    expect(time).toBe("03:30:00");
    expect((await supervisor.command("run", "nightly")).code).toBe(0);
    const copy = Bun.gunzipSync(readFileSync(supervisor.place.path("backup", "orders.sql.gz")));
    expect(Buffer.from(copy).toString()).toContain("COPY public.orders");
    expect((await supervisor.service("nightly")).state).toBe("waiting");
  });

  test("ends in the reverse of its order, and leaves nothing", async () => {
    const { supervisor } = stack;
    const before = stack.now;
    expect((await supervisor.command("shutdown")).code).toBe(0);
    await supervisor.gone();
    await stack.entered("db", "down", before);
    expectOrder(endsSince(stack, before), "proxy", "app", "db");
    expectOrder(endsSince(stack, before), "app", "cache");
    expect(supervisor.place.marked()).toEqual([]);
    expect(supervisor.place.read("log", "db.log")).toContain("database system is shut down");
  });
});

/** The services whose main processes have ended since the event of that number, in order. */
function endsSince(stack: RealStack, after: number): readonly string[] {
  return stack.supervisor.events
    .filter((event) => event.number > after && event.event === "exit")
    .map((event) => event.service ?? "");
}

/** Each of these is in the list, and the last of one comes before the first of the next. */
function expectOrder(list: readonly string[], ...wanted: readonly string[]): void {
  expect(list).toEqual(expect.arrayContaining([...wanted]));
  const places = wanted.map((one) => [list.indexOf(one), list.lastIndexOf(one)] as const);
  expect(places.toSorted(([left], [right]) => left - right)).toEqual(places);
}
