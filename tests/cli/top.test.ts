import { describe, expect, test } from "bun:test";
import { parseKeys } from "../../src/cli/parse-keys.ts";
import { renderTop } from "../../src/cli/render-top.ts";
import { FIRST_STATE, onKey, refreshed, shownServices, type TopState } from "../../src/cli/top-state.ts";
import type { ServiceView } from "../../src/core/service-view.ts";

const NOW = Date.parse("2026-01-02T03:04:05.000Z");

function service(name: string, changes: Partial<ServiceView> = {}): ServiceView {
  return {
    name,
    description: "",
    type: "simple",
    state: "up",
    want: "up",
    ready: true,
    pid: 7,
    since: "2026-01-02T03:04:00.000Z",
    uptime_ms: 5_000,
    restarts: 0,
    last_exit: null,
    next_start: null,
    status: null,
    health: null,
    health_detail: null,
    health_output: null,
    stale: false,
    stale_detail: null,
    well: true,
    message: null,
    ...changes,
  };
}

const SERVICES = [
  service("api"),
  service("db", { restarts: 3 }),
  service("mail", { state: "failed", well: false, pid: null, message: "exited 1" }),
];

const STATE: TopState = refreshed(FIRST_STATE, { services: SERVICES, usages: new Map() });

/** What is left after these keys, and the last deed. */
function press(keys: string, state = STATE) {
  let deed: unknown = null;
  for (const key of parseKeys(keys)) {
    const step = onKey(state, key, 10);
    state = step.state;
    deed = step.deed ?? deed;
  }
  return { state, deed };
}

describe("keys", () => {
  test.each([
    ["q", ["q"]],
    ["\u001b[A\u001b[Bx", ["up", "down", "x"]],
    ["\u001b", ["escape"]],
    ["\u001b[1;5Ck", ["k"]],
    ["\u001bOP\r\u007f", ["enter", "backspace"]],
    ["é", ["é"]],
    ["\u0003", ["interrupt"]],
    ["\u0001", []],
  ])("in %j are those that the terminal has sent", (text, names) => {
    expect(parseKeys(text).map((key) => (key.tag === "character" ? key.character : key.tag))).toEqual(names);
  });

  test("select, and the selection stays with its service", () => {
    expect(STATE.selected).toBe("mail");
    expect(press("j").state.selected).toBe("api");
    expect(press("jjjjj").state.selected).toBe("db");
    expect(press("Gk").state.selected).toBe("api");
    const healed = SERVICES.map((each) => (each.name === "mail" ? service("mail") : each));
    expect(refreshed(STATE, { services: healed, usages: new Map() }).selected).toBe("mail");
    expect(refreshed(STATE, { services: [], usages: new Map() }).selected).toBeNull();
  });

  test("put first what is up and unhealthy, as the table of status does", () => {
    const ill = [...SERVICES.slice(0, 2), service("zoo", { health: "unhealthy" })];
    expect(refreshed(FIRST_STATE, { services: ill, usages: new Map() }).selected).toBe("zoo");
  });

  test("start at once, and stop and restart after a question", () => {
    expect(press("s").deed).toEqual({ tag: "act", verb: "start", name: "mail" });
    expect(press("x").deed).toBeNull();
    expect(press("xn")).toMatchObject({ deed: null, state: { message: "mail is left as it is" } });
    expect(press("xy").deed).toEqual({ tag: "act", verb: "stop", name: "mail" });
    expect(press("jr\r").deed).toEqual({ tag: "act", verb: "restart", name: "api" });
  });

  test("filter by name and state, and sort", () => {
    const shown = (state: TopState): string =>
      shownServices(state)
        .map(({ name }) => name)
        .join(" ");
    expect(shown(press("/a").state)).toBe("mail api");
    expect(shown(press("/failed\r").state)).toBe("mail");
    expect(press("/db\r").state.selected).toBe("db");
    expect(shown(press("/db\u001b").state)).toBe("mail api db");
    expect(shown(press("o").state)).toBe("api db mail");
    expect(shown(press("oooo").state)).toBe("db api mail");
  });

  test("open pages, and leave them", () => {
    const { state, deed } = press("l");
    expect(deed).toEqual({ tag: "open", page: "logs", name: "mail" });
    expect(press("q", state)).toMatchObject({ deed: { tag: "leave-page" }, state: { page: { tag: "table" } } });
    expect(press("q").deed).toEqual({ tag: "quit" });
    expect(press("/q").deed).toBeNull();
  });

  test("scroll output from its end, and everything else from its beginning", () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const logs: TopState = { ...STATE, page: { tag: "logs", name: "api", lines, above: 0 } };
    expect(press("\u001b[A\u001b[A\u001b[B", logs).state.page).toMatchObject({ above: 1 });
    expect(press("\u001b[5~\u001b[5~\u001b[5~", logs).state.page).toMatchObject({ above: 20 });
    const details: TopState = { ...STATE, page: { tag: "details", name: "api", lines, above: 0 } };
    expect(press("\u001b[A\u001b[B", details).state.page).toMatchObject({ above: 1 });
  });
});

describe("the screen", () => {
  function screen(state: TopState, size: { rows: number; columns: number }): readonly string[] {
    const look = { isColoured: true, width: size.columns, mark: "…" };
    return renderTop(state, { ...size, look, now: NOW });
  }
  const states: readonly TopState[] = [
    STATE,
    press("x").state,
    press("/some thing that is long").state,
    press("?").state,
    { ...STATE, page: { tag: "logs", name: "api", lines: ["one", "two"], above: 0 } },
    {
      ...STATE,
      message: "a message that is longer than any screen could show on one line of it, however wide it may be",
    },
    FIRST_STATE,
  ];

  test.each([
    [24, 80],
    [10, 40],
    [6, 20],
    [3, 12],
    [50, 200],
  ])("of %p rows and %p columns is filled and nowhere wider", (rows, columns) => {
    for (const state of states) {
      const lines = screen(state, { rows, columns });
      expect(lines.length).toBe(rows);
      expect(lines.filter((line) => Bun.stringWidth(line) > columns)).toEqual([]);
    }
  });

  test("of 80 columns still says how to get help, and how to leave", () => {
    const keys = Bun.stripANSI(screen(STATE, { rows: 24, columns: 80 }).at(-1) ?? "");
    expect(keys).toContain("? help  q quit");
    const help = screen(press("?").state, { rows: 24, columns: 80 });
    expect(help.filter((line) => line.includes("…"))).toEqual([]);
  });

  test("shows the worst first, with the reason", () => {
    const lines = screen(STATE, { rows: 10, columns: 100 }).map((line) => Bun.stripANSI(line).trimEnd());
    expect(lines[0]).toStartWith("daemonsup  3 services, 1 not well");
    expect(lines.slice(1, 4)).toEqual([
      "NAME  STATE   SINCE   PID  CPU  MEMORY  RESTARTS  MESSAGE",
      "mail  failed  5s ago    -    -       -         0  exited 1",
      "api   up      5s ago    7    -       -         0",
    ]);
  });

  test("says of the selected service in full what its row may have no room for, unless there is news", () => {
    const lastButOne = (state: TopState): string =>
      Bun.stripANSI(screen(state, { rows: 10, columns: 40 }).at(-2) ?? "").trimEnd();
    expect(lastButOne({ ...STATE, selected: "mail" })).toBe("mail: exited 1");
    expect(lastButOne({ ...STATE, selected: "api" })).toBe("");
    expect(lastButOne({ ...STATE, selected: "mail", message: "api: stopped" })).toBe("api: stopped");
  });

  test("follows the selection where there are more than it has room for", () => {
    const many = Array.from({ length: 100 }, (_, index) => service(`s${String(index).padStart(2, "0")}`));
    const state = refreshed(FIRST_STATE, { services: many, usages: new Map() });
    const shown = screen({ ...state, selected: "s99" }, { rows: 10, columns: 60 }).join("\n");
    expect(shown).toContain("\u001b[7ms99 ");
    expect(shown).not.toContain("s90");
  });
});
