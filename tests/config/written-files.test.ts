import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { lines, makePlace, problemsIn, problemsOf } from "./load-texts.ts";

describe("two services may not write one file", () => {
  const writing = (key: string): string => lines('command = "true"', key);

  test("the same log file, written in two ways", () => {
    expect(
      problemsOf({ "a.toml": writing('log.file = "/tmp/x.log"'), "b.toml": writing('log.file = "/tmp/../tmp/x.log"') }),
    ).toEqual([
      lines(
        'services.d/b.toml:2:12: cannot use "log.file": "/tmp/x.log" is written by "services.d/a.toml" as well',
        '  log.file = "/tmp/../tmp/x.log"',
        "             ^^^^^^^^^^^^^^^^^^^",
      ).trimEnd(),
    ]);
  });

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
