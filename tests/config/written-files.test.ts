import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { lines, makePlace, problemsIn, problemsOf } from "./load-texts.ts";

const writing = (key: string): string => lines('command = "true"', key);

describe("several services may write one log file", () => {
  test("however each of them writes its lines, also behind a path with dots", () => {
    expect(
      problemsOf({
        "a.toml": writing('log.file = "/tmp/x.log"'),
        "b.toml": writing('log.file = "/tmp/../tmp/x.log"'),
        "c.toml": writing('log = { file = "/tmp/x.log", format = "json" }'),
        "d.toml": writing('log = { file = "/tmp/x.log", stamp = "none", exclude = ["x"] }'),
      }),
    ).toEqual([]);
  });

  test("not if they rotate it in different ways: what differs is named, with both places", () => {
    expect(
      problemsOf({
        "a.toml": writing('log.file = "/tmp/x.log"'),
        "b.toml": writing('log = { file = "/tmp/../tmp/x.log", max_size = "1MiB", keep = 7 }'),
      }),
    ).toEqual([
      lines(
        'services.d/b.toml:2:16: cannot use "log.file": "/tmp/x.log" is written by "services.d/a.toml" as well (line 2), with another "max_size", "keep": want the same in both',
        '  log = { file = "/tmp/../tmp/x.log", max_size = "1MiB", keep = 7 }',
        "                 ^^^^^^^^^^^^^^^^^^^",
      ).trimEnd(),
    ]);
  });

  test("not by two names, through a link to its directory", () => {
    using place = makePlace();
    mkdirSync(join(place.directory, "../real"));
    symlinkSync("real", join(place.directory, "../linked"));
    place.write("a.toml", writing('log.file = "../real/x.log"'));
    place.write("b.toml", writing('log.file = "../linked/x.log"'));
    expect(problemsIn(place)[0]).toMatch(
      /^services\.d\/b\.toml:2:12: cannot use "log\.file": ".*\/linked\/x\.log" is written by "services\.d\/a\.toml" as well \(line 2\), as ".*\/real\/x\.log": want the same name in both\n/,
    );
  });

  test("each of them once", () => {
    const twice =
      'log = { file = "/tmp/x.log", to = ["file", "more"], sinks.more = { type = "file", file = "/tmp/x.log" } }';
    const found = problemsOf({ "a.toml": writing('log.file = "/tmp/x.log"'), "b.toml": writing(twice) });
    expect(found.length).toBe(1);
    expect(found[0]).toContain('"/tmp/x.log" is written twice by this service');
  });
});

describe("two services may not write one file", () => {
  test("the same pid file, through a link to its directory", () => {
    using place = makePlace();
    mkdirSync(join(place.directory, "../run"));
    symlinkSync("run", join(place.directory, "../var-run"));
    place.write("a.toml", 'command = "true"\ntype = "forking"\npid_file = "../run/x.pid"\n');
    place.write("b.toml", 'command = "true"\ntype = "forking"\npid_file = "../var-run/x.pid"\n');
    expect(problemsIn(place)[0]).toMatch(
      /^services\.d\/b\.toml:3:12: cannot use "pid_file": ".*\/var-run\/x\.pid" is written by "services\.d\/a\.toml" as well\n/,
    );
  });

  test("a log file that is another service's by default, or the supervisor's own", () => {
    const files = {
      "a.toml": writing('log.file = "/tmp/b.log"'),
      "b.toml": writing(""),
      "c.toml": writing('log.file = "/tmp/daemonsup.log"'),
    };
    expect(problemsOf(files, { logDirectory: "/tmp" }).map((problem) => problem.split("\n")[0])).toEqual([
      'services.d/a.toml:2:12: cannot use "log.file": "/tmp/b.log" is written by "services.d/b.toml" as well',
      'services.d/c.toml:2:12: cannot use "log.file": "/tmp/daemonsup.log" is written by the supervisor itself as well',
    ]);
    expect(problemsOf(files)).toEqual([]);
  });

  test("a file that is not written, as its output goes elsewhere, is nobody's", () => {
    expect(
      problemsOf({
        "a.toml": writing('log = { file = "/tmp/x.log", to = [] }'),
        "b.toml": writing('log.file = "/tmp/x.log"'),
      }),
    ).toEqual([]);
  });
});
