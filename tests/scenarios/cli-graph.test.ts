import { expect, test } from "bun:test";
import type { GraphView } from "../../src/core/graph-view.ts";
import { program, shell } from "./definitions.ts";
import { untilListening } from "./socket-clients.ts";
import { BINARY, TestPlace, run } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);

/** db is slow to be done, so that web waits for it and not for the cache. */
function stack(place: (name: string) => string): Readonly<Record<string, string>> {
  return {
    "db.toml": shell(`until [ -e ${place("go")} ]; do sleep 0.01; done`, 'type = "oneshot"'),
    "cache.toml": SLEEPER,
    "web.toml": `${SLEEPER}requires = ["db", "cache"]\n`,
    "old.toml": `${SLEEPER}start = "manual"\nafter = ["web"]\n`,
  };
}

test("graph shows the order of what runs, how long each took, and what the last start waited for", async () => {
  const place = new TestPlace({});
  for (const [name, text] of Object.entries(stack((name) => place.path(name)))) place.write(name, text);
  const starting = place.start();
  await untilListening(place.path("run", "control.sock"));
  await Bun.write(place.path("go"), "");
  await using supervisor = await starting;
  await supervisor.until("web", (view) => view.state === "up");
  const { stdout, code } = await supervisor.command("graph", "--json");
  expect(code).toBe(0);
  const graph = JSON.parse(stdout) as GraphView;
  expect(graph.critical_path).toEqual(["db", "web"]);
  const node = (name: string) => graph.services.find((each) => each.name === name);
  expect(node("web")).toMatchObject({ state: "up", requires: [{ name: "db" }, { name: "cache" }] });
  expect(node("old")).toMatchObject({ state: "down", start: null });
  const [waited, took] = [node("web")?.start?.waited_ms ?? -1, node("db")?.start?.took_ms ?? -1];
  expect(waited).toBeGreaterThanOrEqual(took);
  expect(took).toBeGreaterThan(0);

  const text = await supervisor.command("graph", "web");
  expect(text.stdout).toMatch(
    /^STEP +NAME +STATE +WAITED +TOOK +LINKS\n +1 +cache +up .*\n +db \* +done .*\n +2 +web \* +up .*requires db, cache\n/,
  );
  expect(text.stdout).toContain("* critical path of the last start, ");
  expect((await supervisor.command("graph", "--format", "dot")).stdout).toContain('  "db" -> "web" [style=solid');
  expect((await supervisor.command("graph", "--format", "mermaid")).stdout).toStartWith("flowchart LR\n");
});

test("graph shows the order of definitions where nothing runs", async () => {
  using place = new TestPlace({ "a.toml": `${SLEEPER}requires = ["b"]\n`, "b.toml": SLEEPER });
  const { code, stdout } = await run([BINARY, "graph", "--config", place.config]);
  expect([code, stdout]).toEqual([0, "STEP  NAME  LINKS\n   1  b\n   2  a     requires b\n"]);
});
