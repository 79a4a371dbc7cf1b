import { describe, expect, test } from "bun:test";
import type { Look } from "../../src/cli/render-paint.ts";
import { renderConclusion } from "../../src/cli/render-conclusion.ts";
import { renderProcessTree } from "../../src/cli/render-process-tree.ts";
import { percentWordsOf, sizeWordsOf } from "../../src/cli/render-sizes.ts";
import { renderStatusBlock } from "../../src/cli/render-status-block.ts";
import { renderStatusTable } from "../../src/cli/render-status-table.ts";
import { remedyOf } from "../../src/cli/service-note.ts";
import type { ProcessView } from "../../src/core/details-view.ts";
import type { ServiceView } from "../../src/core/service-view.ts";
import { detailsOf, lineOf, usageOf, viewOf } from "../control/literal-port.ts";

const NOW = Date.parse("2026-01-02T03:07:17.000Z");
const PLAIN: Look = { isColoured: false, width: null, mark: "…" };

const FAILED = viewOf("api", {
  state: "failed",
  pid: null,
  uptime_ms: null,
  restarts: 12,
  last_exit: {
    at: "2026-01-02T03:05:17.000Z",
    code: null,
    signal: "SIGSEGV",
    reason: "killed by SIGSEGV (core dumped)",
  },
  message: "gave up after 10 failures within 1m",
});
const BACKOFF = viewOf("worker", {
  state: "backoff",
  pid: null,
  restarts: 3,
  last_exit: { at: "2026-01-02T03:07:10.000Z", code: 1, signal: null, reason: "exited 1" },
  next_start: "2026-01-02T03:07:21.000Z",
});
const SERVICES = [
  viewOf("a-web"),
  FAILED,
  viewOf("old", { state: "down", want: "down", pid: null }),
  BACKOFF,
  viewOf("b-web"),
];

function table(
  look: Look,
  services: readonly ServiceView[] = SERVICES,
  measured: readonly string[] = ["a-web", "b-web"],
) {
  const usages = new Map(measured.map((name) => [name, usageOf(name)]));
  return renderStatusTable({ services, usages, now: NOW, program: "daemonsup" }, look);
}

describe("the table of services", () => {
  test("shows the worst first, then by name, aligned, with what to type next", () => {
    expect(table(PLAIN)).toEqual([
      "NAME    STATE    SINCE        PID   CPU  MEMORY  RESTARTS  LAST EXIT                        MESSAGE",
      "api     failed   3m 12s ago     -     -       -        12  killed by SIGSEGV (core dumped)  gave up after 10 failures within 1m; try daemonsup logs api",
      "worker  backoff  3m 12s ago     -     -       -         3  exited 1                         starts in 4s; try daemonsup logs worker",
      "a-web   up       3m 12s ago  1234  2.5%     12M         0  -",
      "b-web   up       3m 12s ago  1234  2.5%     12M         0  -",
      "old     down     3m 12s ago     -     -       -         0  -",
    ]);
  });

  const said: readonly (readonly [string, string, string])[] = [
    ["exited 1; given up: restarted 3 times within 60s", "exited 1", "given up: restarted 3 times within 60s; try"],
    ["watchdog timeout", "watchdog timeout: killed by SIGABRT", "try"],
    ["exited 1", "exited 1", "try"],
    ["exited 10", "exited 1", "exited 10; try"],
  ];
  test.each(said)("does not say twice how a service ended: %j beside %j", (message, reason, shown) => {
    const exit = { at: "2026-01-02T03:05:17.000Z", code: 1, signal: null, reason };
    const [, row = ""] = table(PLAIN, [viewOf("api", { state: "failed", pid: null, last_exit: exit, message })]);
    expect(row.split(/ {2,}/).slice(-2)).toEqual([reason, `${shown} daemonsup logs api`]);
  });

  const saidBelow: readonly (readonly [string | null, string, string])[] = [
    [
      "exited 1; given up: restarted 3 times within 60s",
      "exited 1",
      "exited 1; given up: restarted 3 times within 60s",
    ],
    ["watchdog timeout", "watchdog timeout: killed by SIGABRT", "watchdog timeout: killed by SIGABRT"],
    ["exited 10", "exited 1", "exited 10; exited 1"],
    [null, "exited 1", "exited 1"],
  ];
  test.each(saidBelow)("nor below the row, where the exit has no column: %j and %j", (message, reason, shown) => {
    const exit = { at: "2026-01-02T03:05:17.000Z", code: 1, signal: null, reason };
    const api = viewOf("api", { state: "failed", pid: null, last_exit: exit, message });
    const [, , ...below] = table({ ...PLAIN, width: 80 }, [api]);
    expect(below.map((line) => line.trim()).join(" ")).toBe(`${shown}; try daemonsup logs api`);
  });

  test("shows no columns of what nobody can tell", () => {
    expect(table(PLAIN, SERVICES, [])[0]).toBe(
      "NAME    STATE    SINCE        PID  RESTARTS  LAST EXIT                        MESSAGE",
    );
  });

  test("on a usual terminal says below a row what has no room in it", () => {
    expect(table({ ...PLAIN, width: 80 })).toEqual([
      "NAME    STATE    SINCE        PID   CPU  MEMORY  RESTARTS",
      "api     failed   3m 12s ago     -     -       -        12",
      "    gave up after 10 failures within 1m; killed by SIGSEGV (core dumped); try",
      "    daemonsup logs api",
      "worker  backoff  3m 12s ago     -     -       -         3",
      "    starts in 4s; exited 1; try daemonsup logs worker",
      "a-web   up       3m 12s ago  1234  2.5%     12M         0",
      "b-web   up       3m 12s ago  1234  2.5%     12M         0",
      "old     down     3m 12s ago     -     -       -         0",
    ]);
  });

  test("on a narrow terminal keeps name, state and reason", () => {
    expect(table({ ...PLAIN, width: 40 })).toEqual([
      "NAME    STATE    SINCE       MEMORY",
      "api     failed   3m 12s ago       -",
      "    gave up after 10 failures within 1m;",
      "    killed by SIGSEGV (core dumped); try",
      "    daemonsup logs api",
      "worker  backoff  3m 12s ago       -",
      "    starts in 4s; exited 1; try",
      "    daemonsup logs worker",
      "a-web   up       3m 12s ago     12M",
      "b-web   up       3m 12s ago     12M",
      "old     down     3m 12s ago       -",
    ]);
  });

  const odd = [
    viewOf("x".repeat(60), { state: "failed", pid: null, message: "y".repeat(300), well: false }),
    viewOf("wide", { status: "日本語".repeat(40) }),
    ...SERVICES,
  ];
  test.each([200, 120, 100, 90, 80, 72, 60, 40, 30, 24])("fits a terminal of %d columns", (width) => {
    const lines = table({ ...PLAIN, width }, odd);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
    expect(lines[1]).toContain("failed");
    expect(lines.join("\n")).toContain("yyyy");
  });

  test("is coloured without losing its alignment", () => {
    const plain = table({ ...PLAIN, width: 80 });
    const coloured = table({ ...PLAIN, width: 80, isColoured: true });
    expect(coloured[1]).toContain("\u001b[1;31mfailed \u001b[0m");
    expect(coloured.map((line) => Bun.stripANSI(line))).toEqual([...plain]);
  });
});

describe("what is said below a table that is higher than the terminal", () => {
  const troubled = Array.from({ length: 9 }, (_, index) =>
    viewOf(`w${index}`, { state: index === 8 ? "failed" : "backoff", pid: null, well: false }),
  );
  const cases: readonly (readonly [string, readonly ServiceView[], readonly string[]])[] = [
    ["nothing is wrong", [viewOf("a"), viewOf("b", { state: "down", want: "down" })], ["", "2 services, all well"]],
    [
      "a command for those that are not well",
      [viewOf("a"), ...troubled.slice(7)],
      ["", "3 services, 2 not well: daemonsup status w8 w7"],
    ],
    [
      "no more names than anybody reads",
      troubled,
      ["", "9 services, 9 not well; the worst: daemonsup status w8 w0 w1 w2", "w3 w4"],
    ],
  ];
  test.each(cases)("%s", (_, services, lines) => {
    expect(renderConclusion(services, "daemonsup", { ...PLAIN, width: 64 })).toEqual([...lines]);
  });
});

const MEND = "mend it, then try sup start web (sup reload, if it was the definition)";
const NOT_RUN = "exec failed: ENOENT: /usr/bin/wbe";
const remedies: readonly (readonly [Partial<ServiceView>, string | null])[] = [
  [{ state: "failed", last_exit: FAILED.last_exit }, "try sup logs web"],
  [{ state: "failed", message: "cannot find the program" }, MEND],
  [{ state: "failed", message: NOT_RUN, last_exit: FAILED.last_exit }, MEND],
  [{ state: "backoff" }, "try sup logs web"],
  [{ state: "backoff", message: NOT_RUN }, "mend it: it is tried again by itself"],
  [{ state: "waiting", message: 'requires "db", which has failed: exited 4' }, "try sup status db"],
  [{ state: "waiting", message: 'requires "db", which was stopped by hand' }, "try sup start db"],
  [{ state: "waiting", message: 'requires "db", which is starting' }, null],
  [{ state: "waiting", message: "the last run failed: exited 5" }, "try sup status web"],
  [{ state: "waiting", well: true, next_start: "2026-01-03T03:00:00.000Z" }, null],
  [{ state: "starting", since: "2026-01-02T03:07:10.000Z" }, null],
  [{ state: "starting" }, "try sup logs web"],
  [{ state: "stopping" }, "try sup signal KILL web"],
  [{ state: "up" }, null],
  [{ state: "up", health: "unhealthy" }, "try sup status web"],
  [{ state: "up", well: false, ready: false }, "try sup status web"],
  [{ state: "done" }, null],
  [{ state: "down", want: "down" }, null],
];
test.each(remedies)("what to do next about %j is %j", (changes, expected) => {
  const remedy = remedyOf(viewOf("web", { pid: null, ...changes }), { now: NOW, program: "sup" });
  expect(remedy?.join(" ") ?? null).toBe(expected);
});

test.each([
  [0, "0"],
  [1000, "1000"],
  [1024, "1.0K"],
  [860_160, "840K"],
  [12_582_912, "12M"],
  [1_048_051_712, "1.0G"],
  [1_288_490_189, "1.2G"],
  [5e15, "4547T"],
])("%d bytes are said as %s", (bytes, words) => expect(sizeWordsOf(bytes)).toBe(words));

test.each([
  [0, "0%"],
  [0.3, "0.3%"],
  [9.94, "9.9%"],
  [9.96, "10%"],
  [250.4, "250%"],
])("a share of %d is said as %s", (share, words) => expect(percentWordsOf(share)).toBe(words));

describe("the page about one service", () => {
  const page = { details: null, lines: [], now: NOW, program: "daemonsup" };
  test("shows all that is known of it, and nothing that is not", () => {
    expect(renderStatusBlock({ ...page, service: BACKOFF }, PLAIN)).toEqual([
      "worker - the worker",
      "  state        backoff since 2026-01-02T03:04:05.000Z (3m 12s ago)",
      "  wanted       up",
      "  try          daemonsup logs worker",
      "  next start   in 4s (2026-01-02T03:07:21.000Z)",
      "  running for  1m",
      "  restarts     3",
      "  last exit    exited 1, 2026-01-02T03:07:10.000Z (7s ago)",
      "  type         simple",
    ]);
    expect(renderStatusBlock({ ...page, service: viewOf("web", { description: "" }) }, PLAIN)[0]).toBe("web");
  });

  const details = detailsOf("web", {
    ready_by: "http 127.0.0.1:8080/healthz",
    health_by: "tcp 127.0.0.1:8080",
    needs: [
      { name: "net", how: "after", state: null },
      { name: "db", how: "requires", state: "up" },
      { name: "cache", how: "requires", state: "failed" },
    ],
    needed_by: [{ name: "proxy", how: "wants", state: "up" }],
    sockets: [{ name: "http", address: "tcp 0.0.0.0:80" }],
    stored_descriptors: ["listener"],
    log_file: "/var/log/web.log",
    log_losses: [
      { sink: "central", reason: "slow", lines: 12 },
      { sink: "file", reason: "failed", lines: 1 },
    ],
    usage: usageOf("web", { processes: 3 }),
    processes: [process(10, 1, "nginx"), process(11, 10, "nginx"), process(12, 10, "\u001b[31mevil")],
  });
  const full = {
    ...page,
    service: viewOf("web"),
    details,
    lines: [lineOf("web", "one\u001b[2J"), lineOf("web", "two")],
  };

  test("shows what it waits for, what it uses, its processes and its last lines", () => {
    const lines = renderStatusBlock(full, PLAIN);
    expect(lines.slice(lines.indexOf("  restarts     0") + 1)).toEqual([
      "  ready when   http 127.0.0.1:8080/healthz",
      "  checked by   tcp 127.0.0.1:8080",
      "  type         simple",
      "  waits for    requires db (up), cache (failed); after net (no such service)",
      "  needed by    wants proxy (up)",
      "  sockets      http (tcp 0.0.0.0:80)",
      "  has stored   listener",
      "  uses         2.5% of a processor, 1.5s in all; 12M of memory; 3 processes",
      "  lost lines   12 lines for central (slow), 1 line for file (failed)",
      "  defined in   /etc/services.d/web.toml",
      "  processes",
      "    10 nginx           120ms   2.0M",
      "    ├─ 11 nginx        120ms   2.0M",
      "    └─ 12 ?[31mevil    120ms   2.0M",
      "  last lines of /var/log/web.log",
      "    2026-01-02T03:04:05.000Z one?[2J",
      "    2026-01-02T03:04:05.000Z two",
    ]);
  });

  test.each([200, 80, 40, 24])("fits a terminal of %d columns, in colour too", (width) => {
    const plain = renderStatusBlock(full, { ...PLAIN, width });
    for (const line of plain) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
    const coloured = renderStatusBlock(full, { ...PLAIN, width, isColoured: true });
    expect(coloured.map((line) => Bun.stripANSI(line))).toEqual([...plain]);
    expect(coloured[1]).toContain("\u001b[32mup\u001b[0m");
  });
});

function process(pid: number, parent: number, name: string): ProcessView {
  return { pid, parent, name, state: "S", cpu_ms: 120, memory_bytes: 2_097_152 };
}

test("processes are drawn as a tree, without lines where these cannot be shown; of many some are counted", () => {
  const family = [
    process(1, 0, "a"),
    process(2, 1, "b"),
    { ...process(3, 2, "c"), state: "D" },
    process(4, 1, "d"),
    process(9, 0, "e"),
  ];
  expect(renderProcessTree(family, { ...PLAIN, mark: "..." })).toEqual([
    "1 a          120ms   2.0M",
    "|- 2 b       120ms   2.0M",
    "|  `- 3 c    120ms   2.0M  waits for a device",
    "`- 4 d       120ms   2.0M",
    "9 e          120ms   2.0M",
  ]);
  const many = Array.from({ length: 30 }, (_, index) => process(index + 1, 0, "x"));
  expect(renderProcessTree(many, PLAIN).at(-1)).toBe("and 18 more");
});
