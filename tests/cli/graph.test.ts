import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conflictsOf, edgesOf, levelsOf, withEarlier } from "../../src/cli/graph-levels.ts";
import { renderGraphDot, renderGraphMermaid } from "../../src/cli/render-graph-drawing.ts";
import { renderGraphText } from "../../src/cli/render-graph-text.ts";
import type { Look } from "../../src/cli/render-paint.ts";
import { tookWordsOf } from "../../src/cli/render-words.ts";
import { runCommand } from "../../src/cli/run-command.ts";
import type { GraphNode, GraphView } from "../../src/core/graph-view.ts";
import { literalPort, nodeOf } from "../control/literal-port.ts";
import { serveTemporarily } from "../control/temporary-server.ts";
import { literalWorld } from "./literal-world.ts";

const PLAIN: Look = { isColoured: false, width: null, mark: "…" };
const started = (waited: number | null, took: number | null): GraphNode["start"] => ({
  asked_at: "2026-01-02T03:04:05.000Z",
  waited_ms: waited,
  took_ms: took,
});
const STACK: GraphView = {
  services: [
    nodeOf("db", { state: "up", start: started(0, 1200) }),
    nodeOf("cache", { state: "up", start: started(0, 30.4), before: ["web"] }),
    nodeOf("app", {
      state: "up",
      start: started(1200, 400),
      requires: [{ name: "db", restart_with: true }],
      wants: ["cache"],
    }),
    nodeOf("web", { state: "starting", start: started(1600, null), after: ["app"], conflicts: ["old"] }),
    nodeOf("old", { state: "down" }),
  ],
  critical_path: ["db", "app"],
};

describe("the order of services", () => {
  test("has an arrow for each ordered pair, of its strongest link, and none to what is not shown", () => {
    const twice = nodeOf("c", {
      requires: [{ name: "a", restart_with: false }],
      wants: ["a", "elsewhere"],
      after: ["a"],
    });
    expect(edgesOf([nodeOf("a"), twice, nodeOf("z", { before: ["a"] })])).toEqual([
      { from: "a", to: "c", kind: "requires" },
      { from: "z", to: "a", kind: "after" },
    ]);
  });

  test("stands in steps, each service right after the last that it waits for", () => {
    const steps = levelsOf(STACK.services).map((nodes) => nodes.map(({ name }) => name));
    expect(steps).toEqual([["cache", "db", "old"], ["app"], ["web"]]);
  });

  test("is shown even if it has a circle", () => {
    const circle = [nodeOf("a", { after: ["b"] }), nodeOf("b", { after: ["a"] }), nodeOf("c")];
    expect(levelsOf(circle).map((nodes) => nodes.map(({ name }) => name))).toEqual([["c"], ["a", "b"]]);
  });

  test("of some services is theirs and of all that they wait for", () => {
    const names = (...words: string[]): readonly string[] => withEarlier(words, STACK.services).map(({ name }) => name);
    expect(names("app")).toEqual(["db", "cache", "app"]);
    expect(names("old")).toEqual(["old"]);
  });

  test("knows each pair that excludes each other once", () => {
    const rivals = [nodeOf("a", { conflicts: ["b", "elsewhere"] }), nodeOf("b", { conflicts: ["a"] })];
    expect(conflictsOf(rivals)).toEqual([["a", "b"]]);
  });
});

describe("as text", () => {
  test("it tells state, times and links of each, and the critical path", () => {
    expect(renderGraphText(STACK, PLAIN)).toEqual([
      "STEP  NAME   STATE     WAITED   TOOK  LINKS",
      "   1  cache  up           0ms   30ms  before web",
      "      db *   up           0ms   1.2s",
      "      old    down           -      -",
      "   2  app *  up          1.2s  400ms  requires db (restarts with it); wants cache",
      "   3  web    starting    1.6s      -  after app; conflicts with old",
      "",
      "* critical path of the last start, 1.6s in all: db 1.2s, app 400ms",
    ]);
  });

  test("it tells of definitions alone nothing but their links", () => {
    const services = STACK.services.map((node) => ({ ...node, state: null, start: null }));
    expect(renderGraphText({ services, critical_path: [] }, PLAIN).slice(0, 3)).toEqual([
      "STEP  NAME   LINKS",
      "   1  cache  before web",
      "      db",
    ]);
  });

  test.each([
    [0, "0ms"],
    [0.44, "0.4ms"],
    [30.4, "30ms"],
    [1_249, "1.2s"],
    [192_000, "3m 12s"],
  ])("%d ms are said as %s", (span, words) => expect(tookWordsOf(span)).toBe(words));
});

describe("for programs that draw", () => {
  test("DOT quotes every name and marks the critical path", () => {
    expect(renderGraphDot(STACK)).toEqual([
      "digraph daemonsup {",
      "  rankdir=LR;",
      "  node [shape=box];",
      '  "db" [label="db\\n1.2s", color=red, penwidth=2];',
      '  "cache" [label="cache\\n30ms"];',
      '  "app" [label="app\\n400ms", color=red, penwidth=2];',
      '  "web" [label="web"];',
      '  "old" [label="old"];',
      '  "db" -> "app" [style=solid, tooltip=requires, color=red, penwidth=2];',
      '  "cache" -> "app" [style=dashed, tooltip=wants];',
      '  "cache" -> "web" [style=dotted, tooltip=after];',
      '  "app" -> "web" [style=dotted, tooltip=after];',
      '  "old" -> "web" [dir=none, style=dashed, color=gray, label="conflicts", constraint=false];',
      "}",
    ]);
    expect(renderGraphDot({ services: [nodeOf('a"b\\c')], critical_path: [] })).toContain(
      '  "a\\"b\\\\c" [label="a\\"b\\\\c"];',
    );
  });

  test("Mermaid calls services by number, so that no name is a word of the language", () => {
    expect(renderGraphMermaid(STACK)).toEqual([
      "flowchart LR",
      '  s0["db<br/>1.2s"]',
      '  s1["cache<br/>30ms"]',
      '  s2["app<br/>400ms"]',
      '  s3["web"]',
      '  s4["old"]',
      "  s0 --> s2",
      "  s1 -.->|wants| s2",
      "  s1 -.->|after| s3",
      "  s2 -.->|after| s3",
      "  s4 x--x|conflicts| s3",
      "  classDef critical stroke:#c00,stroke-width:3px",
      "  class s0,s2 critical",
    ]);
    expect(renderGraphMermaid({ services: [nodeOf('end"#<')], critical_path: [] })[1]).toBe(
      '  s0["end#quot;#35;#lt;"]',
    );
  });
});

describe("the command", () => {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-graph-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const uid = process.getuid?.() ?? 0;

  async function run(words: string, cwd: string, env: Readonly<Record<string, string>> = {}) {
    const world = literalWorld({ cwd, uid, invokingUid: uid, env });
    const exit = await runCommand(["graph", ...words.split(" ").filter((word) => word !== "")], world);
    return { exit, ...world.written };
  }

  function write(name: string, files: Readonly<Record<string, string>>): string {
    const path = join(directory, name, "services.d");
    mkdirSync(path, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
    return join(directory, name);
  }

  const TRUE = 'command = ["/bin/true"]\n';
  const none = { DAEMONSUP_RUNTIME_DIR: "/nonexistent" };

  test("asks the supervisor, all or those that are named and what they wait for", async () => {
    await using server = serveTemporarily(literalPort([], { graph: () => STACK }));
    const env = { DAEMONSUP_RUNTIME_DIR: server.directory };
    expect((await run("", directory, env)).out).toStartWith("STEP  NAME   STATE");
    expect(JSON.parse((await run("--json", directory, env)).out)).toEqual(STACK);
    const part = JSON.parse((await run("--json db nope", directory, env)).out) as GraphView;
    expect(part).toEqual({ services: STACK.services.slice(0, 1), critical_path: ["db"] });
    expect(await run("nope", directory, env)).toEqual({
      exit: 5,
      out: "",
      err: 'cannot show "nope": no such service\n',
    });
    expect((await run("--format dot", directory, env)).out).toStartWith("digraph daemonsup {\n");
    expect((await run("--format mermaid", directory, env)).out).toStartWith("flowchart LR\n");
    expect(await run("--format svg", directory, env)).toMatchObject({ exit: 2, out: "" });
  });

  test("reads the definitions where no supervisor runs, and says so", async () => {
    const cwd = write("good", { "a.toml": `${TRUE}requires = ["b"]\n`, "b.toml": TRUE });
    const ran = await run("", cwd, none);
    expect(ran).toMatchObject({ exit: 0, out: "STEP  NAME  LINKS\n   1  b\n   2  a     requires b\n" });
    expect(ran.err).toContain('no supervisor is running there\nthis is what the definitions in "services.d" say\n');
    expect(JSON.parse((await run("--json --config services.d", cwd)).out)).toEqual({
      services: [nodeOf("b", {}), nodeOf("a", { requires: [{ name: "b", restart_with: false }] })],
      critical_path: [],
    });
  });

  test("without a supervisor or definitions ends like every command", async () => {
    expect(await run("", directory, none)).toMatchObject({ exit: 7, out: "" });
    const cwd = write("other", { "a.toml": TRUE });
    expect(await run("--runtime-dir /nonexistent", cwd)).toMatchObject({ exit: 7, out: "" });
  });

  test("prints what is wrong with definitions, like check", async () => {
    const cwd = write("bad", { "a.toml": `${TRUE}requires = ["nope"]\n` });
    const ran = await run("--config services.d", cwd);
    expect(ran).toMatchObject({ exit: 6, out: "" });
    expect(ran.err).toContain('services.d/a.toml:2:13: cannot use "requires[0]"');
  });
});
