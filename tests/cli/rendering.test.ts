import { expect, test } from "bun:test";
import { renderAnswer } from "../../src/cli/render-answer.ts";
import { renderEvent } from "../../src/cli/render-event.ts";
import { type Look, lookOf } from "../../src/cli/render-paint.ts";
import { renderNotes } from "../../src/cli/render-notes.ts";
import { renderReload } from "../../src/cli/render-reload.ts";
import { renderStatusBlock } from "../../src/cli/render-status-block.ts";
import { noteOf } from "../../src/cli/service-note.ts";
import { cutTo, onOneLine, padTo } from "../../src/cli/render-text.ts";
import { agoWordsOf, countOf, spanWordsOf, untilWordsOf } from "../../src/cli/render-words.ts";
import type { ReloadAnswer } from "../../src/control/protocol.ts";
import { eventOf, viewOf } from "../control/literal-port.ts";
import { literalWorld } from "./literal-world.ts";

const NOW = Date.parse("2026-01-02T03:07:17.000Z");
const AT = { now: NOW, isExitShown: false };
const PLAIN: Look = { isColoured: false, width: null, mark: "…" };

test.each([
  [0, "0s"],
  [250, "250ms"],
  [1_000, "1s"],
  [59_999, "59s"],
  [192_000, "3m 12s"],
  [3_600_000, "1h"],
  [3_601_000, "1h"],
  [5_400_000, "1h 30m"],
  [187_200_000, "2d 4h"],
  [31_536_000_000, "365d"],
])("%d ms are said as %s", (span, words) => expect(spanWordsOf(span)).toBe(words));

test("times are told by their distance", () => {
  expect(agoWordsOf("2026-01-02T03:04:05.000Z", NOW)).toBe("3m 12s ago");
  expect(agoWordsOf("2026-01-02T03:07:16.500Z", NOW)).toBe("now");
  expect(agoWordsOf("2027-01-01T00:00:00.000Z", NOW)).toBe("now");
  expect(agoWordsOf("soon", NOW)).toBe("soon");
  expect(untilWordsOf("2026-01-02T03:07:21.000Z", NOW)).toBe("in 4s");
  expect(untilWordsOf("2026-01-02T03:07:17.000Z", NOW)).toBe("now");
  expect([countOf(1, "file"), countOf(0, "file")]).toEqual(["1 file", "0 files"]);
});

test("text is cut and filled by the cells it takes", () => {
  expect(cutTo("abcdef", 6, "…")).toBe("abcdef");
  expect(cutTo("abcdefg", 6, "…")).toBe("abcde…");
  expect(cutTo("abcdefg", 6, "...")).toBe("abc...");
  expect(cutTo("日本語日本", 6, "…")).toBe("日本…");
  expect(cutTo("abc", 2, "...")).toBe("");
  expect(padTo("日本", 6, "right")).toBe("日本  ");
  expect(padTo("12", 4, "left")).toBe("  12");
});

test("nothing that a service says reaches the terminal as a command", () => {
  expect(onOneLine("a\u001b[31mb\nc\td\u0007")).not.toMatch(/[\u0000-\u001f]/);
  expect(onOneLine("one\n  two\n")).toBe("one; two");
});

test("what is worth knowing stands on one line", () => {
  const view = viewOf("web", {
    message: "a\nb",
    health: "failing",
    status: "12 clients",
    stale: true,
    stale_detail: "its files have changed",
    next_start: "2026-01-02T03:07:18.000Z",
  });
  expect(noteOf(view, AT)).toBe("starts in 1s; a; b; health: failing; 12 clients; stale: its files have changed");
  expect(noteOf(viewOf("web"), AT)).toBe("");
});

test("health is worth a word only where it is not good, with what the last check found", () => {
  const note = (health: string, detail: string | null) => noteOf(viewOf("web", { health, health_detail: detail }), AT);
  expect(note("unhealthy", "answered 503")).toBe("health: unhealthy (answered 503)");
  expect(note("starting", null)).toBe("health: not checked yet");
  expect(note("starting", "connection refused")).toBe("health: not healthy yet (connection refused)");
  expect(note("healthy", "answered 200")).toBe("");
});

test.each([
  ["exited 1: no such table", "opening\nno such table\n", ["exited 1: no such table", "opening; no such table"]],
  ["exited 1: no such table", " no such table\n", ["exited 1: no such table"]],
  ["answered 503", "cache is away", ["answered 503", "cache is away"]],
  ["accepted a connection", null, ["accepted a connection"]],
  ["exited 0: 9", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", ["exited 0: 9", "5; 6; 7; 8; 9"]],
])(
  "the last check is shown by its outcome %j and, where that is not all, what it said: %j",
  (detail, output, shown) => {
    const view = viewOf("web", { health: "unhealthy", health_detail: detail, health_output: output });
    const lines = renderStatusBlock(
      { service: view, details: null, lines: [], now: NOW, program: "daemonsup" },
      PLAIN,
    ).filter((line) => /^ {2}(?:last check|check said) /.test(line));
    expect(lines.map((line) => line.slice("  running for  ".length))).toEqual([...shown]);
  },
);

test("colour is for terminals, and never with NO_COLOR; the ellipsis for locales that have it", () => {
  expect(lookOf(literalWorld())).toEqual({ isColoured: false, width: null, mark: "..." });
  expect(lookOf(literalWorld({ columns: 100, env: { LANG: "de_DE.UTF-8" } }))).toEqual({
    isColoured: true,
    width: 100,
    mark: "…",
  });
  expect(lookOf(literalWorld({ columns: 100, env: { NO_COLOR: "1" } })).isColoured).toBe(false);
  expect(lookOf(literalWorld({ columns: 100, env: { NO_COLOR: "" } })).isColoured).toBe(true);
  expect(lookOf(literalWorld({ columns: 100, env: { TERM: "dumb" } })).isColoured).toBe(false);
  expect(lookOf(literalWorld({ columns: 100, env: { LC_ALL: "C", LANG: "de_DE.UTF-8" } })).mark).toBe("...");
});

test("a note keeps the line that a problem shows, and the mark below it", () => {
  const note = 'services.d/web.toml:2:10: it is ignored\n  wants = ["db"]\n           ^^^^';
  expect(renderNotes([note, "mind the gap\u001b[1m"])).toEqual([
    "  note: services.d/web.toml:2:10: it is ignored",
    '    wants = ["db"]',
    "             ^^^^",
    "  note: mind the gap?[1m",
  ]);
});

test("a reload is told by counts, names and notes", () => {
  const many = Array.from({ length: 12 }, (_, index) => `s${index}`);
  const difference = { added: ["a"], removed: [], changed: ["b", "c"], adjusted: [], unchanged: many };
  const answer: ReloadAnswer = {
    result: "done",
    difference,
    relayed: ["s1"],
    notes: ["s2 does not catch SIGHUP"],
    plan: [],
  };
  expect(renderReload(answer, false)).toEqual([
    "reloaded: 1 added, 0 removed, 2 changed, 0 adjusted, 12 unchanged",
    "  added       a",
    "  changed     b, c",
    "  unchanged   s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more",
    "  relayed to  s1",
    "  note: s2 does not catch SIGHUP",
  ]);
});

test("a dry run tells what would become of each service that differs, and of the others in groups", () => {
  const difference = { added: ["a"], removed: [], changed: ["longer"], adjusted: [], unchanged: ["s1", "s2", "t"] };
  const effects = [
    ["a", "added", "would be started"],
    ["longer", "changed", "would be restarted (pid 12)"],
    ["s1", "unchanged", "would get SIGHUP if it catches that"],
    ["s2", "unchanged", "would get SIGHUP if it catches that"],
    ["t", "unchanged", "nothing"],
  ] as const;
  const plan = effects.map(([name, change, effect]) => ({ name, change, effect }));
  expect(renderReload({ result: "done", difference, relayed: [], notes: ["mind the gap"], plan }, true)).toEqual([
    "would reload: 1 added, 0 removed, 1 changed, 0 adjusted, 3 unchanged",
    "  a       added     would be started",
    "  longer  changed   would be restarted (pid 12)",
    "  unchanged, would get SIGHUP if it catches that: s1, s2",
    "  unchanged: t",
    "  note: mind the gap",
  ]);
});

test("answers and events are one line each", () => {
  const words = { name: "web", verb: "start", past: "started" };
  expect(renderAnswer({ result: "done", message: null, service: viewOf("web") }, words)).toBe(
    "web: started (pid 1234)",
  );
  expect(
    renderAnswer({ result: "done", message: "was up", service: viewOf("web", { pid: null, state: "done" }) }, words),
  ).toBe("web: started (done): was up");
  expect(renderAnswer({ result: "done", message: null, service: null }, words)).toBe("web: started");
  expect(renderAnswer({ result: "failed", message: "exited 1\nat once", service: null }, words)).toBe(
    'cannot start "web": exited 1; at once',
  );
  expect(renderAnswer({ result: "overtaken", message: null, service: null }, words)).toBe(
    'cannot start "web": overtaken',
  );
  const unmet = {
    result: "done",
    message: "its condition is not met",
    service: viewOf("web", { state: "down" }),
  } as const;
  for (const verb of ["start", "restart"])
    expect(renderAnswer(unmet, { ...words, verb })).toBe("web: not started: its condition is not met");
  expect(renderEvent(eventOf(1, "ready"), PLAIN)).toBe("2026-01-02T03:04:05.000Z web: starting -> up (pid 7): ready");
  const reload = { ...eventOf(2), service: null, event: "reload", state: null, previous: null, pid: null } as const;
  expect(renderEvent(reload, PLAIN)).toBe("2026-01-02T03:04:05.000Z supervisor: reload");
});
