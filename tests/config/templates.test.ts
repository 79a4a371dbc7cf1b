import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { LoadRequest } from "../../src/config/load-request.ts";
import { lines, makePlace, mustLoad, problemsOf } from "./load-texts.ts";

const GOOD = 'command = "true"\n';

/** The names of the services that these files make. */
function namesOf(files: Readonly<Record<string, string>>, changes: Partial<LoadRequest> = {}): string[] {
  using place = makePlace(files);
  return mustLoad(place.load(changes)).definitions.map(({ name }) => name);
}

/** The first line of each problem. */
function messagesOf(
  files: Readonly<Record<string, string>>,
  changes: Partial<LoadRequest> = {},
): (string | undefined)[] {
  return problemsOf(files, changes).map((problem) => problem.split("\n")[0]);
}

describe("a template", () => {
  test("is no service, and makes as many instances as it says", () => {
    expect(namesOf({ "web@.toml": `${GOOD}instances = 3\n`, "db.toml": GOOD })).toEqual([
      "db",
      "web@1",
      "web@2",
      "web@3",
    ]);
    expect(namesOf({ "web@.toml": GOOD })).toEqual([]);
  });

  test("may also be a file without @ that has instances", () => {
    expect(namesOf({ "web.toml": `${GOOD}instances = 2\n` })).toEqual(["web@1", "web@2"]);
  });

  test("makes as many as were asked for instead, and those that were asked for by name", () => {
    const files = { "web@.toml": `${GOOD}instances = 3\n`, "job@.yaml": "command: 'true'\n" };
    const instances = {
      web: { count: 1, names: [] },
      job: { count: null, names: ["mail", "2"] },
      gone: { count: 5, names: [] },
    };
    expect(namesOf(files, { instances })).toEqual(["job@2", "job@mail", "web@1"]);
    expect(namesOf(files, { instances: { web: { count: 0, names: ["x"] } } })).toEqual(["web@x"]);
  });

  test("is named among the templates", () => {
    using place = makePlace({ "web@.toml": GOOD, "job.toml": `${GOOD}instances = 1\n`, "db.toml": GOOD });
    expect(mustLoad(place.load()).templates).toEqual(["job", "web"]);
  });

  test("fills in what each instance is", () => {
    using place = makePlace({
      "web@.toml": lines(
        'command = ["serve", "--port=80%i", "%p", "100%%"]',
        'description = "%n on %H"',
        'environment = { NAME = "%n" }',
        'log.file = "%n.log"',
        'requires = ["db@%i"]',
        "instances = 2",
      ),
      "db@.toml": `${GOOD}instances = 2\n`,
    });
    const second = mustLoad(place.load()).definitions.at(-1);
    expect(second).toMatchObject({
      name: "web@2",
      instance: { template: "web", name: "2" },
      source: join(place.directory, "web@.toml"),
      command: ["serve", "--port=802", "web", "100%"],
      description: `web@2 on ${hostname()}`,
      environment: { NAME: "web@2" },
      requires: [{ name: "db@2", restartWith: false }],
    });
    expect(second?.log.sinks).toMatchObject([{ type: "file", path: join(place.directory, "web@2.log") }]);
  });

  test("gives way to an instance with a file of its own, which may be a link to it", () => {
    using place = makePlace({
      "web@.toml": 'command = ["template", "%i"]\ninstances = 2\n',
      "web@2.toml": 'command = ["own", "%i"]\n',
    });
    symlinkSync("web@.toml", join(place.directory, "web@x.toml"));
    const { definitions } = mustLoad(place.load());
    expect(definitions.map(({ name, command, instance }) => [name, command, instance])).toEqual([
      ["web@1", ["template", "1"], { template: "web", name: "1" }],
      ["web@2", ["own", "2"], { template: "web", name: "2" }],
      ["web@x", ["template", "x"], { template: "web", name: "x" }],
    ]);
  });

  test("leaves percent signs alone in [defaults] and in ordinary definitions", () => {
    using place = makePlace({
      "daemonsup.toml": '[defaults]\nenvironment = { FORMAT = "%d" }\n',
      "web@.toml": `${GOOD}instances = 1\n`,
      "clock.toml": 'command = ["date", "+%s"]\n',
    });
    const [clock, web] = mustLoad(place.load()).definitions;
    expect(clock?.command).toEqual(["date", "+%s"]);
    expect(web?.environment).toEqual({ FORMAT: "%d" });
  });

  test("shows a specifier that there is not, once and where it stands", () => {
    expect(problemsOf({ "web@.toml": 'command = ["date", "+%s"]\ninstances = 5\n' })).toEqual([
      [
        'services.d/web@.toml:1:20: cannot parse "command[1]": want "%i", "%p", "%n" or "%H" in a template, or "%%" for a percent sign',
        '  command = ["date", "+%s"]',
        "                     ^^^^^",
      ].join("\n"),
    ]);
  });

  test("is judged even if nobody asks for an instance", () => {
    expect(messagesOf({ "web@.toml": "nice = 99" })).toEqual([
      expect.stringContaining('web@.toml:1:1: cannot parse "command": it is missing'),
      'services.d/web@.toml:1:8: cannot parse "nice": got 99, want a whole number from -20 to 19',
    ]);
  });

  test("is no service that another can need", () => {
    const files = {
      "web@.toml": `${GOOD}instances = 2\n`,
      "proxy.toml": `${GOOD}requires = ["web@2", "web@3", "web"]\n`,
    };
    expect(messagesOf(files)).toEqual([
      'services.d/proxy.toml:2:22: cannot use "requires[1]": there is no service "web@3"',
      'services.d/proxy.toml:2:31: cannot use "requires[2]": "web" is a template, want an instance of it, like "web@1"',
    ]);
  });

  test("has a limit, and so have all services together", () => {
    expect(messagesOf({ "web@.toml": `${GOOD}instances = 1001\n` })).toEqual([
      'services.d/web@.toml:2:13: cannot parse "instances": got 1001, want a whole number from 0 to 1000',
    ]);
    const five = Object.fromEntries(Array.from("abcde", (name) => [`${name}.toml`, `${GOOD}instances = 900\n`]));
    expect(messagesOf(five)).toEqual([
      'services.d/e.toml:1:1: cannot define service "e": the directory defines more than 4096 services with it',
    ]);
  });

  test("has one file, and its instances none of their own", () => {
    expect(messagesOf({ "web@.toml": `${GOOD}instances = 1\n`, "web.toml": `${GOOD}instances = 1\n` })).toEqual([
      'services.d/web@.toml:1:1: cannot define service "web@": another file is a template of "web" as well',
    ]);
    expect(messagesOf({ "web@1.toml": `${GOOD}instances = 1\n` })).toEqual([
      'services.d/web@1.toml:2:1: cannot parse "instances": this file is one instance, want it in a template',
    ]);
  });
});
