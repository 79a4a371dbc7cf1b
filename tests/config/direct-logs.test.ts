import { describe, expect, test } from "bun:test";
import { definitionOf, lines, makePlace, mustLoad, problemsOf } from "./load-texts.ts";

const written = (...text: string[]): string => lines('command = "true"', ...text);

/** The first lines of what is wrong with these lines in a definition. */
function faultsOf(...text: string[]): string[] {
  return problemsOf({ "web.toml": written(...text) }).map((problem) => problem.split("\n")[0] ?? "");
}

describe("log.direct", () => {
  test("makes the file a plain one without stamps, rotated as it says", () => {
    const { log } = definitionOf(
      "web.toml",
      written("[log]", "direct = true", 'rotate_signal = "USR1"', 'stderr = "stdout"'),
    );
    expect(log).toMatchObject({
      direct: { rotateSignal: "SIGUSR1" },
      isJoined: true,
      sinks: [{ type: "file", format: "plain", stamp: "none" }],
    });
    expect(definitionOf("web.toml", written("[log]", "direct = true")).log.direct).toEqual({ rotateSignal: null });
    expect(definitionOf("web.toml", written()).log.direct).toBeNull();
  });

  test("may have a file for each stream", () => {
    const { sinks } = definitionOf(
      "web.toml",
      written("[log]", "direct = true", "[log.stderr]", 'file = "/tmp/err.log"'),
    ).log;
    expect(
      sinks.map((sink) => [sink.streams, sink.type === "file" && sink.path, sink.type === "file" && sink.stamp]),
    ).toEqual([
      [["stdout"], null, "none"],
      [["stderr"], "/tmp/err.log", "none"],
    ]);
  });

  test("is refused with everything for which somebody would have to read the lines, each with its place", () => {
    expect(
      faultsOf(
        "[log]",
        "direct = true",
        'to = ["file", "syslog"]',
        'stamp = "iso"',
        'exclude = ["x"]',
        "[log.stderr]",
        'priority = "err"',
        'include = ["x"]',
      ),
    ).toEqual(
      [
        ['4:1: cannot parse "log.to"', 'no "to" or ["file"]'],
        ['5:1: cannot parse "log.stamp"', 'no "stamp" or "none"'],
        ['6:1: cannot parse "log.exclude"', 'no "exclude" or []'],
        ['8:1: cannot parse "log.stderr.priority"', 'no "priority" or "debug"'],
        ['9:1: cannot parse "log.stderr.include"', 'no "include" or []'],
      ].map(
        ([place, want]) =>
          `services.d/web.toml:${place}: the service writes its log itself (direct), and nobody reads its lines, want ${want}`,
      ),
    );
  });

  test("takes what is so anyway", () => {
    expect(
      faultsOf("[log]", "direct = true", 'to = ["file"]', 'stamp = "none"', 'format = "plain"', "include = []"),
    ).toEqual([]);
  });

  test("leaves what [defaults] say of reading lines to the services whose lines are read", () => {
    const said = [
      'when_slow = "drop"',
      'buffer = "1MiB"',
      'rate = { lines = 9, per = "1s" }',
      "multiline = { start = '^\\S' }",
    ];
    using place = makePlace({
      "daemonsup.toml": lines("[defaults.log]", ...said, "[defaults.log.stderr]", ...said),
      "read.toml": written(),
      "web.toml": written("log.direct = true"),
    });
    const [read, web] = mustLoad(place.load()).definitions;
    const drop = { feed: { tag: "drop", buffer: 1024 * 1024 }, filter: { rate: { lines: 9 } } };
    expect(read?.log).toMatchObject({ multiline: { stdout: {}, stderr: {} }, sinks: [drop] });
    const block = { feed: { tag: "block" }, filter: { rate: null } };
    expect(web?.log).toMatchObject({ multiline: { stdout: null, stderr: null }, sinks: [block] });
  });

  test("is refused with what the definition itself says of reading lines, each with its place", () => {
    const said = [
      'rate = { lines = 9, per = "1s" }',
      "multiline = { start = '^\\S' }",
      'when_slow = "drop"',
      'buffer = "1MiB"',
    ];
    const places = faultsOf("[log]", "direct = true", ...said, "[log.stderr]", ...said).map(
      (fault) => /:(\d+):1: cannot parse "(\S+)": .* nobody reads its lines/.exec(fault)?.slice(1) ?? fault,
    );
    const keys = ["rate", "multiline", "when_slow", "buffer"];
    expect(places).toEqual([
      ...keys.map((key, index) => [`${index + 4}`, `log.${key}`]),
      ...keys.map((key, index) => [`${index + 9}`, `log.stderr.${key}`]),
    ]);
    expect(faultsOf("[log]", "direct = true", 'when_slow = "block"')).toEqual([]);
  });

  test("is refused with readiness by a line", () => {
    expect(faultsOf("log.direct = true", "[ready]", 'log = "up"')[0]).toContain(
      '4:1: cannot parse "ready.log": nobody would see the line',
    );
  });

  test("has a signal that the program can handle, and only there", () => {
    expect(faultsOf('log.rotate_signal = "SIGUSR1"')).toEqual([
      'services.d/web.toml:2:5: cannot parse "log.rotate_signal": it would never be sent: the supervisor writes the log',
    ]);
    expect(faultsOf("[log]", "direct = true", 'rotate_signal = "KILL"')[0]).toContain(
      'got "KILL", want a signal that a program can handle',
    );
  });

  test("has files that no other service writes", () => {
    const found = problemsOf({
      "a.toml": written('log = { direct = true, file = "/tmp/x.log" }'),
      "b.toml": written('log.file = "/tmp/x.log"'),
    });
    expect(found.map((problem) => problem.split("\n")[0])).toEqual([
      'services.d/b.toml:2:12: cannot use "log.file": "/tmp/x.log" is written by "services.d/a.toml" as well',
    ]);
  });
});
