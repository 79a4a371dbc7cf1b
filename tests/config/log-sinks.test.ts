import { describe, expect, test } from "bun:test";
import { EVERY_LINE, type SinkPolicy } from "../../src/core/log-policy.ts";
import { millis } from "../../src/core/units.ts";
import { definitionOf, lines, makePlace, mustLoad, problemsOf } from "./load-texts.ts";

/** The sinks of a simple service with these lines in its definition. */
function sinksOf(...text: string[]): readonly SinkPolicy[] {
  return definitionOf("web.toml", lines('command = "true"', ...text)).log.sinks;
}

/** The first lines of what is wrong with these lines in a definition. */
function faultsOf(...text: string[]): string[] {
  return problemsOf({ "web.toml": lines('command = "true"', ...text) }).map((problem) => problem.split("\n")[0] ?? "");
}

describe("[log.sinks.NAME]", () => {
  test("has what [log] says where it says nothing itself", () => {
    const [, errors] = sinksOf(
      "[log]",
      'to = ["file", "errors"]',
      'format = "json"',
      "keep = 9",
      'exclude = ["x"]',
      "[log.sinks.errors]",
      'type = "file"',
      'file = "/tmp/errors.log"',
      'priority = "err"',
      "keep = 2",
      'rate = { lines = 5, per = "1m" }',
    );
    expect(errors).toMatchObject({
      type: "file",
      name: "errors",
      path: "/tmp/errors.log",
      format: "json",
      keep: 2,
      streams: ["stdout", "stderr"],
      filter: { priority: "err", include: [], exclude: ["x"], rate: { lines: 5, per: millis(60_000) } },
    });
  });

  test("may stand in [defaults], for those that name it", () => {
    using place = makePlace({
      "daemonsup.toml": lines("[defaults.log.sinks.remote]", 'type = "syslog"', 'facility = "local7"'),
      "a.toml": lines('command = "true"', 'log.to = ["remote"]'),
      "b.toml": lines('command = "true"', 'log.to = ["syslog"]'),
    });
    const { definitions } = mustLoad(place.load());
    expect(definitions.map(({ log }) => log.sinks.map((sink) => sink.type === "syslog" && sink.facility))).toEqual([
      ["local7"],
      ["daemon"],
    ]);
  });

  test.each([
    [
      ['log.to = ["fiel"]'],
      '2:11: cannot parse "log.to[0]": got "fiel", want "file", "syslog", "service:NAME" or the name of a table below [log.sinks]',
    ],
    [
      ["[log.sinks.x]", 'type = "file"'],
      '2:12: cannot parse "log.sinks.x": want "file" in it, as a sink of type "file" needs one of its own',
    ],
    [
      ["[log.sinks.x]", 'type = "syslog"', 'stamp = "unix"'],
      '4:1: cannot parse "log.sinks.x.stamp": it says nothing of a sink of type "syslog", only of "file" or "service"',
    ],
    [
      ["[log.sinks.file]", 'type = "syslog"'],
      '2:12: cannot parse "log.sinks.file": want a name of at most 64 letters, digits, "_" and "-", other than "file" and "syslog"',
    ],
    [
      ['log.include = ["("]'],
      '2:16: cannot parse "log.include[0]": got "(", want a regular expression as JavaScript has them (with the flag "u")',
    ],
    [
      ['log.rate = { lines = 0, per = "1s" }'],
      '2:22: cannot parse "log.rate.lines": got 0, want a whole number from 1 to 1000000',
    ],
  ])("is refused where it says nothing that can be done: %j", (text, problem) => {
    expect(faultsOf(...text)).toEqual([`services.d/web.toml:${problem}`]);
  });
});

describe("[log.stderr]", () => {
  test("says what differs for that stream, and leaves the rest shared", () => {
    const sinks = sinksOf("[log]", 'to = ["file", "syslog"]', "[log.stderr]", 'file = "/tmp/web.err"');
    expect(sinks.map((sink) => [sink.type, sink.streams, sink.type === "file" ? sink.path : null])).toEqual([
      ["file", ["stdout"], null],
      ["syslog", ["stdout", "stderr"], null],
      ["file", ["stderr"], "/tmp/web.err"],
    ]);
  });

  test("may go elsewhere altogether", () => {
    const sinks = sinksOf('log.stderr.to = ["syslog"]');
    expect(sinks.map(({ type, streams }) => [type, streams])).toEqual([
      ["file", ["stdout"]],
      ["syslog", ["stderr"]],
    ]);
  });

  test("may share the file of stdout behind a filter of its own, but not written otherwise", () => {
    const sinks = sinksOf("[log]", 'exclude = ["x"]', "[log.stderr]", "exclude = []");
    expect(sinks.map(({ streams, filter }) => [streams, filter])).toEqual([
      [["stdout"], { ...EVERY_LINE, exclude: ["x"] }],
      [["stderr"], EVERY_LINE],
    ]);
    const both = { "web.toml": lines('command = "true"', 'log.stderr.format = "json"') };
    expect(problemsOf(both, { logDirectory: "/tmp" })[0]).toContain('"/tmp/web.log" is written twice by this service');
  });

  test("has no file in [defaults], like [log] itself", () => {
    const settings = lines("[defaults.log.stderr]", "keep = 1", 'file = "/tmp/x"');
    expect(problemsOf({ "daemonsup.toml": settings, "web.toml": 'command = "true"\n' })[0]).toContain(
      'cannot parse "defaults.log.stderr.file": it says something of one service',
    );
  });
});
