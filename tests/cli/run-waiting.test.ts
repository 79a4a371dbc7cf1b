import { expect, test } from "bun:test";
import type { Outcome } from "../../src/control/control-port.ts";
import { literalPort, viewOf } from "../control/literal-port.ts";
import { serveTemporarily, until } from "../control/temporary-server.ts";
import { literalWorld } from "./literal-world.ts";
import { run } from "./running.ts";

/** As it is right after a start: since the very moment that the world calls now. */
const JUST_STARTED = viewOf("web", { since: "2026-01-02T03:07:17.000Z" });

test("on a terminal a wait is spoken of, and Ctrl-C ends it without ending what is waited for", async () => {
  const decided = Promise.withResolvers<Outcome>();
  const port = literalPort([viewOf("web"), { ...JUST_STARTED, name: "db" }], {
    ask: (name) => (name === "web" ? decided.promise : Promise.resolve({ tag: "done", message: null })),
  });
  await using server = serveTemporarily(port);
  const world = literalWorld({ columns: 80, env: { DAEMONSUP_RUNTIME_DIR: server.directory } });
  const running = run("start web db", world);
  await until(() => world.written.err.includes("(Ctrl-C ends only the waiting)"));
  expect(world.written.out).toBe("db: started (pid 1234)\n");
  expect(world.written.err).toMatch(/web: up, 3m 12s\n/);
  expect(world.written.err).not.toContain("db");
  world.interrupt();
  expect(await running).toMatchObject({
    exit: 130,
    err: expect.stringContaining("interrupted: the start of web goes on"),
  });
});

test("on a terminal that cannot go back a wait is spoken of with its reason, and again when that is another one", async () => {
  const decided = Promise.withResolvers<Outcome>();
  const reasons = ['requires "db", which is starting', 'requires "db", which is starting', "not ready yet"];
  let asked = 0;
  const view = () => viewOf("web", { state: "waiting", pid: null, message: reasons[asked++] ?? "not ready yet" });
  const port = literalPort([], { ask: () => decided.promise, service: view });
  await using server = serveTemporarily(port);
  const env = { DAEMONSUP_RUNTIME_DIR: server.directory, TERM: "dumb" };
  const world = literalWorld({ columns: 80, env });
  const running = run("start web", world);
  await until(() => asked >= 4);
  decided.resolve({ tag: "done", message: null });
  expect((await running).err).toBe(
    [
      'web: waiting, requires "db", which is starting (Ctrl-C ends only the waiting)',
      "web: waiting, not ready yet",
      "",
    ].join("\n"),
  );
});
