import { describe, expect, test } from "bun:test";
import { definitionOf, lines, problemsOf } from "./load-texts.ts";

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
