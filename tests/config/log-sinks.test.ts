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

  test("waits or drops as [log] says where it says nothing itself, and else as is usual for its type", () => {
    const sinks = [
      ...['to = ["file", "kept", "central"]', "[log.sinks.kept]", 'type = "file"', 'file = "/tmp/kept.log"'],
      ...['when_slow = "block"', "[log.sinks.central]", 'type = "remote"', 'address = "udp://logs"', 'buffer = "8KiB"'],
    ];
    const mega = 1024 * 1024;
    expect(sinksOf("[log]", 'when_slow = "drop"', ...sinks)).toMatchObject([
      { name: "file", feed: { tag: "drop", buffer: mega } },
      { name: "kept", feed: { tag: "block" } },
      { name: "central", whenSlow: "drop", buffer: 8192 },
    ]);
    expect(sinksOf("[log]", ...sinks)).toMatchObject([{ feed: { tag: "block" } }, {}, { whenSlow: "drop" }]);
    expect(faultsOf("[log]", "direct = true", 'when_slow = "drop"')).toHaveLength(1);
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

describe("the supervisor's own log", () => {
  test("goes to its file, and to further sinks", () => {
    using place = makePlace({
      "daemonsup.toml": lines(
        "[syslog]",
        'facility = "local1"',
        "[log]",
        'to = ["file", "service:web", "central"]',
        "[log.sinks.central]",
        'type = "remote"',
        'address = "tcp://10.0.0.1"',
        'priority = "warning"',
      ),
      "web.toml": 'command = "true"\n',
    });
    expect(mustLoad(place.load()).settings.log.sinks).toMatchObject([
      { type: "service", service: "web", format: "plain" },
      {
        type: "remote",
        server: { protocol: "tcp", host: "10.0.0.1", port: 601 },
        facility: "local1",
        filter: { priority: "warning" },
      },
    ]);
  });

  test.each([
    [
      ['to = ["service:web"]'],
      'daemonsup.toml:2:6: cannot parse "log.to": want "file" in it, as that remains when nothing else takes its lines',
    ],
    [
      ['to = ["file", "syslog"]'],
      'daemonsup.toml:2:15: cannot parse "log.to[1]": [syslog] says what goes there, want no "syslog"',
    ],
    [['to = ["file", "service:wbe"]'], 'daemonsup.toml:2:6: cannot use "log.to": there is no service "wbe"'],
    [
      ["[log.sinks.x]", 'type = "file"', 'file = "/tmp/x"'],
      'daemonsup.toml:3:8: cannot parse "log.sinks.x.type": got "file", want "remote" or "service"',
    ],
  ])("is refused where it would not remain, or says nothing: %j", (text, problem) => {
    const files = { "daemonsup.toml": lines("[log]", ...text), "web.toml": 'command = "true"\n' };
    expect(problemsOf(files).map((each) => each.split("\n")[0])).toEqual([`services.d/${problem}`]);
  });
});

describe("a service that reads what others say", () => {
  const logging = lines('command = "true"', 'log.to = ["file", "service:logger"]');

  test("is started before them and stopped after", () => {
    using place = makePlace({ "web.toml": logging, "logger.toml": 'command = "true"\n' });
    const web = mustLoad(place.load()).definitions.find(({ name }) => name === "web");
    expect(web?.after).toEqual(["logger"]);
    expect(web?.log.sinks.at(-1)).toMatchObject({ type: "service", service: "logger", buffer: 1024 * 1024 });
  });

  test("has to be there, and to be another one", () => {
    expect(faultsOf('log.to = ["service:logger"]')).toEqual([
      'services.d/web.toml:2:10: cannot use "log.to": there is no service "logger"',
    ]);
    expect(faultsOf('log.to = ["service:web"]')).toEqual([
      'services.d/web.toml:2:10: cannot use "log.to": it would read its own output',
    ]);
    const circle = { "web.toml": logging, "logger.toml": lines('command = "true"', 'log.to = ["service:web"]') };
    expect(problemsOf(circle)[0]).toContain("logger");
  });
});

describe("a syslog server", () => {
  test.each([
    ["udp://logs.example.com", { protocol: "udp", host: "logs.example.com", port: 514 }],
    ["tcp://10.0.0.1", { protocol: "tcp", host: "10.0.0.1", port: 601 }],
    ["tls://[::1]", { protocol: "tls", host: "::1", port: 6514 }],
    ["tls://[::1]:99", { protocol: "tls", host: "::1", port: 99 }],
  ])("is found at %s", (address, server) => {
    const sinks = sinksOf('log.to = ["x"]', "[log.sinks.x]", 'type = "remote"', `address = "${address}"`);
    expect(sinks).toMatchObject([{ type: "remote", server: { ...server, ca: null, serverName: null } }]);
  });

  test.each(["", "logs:601", "http://logs", "tcp://", "tcp://a b", "tcp://a:0", "tcp://::1", "udp://a:99999"])(
    "is not found at %j",
    (address) => {
      const [fault] = faultsOf("[log.sinks.x]", 'type = "remote"', `address = "${address}"`);
      expect(fault).toContain('cannot parse "log.sinks.x.address"');
    },
  );

  test("proves who it is only over TLS", () => {
    expect(faultsOf("[log.sinks.x]", 'type = "remote"', 'address = "tcp://a"', 'server_name = "b"')[0]).toContain(
      'it says nothing of "tcp://a", only of an address that begins with "tls://"',
    );
  });
});
