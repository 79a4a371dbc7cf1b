import { expect, test } from "bun:test";
import type { LogLine } from "../../src/control/control-port.ts";
import { eventOf, lineOf, literalPort, viewOf } from "../control/literal-port.ts";
import { serveTemporarily, until } from "../control/temporary-server.ts";
import { literalWorld } from "./literal-world.ts";
import { run, runAgainst } from "./running.ts";

test("logs are printed with their times, and of several services with their names, in order of time", async () => {
  const past: Readonly<Record<string, readonly string[]>> = { a: ["T2", "T3"], long: ["T1", "T3"] };
  const linesOf = (name: string): readonly LogLine[] => (past[name] ?? []).map((at) => lineOf(name, `of ${name}`, at));
  const port = literalPort([viewOf("a"), viewOf("long")], { logs: (name) => Promise.resolve(linesOf(name)) });
  expect((await runAgainst(port, "logs a")).out).toBe("T2 of a\nT3 of a\n");
  expect((await runAgainst(port, "logs *")).out).toBe("long T1 of long\na    T2 of a\na    T3 of a\nlong T3 of long\n");
  const json = (await runAgainst(port, "logs --json a")).out.trim().split("\n");
  expect(json.map((line) => JSON.parse(line))).toEqual([...linesOf("a")]);
  const unknown = await runAgainst(port, "logs a nope");
  expect(unknown).toMatchObject({
    exit: 5,
    out: expect.stringContaining("T2 of a"),
    err: 'cannot show "nope": no such service\n',
  });
});

test("logs stop without a word when nobody reads them any more", async () => {
  const port = literalPort([viewOf("web")], {
    logs: (name) => Promise.resolve(["1", "2", "3"].map((text) => lineOf(name, text, "T"))),
  });
  expect(await runAgainst(port, "logs web", { readsOnly: 2 })).toEqual({ exit: 0, out: "T 1\nT 2\n", err: "" });
  const following = runAgainst(port, "logs -f web", { readsOnly: 4 });
  await until(() => port.followers.size === 1);
  const timer = setInterval(() => port.followers.forEach((listen) => listen(lineOf("web", "more", "T"))), 5);
  expect(await following).toEqual({ exit: 0, out: "T 1\nT 2\nT 3\nT more\n", err: "" });
  clearInterval(timer);
});

test("several services that are followed end together when nobody reads any more", async () => {
  const port = literalPort([viewOf("web"), viewOf("db")], { logs: () => Promise.resolve([]) });
  const following = runAgainst(port, "logs -f web db", { readsOnly: 0 });
  await until(() => port.followers.size === 2);
  const [one] = port.followers;
  one?.(lineOf("web", "nobody reads this"));
  expect(await following).toEqual({ exit: 0, out: "", err: "" });
});

test("what is followed ends with the supervisor", async () => {
  const port = literalPort([viewOf("web")]);
  await using server = serveTemporarily(port);
  const env = { DAEMONSUP_RUNTIME_DIR: server.directory };
  const logs = run("logs -f -n 1 web", literalWorld({ env }));
  const events = run("events", literalWorld({ env }));
  await until(() => port.followers.size === 1 && port.listeners.size === 1);
  port.listeners.forEach((listen) => listen(eventOf(1)));
  await server.close();
  expect(await logs).toEqual({ exit: 0, out: "2026-01-02T03:04:05.000Z second\n", err: "" });
  expect(await events).toEqual({ exit: 0, out: "2026-01-02T03:04:05.000Z web: starting -> up (pid 7)\n", err: "" });
});

test("events with names shows what happens to these alone, and refuses names that there are not", async () => {
  const port = literalPort([viewOf("web"), viewOf("db")]);
  await using server = serveTemporarily(port);
  const env = { DAEMONSUP_RUNTIME_DIR: server.directory };
  const one = run("events web", literalWorld({ env }));
  const glob = run("events d*", literalWorld({ env }));
  await until(() => port.listeners.size === 2);
  port.happen(eventOf(1));
  port.happen({ ...eventOf(2), service: "db" });
  port.happen({ ...eventOf(3), service: null });
  await server.close();
  expect((await one).out).toMatch(/^\S+ web: [^\n]*\n$/);
  expect((await glob).out).toMatch(/^\S+ db: [^\n]*\n$/);
  expect(await runAgainst(port, "events wbe")).toEqual({
    exit: 5,
    out: "",
    err: 'cannot show "wbe": no such service (did you mean "web"?)\n',
  });
});
