import { describe, expect, test } from "bun:test";
import { findSupervisor, placesOf } from "../../src/cli/find-supervisor.ts";
import { type OptionTable, parseArguments } from "../../src/cli/parse-arguments.ts";
import { parseStartOptions } from "../../src/cli/parse-start-options.ts";
import { parseTimeout } from "../../src/cli/parse-timeout.ts";
import { onlyServices, selectServices } from "../../src/control/select-services.ts";
import { splitWords } from "../../src/cli/split-words.ts";
import { worstExitOf } from "../../src/cli/worst-exit.ts";
import { literalWorld } from "./literal-world.ts";

const TABLE = {
  json: { short: null, value: null, help: "" },
  follow: { short: "f", value: null, help: "" },
  lines: { short: "n", value: "N", help: "" },
  run: { short: null, value: "RUN", help: "" },
} as const satisfies OptionTable;

function read(...words: string[]): unknown {
  const parsed = parseArguments(words, TABLE);
  if (parsed.tag === "usage") return parsed.message;
  const { operands, has, valueOf } = parsed.arguments;
  return { operands, json: has("json"), follow: has("follow"), lines: valueOf("lines"), run: valueOf("run") };
}

describe("a command line", () => {
  const nothing = { operands: [], json: false, follow: false, lines: null, run: null };
  const cases: readonly (readonly [string[], unknown])[] = [
    [[], nothing],
    [["a", "b"], { ...nothing, operands: ["a", "b"] }],
    [["a", "--json", "b"], { ...nothing, operands: ["a", "b"], json: true }],
    [["--json", "--json"], { ...nothing, json: true }],
    [["-n", "5"], { ...nothing, lines: "5" }],
    [["-n5"], { ...nothing, lines: "5" }],
    [["-fn5", "x"], { ...nothing, operands: ["x"], follow: true, lines: "5" }],
    [["-fn", "5"], { ...nothing, follow: true, lines: "5" }],
    [["--lines=5"], { ...nothing, lines: "5" }],
    [["--lines", "5"], { ...nothing, lines: "5" }],
    [["--lines=-5"], { ...nothing, lines: "-5" }],
    [["--lines", "-5"], { ...nothing, lines: "-5" }],
    [["--run", "-1", "a"], { ...nothing, operands: ["a"], run: "-1" }],
    [["--run", "-f"], 'cannot read "--run": want a value, --run RUN (write --run=-f if that is meant)'],
    [["-n", "-5f"], 'cannot read "-n": want a value, -n N'],
    [["--lines="], { ...nothing, lines: "" }],
    [["--", "--json", "-x"], { ...nothing, operands: ["--json", "-x"] }],
    [["-"], { ...nothing, operands: ["-"] }],
    [["--jsno"], 'cannot read "--jsno": no such option (did you mean "--json"?)'],
    [["--fol"], 'cannot read "--fol": no such option (did you mean "--follow"?)'],
    [["--verison"], 'cannot read "--verison": no such option (did you mean "--version"?)'],
    [["-x"], 'cannot read "-x": no such option'],
    [["-fx"], 'cannot read "-x": no such option'],
    [["--toString"], 'cannot read "--toString": no such option'],
    [["--constructor=1"], 'cannot read "--constructor": no such option'],
    [["--json=1"], 'cannot read "--json=1": the option takes no value'],
    [["-n"], 'cannot read "-n": want a value, -n N'],
    [["--lines"], 'cannot read "--lines": want a value, --lines N'],
    [["--lines", "--json"], 'cannot read "--lines": want a value, --lines N (write --lines=--json if that is meant)'],
    [["-n", "1", "--lines=2"], 'cannot read "--lines": it is given twice'],
  ];
  test.each(cases)("%j is read by the usual rules", (words, expected) => expect(read(...words)).toEqual(expected));
});

describe("the command is found", () => {
  const cases: readonly (readonly [string[], Partial<ReturnType<typeof splitWords>>])[] = [
    [[], { command: null, leading: [], wants: null }],
    [["status", "web"], { command: "status", leading: [], rest: ["web"] }],
    [["--name", "x", "status"], { command: "status", leading: ["--name", "x"], rest: [] }],
    [["--name=x", "status", "--json"], { command: "status", leading: ["--name=x"], rest: ["--json"] }],
    [["--runtime-dir", "stop", "start", "a"], { command: "start", leading: ["--runtime-dir", "stop"], rest: ["a"] }],
    [["--config", "status"], { command: null, leading: ["--config", "status"] }],
    [["--config", "d", "--foreground"], { command: null, leading: ["--config", "d", "--foreground"] }],
    [["--foreground", "--config=d"], { command: null }],
    [["--config", "d", "status"], { command: null }],
    [["status", "--help"], { command: "status", wants: "help" }],
    [["-h"], { command: null, wants: "help" }],
    [["status", "--version"], { command: "status", wants: "version" }],
    [["start", "--", "--help"], { command: "start", rest: ["--", "--help"], wants: null }],
  ];
  test.each(cases)("in %j", (words, expected) => expect(splitWords(words)).toMatchObject(expected));
});

describe("the start of a supervisor", () => {
  const from = { cwd: "/home" };
  test("has every path made absolute and every default applied", () => {
    expect(parseStartOptions(["--config", "services.d"], from)).toEqual({
      tag: "ok",
      options: {
        config: "/home/services.d",
        configAsWritten: "services.d",
        foreground: false,
        readyTimeout: 60_000 as never,
        stopTimeout: null,
        strict: false,
        allowEmpty: false,
        guardian: true,
        name: null,
        runtimeDir: null,
        stateDir: null,
        logDir: null,
      },
    });
    const all =
      "--config=/etc/s --foreground --ready-timeout 5s --stop-timeout 9s --strict --allow-empty --no-guardian --name b --runtime-dir r --state-dir ../s --log-dir /l";
    expect(parseStartOptions(all.split(" "), from)).toMatchObject({
      options: {
        config: "/etc/s",
        foreground: true,
        readyTimeout: 5_000,
        stopTimeout: 9_000,
        strict: true,
        allowEmpty: true,
        name: "b",
      },
    });
    expect(parseStartOptions(all.split(" "), from)).toMatchObject({
      options: { runtimeDir: "/home/r", stateDir: "/s", logDir: "/l" },
    });
  });

  const refused: readonly (readonly [string, string])[] = [
    ["--foreground", "want --config DIR"],
    ["--config=", "want the path of a directory"],
    ["--config d extra", '"extra"'],
    ["--config d --ready-timeout 5", 'got "5", want a time with a unit'],
    ["--config d --ready-timeout 0s", "want a time"],
    ["--config d --stop-timeout 9", 'cannot read "--stop-timeout": got "9"'],
    ["--config d --ready-timeout 2d", "up to a day"],
    ["--config d --name ../x", "cannot use"],
    ["--config d --name -x", "want a value"],
    ["--config d --name=.x", "cannot use"],
    ["--config d --log-dir=", "want the path"],
    ["--config d --forground", 'did you mean "--foreground"?'],
  ];
  test.each(refused)("is refused for %s", (words, reason) => {
    const parsed = parseStartOptions(words.split(" "), from);
    expect(parsed).toEqual({ tag: "usage", message: expect.stringContaining(reason) });
  });
});

test("a time that is waited for lies between a millisecond and a day", () => {
  const texts = ["1ms", "10s", "1d", "0s", "25h", "10", "-1s", "1e3s", ""];
  expect(texts.map((text) => parseTimeout(text) as number | null)).toEqual([
    1,
    10_000,
    86_400_000,
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("a supervisor is found by --runtime-dir, by --name, by the variable, or where the user's own would be", () => {
  const user = literalWorld();
  const wishes = { name: null, runtimeDir: null, stateDir: null, logDir: null };
  const variable = literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: "var" } });
  expect(placesOf(wishes, literalWorld({ uid: 0 })).runtime).toBe("/run/daemonsup");
  expect(placesOf({ ...wishes, name: "b" }, literalWorld({ uid: 0 })).runtime).toBe("/run/daemonsup/instances/b");
  expect(placesOf(wishes, user).runtime).toBe("/home/someone/.local/state/daemonsup/run/host");
  expect(placesOf(wishes, variable).runtime).toBe("/somewhere/var");
  expect(placesOf({ ...wishes, name: "b" }, variable).runtime).toBe(
    "/home/someone/.local/state/daemonsup/run/host/instances/b",
  );
  expect(placesOf({ ...wishes, name: "b", runtimeDir: "r" }, variable).runtime).toBe("/somewhere/r");
  expect(placesOf(wishes, literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: "" } })).runtime).toBe(
    "/home/someone/.local/state/daemonsup/run/host",
  );
});

test("the lock that is asked about is that of the supervisor that is meant", () => {
  const asked: string[] = [];
  const world = literalWorld({ isLocked: (file) => asked.push(file) > 0 });
  const parsed = parseArguments(["--runtime-dir", "/r"], { "runtime-dir": { short: null, value: "DIR", help: "" } });
  if (parsed.tag === "usage") throw new Error(parsed.message);
  const found = findSupervisor(parsed.arguments, world);
  expect(found.tag === "ok" && found.place.socket).toBe("/r/control.sock");
  expect(found.tag === "ok" && found.place.isLocked()).toBe(true);
  expect(asked).toEqual(["/r/supervisor.pid"]);
});

test("words mean services, each once; those that mean none are named with the nearest", () => {
  const existing = onlyServices(["db", "web-1", "web-2", "worker"]);
  expect(selectServices(["worker", "web-*", "web-1", "worker"], existing)).toEqual({
    names: ["worker", "web-1", "web-2"],
    unknown: [],
  });
  expect(selectServices(["wroker", "x*", "db", "wroker"], existing)).toEqual({
    names: ["db"],
    unknown: [
      { word: "wroker", reason: 'no such service (did you mean "worker"?)' },
      { word: "x*", reason: "no service has such a name" },
    ],
  });
});

test("a word that is a template says how one comes by its instances", () => {
  const reasonOf = (word: string, services: readonly string[]) =>
    selectServices([word], { ...onlyServices(services), templates: () => ["web"] }).unknown[0]?.reason;
  const how = (instance: string) =>
    `no such service: it is a template, whose instances have names like "${instance}", or all "web@*" (for N of them: daemonsup scale web N)`;
  expect(reasonOf("web", ["db"])).toBe(how("web@1"));
  expect(reasonOf("web@", ["db", "web@blue"])).toBe(how("web@blue"));
  expect(reasonOf("wbe", ["web@1"])).toBe("no such service");
});

test("of several results the one that says most is the command's", () => {
  expect(worstExitOf([])).toBe(0);
  expect(worstExitOf([0, 0])).toBe(0);
  expect(worstExitOf([0, 3, 5])).toBe(5);
  expect(worstExitOf([1, 124, 0])).toBe(1);
  expect(worstExitOf([1, 5, 7])).toBe(7);
});
