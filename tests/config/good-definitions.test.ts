import { expect, test } from "bun:test";
import { join } from "node:path";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import type { Millis } from "../../src/core/units.ts";
import { definitionOf, lines, makePlace, mustLoad } from "./load-texts.ts";

const ms = (value: number): Millis => value as Millis;

test("a definition that says only its command gets every default", () => {
  using place = makePlace({ "web.toml": 'command = ["sleep", "5"]\n' });
  expect(mustLoad(place.load()).definitions).toEqual([
    {
      name: "web",
      source: join(place.directory, "web.toml"),
      description: "",
      command: ["sleep", "5"],
      runtime: "none",
      type: "simple",
      start: "auto",
      critical: false,
      instance: null,
      requires: [],
      wants: [],
      after: [],
      before: [],
      conflicts: [],
      ready: null,
      health: null,
      watchdog: null,
      notifyAccess: "none",
      descriptorStore: null,
      sockets: [],
      hooks: NO_HOOKS,
      condition: null,
      schedule: null,
      watch: null,
      user: null,
      group: null,
      groups: null,
      directory: "/",
      umask: 0o022,
      nice: 0,
      oomScoreAdjust: 0,
      noNewPrivileges: false,
      environment: {},
      secrets: {},
      environmentFiles: [],
      pidFile: null,
      restart: {
        policy: "always",
        delay: ms(100),
        maxDelay: ms(30_000),
        resetAfter: ms(10_000),
        limit: null,
        success: [0, "SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"],
        prevent: [],
      },
      stop: { signal: "SIGTERM", command: null, timeout: ms(10_000), scope: "group" },
      reload: { action: "signal", signal: "SIGHUP", signalIsWritten: false, command: null },
      limits: {},
      log: {
        sinks: [
          {
            type: "file",
            name: "file",
            streams: ["stdout", "stderr"],
            filter: { priority: "debug", include: [], exclude: [], rate: null },
            path: null,
            format: "plain",
            stamp: "iso",
            maxSize: 10_485_760,
            maxAge: null,
            keep: 5,
            keepSize: null,
            keepAge: null,
            compress: null,
            feed: { tag: "block" },
          },
        ],
        multiline: { stdout: null, stderr: null },
        isJoined: false,
        direct: null,
      },
    },
  ]);
});

test("every key of a definition is taken over", () => {
  const text = lines(
    'description = "Public API"',
    'command = ["bin/api", "-x"]',
    'type = "forking"',
    'start = "manual"',
    "critical = true",
    'user = "alice"',
    'group = "video"',
    'groups = ["video"]',
    'directory = "data/../work"',
    'umask = "0077"',
    "nice = -5",
    "oom_score_adjust = -500",
    "no_new_privileges = true",
    'environment = { A = "", B = "x y" }',
    'environment_file = "my.env"',
    'pid_file = "/run/x.pid"',
    "[restart]",
    'policy = "on-abnormal"',
    'delay = "0ms"',
    'max_delay = "2h"',
    'reset_after = "1d"',
    'limit = { count = 10, within = "60s" }',
    'success = [0, 3, "usr1"]',
    "prevent = [78]",
    "[stop]",
    'signal = "INT"',
    'command = "bin/stop --now"',
    'timeout = "5m"',
    'scope = "mixed"',
    "[reload]",
    'action = "command"',
    'signal = "SIGUSR2"',
    'command = ["kill", "-HUP"]',
    "[limits]",
    "nofile = 4096",
    'core = "unlimited"',
    'memlock = { soft = "64KiB", hard = 131072 }',
    "[log]",
    'to = ["file", "syslog"]',
    'format = "json"',
    'file = "logs/api.log"',
    'stamp = "tai64n"',
    'max_size = "64KiB"',
    "keep = 0",
    'facility = "local3"',
  );
  using place = makePlace({ "api.toml": text });
  const at = (path: string): string => join(place.directory, path);
  expect(mustLoad(place.load()).definitions).toEqual([
    {
      name: "api",
      source: at("api.toml"),
      description: "Public API",
      command: [at("bin/api"), "-x"],
      runtime: "none",
      type: "forking",
      start: "manual",
      critical: true,
      instance: null,
      requires: [],
      wants: [],
      after: [],
      before: [],
      conflicts: [],
      ready: null,
      health: null,
      watchdog: null,
      notifyAccess: "none",
      descriptorStore: null,
      sockets: [],
      hooks: NO_HOOKS,
      condition: null,
      schedule: null,
      watch: null,
      user: "alice",
      group: "video",
      groups: ["video"],
      directory: at("work"),
      umask: 0o077,
      nice: -5,
      oomScoreAdjust: -500,
      noNewPrivileges: true,
      environment: { A: "", B: "x y" },
      secrets: {},
      environmentFiles: [{ path: at("my.env"), optional: false }],
      pidFile: "/run/x.pid",
      restart: {
        policy: "on-abnormal",
        delay: ms(0),
        maxDelay: ms(7_200_000),
        resetAfter: ms(86_400_000),
        limit: { count: 10, within: ms(60_000) },
        success: [0, 3, "SIGUSR1"],
        prevent: [78],
      },
      stop: { signal: "SIGINT", command: [at("bin/stop"), "--now"], timeout: ms(300_000), scope: "mixed" },
      reload: { action: "command", signal: "SIGUSR2", signalIsWritten: true, command: ["kill", "-HUP"] },
      limits: {
        nofile: { soft: 4096, hard: 4096 },
        core: { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY },
        memlock: { soft: 65_536, hard: 131_072 },
      },
      log: {
        sinks: [
          {
            type: "file",
            name: "file",
            streams: ["stdout", "stderr"],
            filter: { priority: "debug", include: [], exclude: [], rate: null },
            path: at("logs/api.log"),
            format: "json",
            stamp: "tai64n",
            maxSize: 65_536,
            maxAge: null,
            keep: 0,
            keepSize: null,
            keepAge: null,
            compress: null,
            feed: { tag: "block" },
          },
          {
            type: "syslog",
            name: "syslog",
            streams: ["stdout", "stderr"],
            filter: { priority: "debug", include: [], exclude: [], rate: null },
            facility: "local3",
          },
        ],
        multiline: { stdout: null, stderr: null },
        isJoined: false,
        direct: null,
      },
    },
  ]);
});

test("a oneshot is not restarted, and only 0 is its success", () => {
  const { restart } = definitionOf("job.toml", 'command = "true"\ntype = "oneshot"\n');
  expect(restart.policy).toBe("never");
  expect(restart.success).toEqual([0]);
});

test("a critical service is not restarted, unless its policy is written", () => {
  expect(definitionOf("a.toml", 'command = "true"\ncritical = true\n').restart.policy).toBe("never");
  const written = 'command = "true"\ncritical = true\nrestart.policy = "on-failure"\n';
  expect(definitionOf("a.toml", written).restart.policy).toBe("on-failure");
});

test("a first delay beyond the usual longest one raises that", () => {
  expect(definitionOf("a.toml", 'command = "true"\nrestart.delay = "2m"\n').restart.maxDelay).toBe(ms(120_000));
});

test("with a runtime the first word is a script beside the definition, slash or not", () => {
  using place = makePlace({ "clock.toml": 'command = "clock.ts --utc"\nruntime = "bun"\n', "clock.ts": "" });
  const result = mustLoad(place.load());
  expect(result.definitions[0]?.command).toEqual([join(place.directory, "clock.ts"), "--utc"]);
  expect(result.definitions[0]?.runtime).toBe("bun");
  expect(result.faults).toEqual([]);
});

test("definitions come in the order of their names, not of their files", () => {
  using place = makePlace({
    "b.toml": 'command = "true"',
    "a-b.yaml": "command: 'true'",
    "a.json": '{"command":"true"}',
  });
  expect(mustLoad(place.load()).definitions.map(({ name }) => name)).toEqual(["a", "a-b", "b"]);
});
