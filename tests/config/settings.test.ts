import { describe, expect, test } from "bun:test";
import type { Definition, Settings } from "../../src/core/definition.ts";
import { millis } from "../../src/core/units.ts";
import { lines, makePlace, mustLoad, problemsOf } from "./load-texts.ts";

function settingsOf(text: string): Settings {
  using place = makePlace({ "daemonsup.toml": text });
  return mustLoad(place.load({ allowEmpty: true })).settings;
}

function withDefaults(defaults: string, definition: string): Definition {
  using place = makePlace({ "daemonsup.toml": defaults, "web.toml": definition });
  const [loaded] = mustLoad(place.load()).definitions;
  if (loaded === undefined) throw new Error("nothing was loaded");
  return loaded;
}

describe("daemonsup.toml", () => {
  const history = { keep: 200, keepAge: millis(90 * 86_400_000), keepSize: 64 * 1024 * 1024, lines: 50 };
  const usual: Settings = {
    daemon: { user: null, group: null },
    syslog: { facility: "daemon", level: "info" },
    control: { group: null, statusGroup: null, tcp: null },
    log: {
      level: "info",
      maxSize: 10_485_760,
      keep: 5,
      maxAge: null,
      keepSize: null,
      keepAge: null,
      compress: null,
      sinks: [],
    },
    history,
  };

  test("is not needed", () => {
    using place = makePlace();
    expect(mustLoad(place.load({ allowEmpty: true })).settings).toEqual(usual);
    expect(settingsOf("")).toEqual(usual);
  });

  test("holds the supervisor's own settings", () => {
    const text = lines(
      "[daemon]",
      'user = "alice"',
      'group = "video"',
      "[syslog]",
      'facility = "local0"',
      'level = "debug"',
      "[control]",
      'group = "root"',
      'status_group = "video"',
      "[log]",
      'level = "err"',
      'max_size = "1MiB"',
      "keep = 2",
      "[history]",
      "keep = 1000",
      'keep_age = "30d"',
      'keep_size = "1MiB"',
      "lines = 0",
    );
    expect(settingsOf(text)).toEqual({
      daemon: { user: "alice", group: "video" },
      syslog: { facility: "local0", level: "debug" },
      control: { group: "root", statusGroup: "video", tcp: null },
      log: {
        level: "err",
        maxSize: 1_048_576,
        keep: 2,
        maxAge: null,
        keepSize: null,
        keepAge: null,
        compress: null,
        sinks: [],
      },
      history: { keep: 1000, keepAge: millis(30 * 86_400_000), keepSize: 1_048_576, lines: 0 },
    });
  });

  test("is judged as strictly as a definition, and its users and groups at once", () => {
    const text = lines("[syslog]", 'facilty = "daemon"', "[control]", 'group = "weel"', "[daemon]", "max_starting = 3");
    expect(problemsOf({ "daemonsup.toml": text, "web.toml": 'command = "true"' })).toEqual([
      lines(
        'services.d/daemonsup.toml:2:1: cannot parse "syslog.facilty": unknown key',
        '  facilty = "daemon"',
        "  ^^^^^^^",
        '  did you mean "facility"?',
      ).trimEnd(),
      lines(
        'services.d/daemonsup.toml:6:1: cannot parse "daemon.max_starting": this version of daemonsup does not know this key yet',
        "  max_starting = 3",
        "  ^^^^^^^^^^^^",
      ).trimEnd(),
    ]);
    expect(
      problemsOf({ "daemonsup.toml": '[control]\nstatus_group = "admm"\n', "web.toml": 'command = "true"' })[0],
    ).toContain('cannot use "control.status_group": there is no group "admm"');
    expect(problemsOf({ "daemonsup.toml": '[control]\ngroup = "weel"\n', "web.toml": 'command = "true"' })).toEqual([
      lines(
        'services.d/daemonsup.toml:2:9: cannot use "control.group": there is no group "weel"',
        '  group = "weel"',
        "          ^^^^^^",
      ).trimEnd(),
    ]);
  });
});

describe("[defaults]", () => {
  test("stands below each definition: tables key by key, the rest replaced", () => {
    const defaults = lines(
      "[defaults]",
      'groups = ["video", "root"]',
      'environment = { A = "1", B = "2" }',
      'restart = { delay = "1s", prevent = [1, 2] }',
      "limits.nofile = { soft = 10, hard = 20 }",
    );
    const text = lines(
      'command = "true"',
      'groups = ["root"]',
      'environment = { B = "3" }',
      "restart.prevent = [3]",
      "limits.nofile.soft = 15",
    );
    const definition = withDefaults(defaults, text);
    expect(definition.groups).toEqual(["root"]);
    expect(definition.environment).toEqual({ A: "1", B: "3" });
    expect(definition.restart).toMatchObject({ delay: 1000, prevent: [3] });
    expect(definition.limits).toEqual({ nofile: { soft: 15, hard: 20 } });
  });

  test("has relative paths begin in the same directory", () => {
    using place = makePlace({ "daemonsup.toml": '[defaults]\ndirectory = "work"\n', "web.toml": 'command = "true"' });
    expect(mustLoad(place.load()).definitions[0]?.directory).toBe(`${place.directory}/work`);
  });

  test("may say how services start again of which one never does", () => {
    const delay = '[defaults.restart]\ndelay = "1s"\n';
    expect(withDefaults(delay, 'command = "true"\nrestart.policy = "never"\n').restart.policy).toBe("never");
  });

  test("gives way with its restart policy where that cannot have been meant", () => {
    const always = '[defaults.restart]\npolicy = "always"\n';
    expect(withDefaults(always, 'command = "true"\ntype = "oneshot"\n').restart.policy).toBe("never");
    expect(withDefaults(always, 'command = "true"\ncritical = true\n').restart.policy).toBe("never");
    const onFailure = '[defaults.restart]\npolicy = "on-failure"\n';
    expect(withDefaults(onFailure, 'command = "true"\ntype = "oneshot"\n').restart.policy).toBe("on-failure");
    expect(withDefaults(onFailure, 'command = "true"\n').restart.policy).toBe("on-failure");
  });

  test("is reported once, in its own file, however many services there are", () => {
    const defaults = lines(
      "[defaults]",
      "nice = 30",
      'command = "true"',
      "requires = []",
      "[defaults.stop]",
      'timout = "1s"',
      'command = "y"',
    );
    const problems = problemsOf({
      "daemonsup.toml": defaults,
      "a.toml": 'command = "true"',
      "b.toml": 'command = "true"',
    });
    expect(problems.map((problem) => problem.split("\n")[0])).toEqual([
      'services.d/daemonsup.toml:2:8: cannot parse "defaults.nice": got 30, want a whole number from -20 to 19',
      'services.d/daemonsup.toml:3:1: cannot parse "defaults.command": it says something of one service, want only keys that can hold for all',
      'services.d/daemonsup.toml:4:1: cannot parse "defaults.requires": it says something of one service, want only keys that can hold for all',
      'services.d/daemonsup.toml:6:1: cannot parse "defaults.stop.timout": unknown key',
      'services.d/daemonsup.toml:7:1: cannot parse "defaults.stop.command": it says something of one service, want only keys that can hold for all',
    ]);
  });

  test("is pointed at where a definition cannot live with it", () => {
    const problems = problemsOf({
      "daemonsup.toml": '[defaults.reload]\naction = "command"\n',
      "web.toml": 'command = "true"',
    });
    expect(problems).toEqual([
      lines(
        'services.d/daemonsup.toml:2:10: cannot parse "defaults.reload.action": got "command" without "reload.command", want the command to run',
        '  action = "command"',
        "           ^^^^^^^^^",
      ).trimEnd(),
    ]);
  });
});
