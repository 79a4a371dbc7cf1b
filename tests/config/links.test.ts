import { describe, expect, test } from "bun:test";
import { renderProblem } from "../../src/config/problem.ts";
import { lines, makePlace, mustLoad, problemsOf } from "./load-texts.ts";

const GOOD = 'command = "true"\n';

/** Each file with these lines below its command. */
function files(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${name}.toml`, `${GOOD}${text}\n`]));
}

/** The first line of each problem. */
function messagesOf(texts: Readonly<Record<string, string>>): (string | undefined)[] {
  return problemsOf(files(texts)).map((problem) => problem.split("\n")[0]);
}

describe("a name that no service has", () => {
  test("is shown under every key where it stands, with the name that was probably meant", () => {
    const text = lines(
      'requires = ["databse", { name = "b" }]',
      'wants = ["b"]',
      'after = ["b"]',
      'before = ["database", "b"]',
      'conflicts = ["c"]',
      'hooks.on_failure = { start = "b" }',
    );
    const problems = problemsOf(files({ web: text, database: "" }));
    expect(problems[0]).toBe(
      [
        'services.d/web.toml:2:13: cannot use "requires[0]": there is no service "databse"',
        '  requires = ["databse", { name = "b" }]',
        "              ^^^^^^^^^",
        '  did you mean "database"?',
      ].join("\n"),
    );
    expect(problems.map((problem) => problem.split("\n")[0]).slice(1)).toEqual([
      'services.d/web.toml:2:24: cannot use "requires[1]": there is no service "b"',
      'services.d/web.toml:3:10: cannot use "wants[0]": there is no service "b"',
      'services.d/web.toml:4:10: cannot use "after[0]": there is no service "b"',
      'services.d/web.toml:5:23: cannot use "before[1]": there is no service "b"',
      'services.d/web.toml:6:14: cannot use "conflicts[0]": there is no service "c"',
      'services.d/web.toml:7:30: cannot use "hooks.on_failure.start": there is no service "b"',
    ]);
  });

  test("is not looked for where the text of that very service is wrong", () => {
    expect(messagesOf({ web: 'requires = ["db", "pool@1"]', db: "nice = 99", "pool@": "[" })).toEqual([
      'services.d/db.toml:2:8: cannot parse "nice": got 99, want a whole number from -20 to 19',
      expect.stringContaining('cannot parse "pool@.toml"'),
    ]);
  });
});

describe("services that wait for each other in a circle", () => {
  test("are refused, and every link of the circle is named with its file and line", () => {
    expect(
      problemsOf(files({ a: 'requires = ["b"]', b: '\nafter = ["c"]', c: 'nice = 1\n\nrequires = ["a"]' })),
    ).toEqual([
      [
        'services.d/a.toml:2:13: cannot use "requires[0]": services wait for each other in a circle: a (a.toml:2) requires b (b.toml:3) comes after c (c.toml:4) requires a',
        '  requires = ["b"]',
        "              ^^^",
      ].join("\n"),
    ]);
  });

  test("are found through what they are to be started before", () => {
    expect(messagesOf({ a: 'requires = ["b"]', x: "", b: "", a2: 'before = ["b"]\nafter = ["a"]' })).toEqual([
      'services.d/a.toml:2:13: cannot use "requires[0]": services wait for each other in a circle: a (a.toml:2) requires b (waits, as "before" in a2.toml:2 says, for) a2 (a2.toml:3) comes after a',
    ]);
  });

  test("are one alone that requires itself", () => {
    expect(messagesOf({ a: 'requires = ["a"]' })).toEqual([
      'services.d/a.toml:2:13: cannot use "requires[0]": it is this service itself',
    ]);
    using place = makePlace(files({ a: 'wants = ["a"]' }));
    const { warnings, definitions } = mustLoad(place.load());
    expect(warnings.map(renderProblem).map((warning) => warning.split("\n")[0])).toEqual([
      'services.d/a.toml:2:10: cannot use "wants[0]": it is ignored, as it is this service itself',
    ]);
    expect(definitions[0]?.wants).toEqual([]);
  });

  test("are found, like names that there are not, also where something else is wrong in their texts", () => {
    const text = lines("nice = 99", 'requires = ["b"]', 'after = ["nope", "b"]', "wants = 5");
    expect(messagesOf({ a: text, b: 'requires = ["a"]\nenvironment.A = "${X}"', c: 'wants = ["b"]' })).toEqual([
      'services.d/a.toml:2:8: cannot parse "nice": got 99, want a whole number from -20 to 19',
      expect.stringContaining('3:13: cannot use "requires[0]": services wait for each other in a circle: a (a.toml:3)'),
      'services.d/a.toml:4:10: cannot use "after[0]": there is no service "nope"',
      expect.stringContaining('5:9: cannot parse "wants": got 5'),
      expect.stringContaining('b.toml:3:17: cannot parse "environment.A": there is no variable "X"'),
    ]);
  });

  test("are warned of where they would start each other when they fail", () => {
    const handler = (name: string): string => `hooks.on_failure = { start = "${name}" }`;
    using place = makePlace(
      files({ a: handler("b"), b: handler("c"), c: `nice = 1\n${handler("a")}`, d: handler("a") }),
    );
    expect(mustLoad(place.load()).warnings.map(renderProblem)).toEqual([
      [
        'services.d/a.toml:2:30: cannot use "hooks.on_failure.start": services start each other in a circle when they fail: a (a.toml:2) starts b (b.toml:2) starts c (c.toml:3) starts a',
        '  hooks.on_failure = { start = "b" }',
        "                               ^^^",
      ].join("\n"),
    ]);
    expect(messagesOf({ a: handler("a") })).toHaveLength(1);
  });

  test("go on without the mere wish that closes the circle, and that is told", () => {
    using place = makePlace(files({ a: 'requires = ["b"]\nwants = ["c"]', b: 'wants = ["c", "a"]', c: "" }));
    const result = mustLoad(place.load());
    expect(result.definitions.map(({ name, wants }) => [name, wants])).toEqual([
      ["a", ["c"]],
      ["b", ["c"]],
      ["c", []],
    ]);
    expect(result.warnings.map(renderProblem)).toEqual([
      [
        'services.d/b.toml:2:15: cannot use "wants[1]": it is ignored, as it closes a circle of services that wait for each other: a (a.toml:2) requires b (b.toml:2) wants a',
        '  wants = ["c", "a"]',
        "                ^^^",
      ].join("\n"),
    ]);
    expect(result.faults).toEqual([]);
  });

  test("a diamond is none", () => {
    using place = makePlace(files({ a: 'requires = ["b", "c"]', b: 'wants = ["d"]', c: 'after = ["d"]', d: "" }));
    expect(mustLoad(place.load()).warnings).toEqual([]);
  });
});

describe("services that cannot get on with each other", () => {
  test("are refused if both start by themselves, once for each pair", () => {
    expect(messagesOf({ a: 'conflicts = ["b"]', b: 'conflicts = ["a"]' })).toEqual([
      'services.d/a.toml:2:14: cannot use "conflicts[0]": "b" is started with the supervisor as well, and one would stop the other',
    ]);
  });

  test("may both be there if one is started by hand, by its time or by its socket", () => {
    for (const other of [
      'start = "manual"',
      'type = "oneshot"\nschedule.every = "1h"',
      'sockets.x = { listen = ":80", on_demand = true }',
    ])
      expect(messagesOf({ a: 'conflicts = ["b"]', b: other })).toEqual([]);
  });

  test("cannot require each other, whoever says that they conflict", () => {
    expect(messagesOf({ a: 'requires = ["b"]', b: 'conflicts = ["a"]\nstart = "manual"' })).toEqual([
      'services.d/a.toml:2:13: cannot use "requires[0]": "b" conflicts with it',
    ]);
  });

  test("cannot be brought in together by a third one, nor one by the other, however long the way", () => {
    const manual = 'start = "manual"';
    const rivals = { blue: `conflicts = ["green"]\n${manual}`, green: manual };
    expect(messagesOf({ ...rivals, app: 'requires = ["blue"]\nwants = ["green"]', top: 'wants = ["app"]' })).toEqual([
      'services.d/app.toml:3:10: cannot use "wants[0]": a start of it brings in "blue" and "green", which conflict',
    ]);
    expect(
      messagesOf({
        blue: `conflicts = ["green"]\nrequires = ["mid"]\n${manual}`,
        mid: 'wants = ["green"]',
        green: manual,
      }),
    ).toEqual([
      'services.d/blue.toml:3:13: cannot use "requires[0]": "mid" brings in "green", which conflicts with it',
    ]);
    expect(messagesOf({ ...rivals, green: `wants = ["blue"]\n${manual}` })).toEqual([
      'services.d/green.toml:2:10: cannot use "wants[0]": "blue" conflicts with it',
    ]);
    // A connection may come when the other one does not run.
    const called = 'sockets.x = { listen = ":80", on_demand = true }';
    expect(messagesOf({ ...rivals, green: called, app: 'wants = ["blue", "green"]' })).toEqual([]);
  });

  test("are not one and the same", () => {
    expect(messagesOf({ a: 'conflicts = ["a"]\nhooks.on_failure = { start = "a" }' })).toEqual([
      'services.d/a.toml:2:14: cannot use "conflicts[0]": it is this service itself',
      'services.d/a.toml:3:30: cannot use "hooks.on_failure.start": it is this service itself',
    ]);
  });
});

describe("two sockets on one address", () => {
  const listen = (address: string, rest = ""): string => `sockets.x = { listen = "${address}"${rest} }`;

  test("are refused, also where one address holds the other, and in one service", () => {
    expect(
      messagesOf({ a: listen("127.0.0.1:80"), b: listen(":80"), c: listen("/run/x"), d: listen("/run/../run/x") }),
    ).toEqual([
      'services.d/b.toml:2:24: cannot use "sockets.x.listen": "a" listens on "127.0.0.1:80" already',
      'services.d/d.toml:2:24: cannot use "sockets.x.listen": "c" listens on "/run/x" already',
    ]);
    expect(messagesOf({ a: `${listen("[::]:1")}\nsockets.y.listen = "[::1]:1"` })).toEqual([
      'services.d/a.toml:3:20: cannot use "sockets.y.listen": socket "x" listens on "[::]:1" already',
    ]);
  });

  test("may be there if they share it, or are of another kind, family, host or port", () => {
    const shared = ", reuse_port = true";
    expect(messagesOf({ a: listen(":80", shared), b: listen("127.0.0.1:80", shared) })).toEqual([]);
    expect(
      messagesOf({ a: listen(":80"), b: listen("[::]:80"), c: listen(":81"), d: listen(":80", ', type = "datagram"') }),
    ).toEqual([]);
    expect(messagesOf({ a: listen("127.0.0.1:80"), b: listen("127.0.0.2:80") })).toEqual([]);
  });
});
