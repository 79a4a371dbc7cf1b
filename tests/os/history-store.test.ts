import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import type { Database } from "bun:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryEntry, HistoryPolicy } from "../../src/core/history.ts";
import type { HistoryLineView, ReportView, RunView } from "../../src/core/history-view.ts";
import { millis } from "../../src/core/units.ts";
import { closeHistory, openHistory, openHistoryForReading, usedBytesOf } from "../../src/os/history-file.ts";
import { queryHistory } from "../../src/os/history-query.ts";
import { type HistoryOwner, HistoryStore } from "../../src/os/history-store.ts";
import { endOf, eventOf, runOf, second } from "../core/literal-history.ts";

const POLICY: HistoryPolicy = { keep: 100, keepAge: millis(86_400_000), keepSize: 1024 * 1024, lines: 50 };

let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "history-"));
  path = join(directory, "history.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(): Database {
  const opened = openHistory(path, POLICY.keepSize);
  if (opened.tag === "failed") throw new Error(opened.message);
  return opened.db;
}

/** Writes batches in the life of one supervisor. */
function keep(batches: readonly (readonly HistoryEntry[])[], policy = POLICY, by: string | HistoryOwner = "one"): void {
  const owner = typeof by === "string" ? { session: by, goOn: [] } : by;
  const db = open();
  const store = new HistoryStore(db, owner, second(5000));
  for (const batch of batches) store.store(batch, policy, second(5000));
  store.close();
  closeHistory(db);
}

function look<T>(use: (db: Database) => T): T {
  const db = openHistoryForReading(path);
  try {
    return use(db);
  } finally {
    db.close();
  }
}

function runs(service = "web"): readonly RunView[] {
  const answer = look((db) => queryHistory(db, { tag: "runs", service, most: 1000 }));
  return answer.tag === "runs" ? answer.runs : [];
}

const counted = (service = "web"): readonly (readonly [number, number])[] =>
  runs(service).map(({ run, repeated }) => [run, repeated]);

function lines(patterns: readonly string[] = [], most = 1000, since: number | null = null): readonly HistoryLineView[] {
  const answer = look((db) => queryHistory(db, { tag: "list", patterns, since, most }));
  return answer.tag === "list" ? answer.lines : [];
}

function report(run: number | "last"): ReportView | null {
  const answer = look((db) => queryHistory(db, { tag: "report", service: "web", run }));
  return answer.tag === "report" ? answer.report : null;
}

describe("the file of the history", () => {
  test("is its owner's alone, and a single one once it is closed", () => {
    keep([[runOf(1)]]);
    expect(readdirSync(directory)).toEqual(["history.db"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("is not looked for behind a link", () => {
    writeFileSync(join(directory, "precious"), "");
    symlinkSync(join(directory, "precious"), path);
    expect(openHistory(path, POLICY.keepSize)).toEqual({
      tag: "failed",
      message: `cannot keep the history in "${path}": ELOOP`,
    });
    expect(statSync(join(directory, "precious")).size).toBe(0);
  });

  test("that is no database is put aside, and a new one begins; of those put aside three are kept", () => {
    for (let time = 0; time < 5; time++) {
      writeFileSync(path, `damage ${time}`.repeat(1000));
      const opened = openHistory(path, POLICY.keepSize);
      if (opened.tag === "failed") throw new Error(opened.message);
      expect(opened.aside).toMatch(
        /^cannot read the history in ".*": it is no database; it is kept as ".*damaged-.*", and a new/,
      );
      new HistoryStore(opened.db, { session: "one", goOn: [] }, 0).store([runOf(1)], POLICY, 0);
      closeHistory(opened.db);
    }
    expect(readdirSync(directory).filter((name) => name.includes("damaged"))).toHaveLength(3);
    expect(runs()).toHaveLength(1);
  });

  test("of another version is put aside as well", () => {
    const db = open();
    db.run("PRAGMA user_version = 99");
    closeHistory(db);
    const opened = openHistory(path, POLICY.keepSize);
    expect(opened).toMatchObject({ tag: "open", aside: expect.stringContaining("another version of daemonsup") });
    if (opened.tag === "open") closeHistory(opened.db);
  });
});

describe("what is written down", () => {
  test("is numbered for each service, from its beginning on", () => {
    const other = { service: "db" };
    keep([
      [runOf(1, { end: null }), runOf(2, { ...other, end: null })],
      [runOf(1), runOf(3, { end: endOf({ reason: "exited 2" }) })],
    ]);
    expect(runs().map(({ run, pid, reason }) => [run, pid, reason])).toEqual([
      [1, 1001, "exited 1"],
      [2, 1003, "exited 2"],
    ]);
    expect(runs("db").map(({ run, ended }) => [run, ended])).toEqual([[1, null]]);
  });

  test("is there once, also when it is written twice", () => {
    const entries = [runOf(1), eventOf(2), runOf(3, { end: null })];
    keep([entries, entries]);
    expect(counted()).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(lines().filter(({ kind }) => kind === "reload")).toMatchObject([{ repeated: 0 }]);
  });

  test("is counted once where the same happens again and again", () => {
    const same = [1, 2, 3].map((number) => eventOf(number));
    keep([same, same, [eventOf(4, { message: "2 added" })]]);
    expect(lines().map(({ message, repeated }) => [message, repeated])).toEqual([
      ["1 added", 2],
      ["2 added", 0],
    ]);
  });

  test("keeps the number of a run whose end comes after the beginning of the next", () => {
    keep([[runOf(1, { end: null })], [runOf(2, { end: null })], [runOf(1)], [runOf(2)]]);
    expect(runs().map(({ run, pid }) => [run, pid])).toEqual([
      [1, 1001],
      [2, 1002],
    ]);
  });

  test("tells of runs that outlived the record of their supervisor", () => {
    keep([[runOf(1, { end: null })]], POLICY, "one");
    keep([[runOf(1, { began: second(100), restarts: 0 })]], POLICY, "two");
    expect(runs().map(({ cause, reason }) => [cause, reason])).toEqual([
      ["lost", "its supervisor ended before it"],
      ["crash", "exited 1"],
    ]);
  });
});

describe("a row of runs that end the same way", () => {
  const many = Array.from({ length: 30 }, (_, index) => runOf(index + 1));

  test("is its first and its last one, and a count", () => {
    keep(many.map((run) => [run]));
    expect(counted()).toEqual([
      [1, 0],
      [30, 28],
    ]);
    expect(report(30)).toMatchObject({ pid: 1030, repeated: 28 });
  });

  test("keeps its count when a batch of it is written a second time", () => {
    keep([many, many, many.slice(-1)]);
    expect(counted()).toEqual([
      [1, 0],
      [30, 28],
    ]);
  });

  test("is broken by another ending, and by a start that somebody asked for", () => {
    const asked = runOf(31, { restarts: 0 });
    const other = runOf(33, { end: endOf({ at: second(33), reason: "exited 2" }), restarts: 2 });
    keep([[...many, asked, runOf(32, { restarts: 1 }), other]]);
    expect(counted()).toEqual([
      [1, 0],
      [30, 28],
      [31, 0],
      [32, 0],
      [33, 0],
    ]);
  });

  test("counts those that were merged before they were written, whether their beginning was or not", () => {
    const begun = many.slice(1, 4).map((run) => ({ ...run, end: null }));
    keep([[runOf(1), ...begun], [runOf(6, { merged: 4, firstMerged: 2 })]]);
    expect(counted()).toEqual([
      [1, 0],
      [6, 4],
    ]);
  });

  test("has the lines of the last run that has any", () => {
    const said = (text: string) => ({
      lines: [{ at: second(1), stream: "stdout", text } as const],
      areLinesOlder: false,
      own: [],
    });
    const silent = { lines: null, areLinesOlder: false, own: [] };
    keep([
      [
        runOf(1),
        runOf(2),
        runOf(3, { end: endOf({ report: said("third") }) }),
        runOf(4, { end: endOf({ report: silent }) }),
      ],
    ]);
    expect(report("last")).toMatchObject({ run: 4, lines_are_older: true, lines: [{ text: "third" }] });
  });
});

describe("what is kept is bounded", () => {
  // Each ends differently, so that none is merged.
  const distinct = (run: number) => runOf(run, { end: endOf({ at: second(run), reason: `exited ${run % 7}` }) });

  test("by number for each service, the newest staying", () => {
    const entries = Array.from({ length: 50 }, (_, index) => distinct(index + 1));
    const events = Array.from({ length: 50 }, (_, index) => eventOf(100 + index, { message: `change ${index}` }));
    keep([[...entries, ...events, runOf(60, { service: "db" })]], { ...POLICY, keep: 10 });
    expect(counted().map(([run]) => run)).toEqual([41, 42, 43, 44, 45, 46, 47, 48, 49, 50]);
    expect(counted("db")).toHaveLength(1);
    expect(lines().filter(({ kind }) => kind === "reload")).toHaveLength(10);
  });

  test("by age", () => {
    keep([[distinct(1), distinct(2), distinct(4999), eventOf(1, { at: second(1) })]], {
      ...POLICY,
      keepAge: millis(60_000),
    });
    expect(runs().map(({ pid }) => pid)).toEqual([1000 + 4999]);
    expect(lines().map(({ kind }) => kind)).toEqual(["start", "crash"]);
  });

  test("by size", () => {
    const text = "x".repeat(4000);
    const report = {
      lines: Array.from({ length: 10 }, () => ({ at: second(1), stream: "stdout", text }) as const),
      areLinesOlder: false,
      own: [],
    };
    const large = (run: number) => runOf(run, { service: `s${run}`, end: endOf({ at: second(run), report }) });
    for (let batch = 0; batch < 10; batch++)
      keep([Array.from({ length: 50 }, (_, index) => large(batch * 50 + index + 1))], POLICY, `${batch}`);
    expect(statSync(path).size).toBeLessThan(POLICY.keepSize * 4);
    expect(look(usedBytesOf)).toBeLessThanOrEqual(POLICY.keepSize);
    expect(runs("s500")).toHaveLength(1);
    expect(runs("s1")).toHaveLength(0);
  });
});

describe("what is asked", () => {
  beforeEach(() => {
    const stopped = endOf({
      at: second(11),
      cause: "stop",
      reason: "killed by SIGTERM",
      because: "stop, by an operator",
      report: null,
    });
    keep([
      [
        eventOf(1),
        runOf(2, { service: "web@1" }),
        runOf(3, { service: "web@2" }),
        runOf(10, { service: "db", end: stopped }),
      ],
    ]);
  });

  test("is listed oldest first, the newest of it if it is too much", () => {
    expect(lines().map(({ kind, service, message }) => `${kind} ${service} ${message}`)).toEqual([
      "reload null 1 added",
      ...["start web@1 restarted", "crash web@1 exited 1", "start web@2 restarted", "crash web@2 exited 1"],
      ...["start db restarted", "stop db stop, by an operator (killed by SIGTERM)"],
    ]);
    expect(lines([], 2).map(({ kind }) => kind)).toEqual(["start", "stop"]);
    expect(lines([], 0)).toEqual([]);
    expect(lines([], 10, second(4)).map(({ service }) => service)).toEqual(["db", "db"]);
  });

  test("is found by name and by glob; what nothing is kept of is told", () => {
    expect(new Set(lines(["web@*"]).map(({ service }) => service))).toEqual(new Set(["web@1", "web@2"]));
    const answer = look((db) => queryHistory(db, { tag: "list", patterns: ["db", "dbb"], since: null, most: 10 }));
    expect(answer).toMatchObject({ unknown: ["dbb"], services: ["db", "web@1", "web@2"] });
  });
});

test("a run that outlives its supervisor ends in the row in which it began, once, and the others of it are lost", () => {
  keep([[runOf(1, { end: null }), runOf(2, { end: null, service: "other" })]]);
  const ended = runOf(1, { session: "one" });
  const owner = { session: "two", goOn: [{ session: "one", run: 1 }] };
  keep([[runOf(1, { service: "third", end: null }), ended, ended]], POLICY, owner);
  const found = look((db) => db.query("SELECT session, run, service, cause FROM runs ORDER BY service, id").values());
  expect(found).toEqual([
    ["one", 2, "other", "lost"],
    ["two", 1, "third", null],
    ["one", 1, ended.service, ended.end?.cause ?? ""],
  ]);
});
