import { describe, expect, test } from "bun:test";
import { renderHistory } from "../../src/cli/render-history.ts";
import type { Look } from "../../src/cli/render-paint.ts";
import { renderReport } from "../../src/cli/render-report.ts";
import type { HistoryLineView, ReportView } from "../../src/core/history-view.ts";

const PLAIN: Look = { isColoured: false, width: null, mark: "..." };
const AT = "2026-01-02T03:04:05.678Z";
const NOW = Date.parse("2026-01-02T03:06:05.678Z");

function lineOf(changes: Partial<HistoryLineView>): HistoryLineView {
  const what = { kind: "crash", message: "exited 1", ran_ms: 61_000, repeated: 0, report: true } as const;
  return { at: AT, service: "web", run: 12, pid: 99, ...what, ...changes };
}

function reportOf(changes: Partial<ReportView> = {}): ReportView {
  return {
    ...{
      service: "web",
      run: 12,
      pid: 99,
      began: AT,
      ended: AT,
      cause: "crash",
      reason: "exited 1",
      repeated: 0,
      report: true,
    },
    ...{ began_because: "restarted", ended_because: null, restarts: 3, ran_ms: 1500 },
    exit: { code: 1, signal: null, core_dumped: false },
    usage: { user_ms: 1000, system_ms: 500, peak_rss: 48 * 1024 * 1024, peak_rss_exact: true },
    lines: [1, 2, 3].map((number) => ({ at: AT, stream: "stdout", text: `line ${number}` }) as const),
    lines_are_older: false,
    own: [{ at: AT, severity: "info", text: "pid 99 exited 1" }],
    ...changes,
  };
}

describe("the list of what has happened", () => {
  test("has a line for each thing, and says how many like it are left out", () => {
    const lines = [
      lineOf({ service: null, run: null, kind: "begin", message: "daemonsup begins", ran_ms: null, pid: null }),
      lineOf({ kind: "start", message: "restarted", ran_ms: null }),
      lineOf({ repeated: 4 }),
      lineOf({ kind: "start-failed", run: null, message: "exec failed: ENOENT", ran_ms: null, repeated: 1 }),
    ];
    expect(renderHistory(lines, PLAIN)).toEqual([
      "TIME                  SERVICE  RUN  WHAT         DETAILS",
      "2026-01-02T03:04:05Z  -          -  begins       daemonsup begins",
      "2026-01-02T03:04:05Z  web       12  started      restarted (pid 99)",
      "2026-01-02T03:04:05Z  web       12  crashed      exited 1 after 1m 1s, 4 runs like it before",
      "2026-01-02T03:04:05Z  web        -  not started  exec failed: ENOENT, 1 time like it before",
    ]);
  });

  test("fits the terminal, and lets nothing through that could disturb it", () => {
    const lines = [lineOf({ service: "a-service-with-quite-a-long-name", message: "\u001b[2Jexited 1\n\u0007twice" })];
    for (const width of [60, 80, 200]) {
      const rendered = renderHistory(lines, { ...PLAIN, width });
      for (const line of rendered) {
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    }
  });
});

describe("the report of a run", () => {
  test("says how it ended, what it used and what it said", () => {
    expect(renderReport({ report: reportOf(), now: NOW, most: null }, PLAIN)).toEqual([
      "web: run 12 crashed: exited 1",
      `  began     ${AT} (2m ago), restarted`,
      `  ended     ${AT} (2m ago), after 1.5s`,
      "  pid       99",
      "  restarts  3",
      "  used      1.5s of processor time (user 1s, system 500ms), a peak of 48M of memory",
      "  what the supervisor said of it",
      `    ${AT} pid 99 exited 1`,
      "  its last lines",
      `    ${AT} line 1`,
      `    ${AT} line 2`,
      `    ${AT} line 3`,
    ]);
  });

  test("says whose lines it has, and how many more there are", () => {
    const render = (changes: Partial<ReportView>, most: number | null = null): string =>
      renderReport({ report: reportOf({ own: [], ...changes }), now: NOW, most }, PLAIN).join("\n");
    expect(render({ lines_are_older: true })).toContain("  the last lines of a run shortly before\n");
    expect(render({}, 1)).toEndWith(`  its last lines (2 more with -n 3)\n    ${AT} line 3`);
    expect(render({}, 0)).toEndWith("  its last lines (3 more with -n 3)");
    expect(render({ lines: [] })).toEndWith("  it said nothing");
    expect(render({ lines: null })).toEndWith("  its last lines could not be had, see its log");
    expect(render({ lines: null, report: false, cause: "stop" })).not.toContain("lines");
    expect(render({ ended: null, cause: null, reason: null })).toStartWith("web: run 12 is running\n");
  });

  test("fits the terminal", () => {
    const lines = [{ at: AT, stream: "stderr", text: "x".repeat(500) } as const];
    for (const width of [40, 80])
      for (const line of renderReport({ report: reportOf({ lines }), now: NOW, most: null }, { ...PLAIN, width }))
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
  });
});
